//! The packets of the mock network, both directions: one per line, as JSON, or as `say` for the plain messages that
//! floods are made of.

use chrono::{DateTime, Utc};
use kaiwa_core::{
    ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind, Id, Message, MessageFragment,
    MessageStatus, MessageType,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The channel that is always there.
pub const LOBBY: &str = "lobby";

/// The longest packet taken, in bytes: sixteen times the longest text, so that a full backlog fits.
pub const MAX_PACKET_BYTES: usize = 1024 * 1024;

/// The longest text of one message, in bytes.
pub const MAX_TEXT_BYTES: u64 = 64 * 1024;

/// The largest file that goes along with a message, in bytes: enough to be read in pieces, little enough for a test.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What the client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientPacket {
    /// The first packet.
    Hello(Hello),
    /// The user wants something; answered by `Ack` or `Nak` with the same number.
    Want {
        /// Chosen by the client, unique within its session.
        number: u64,
        /// What.
        event: ConnectionEvent,
    },
    /// Asks for a sign of life.
    Ping,
    /// A sign of life.
    Pong,
    /// The client leaves.
    Bye,
}

/// Who comes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The name to appear under; also the user id.
    pub name: Id,
    /// Proves the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The same for as long as the client remembers what it has sent.
    pub session: String,
    /// The newest message that the client has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("name", &self.name)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerPacket {
    /// Signed in. Channels, members and backlog follow, then `Live`.
    Welcome {
        /// The client's user id.
        user_id: Id,
        /// The server answers or speaks at least this often, in milliseconds.
        silence_ms: Option<u64>,
    },
    /// Not signed in.
    Refuse {
        /// Why.
        error: ErrorInfo,
    },
    /// Everything that was there before has been told.
    Live,
    /// Something has happened.
    Event {
        /// The number of the `Want` that caused it, where that was the receiver's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<u64>,
        /// What.
        event: ConnectionEvent,
    },
    /// A `Want` was carried out.
    Ack {
        /// Which.
        number: u64,
        /// For a message: what became of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Accepted>,
    },
    /// A `Want` was refused.
    Nak {
        /// Which.
        number: u64,
        /// Why.
        error: ErrorInfo,
    },
    /// Asks for a sign of life.
    Ping,
    /// A sign of life.
    Pong,
    /// The server ends the connection.
    Bye {
        /// Why.
        reason: String,
    },
    /// Somebody says a plain text. Written as a line of its own form, not as JSON.
    #[serde(skip)]
    Say(Say),
}

/// What a message has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its id.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A plain message of somebody, on one line: `say <channel> <id> <time> <sender> <text>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Where; without spaces.
    pub channel: Id,
    /// The id.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who; without spaces.
    pub sender: Id,
    /// What; one line.
    pub text: String,
}

impl Say {
    /// The message as an event.
    #[must_use]
    pub fn into_event(self) -> ConnectionEvent {
        said(
            self.channel,
            self.id.into(),
            self.at_ms,
            self.sender,
            self.text,
        )
    }

    /// Appends the line; `false` if the message does not fit into one, then nothing is appended.
    pub fn append(&self, line: &mut Vec<u8>) -> bool {
        let plain = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
        if !plain(&self.channel) || !plain(&self.sender) || self.text.contains('\n') {
            return false;
        }
        for part in [
            "say ",
            &self.channel,
            " ",
            &self.id.to_string(),
            " ",
            &self.at_ms.to_string(),
            " ",
            &self.sender,
            " ",
            &self.text,
            "\n",
        ] {
            line.extend_from_slice(part.as_bytes());
        }
        true
    }
}

/// A [`Say`] that still lies in its line: what a flood is read as, since each copy would show in benchmarks.
#[derive(Debug)]
pub(super) struct SayLine<'a> {
    pub(super) channel: &'a str,
    pub(super) id: u64,
    /// `id` as it is written.
    digits: &'a str,
    at_ms: i64,
    pub(super) sender: &'a str,
    text: &'a str,
}

impl<'a> SayLine<'a> {
    /// The message in a server's line; `None` for anything else.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"say ")?;
        let mut rest = std::str::from_utf8(rest).ok()?;
        let channel = word(&mut rest)?;
        let digits = word(&mut rest)?;
        Some(Self {
            channel,
            id: number(digits)?,
            digits,
            at_ms: word(&mut rest)?.parse().ok()?,
            sender: word(&mut rest)?,
            text: rest,
        })
    }

    /// The message as an event.
    pub(super) fn to_event(&self) -> ConnectionEvent {
        said(
            self.channel.into(),
            self.digits.into(),
            self.at_ms,
            self.sender.into(),
            self.text.to_owned(),
        )
    }

    fn to_say(&self) -> Say {
        Say {
            channel: self.channel.into(),
            id: self.id,
            at_ms: self.at_ms,
            sender: self.sender.into(),
            text: self.text.to_owned(),
        }
    }
}

/// Takes what comes before the next space, and the space.
fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.bytes().position(|byte| byte == b' ')?;
    let (word, tail) = rest.split_at_checked(end)?;
    *rest = tail.get(1..)?;
    Some(word)
}

/// A number, if it is written as this library writes it: then its digits are an id.
fn number(digits: &str) -> Option<u64> {
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    digits.parse().ok().filter(|_| canonical)
}

/// Appends a number in decimal.
pub(super) fn put_number(line: &mut Vec<u8>, mut number: u64) {
    // The longest u64.
    let mut digits = [b'0'; 20];
    let mut unused = digits.len();
    for place in digits.iter_mut().rev() {
        *place += u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        unused -= 1;
        if number == 0 {
            break;
        }
    }
    line.extend_from_slice(digits.get(unused..).unwrap_or_default());
}

