//! What a host wants of a backend.

use kaiwa_core::{ConnectionEvent, Id};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::tagged::Tagged;
use super::{Fault, NewMessage, WireError, append, kaiwa};

/// A request. Numbers count up from 0, wrap, and are unique among what is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// What is wanted.
    pub body: RequestBody,
    /// Comes back with the answer.
    pub sequence_number: u32,
}

/// What a host wants.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "value")]
#[non_exhaustive]
pub enum RequestBody {
    /// The id of the room that people call so; answered by a room id.
    RoomLookup(String),
    /// The room of this id; answered by it.
    RoomGet(Id),
    /// A new room; answered by its id.
    RoomCreate {
        /// What to call it.
        name: String,
        /// The room around it.
        parent: Option<Id>,
        /// Whether messages can be sent into it.
        sendable: bool,
    },
    /// Be in this room; answered by success.
    RoomJoin(Id),
    /// Be in this room no longer; answered by success.
    RoomLeave(Id),
    /// The message of this id; answered by it.
    MessageGet(Id),
    /// Older messages than this one: they come as updates, then success.
    MessageGetBefore(Id),
    /// Say this; answered by a message id.
    MessageSend(NewMessage),
    /// The extension: anything that the vocabulary has. Answered by success or an error at once; what comes of it are
    /// [`KaiwaUpdate`](super::KaiwaUpdate)s.
    Kaiwa(Box<ConnectionEvent>),
}

impl Request {
    /// Reads one value.
    ///
    /// # Errors
    /// For text of another form; [`super::sequence_number`] may still find a number in it.
    pub fn decode(json: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow)]
            body: &'a RawValue,
            sequence_number: u32,
        }
        let envelope: Envelope<'_> = serde_json::from_str(json)?;
        Ok(Self {
            body: RequestBody::decode(&Tagged::parse(envelope.body.get())?)?,
            sequence_number: envelope.sequence_number,
        })
    }

    /// Appends the value and a line end.
    pub fn encode(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

impl RequestBody {
    fn decode(tagged: &Tagged<'_>) -> Result<Self, WireError> {
        Ok(match &*tagged.kind {
            "RoomLookup" => Self::RoomLookup(tagged.value()?),
            "RoomGet" => Self::RoomGet(tagged.value()?),
            "RoomCreate" => {
                let New {
                    name,
                    parent,
                    sendable,
                } = tagged.value()?;
                Self::RoomCreate {
                    name,
                    parent,
                    sendable,
                }
            }
            "RoomJoin" => Self::RoomJoin(tagged.value()?),
            "RoomLeave" => Self::RoomLeave(tagged.value()?),
            "MessageGet" => Self::MessageGet(tagged.value()?),
            "MessageGetBefore" => Self::MessageGetBefore(tagged.value()?),
            "MessageSend" => Self::MessageSend(tagged.value()?),
            kaiwa::TYPE => Self::Kaiwa(Box::new(kaiwa::event(tagged.json())?)),
            _ => return Err(WireError::new(Fault::Data)),
        })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RoomLookup(_) => "RoomLookup",
            Self::RoomGet(_) => "RoomGet",
            Self::RoomCreate { .. } => "RoomCreate",
            Self::RoomJoin(_) => "RoomJoin",
            Self::RoomLeave(_) => "RoomLeave",
            Self::MessageGet(_) => "MessageGet",
            Self::MessageGetBefore(_) => "MessageGetBefore",
            Self::MessageSend(_) => "MessageSend",
            Self::Kaiwa(_) => kaiwa::TYPE,
        }
    }
}

#[derive(Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    parent: Option<Id>,
    sendable: bool,
}
