//! A service of emotes, as clients of Sock Chat ask it over HTTP.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;

/// Starts a service with so many emotes, each of one name; gives its address. It ends with the process.
pub(crate) fn serve(count: usize) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    let list = list(count);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who goes early gets nothing.
            let _ = answer(stream, &list);
        }
    });
    Ok(url)
}

/// Answers one request, whatever it asks for.
fn answer(mut stream: TcpStream, list: &str) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let length = list.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{list}"
    )?;
    Ok(())
}

fn list(count: usize) -> String {
    let mut list = String::new();
    for number in 0..count {
        let comma = if number == 0 { '[' } else { ',' };
        let _ = write!(
            list,
            r#"{comma}{{"uri":"https://example.org/{number}.png","strings":["emote{number}"],"min_rank":0}}"#
        );
    }
    list.push(']');
    list
}
