//! What frames are made of. A server builds them of what it has, borrowed; a client reads them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::id::{CircleId, FileId, MessageId, StreamId, UserId};
use super::word::{Role, StreamKind};
use super::{limit, loose};

/// A flow of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream<'a> {
    /// Which.
    pub id: StreamId,
    /// What it is.
    #[serde(default)]
    pub kind: StreamKind,
    /// The circle that it belongs to; none of a talk of two and of a group.
    #[serde(default, deserialize_with = "loose::maybe_id")]
    pub circle: Option<CircleId>,
    /// What it is called.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// What it is about.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub topic: Cow<'a, str>,
    /// Who talks, of a talk of two; otherwise empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
    /// The sequence of the last message; 0 before the first.
    #[serde(default, deserialize_with = "loose::number")]
    pub last: i64,
}

/// A collection of streams with members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circle<'a> {
    /// Which.
    pub id: CircleId,
    /// What it is called.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// Whether everybody may join.
    #[serde(default, deserialize_with = "loose::flag")]
    pub public: bool,
    /// Whose it is, if anybody's.
    #[serde(default, deserialize_with = "loose::maybe_id")]
    pub owner: Option<UserId>,
    /// What the receiver is in it; nothing to an outsider.
    #[serde(default)]
    pub role: Option<Role>,
    /// Its streams; not told by `circle.list`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<Stream<'a>>>,
}

/// Something said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message<'a> {
    /// Where.
    pub stream: StreamId,
    /// Its place there: rising by one from 1.
    #[serde(deserialize_with = "loose::strict_number")]
    pub seq: i64,
    /// The change of the stream that brought it, or changed it last.
    #[serde(deserialize_with = "loose::strict_number")]
    pub rev: i64,
    /// Its id over all streams.
    pub id: MessageId,
    /// Who said it; nobody if it was a guest without a name.
    #[serde(default, deserialize_with = "loose::maybe_id")]
    pub from: Option<UserId>,
    /// What to call them.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// The text; none of a deleted one.
    #[serde(borrow, default, deserialize_with = "loose::maybe_text")]
    pub text: Option<Cow<'a, str>>,
    /// When it was taken, in milliseconds since 1970 in UTC.
    #[serde(default, deserialize_with = "loose::number")]
    pub ts: i64,
    /// When it was last edited.
    #[serde(default, deserialize_with = "loose::maybe_number")]
    pub edited: Option<i64>,
    /// Whether it was deleted.
    #[serde(default, deserialize_with = "loose::flag")]
    pub deleted: bool,
    /// The sequence of the message that it answers.
    #[serde(default, deserialize_with = "loose::maybe_number")]
    pub reply: Option<i64>,
    /// What goes along.
    #[serde(borrow, default)]
    pub files: Vec<File<'a>>,
    /// Who reacted how.
    #[serde(borrow, default)]
    pub reactions: Vec<Reaction<'a>>,
    /// Whatever else its sender put there.
    #[serde(default, deserialize_with = "meta")]
    pub meta: Map<String, Value>,
    /// The nonce that its sender gave; told to the sender only.
    #[serde(
        borrow,
        default,
        deserialize_with = "loose::maybe_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub nonce: Option<Cow<'a, str>>,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File<'a> {
    /// Which; `pub` names it.
    #[serde(
        default,
        deserialize_with = "loose::maybe_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<FileId>,
    /// Its address: a path, to be resolved against the address of the server, or a whole URL.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub url: Cow<'a, str>,
    /// What it is called.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// Its type.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub mime: Cow<'a, str>,
    /// Its bytes, if told.
    #[serde(default, deserialize_with = "loose::maybe_number")]
    pub size: Option<u64>,
}

/// What some people think of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction<'a> {
    /// What.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub emoji: Cow<'a, str>,
    /// Who, in the order of their reactions.
    #[serde(default)]
    pub users: Vec<UserId>,
}

/// What a server allows; what it does not tell is as in [`limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Characters of a text.
    #[serde(deserialize_with = "loose::number")]
    pub text: u64,
    /// Streams of a circle.
    #[serde(deserialize_with = "loose::number")]
    pub streams: u64,
    /// Bytes of a file.
    #[serde(deserialize_with = "loose::number")]
    pub file: u64,
    /// How much may be said.
    #[serde(rename = "pub")]
    pub publish: PubLimit,
}

/// So many messages in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PubLimit {
    /// Messages; 0: no limit.
    #[serde(deserialize_with = "loose::number")]
    pub count: u64,
    /// Milliseconds.
    #[serde(deserialize_with = "loose::number")]
    pub ms: u64,
}

/// Somebody, as everybody may know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile<'a> {
    /// Who.
    pub id: UserId,
    /// The login name.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// What to call them.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub display: Cow<'a, str>,
}

/// Somebody in a circle or a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member<'a> {
    /// Who.
    pub id: UserId,
    /// The login name.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// What to call them.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub display: Cow<'a, str>,
    /// What they are there.
    #[serde(default)]
    pub role: Role,
    /// Whether they are connected.
    #[serde(default, deserialize_with = "loose::flag")]
    pub online: bool,
}

/// A stream that the user is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Which.
    pub stream: StreamId,
    /// The sequence up to which the user has read; 0: nothing.
    #[serde(default, deserialize_with = "loose::number")]
    pub last_read: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: limit::TEXT_CHARS,
            streams: limit::STREAMS,
            file: limit::FILE_BYTES,
            publish: PubLimit::default(),
        }
    }
}

impl Default for PubLimit {
    fn default() -> Self {
        Self {
            count: limit::PUB_COUNT,
            ms: limit::PUB_MS,
        }
    }
}

/// An object; empty if it is null.
fn meta<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
