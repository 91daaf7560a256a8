//! A WebSocket server that floods whoever connects, as fast as they take it, until they are gone.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use tokio_tungstenite::tungstenite::{self, WebSocket};

/// Frames written at once.
const CHUNK_FRAMES: u64 = 200;

/// What one network's server says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// What comes before the flood.
    pub(crate) greet: fn(&mut WebSocket<TcpStream>) -> Result<()>,
    /// The text of a message, by its number: no two are the same, as with a real server.
    pub(crate) text: fn(u64) -> String,
}

/// wschat's: whoever connects is in.
pub(crate) const WSCHAT: Words = Words {
    greet: |_| Ok(()),
    text: |number| {
        format!(
            "{{\"msg\":\"{:x<100}\",\"tim\":\"2026-11-20T07:{:02}:{:02}.{:09}Z\",\"usr\":\"ann\"}}",
            number,
            number / 60_000_000 % 60,
            number / 1_000_000 % 60,
            number % 1_000_000 * 1000,
        )
    },
};

/// The server, for one client.
pub(crate) struct Flood {
    pub(crate) url: String,
    thread: JoinHandle<Result<()>>,
}

impl Flood {
    /// Listens.
    pub(crate) fn listen(words: Words) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let thread = thread::spawn(move || serve(&listener, words));
        Ok(Self { url, thread })
    }

    /// Waits until the client is gone; it is when this is called.
    pub(crate) fn end(self) -> Result<()> {
        let ended = self.thread.join();
        ended.map_err(|_| anyhow!("the flood panicked"))?
    }
}

fn serve(listener: &TcpListener, words: Words) -> Result<()> {
    let (stream, _) = listener.accept()?;
    let mut socket = tungstenite::accept(stream).map_err(|error| anyhow!("{error}"))?;
    (words.greet)(&mut socket)?;
    let mut stream = socket.get_ref();
    let mut answers = stream.try_clone()?;
    // What the client says to the messages must not fill the socket.
    let draining = thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
    let mut chunk = Vec::new();
    for first in (0..).step_by(CHUNK_FRAMES as usize) {
        chunk.clear();
        for number in first..first + CHUNK_FRAMES {
            put(&mut chunk, &(words.text)(number));
        }
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    // It ends with the connection, whatever became of that.
    let _ = draining.join();
    Ok(())
}

/// One frame of a text between 126 bytes and 64 KiB.
fn put(chunk: &mut Vec<u8>, text: &str) {
    chunk.extend_from_slice(&[0x81, 126]);
    chunk.extend_from_slice(&(text.len() as u16).to_be_bytes());
    chunk.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_frames_and_are_all_different() {
        for words in [WSCHAT, crate::rim::flood::WORDS] {
            let texts = [0, 1, 999_999_999].map(words.text);
            assert!(texts.iter().all(|text| (126..65_536).contains(&text.len())));
            assert!(texts[0] != texts[1]);
        }
    }
}
