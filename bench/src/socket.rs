//! A client's end of a WebSocket: a raw socket, and just enough of RFC 6455 to cut texts out of what comes. It shares the
//! machine with what it measures, so it parses nothing.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// What is read from a socket at once, and the longest frame.
pub(crate) const READ_BYTES: usize = 256 * 1024;

/// Nothing for this long is the end: a server that has stopped must not stop the measurement.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// A client's end, non-blocking.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come yet.
    rest: Vec<u8>,
}

/// A client's end that still blocks: for what comes before the measurement.
#[derive(Debug)]
pub(crate) struct Opening {
    stream: StdStream,
}

impl Opening {
    /// Connects, and shakes hands.
    pub(crate) fn new(address: SocketAddr, path: &str) -> Result<Self> {
        let mut stream = StdStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_LIMIT))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).context("the handshake")?;
            head.extend_from_slice(&byte);
        }
        ensure!(
            head.starts_with(b"HTTP/1.1 101 "),
            "refused: {}",
            String::from_utf8_lossy(&head)
        );
        Ok(Self { stream })
    }

    /// Says something and waits for the first text that comes. Reads not a byte more.
    pub(crate) fn ask(&mut self, text: &str) -> Result<Vec<u8>> {
        self.say(text)?;
        self.next()
    }

    /// Says something.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.write_all(&masked_text(text))?)
    }

    /// Waits for the next text. Reads not a byte more.
    pub(crate) fn next(&mut self) -> Result<Vec<u8>> {
        loop {
            let mut bytes = vec![0; 2];
            self.stream.read_exact(&mut bytes)?;
            while frame(&bytes).is_none() {
                let known = bytes.len();
                bytes.resize(missing(&bytes), 0);
                self.stream.read_exact(&mut bytes[known..])?;
            }
            match frame(&bytes) {
                Some((TEXT, from, to)) => return Ok(bytes[from..to].to_vec()),
                Some((CLOSE, from, to)) => bail!("the server said goodbye: {:?}", &bytes[from..to]),
                _ => {}
            }
        }
    }

    /// From now on nothing waits; `token` tells of what has come.
    pub(crate) fn watched(self, registry: &Registry, token: Token) -> Result<Socket> {
        self.stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(self.stream);
        registry.register(&mut stream, token, Interest::READABLE)?;
        let rest = Vec::new();
        Ok(Socket { stream, rest })
    }
}

impl Socket {
    /// Says something, framed by [`masked_text`]. It must fit into the socket, as a message does if its sender has no other
    /// under way.
    pub(crate) fn say(&mut self, frame: &[u8]) -> Result<()> {
        self.stream.write_all(frame).context("sending")
    }

    /// Reads until the socket is empty; a short read says so without another call. Each text is handed over with the time at
    /// which it had come. `buffer` has [`READ_BYTES`] and holds nothing between two calls.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut text: impl FnMut(&[u8], Instant) -> Result<()>,
    ) -> Result<()> {
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            let read = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("receiving"),
            };
            let now = Instant::now();
            let filled = kept + read;
            let mut used = 0;
            while let Some((opcode, from, to)) = frame(&buffer[used..filled]) {
                let payload = &buffer[used + from..used + to];
                match opcode {
                    TEXT => text(payload, now)?,
                    CLOSE => bail!("the server said goodbye: {payload:?}"),
                    _ => {}
                }
                used += to;
            }
            self.rest.clear();
            self.rest.extend_from_slice(&buffer[used..filled]);
            if filled < buffer.len() {
                return Ok(());
            }
        }
    }
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// The first frame (RFC 6455, section 5.2; a server's are not masked): opcode, and where its payload begins and ends.
/// `None` if it is not whole.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let opcode = bytes.first()? & 15;
    let (header, length) = match *bytes.get(1)? {
        126 => (
            4,
            u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(),
        ),
        127 => {
            let length = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (10, usize::try_from(length).ok()?)
        }
        short => (2, short.into()),
    };
    (bytes.len() >= header + length).then_some((opcode, header, header + length))
}

/// How long a frame that is not whole is, as far as its first two bytes or its whole header tell.
fn missing(bytes: &[u8]) -> usize {
    match bytes[1] {
        126 if bytes.len() < 4 => 4,
        127 if bytes.len() < 10 => 10,
        126 => 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]])),
        127 => {
            10 + bytes[2..10]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        short => 2 + usize::from(short),
    }
}

/// A client's frame. The mask is 0, which leaves the text as it is.
pub(crate) fn masked_text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let mut frame = vec![0x81];
    match length {
        0..126 => frame.push(0x80 | length as u8),
        _ => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_only_when_whole() {
        for length in [0, 125, 126, 65_535, 65_536_usize] {
            let mut bytes = vec![0x81];
            match length {
                0..126 => bytes.push(length as u8),
                126..65_536 => {
                    bytes.push(126);
                    bytes.extend_from_slice(&(length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend_from_slice(&(length as u64).to_be_bytes());
                }
            }
            let header = bytes.len();
            bytes.resize(header + length, b'x');
            assert_eq!(frame(&bytes), Some((TEXT, header, header + length)));
            assert_eq!(frame(&bytes[..bytes.len() - 1]), None);
            assert_eq!(missing(&bytes[..header]), bytes.len());
        }
    }
}
