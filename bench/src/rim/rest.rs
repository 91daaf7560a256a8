//! A client of rim's REST interface: HTTP/1.1 on one connection that stays, one request at a time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::socket::SILENCE_LIMIT;

/// Where the interface is.
const BASE: &str = "/rim/api";

/// A connection.
#[derive(Debug)]
pub(crate) struct Rest {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    authorization: String,
}

impl Rest {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_LIMIT))?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
            authorization: String::new(),
        })
    }

    /// All further requests are somebody's.
    pub(crate) fn authorize(&mut self, token: &str) {
        self.authorization = format!("Authorization: Bearer {token}\r\n");
    }

    /// The `data` of the answer to a POST.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.exchange("POST", path, &body.to_string())?;
        data(&answer).with_context(|| path.to_owned())
    }

    /// The `data` of the answer to a GET.
    pub(crate) fn get(&mut self, path: &str) -> Result<Value> {
        let answer = self.exchange("GET", path, "")?;
        // Without the query, which may hold a token.
        data(&answer).with_context(|| path.split('?').next().unwrap_or_default().to_owned())
    }

    /// Sends a request and reads the body of the answer, which is not looked at.
    pub(crate) fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let Self {
            address,
            authorization,
            ..
        } = self;
        let request = format!(
            "{method} {BASE}{path} HTTP/1.1\r\nHost: {address}\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = None;
        let mut first = self.line()?;
        ensure!(first.starts_with("HTTP/1.1 200 "), "refused: {first}");
        while !first.is_empty() {
            first = self.line()?;
            if let Some((name, value)) = first.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse()?);
            }
        }
        let mut answer = vec![0; length.context("an answer without a length")?];
        self.stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        ensure!(line.ends_with('\n'), "the server closed the connection");
        Ok(line.trim_end().to_owned())
    }
}

/// What an answer's envelope holds.
pub(crate) fn data(answer: &[u8]) -> Result<Value> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    ensure!(answer["ok"] == true, "refused: {}", answer["msg"]);
    Ok(answer["data"].take())
}
