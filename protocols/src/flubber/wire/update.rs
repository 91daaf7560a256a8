//! What a backend says after its init info: answers and updates.

use std::borrow::Cow;

use kaiwa_core::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::tagged::Tagged;
use super::{Fault, KaiwaUpdate, Message, Room, WireError, append, kaiwa};

/// What a backend says after its init info.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FromBackend {
    /// The answer to a request.
    Answer {
        /// What came of it.
        body: AnswerBody,
        /// The number of the request.
        sequence_number: u32,
    },
    /// Something that nobody asked for.
    Update(Update),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "value")]
pub enum AnswerBody {
    /// It is done.
    Success,
    /// A message.
    Message(Box<Message>),
    /// A room.
    Room(Room),
    /// The id of a message.
    MessageID(Id),
    /// The id of a room.
    RoomID(Id),
    /// It is not done.
    Error(Failure),
}

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// For programmers.
    #[serde(default)]
    pub debug_info: Value,
    /// For people.
    pub message: String,
    /// Whether the same request may succeed when it is made again.
    #[serde(default)]
    pub retry: bool,
}

/// Something that nobody asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "value")]
#[non_exhaustive]
pub enum Update {
    /// A room is there, or has changed.
    RoomUpsert(Room),
    /// The room of this id is gone.
    RoomDelete(Id),
    /// A message is there, or has changed.
    MessageUpsert(Box<Message>),
    /// The message of this id is gone.
    MessageDelete(Id),
    /// The extension.
    Kaiwa(Box<KaiwaUpdate>),
}

impl FromBackend {
    /// Reads one value. One with a number and a body is an answer, anything else an update.
    ///
    /// # Errors
    /// For text of another form; [`super::sequence_number`] may still find a number in it.
    pub fn decode(json: &str) -> Result<Self, WireError> {
        let envelope: Envelope<'_> = serde_json::from_str(json)?;
        if let (Some(number), Some(body)) = (envelope.sequence_number, envelope.body) {
            return Ok(Self::Answer {
                body: AnswerBody::decode(&Tagged::parse(body.get())?)?,
                sequence_number: serde_json::from_str(number.get())?,
            });
        }
        let kind = envelope.kind.ok_or(WireError::new(Fault::Data))?;
        let tagged = Tagged::new(kind.0, envelope.value);
        Ok(Self::Update(Update::decode(&tagged)?))
    }

    /// Appends the value and a line end.
    pub fn encode(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(rename = "type", borrow, default)]
    kind: Option<Word<'a>>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

/// Borrowed where it has no escapes.
#[derive(Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl AnswerBody {
    fn decode(tagged: &Tagged<'_>) -> Result<Self, WireError> {
        Ok(match &*tagged.kind {
            "Success" if tagged.json().is_none() => Self::Success,
            "Message" => Self::Message(Box::new(tagged.value()?)),
            "Room" => Self::Room(tagged.value()?),
            "MessageID" => Self::MessageID(tagged.value()?),
            "RoomID" => Self::RoomID(tagged.value()?),
            "Error" => Self::Error(tagged.value()?),
            _ => return Err(WireError::new(Fault::Data)),
        })
    }
}

impl Update {
    fn decode(tagged: &Tagged<'_>) -> Result<Self, WireError> {
        Ok(match &*tagged.kind {
            "RoomUpsert" => Self::RoomUpsert(tagged.value()?),
            "RoomDelete" => Self::RoomDelete(tagged.value()?),
            "MessageUpsert" => Self::MessageUpsert(Box::new(tagged.value()?)),
            "MessageDelete" => Self::MessageDelete(tagged.value()?),
            kaiwa::TYPE => Self::Kaiwa(Box::new(KaiwaUpdate::decode(tagged.json())?)),
            _ => return Err(WireError::new(Fault::Data)),
        })
    }
}
