//! A message and what it is made of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The network's id, unique within its channel; `local:<request>` until the network gave one.
    pub id: Option<String>,
    /// [`crate::Profile::id`] of the sender.
    pub sender_id: Option<String>,
    /// What was said, in order.
    pub content: Vec<MessageFragment>,
    /// When the network says it was said.
    pub timestamp: DateTime<Utc>,
    /// Who speaks.
    pub message_type: MessageType,
    /// How far it has come.
    pub status: MessageStatus,
}

impl Message {
    /// A message of one text, as an application hands it to `send`.
    #[must_use]
    pub fn text(text: impl Into<String>, timestamp: DateTime<Utc>) -> Self {
        Self {
            id: None,
            sender_id: None,
            content: vec![MessageFragment::Text(text.into())],
            timestamp,
            message_type: MessageType::CurrentUser,
            status: MessageStatus::Sent,
        }
    }

    /// The plain text of the message: its `Text` and `Url` fragments, joined.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let mut text = String::new();
        for fragment in &self.content {
            match fragment {
                MessageFragment::Text(part) | MessageFragment::Url(part) => text.push_str(part),
                MessageFragment::Image { url, .. }
                | MessageFragment::Video { url, .. }
                | MessageFragment::Audio { url, .. } => text.push_str(url),
                MessageFragment::AssetId(id) => text.push_str(id),
            }
        }
        text
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum MessageStatus {
    /// Taken from the user, not confirmed by the network.
    Sent,
    /// Confirmed by the network; also every message of others.
    Delivered,
    /// Changed after it was said.
    Edited,
    /// A tombstone in history.
    Deleted,
    /// It will not arrive, or nobody can tell; the error came with `Status::Failed`.
    Failed,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum MessageType {
    /// The user of this account.
    CurrentUser,
    /// Somebody else.
    Normal,
    /// The server.
    Server,
    /// The library.
    Meta,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum MessageFragment {
    /// Plain text; never a command.
    Text(String),
    /// A picture.
    Image {
        /// Where it is.
        url: String,
        /// Its MIME type.
        mime: String,
    },
    /// A film.
    Video {
        /// Where it is.
        url: String,
        /// Its MIME type.
        mime: String,
    },
    /// A recording.
    Audio {
        /// Where it is.
        url: String,
        /// Its MIME type.
        mime: String,
    },
    /// A link that shows itself.
    Url(String),
    /// The id of an [`crate::Asset`].
    AssetId(String),
}
