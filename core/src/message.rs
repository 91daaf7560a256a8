//! A message and what it is made of.

use std::ffi::OsStr;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Id, Style};

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The network's id, unique within its channel; `local:<request>` until the network gave one.
    pub id: Option<Id>,
    /// [`crate::Profile::id`] of the sender.
    pub sender_id: Option<Id>,
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

    /// The plain text of the message: what is shown of its fragments, joined. A file is a line of its own: its address, or
    /// the name of one that is still to be sent. Of styles only the content is in it, of a labelled link only the label; see
    /// [`Message::lowered`] for what a network without them carries.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let mut text = String::new();
        for fragment in &self.content {
            fragment.push_plain(&mut text);
        }
        text
    }

    /// Id of the message that this one answers.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.content.iter().find_map(|fragment| match fragment {
            MessageFragment::Reply { message_id } => Some(message_id.as_str()),
            _ => None,
        })
    }
}

impl MessageFragment {
    /// Whether it is a part of what is shown; else it says more about the message, and lies after the shown ones.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        match self {
            Self::Text(_)
            | Self::Image { .. }
            | Self::Video { .. }
            | Self::Audio { .. }
            | Self::Url(_)
            | Self::AssetId(_)
            | Self::File { .. }
            | Self::Upload { .. }
            | Self::Styled { .. }
            | Self::Link { .. }
            | Self::Mention { .. }
            | Self::ChannelLink { .. }
            | Self::MessageLink { .. } => true,
            Self::Reply { .. }
            | Self::EditedAt(_)
            | Self::Reaction { .. }
            | Self::Notice { .. }
            | Self::Extra(_) => false,
        }
    }

    /// Appends what is shown of it.
    pub(crate) fn push_plain(&self, text: &mut String) {
        match self {
            Self::Text(part) | Self::Url(part) => text.push_str(part),
            Self::Image { url, .. } | Self::Video { url, .. } | Self::Audio { url, .. } => {
                text.push_str(url);
            }
            Self::AssetId(id) => text.push_str(id),
            Self::File { url, .. } => push_line(text, url),
            Self::Upload { path, name, .. } => push_line(text, upload_name(path, name.as_deref())),
            Self::Link { url, content } if content.is_empty() => text.push_str(url),
            Self::Styled { content, .. } | Self::Link { content, .. } => {
                content.iter().for_each(|inner| inner.push_plain(text));
            }
            Self::Mention { text: shown, .. } | Self::ChannelLink { text: shown, .. } => {
                text.push_str(shown);
            }
            Self::MessageLink { message_id, .. } => text.push_str(message_id),
            Self::Reply { .. }
            | Self::EditedAt(_)
            | Self::Reaction { .. }
            | Self::Notice { .. }
            | Self::Extra(_) => {}
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
}

/// The name of a file that goes along; the directories it lies in are nobody's business.
fn upload_name<'a>(path: &'a str, name: Option<&'a str>) -> &'a str {
    let last = Path::new(path).file_name().and_then(OsStr::to_str);
    name.or(last).unwrap_or_default()
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

/// A piece of a message. What is shown comes first, in order; then what is said about the message.
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
    AssetId(Id),
    /// A file that lies on the network; shown as a link.
    File {
        /// Where it is.
        url: String,
        /// What it is called.
        name: String,
        /// Its MIME type, as whoever sent it says.
        mime: String,
        /// How many bytes it has, where the network says so.
        size: Option<u64>,
    },
    /// Sent only: a file of this machine that goes along. It is never made of what a peer says, or whoever passes messages on
    /// would give away the files of this machine; the update to `Delivered` has a [`MessageFragment::File`] in its place.
    Upload {
        /// Where it lies on this machine.
        path: String,
        /// What it is to be called; `None` is its name on this machine.
        name: Option<String>,
        /// Its MIME type; `None` leaves that to the library.
        mime: Option<String>,
    },
    /// Text, and whatever else is shown, with a style. At most [`MAX_STYLE_DEPTH`](crate::MAX_STYLE_DEPTH) of these and of
    /// [`MessageFragment::Link`] lie in each other.
    Styled {
        /// How it looks.
        style: Style,
        /// What is within: shown fragments, and nothing that is still to be sent.
        content: Vec<Self>,
    },
    /// A link that shows something else.
    Link {
        /// Where it leads.
        url: String,
        /// What it shows, like the content of [`MessageFragment::Styled`]; empty: its address.
        content: Vec<Self>,
    },
    /// Somebody is spoken to.
    Mention {
        /// [`crate::Profile::id`] of who.
        user_id: Id,
        /// What it shows.
        text: String,
    },
    /// A link to a channel of the network.
    ChannelLink {
        /// Which.
        channel_id: Id,
        /// What it shows.
        text: String,
    },
    /// A link to a message of the network.
    MessageLink {
        /// Its channel; `None` is the channel of the message that has the link.
        channel_id: Option<Id>,
        /// Which.
        message_id: Id,
    },
    /// The message answers another one of its channel. Not shown by itself.
    Reply {
        /// Which.
        message_id: Id,
    },
    /// The message was last changed then. Not shown by itself; left out of what is sent.
    EditedAt(DateTime<Utc>),
    /// These people have put this emoji on the message. Not shown by itself; left out of what is sent.
    Reaction {
        /// The emoji, or what a network has in place of one.
        emoji: String,
        /// Who, in the order in which they came; the user too, under their own id.
        user_ids: Vec<Id>,
    },
    /// What the server says here in words, as it says it to programs. Not shown; left out of what is sent.
    Notice {
        /// The network's name for it.
        code: String,
        /// Names, numbers and texts that belong to it, in the network's order.
        args: Vec<String>,
    },
    /// What a network says about a message beyond this vocabulary; its documentation says what is in it. Not shown.
    Extra(Value),
}
