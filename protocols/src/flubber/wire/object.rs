//! Rooms, messages and attachments.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use kaiwa_core::Id;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Content;
use super::mime::is_mime;

/// A place where messages go. Its fields are written in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Stable, also when it is renamed.
    pub id: Id,
    /// What to call it.
    pub name: String,
    /// The room around it.
    #[serde(default)]
    pub parent: Option<Id>,
    /// Whether messages can be sent into it.
    pub sendable: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// What goes along.
    pub attachments: Vec<Attachment>,
    /// What it says.
    pub content: Content,
    /// When it was said, in milliseconds since 1970 UTC.
    pub create_time: i64,
    /// When it was last changed, in the same way.
    pub edit_time: i64,
    /// What a backend says about it beyond this format.
    #[serde(default)]
    pub extra: Value,
    /// Stable, also when it is edited.
    pub id: Id,
    /// A room or a user; only who knows the rooms can tell.
    pub recipient: Id,
    /// A user.
    pub sender: Id,
}

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewMessage {
    /// What goes along.
    pub attachments: Vec<Attachment>,
    /// What it says.
    pub content: Content,
    /// What a host says about it beyond this format.
    #[serde(default)]
    pub extra: Value,
    /// A room or a user.
    pub recipient: Id,
}

/// A file within a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// Its bytes; base64 in JSON.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub data: Vec<u8>,
    /// Its type, like `text/plain`.
    #[serde(deserialize_with = "mime")]
    pub mime: String,
}

/// The standard alphabet, written with padding, read with or without it, as the original does.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn to_base64<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(data))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    BASE64.decode(text.as_bytes()).map_err(D::Error::custom)
}

fn mime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_mime(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom("no MIME type"))
    }
}
