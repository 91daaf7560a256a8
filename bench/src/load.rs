//! The load generator: many WebSocket clients on one thread, raw sockets and one `epoll`. It shares the machine with what it
//! measures, so it only cuts frames, reads a message's number from a fixed place, and counts.
//!
//! Closed loop: [`IN_FLIGHT`] senders with one message each. A message is in flight until every client has it; then its
//! sender says the next.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::servers::Running;

/// Messages in flight, and senders.
pub(crate) const IN_FLIGHT: usize = 16;

/// Bytes of a message's text, its number included.
const TEXT_BYTES: usize = 100;

/// What is read from a socket at once.
const READ_BYTES: usize = 256 * 1024;

/// Sockets that are looked at between two looks at the clock.
const EVENTS: usize = 256;

/// The number of a message is its text's first four digits; used again long after all have it.
const NUMBERS: usize = 10_000;

/// How a frame's text begins. All servers send keys sorted, so the number follows.
const BEGINNING: &[u8; 8] = b"{\"msg\":\"";

/// Nothing for this long is the end: a server that has stopped must not stop the measurement.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// A room full of clients.
#[derive(Debug)]
pub(crate) struct Load {
    poll: Poll,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    events: Events,
    messages: Vec<InFlight>,
    /// Senders whose message all have.
    free: Vec<usize>,
    next: usize,
    /// Messages in flight.
    open: usize,
    start: Instant,
    tally: Tally,
}

#[derive(Debug)]
struct Client {
    socket: TcpStream,
    /// The beginning of a frame whose rest has not come yet.
    rest: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct InFlight {
    sent_ns: u64,
    missing: usize,
    sender: usize,
}

/// What was counted.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) deliveries: u64,
    pub(crate) messages: u64,
    latencies: Vec<u64>,
}

impl Load {
    /// Connects clients, one after the other.
    pub(crate) fn connect(server: &Running, clients: usize) -> Result<Self> {
        let poll = Poll::new()?;
        let clients = (0..clients)
            .map(|index| {
                let mut socket = TcpStream::from_std(connect(server.address, server.path)?);
                poll.registry()
                    .register(&mut socket, Token(index), Interest::READABLE)?;
                let rest = Vec::new();
                Ok(Client { socket, rest })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            poll,
            clients,
            buffer: vec![0; READ_BYTES],
            events: Events::with_capacity(EVENTS),
            messages: vec![InFlight::default(); NUMBERS],
            free: Vec::new(),
            next: 0,
            open: 0,
            start: Instant::now(),
            tally: Tally::new(),
        })
    }

    /// Begins: every sender says its first message.
    pub(crate) fn begin(&mut self) -> Result<()> {
        ensure!(self.clients.len() >= IN_FLIGHT, "too few clients");
        (0..IN_FLIGHT).try_for_each(|sender| self.say(sender))
    }

    /// Keeps the room busy for so long and tells what was counted meanwhile, and how long that really was.
    pub(crate) fn run(&mut self, duration: Duration) -> Result<(Tally, Duration)> {
        self.tally = Tally::new();
        let begin = Instant::now();
        loop {
            let elapsed = begin.elapsed();
            if elapsed >= duration {
                return Ok((self.tally.clone(), elapsed));
            }
            self.turn(true)?;
        }
    }

    /// Lets everybody hear what was said, and says no more.
    pub(crate) fn finish(&mut self) -> Result<()> {
        while self.open > 0 {
            self.turn(false)?;
        }
        Ok(())
    }

