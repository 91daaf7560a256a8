//! What clients send.

use std::fmt;

use chrono::{DateTime, Utc};

use super::WireError;
use super::fields::{Fields, Writer, names, time};

/// A packet of a client.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientPacket<'a> {
    /// 0: a sign of life, to be answered.
    Ping {
        /// Who sends it.
        user_id: &'a str,
        /// When; only one draft has it.
        time: Option<DateTime<Utc>>,
    },
    /// 1: signing in. What the strings mean is between the user and the server; see [`Credentials`].
    Authenticate {
        /// The strings; secrets are among them.
        arguments: Vec<&'a str>,
    },
    /// 2: a message, or a [`Command`](super::Command).
    Message {
        /// Who sends it.
        user_id: &'a str,
        /// What. Servers drop what follows a TAB.
        text: &'a str,
        /// Where; only one draft has it.
        channel: Option<&'a str>,
    },
    /// 3: what the client can do. SharpChat of 2020 means by it that its one field is the current channel.
    Capabilities {
        /// Name and version, in the newer of two dialects.
        client: Option<&'a str>,
        /// What it can do.
        names: Vec<&'a str>,
    },
    /// 4: the user writes; no known server takes it.
    Typing {
        /// Who.
        user_id: &'a str,
        /// Where.
        channel: &'a str,
    },
    /// Another one.
    Unknown {
        /// Its number; 65535 for any larger one.
        id: u16,
    },
}

impl<'a> ClientPacket<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// For text that does not begin with a number, and for a known packet of which fields are missing.
    pub fn parse(frame: &'a str) -> Result<Self, WireError> {
        let (id, mut fields) = Fields::begin(frame)?;
        Ok(match id {
            0 => Self::Ping {
                user_id: fields.need()?,
                time: fields.next().and_then(time),
            },
            1 => Self::Authenticate {
                arguments: std::iter::from_fn(|| fields.next()).collect(),
            },
            2 => Self::Message {
                user_id: fields.need()?,
                text: fields.need()?,
                channel: fields.next(),
            },
            3 => {
                let first = fields.need()?;
                match fields.next() {
                    Some(second) => Self::Capabilities {
                        client: Some(first),
                        names: names(second),
                    },
                    None => Self::Capabilities {
                        client: None,
                        names: names(first),
                    },
                }
            }
            4 => Self::Typing {
                user_id: fields.need()?,
                channel: fields.need()?,
            },
            id => Self::Unknown { id },
        })
    }

    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut String) {
        let writer = &mut Writer::begin(self.id(), out);
        match self {
            Self::Ping { user_id, time } => {
                writer.line(user_id);
                if time.is_some() {
                    writer.time(*time);
                }
            }
            Self::Authenticate { arguments } => {
                for argument in arguments {
                    writer.text(argument);
                }
            }
            Self::Message {
                user_id,
                text,
                channel,
            } => {
                writer.line(user_id).text(text);
                if let Some(channel) = channel {
                    writer.line(channel);
                }
            }
            Self::Capabilities { client, names } => {
                match client {
                    Some(client) => writer.line(client).names(names, "\u{c}"),
                    None => writer.names(names, " "),
                };
            }
            Self::Typing { user_id, channel } => {
                writer.line(user_id).line(channel);
            }
            Self::Unknown { .. } => {}
        }
    }

    fn id(&self) -> u16 {
        match self {
            Self::Ping { .. } => 0,
            Self::Authenticate { .. } => 1,
            Self::Message { .. } => 2,
            Self::Capabilities { .. } => 3,
            Self::Typing { .. } => 4,
            Self::Unknown { id } => *id,
        }
    }

    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.encode_into(&mut out);
        out
    }
}

impl fmt::Debug for ClientPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ping { user_id, .. } => write!(f, "Ping({user_id:?})"),
            Self::Authenticate { arguments } => {
                write!(f, "Authenticate({} strings)", arguments.len())
            }
            // A command may hold a password.
            Self::Message { user_id, text, .. } => {
                write!(f, "Message({user_id:?}, {} bytes)", text.len())
            }
            Self::Capabilities { client, names } => {
                write!(f, "Capabilities({client:?}, {names:?})")
            }
            Self::Typing { user_id, channel } => write!(f, "Typing({user_id:?}, {channel:?})"),
            Self::Unknown { id } => write!(f, "Unknown({id})"),
        }
    }
}

/// The usual meanings of the strings of [`ClientPacket::Authenticate`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// A user's id and a token.
    Legacy {
        /// All digits.
        user_id: &'a str,
        /// The token.
        token: &'a str,
    },
    /// A scheme and a token, as in an HTTP header: what is usual today.
    Scheme {
        /// `Bearer`, `Misuzu`, …
        scheme: &'a str,
        /// The token.
        token: &'a str,
    },
}

impl<'a> Credentials<'a> {
    /// Reads them; `None` if there are fewer than two strings.
    #[must_use]
    pub fn read(arguments: &[&'a str]) -> Option<Self> {
        let [first, token, ..] = arguments else {
            return None;
        };
        let is_id = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        Some(if is_id {
            Self::Legacy {
                user_id: first,
                token,
            }
        } else {
            Self::Scheme {
                scheme: first,
                token,
            }
        })
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Legacy { user_id, .. } => write!(f, "Legacy({user_id:?})"),
            Self::Scheme { scheme, .. } => write!(f, "Scheme({scheme:?})"),
        }
    }
}