fn said(channel: Id, id: Id, at_ms: i64, sender: Id, text: String) -> ConnectionEvent {
    ChatEvent::New {
        channel_id: Some(channel),
        message: Message {
            id: Some(id),
            sender_id: Some(sender),
            content: vec![MessageFragment::Text(text)],
            timestamp: time(at_ms),
            message_type: MessageType::Normal,
            status: MessageStatus::Delivered,
        },
    }
    .into()
}

/// The moment `at_ms` milliseconds after 1970; 1970 itself where the calendar ends.
#[must_use]
pub fn time(at_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default()
}

/// The line of a client's packet.
///
/// # Errors
/// `TooLong` for one over [`MAX_PACKET_BYTES`].
pub fn encode_client(packet: &ClientPacket) -> Result<Vec<u8>, Error> {
    encode(packet)
}

/// The line of a server's packet.
///
/// # Errors
/// `TooLong` for one over [`MAX_PACKET_BYTES`].
pub fn encode_server(packet: &ServerPacket) -> Result<Vec<u8>, Error> {
    if let ServerPacket::Say(say) = packet {
        let mut line = Vec::new();
        if say.append(&mut line) {
            return Ok(line);
        }
        let event = say.clone().into_event();
        return encode(&ServerPacket::Event { cause: None, event });
    }
    encode(packet)
}

/// The packet in a client's line; `None` for anything else.
#[must_use]
pub fn decode_client(line: &[u8]) -> Option<ClientPacket> {
    decode(line)
}

/// The packet in a server's line; `None` for anything else.
#[must_use]
pub fn decode_server(line: &[u8]) -> Option<ServerPacket> {
    if line.starts_with(b"say ") {
        return SayLine::parse(line).map(|say| ServerPacket::Say(say.to_say()));
    }
    decode(line)
}

fn encode(packet: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut line = serde_json::to_vec(packet)
        .map_err(|e| Error::new(ErrorKind::Internal, "a packet has no JSON").with_source(e))?;
    line.push(b'\n');
    if line.len() > MAX_PACKET_BYTES {
        return Err(Error::new(
            ErrorKind::TooLong,
            format!(
                "the packet has {} bytes, {MAX_PACKET_BYTES} are taken",
                line.len()
            ),
        ));
    }
    Ok(line)
}

fn decode<P: DeserializeOwned>(line: &[u8]) -> Option<P> {
    serde_json::from_slice(line).ok()
}

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
}

impl Lines {
    /// Hands each whole line in `bytes` to `take`, without its end.
    ///
    /// # Errors
    /// `TooLarge` for a line over [`MAX_PACKET_BYTES`]; then what came before is forgotten.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let piece = bytes.get(from..end).unwrap_or_default();
            self.check(piece)?;
            if self.rest.is_empty() {
                take(piece);
            } else {
                self.rest.extend_from_slice(piece);
                take(&self.rest);
                self.rest.clear();
            }
            from = end + 1;
        }
        let piece = bytes.get(from..).unwrap_or_default();
        self.check(piece)?;
        self.rest.extend_from_slice(piece);
        Ok(())
    }

    fn check(&mut self, piece: &[u8]) -> Result<(), Error> {
        if self.rest.len() + piece.len() <= MAX_PACKET_BYTES {
            return Ok(());
        }
        self.clear();
        Err(Error::new(
            ErrorKind::TooLarge,
            format!("the peer sent a line of over {MAX_PACKET_BYTES} bytes"),
        ))
    }

    /// Forgets the beginning of a line.
    pub fn clear(&mut self) {
        self.rest = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for chunk in stream.chunks(size) {
            lines.push(chunk, |line| out.push(line.to_vec())).unwrap();
        }
        out
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_come() {
        let stream = b"one\n\ntwo three\nhalf";
        let whole = cut(stream, stream.len());
        assert_eq!(
            whole,
            [b"one".to_vec(), b"".to_vec(), b"two three".to_vec()]
        );
        for size in 1..stream.len() {
            assert_eq!(cut(stream, size), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_shown() {
        for number in [0, 9, 10, 1_234_567_890, u64::MAX] {
            let mut line = b"n ".to_vec();
            put_number(&mut line, number);
            assert_eq!(line, format!("n {number}").into_bytes());
        }
    }

    #[test]
    fn a_line_without_end_is_refused_at_the_limit() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; MAX_PACKET_BYTES / 2];
        lines.push(&chunk, |_| {}).unwrap();
        lines.push(&chunk, |_| {}).unwrap();
        let refused = lines.push(b"x", |_| {}).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn packets_come_back() {
        let say = Say {
            channel: LOBBY.into(),
            id: 7,
            at_ms: 1_767_225_600_000,
            sender: "ann".into(),
            text: "two  words ".to_owned(),
        };
        let multi = Say {
            text: "two\nlines".to_owned(),
            ..say.clone()
        };
        for packet in [ServerPacket::Say(say), ServerPacket::Live] {
            let line = encode_server(&packet).unwrap();
            assert_eq!(
                decode_server(line.strip_suffix(b"\n").unwrap()),
                Some(packet)
            );
        }
        let line = encode_server(&ServerPacket::Say(multi.clone())).unwrap();
        let event = multi.into_event();
        assert_eq!(
            decode_server(&line),
            Some(ServerPacket::Event { cause: None, event })
        );
        for wrong in [
            "",
            "say",
            "say lobby",
            "say lobby x 1 ann hi",
            "say lobby 07 1 ann hi",
            "say lobby +7 1 ann hi",
            "{}",
            "[1]",
            "\u{0}",
        ] {
            assert_eq!(decode_server(wrong.as_bytes()), None, "{wrong:?}");
        }
    }
}