    /// Receives what has come; says the next message for each that all have, if there is to be one.
    fn turn(&mut self, go_on: bool) -> Result<()> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        self.poll.poll(&mut events, Some(SILENCE_LIMIT))?;
        ensure!(
            !events.is_empty(),
            "nothing was delivered for {SILENCE_LIMIT:?}"
        );
        for event in &events {
            self.receive(event.token().0)?;
        }
        self.events = events;
        let free = std::mem::take(&mut self.free);
        if go_on {
            free.into_iter().try_for_each(|sender| self.say(sender))?;
        }
        Ok(())
    }

    fn say(&mut self, sender: usize) -> Result<()> {
        let number = self.next;
        self.next = (number + 1) % NUMBERS;
        self.open += 1;
        self.messages[number] = InFlight {
            sent_ns: self.now_ns(),
            missing: self.clients.len(),
            sender,
        };
        // The time is replaced by real servers, and makes the relay's frames as long as theirs.
        let text = format!(
            "{{\"msg\":\"{number:04}{:x<fill$}\",\"tim\":\"2026-01-01T00:00:00.000000000Z\",\"usr\":\"bench\"}}",
            "",
            fill = TEXT_BYTES - 4
        );
        let socket = &mut self.clients[sender].socket;
        // A sender has one message under way, which always fits into its socket.
        socket.write_all(&masked_text(&text)).context("sending")
    }

    /// Reads until the socket is empty; a short read says so without another call.
    fn receive(&mut self, index: usize) -> Result<()> {
        loop {
            let client = &mut self.clients[index];
            let kept = client.rest.len();
            self.buffer[..kept].copy_from_slice(&client.rest);
            client.rest.clear();
            let read = match client.socket.read(&mut self.buffer[kept..]) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    client.rest.extend_from_slice(&self.buffer[..kept]);
                    return Ok(());
                }
                Err(error) => return Err(error).context("receiving"),
            };
            let filled = kept + read;
            let used = self.count(filled)?;
            self.clients[index]
                .rest
                .extend_from_slice(&self.buffer[used..filled]);
            if filled < self.buffer.len() {
                return Ok(());
            }
        }
    }

    /// Counts the whole frames in the buffer; tells how many bytes they are.
    fn count(&mut self, filled: usize) -> Result<usize> {
        let now_ns = self.now_ns();
        let mut used = 0;
        while let Some((opcode, from, to)) = frame(&self.buffer[used..filled]) {
            let payload = used + from..used + to;
            used += to;
            match opcode {
                TEXT => self.delivered(payload, now_ns)?,
                CLOSE => bail!("the server said goodbye: {:?}", &self.buffer[payload]),
                _ => {}
            }
        }
        Ok(used)
    }

    fn delivered(&mut self, payload: std::ops::Range<usize>, now_ns: u64) -> Result<()> {
        let text = &self.buffer[payload];
        let digits = text
            .strip_prefix(BEGINNING)
            .and_then(|text| text.first_chunk::<4>());
        let number = digits.context("not what was sent")?;
        let number = number
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit & 15));
        let message = &mut self.messages[number % NUMBERS];
        ensure!(message.missing > 0, "a message was delivered too often");
        message.missing -= 1;
        let InFlight {
            sent_ns,
            missing,
            sender,
        } = *message;
        self.tally.add(now_ns - sent_ns);
        if missing == 0 {
            self.tally.messages += 1;
            self.open -= 1;
            self.free.push(sender);
        }
        Ok(())
    }

    fn now_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

/// Latencies are counted in classes of at most 1/16 of their value.
const CLASS_BITS: u32 = 4;

impl Tally {
    fn new() -> Self {
        Self {
            deliveries: 0,
            messages: 0,
            latencies: vec![0; 64 << CLASS_BITS],
        }
    }

    fn add(&mut self, nanos: u64) {
        self.deliveries += 1;
        self.latencies[class(nanos)] += 1;
    }

    /// The latency in microseconds that so many of a hundred deliveries stay below.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let wanted = self.deliveries * percent / 100;
        let mut seen = 0;
        let found = self.latencies.iter().position(|count| {
            seen += count;
            seen > wanted
        });
        found.map_or(0.0, |class| upper_bound(class) as f64 / 1000.0)
    }
}

fn class(nanos: u64) -> usize {
    let nanos = nanos.max(1 << CLASS_BITS);
    let octave = nanos.ilog2();
    let within = (nanos >> (octave - CLASS_BITS)) & ((1 << CLASS_BITS) - 1);
    ((octave as usize) << CLASS_BITS) + within as usize
}

fn upper_bound(class: usize) -> u64 {
    let octave = (class >> CLASS_BITS) as u32;
    let within = (class & ((1 << CLASS_BITS) - 1)) as u64;
    ((1 << CLASS_BITS) + within + 1) << (octave - CLASS_BITS)
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

/// A socket after the handshake, non-blocking.
fn connect(address: SocketAddr, path: &str) -> Result<StdStream> {
    let mut socket = StdStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(SILENCE_LIMIT))?;
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).context("the handshake")?;
        head.extend_from_slice(&byte);
    }
    ensure!(
        head.starts_with(b"HTTP/1.1 101 "),
        "refused: {}",
        String::from_utf8_lossy(&head)
    );
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_narrow_and_in_order() {
        let mut last = 0;
        for nanos in (16..100_000).chain([1 << 40, u64::MAX >> 1]) {
            let class = class(nanos);
            assert!(class >= last);
            last = class;
            let bound = upper_bound(class);
            assert!(
                bound > nanos && bound - nanos <= nanos / 16 + 1,
                "{nanos} {bound}"
            );
        }
    }

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
        }
    }
}
