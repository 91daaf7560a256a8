//! A rim server with one user and one group, just enough for a client to sign in, and then a flood of messages in that group.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::flood::Words;

/// The first message's id.
const FIRST_ID: u64 = 1_000;

/// When it was said, the others a millisecond apart.
const BEGINNING_MS: u64 = 1_790_000_000_000;

/// The half on a WebSocket.
pub(crate) const WORDS: Words = Words { greet, text };

/// Starts the half on HTTP; gives its address. It ends with the process.
pub(crate) fn serve() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who goes early gets nothing.
            thread::spawn(move || answer_all(&stream));
        }
    });
    Ok(url)
}

/// Acknowledges the sign-in, which is the first text, whatever else is in it.
fn greet(socket: &mut WebSocket<TcpStream>) -> Result<()> {
    let first = socket.read()?;
    let (_, id) = first
        .to_text()?
        .split_once("\"clientMsgId\":\"")
        .context("no sign-in")?;
    let (id, _) = id.split_once('"').context("an id without end")?;
    let ack = format!(
        r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Ack","content":"Ok","server":"kaiwa"}}"#
    );
    Ok(socket.send(Message::text(ack))?)
}

fn text(number: u64) -> String {
    let (id, ts) = (FIRST_ID + number, BEGINNING_MS + number);
    format!(
        "{{\"event\":\"Msg\",\"body\":{{\"kind\":\"Text\",\"uid\":2,\"gid\":3,\"content\":\"{number:x<100}\",\
         \"clientMsgId\":\"{number:016}\",\"msgId\":{id},\"ts\":{ts}}}}}"
    )
}

fn answer_all(stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let body = format!(
            r#"{{"ok":true,"code":200,"msg":null,"data":{}}}"#,
            data(&first)
        );
        let length = body.len();
        write!(
            &mut &*stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
    }
}

/// What is asked for by the first line of a request; of anything else there is none.
fn data(request: &str) -> &'static str {
    const ANSWERS: [(&str, &str); 4] = [
        ("/user/login", r#""token""#),
        (
            "/user/token",
            r#"{"id":1,"name":"Ann","avatar":"","email":"","account":"ann","password":""}"#,
        ),
        (
            "/group/get",
            r#"[{"id":3,"name":"team","avatar":"","mode":2,"creatorUid":1}]"#,
        ),
        (
            "/group/user/get",
            r#"[{"role":2,"user":{"id":1,"name":"Ann","avatar":"","email":"","account":"ann","password":""}},{"role":1,"user":{"id":2,"name":"Bob","avatar":"","email":"","account":"bob","password":""}}]"#,
        ),
    ];
    let asked = ANSWERS.iter().find(|(path, _)| request.contains(path));
    asked.map_or("[]", |(_, answer)| answer)
}
