//! A Sock Chat server that lets one client in and floods it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, ensure};
use tokio_tungstenite::tungstenite::{self, Message};

/// Bytes of a packet, without the frame around it.
const PACKET_BYTES: usize = 130;

/// Packets written at once.
const CHUNK_PACKETS: u64 = 200;

/// Rights of everybody.
const RIGHTS: &str = "1\x0c0\x0c0\x0c1\x0c1";

/// The id of the first who just listens.
const FIRST_LISTENER: usize = 1_000;

/// The server.
pub(crate) struct Flood {
    pub(crate) url: String,
    start: Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Flood {
    /// Listens for a client, to which it will send so many packets, each said by bob; so many others are there too.
    pub(crate) fn listen(packets: u64, others: usize) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let (start, started) = channel();
        let thread = thread::spawn(move || serve(&listener, &started, packets, others));
        Ok(Self { url, start, thread })
    }

    /// Begins; the client is in by now.
    pub(crate) fn start(&self) -> Result<()> {
        self.start.send(()).context("the flood has ended early")
    }

    /// Waits until the client, which has all, is gone.
    pub(crate) fn end(self) -> Result<()> {
        drop(self.start);
        let ended = self.thread.join();
        ended.map_err(|_| anyhow!("the flood panicked"))?
    }
}

fn serve(
    listener: &TcpListener,
    started: &Receiver<()>,
    packets: u64,
    others: usize,
) -> Result<()> {
    let (stream, _) = listener.accept()?;
    let mut socket = tungstenite::accept(stream).map_err(|error| anyhow!("{error}"))?;
    let first = socket.read()?;
    ensure!(
        first.to_text()?.starts_with("1\t"),
        "the client does not sign in: {first:?}"
    );
    for packet in welcome(others) {
        socket.send(Message::text(packet))?;
    }
    started.recv().context("nobody starts the flood")?;
    send_all(socket.get_ref(), packets)?;
    // Until the client goes, in whatever way.
    while socket.read().is_ok() {}
    Ok(())
}

/// What a server says to somebody who has just come: that they are in, who is there (bob last), which channels there are.
fn welcome(others: usize) -> [String; 3] {
    let mut people = format!("7\t0\t{}", others + 1);
    for id in FIRST_LISTENER..FIRST_LISTENER + others {
        let _ = write!(people, "\t{id}\tlistener{id}\t#FF0000\t{RIGHTS}\t1");
    }
    let _ = write!(people, "\t42\tbob\t#FF0000\t{RIGHTS}\t1");
    [
        format!("1\ty\t7\tann\tinherit\t{RIGHTS}\tLobby\t5000"),
        people,
        "7\t2\t1\tLobby\t0\t0".to_owned(),
    ]
}

fn send_all(mut stream: &TcpStream, packets: u64) -> Result<()> {
    let mut chunk = Vec::new();
    for number in 0..packets {
        put(&mut chunk, number);
        if (number + 1).is_multiple_of(CHUNK_PACKETS) || number + 1 == packets {
            stream.write_all(&chunk).context("the client went early")?;
            chunk.clear();
        }
    }
    Ok(())
}

/// One frame: no two packets are the same, as with a real server.
fn put(chunk: &mut Vec<u8>, number: u64) {
    chunk.extend_from_slice(&[0x81, 126]);
    chunk.extend_from_slice(&(PACKET_BYTES as u16).to_be_bytes());
    chunk.extend_from_slice(packet(number).as_bytes());
}

/// A message with a pair of tags, an address and two escapes.
fn packet(number: u64) -> String {
    let time = 1_700_000_000 + number / 1_000;
    let id = 10_000_000 + number;
    let head = format!("2\t{time}\t42\t[b]{number:07}[/b] is &lt;here&gt;: ");
    let tail = format!(" https://example.org/a/{number:07}\t{id}\t10010");
    let words = PACKET_BYTES - head.len() - tail.len();
    format!("{head}{:.<words$}{tail}", "what bob says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_as_long_as_is_said_and_all_different() {
        let packets = [0, 1, 9_999_999].map(packet);
        assert!(packets.iter().all(|packet| packet.len() == PACKET_BYTES));
        assert!(packets[0] != packets[1]);
    }
}
