//! One HTTP request per connection, byte by byte.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kaiwa_server::Config;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{Site, bounded};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";

/// A site where people may upload as often as they like.
pub(crate) async fn site(change: impl FnOnce(&mut Config)) -> Site {
    again(tempfile::tempdir().unwrap(), change).await
}

/// The same on the data of a former one.
pub(crate) async fn again(dir: TempDir, change: impl FnOnce(&mut Config)) -> Site {
    Site::again(dir, |config| {
        config.oshi_rate_count = 0;
        change(config);
    })
    .await
}

/// What a request is answered with.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        };
        Self {
            status: status.parse().unwrap(),
            headers: lines
                .map(header)
                .filter(|(name, _)| name != "date")
                .collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert_eq!(found.next(), None, "{self:?}");
        value
    }

    /// The object of a file that was taken.
    #[track_caller]
    pub(crate) fn file(&self) -> Value {
        assert_eq!(self.status, 201, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let file: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(self.header("location"), file["url"].as_str());
        file
    }

    /// Its address.
    #[track_caller]
    pub(crate) fn url(&self) -> String {
        self.file()["url"].as_str().unwrap().to_owned()
    }

    /// The one line of a refusal.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        let line = std::str::from_utf8(&self.body).unwrap().strip_suffix('\n');
        let line = line.unwrap_or_else(|| panic!("{self:?}"));
        assert!(!line.is_empty() && !line.contains('\n'), "{self:?}");
        line
    }
}

/// A request without its body.
pub(crate) fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
    if headers.iter().all(|(name, _)| *name != "host") {
        head += "host: localhost\r\n";
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// Sends bytes and reads the answer to its end.
pub(crate) async fn say(addr: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = bounded(TcpStream::connect(addr)).await.unwrap();
    // Whoever is refused early may find that nobody reads on.
    let _ = bounded(stream.write_all(bytes)).await;
    hear(stream).await
}

/// Reads an answer to its end, as far as it has said how long it is.
pub(crate) async fn hear(mut stream: TcpStream) -> Answer {
    let mut answer = Vec::new();
    while !is_whole(&answer) {
        // A reset after the answer is as good as an end.
        match bounded(stream.read_buf(&mut answer)).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Answer::parse(&answer)
}

/// Whether head and body are there. Never of an answer without the body that it tells of: that one ends the connection.
fn is_whole(bytes: &[u8]) -> bool {
    if !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        return false;
    }
    let answer = Answer::parse(bytes);
    let length = answer.header("content-length").map(str::parse);
    length == Some(Ok(answer.body.len()))
}

pub(crate) async fn get(addr: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    say(addr, head("GET", target, headers).as_bytes()).await
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) addr: SocketAddr,
    pub(crate) token: String,
}

/// Makes an account, over rim, and signs in.
pub(crate) async fn person(site: &Site, name: &str) -> Person {
    let addr = site.addr();
    let call = async |path: &str, body: Value| -> Value {
        let body = body.to_string();
        let length = body.len().to_string();
        let head = head("POST", path, &[("content-length", &length)]);
        let answer = say(addr, (head + &body).as_bytes()).await;
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        answer["data"].take()
    };
    let user = json!({
        "name": name, "avatar": "", "account": name, "email": "", "password": "hunter2",
    });
    call("/rim/api/user/create", user).await;
    let login = json!({ "account": name, "password": "hunter2" });
    let token = call("/rim/api/user/login", login).await;
    Person {
        addr,
        token: token.as_str().unwrap().to_owned(),
    }
}

impl Person {
    /// Uploads with a length and a type.
    pub(crate) async fn upload(&self, name: &str, kind: &str, bytes: &[u8]) -> Answer {
        let target = format!("/oshi/files?name={name}");
        let head = self.head(&target, bytes.len(), &[("content-type", kind)]);
        say(self.addr, &[head.as_bytes(), bytes].concat()).await
    }

    /// Uploads in chunks, which tell no length before.
    pub(crate) async fn upload_chunked(&self, chunks: &[&[u8]]) -> Answer {
        let mut request = self.begin(&[("transfer-encoding", "chunked")]).into_bytes();
        for chunk in chunks.iter().chain([&&b""[..]]) {
            request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend_from_slice(chunk);
            request.extend_from_slice(b"\r\n");
        }
        say(self.addr, &request).await
    }

    /// The head of an upload of so many bytes.
    pub(crate) fn head(&self, target: &str, length: usize, more: &[(&str, &str)]) -> String {
        let (length, bearer) = (length.to_string(), format!("Bearer {}", self.token));
        let mut headers = vec![("authorization", &*bearer), ("content-length", &*length)];
        headers.extend_from_slice(more);
        head("POST", target, &headers)
    }

    /// The head of an upload.
    pub(crate) fn begin(&self, more: &[(&str, &str)]) -> String {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", &*bearer)];
        headers.extend_from_slice(more);
        head("POST", "/oshi/files?name=x", &headers)
    }

    /// Sends the head of an upload of so many bytes, and some of them.
    pub(crate) async fn open(&self, length: usize, bytes: &[u8]) -> TcpStream {
        let head = self.head("/oshi/files?name=x", length, &[]);
        let mut stream = bounded(TcpStream::connect(self.addr)).await.unwrap();
        let request = [head.as_bytes(), bytes].concat();
        bounded(stream.write_all(&request)).await.unwrap();
        stream
    }
}

/// Files that are kept.
pub(crate) fn kept(dir: &TempDir) -> Vec<PathBuf> {
    let mut kept = below(&dir.path().join("data/files"));
    kept.retain(|path| !path.to_str().unwrap().contains("/incoming/"));
    kept
}

/// Files that are arriving.
pub(crate) fn arriving(dir: &TempDir) -> Vec<PathBuf> {
    below(&dir.path().join("data/files/incoming"))
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let files = entries.flat_map(|entry| {
        // What has just gone is no longer there.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&entry.path()),
            Ok(_) => vec![entry.path()],
            Err(_) => Vec::new(),
        }
    });
    files.collect()
}
