//! What a server sends: greetings, answers and events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::Event;
use super::id::{MessageId, StreamId, Tag};
use super::loose;
use super::object::{Circle, Limits, Member, Message, Profile, Stream, Subscription};
use super::secret::Secret;
use super::word::{ErrorCode, Reason};

/// What a server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum ServerFrame<'a> {
    /// The user is signed in.
    Hello(Hello<'a>),
    /// What the user has; right after the hello, in one or several frames.
    State(State<'a>),
    /// A request is done.
    Ok {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<Tag<'a>>,
        /// What came of it.
        #[serde(flatten)]
        answer: Answer<'a>,
    },
    /// A request, or a frame that was none, failed.
    Error(Failure<'a>),
    /// The answer to `history`.
    History(Page<'a>),
    /// The answer to `ping`.
    Pong {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<Tag<'a>>,
    },
    /// A frame that this version does not know; never sent.
    Other,
    /// Something that nobody asked for.
    #[serde(untagged)]
    Event(Event<'a>),
}

/// The first that a server says to valid credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello<'a> {
    /// [`super::VERSION`].
    #[serde(deserialize_with = "loose::strict_number")]
    pub v: i64,
    /// Who the user is.
    #[serde(borrow)]
    pub user: Profile<'a>,
    /// Signs in the next time, and uploads.
    #[serde(borrow, default)]
    pub token: Secret<'a>,
    /// The server's name and version.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub server: Cow<'a, str>,
    /// What it allows.
    #[serde(default)]
    pub limits: Limits,
}

/// What the user has, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State<'a> {
    /// The circles that the user is in.
    #[serde(borrow)]
    pub circles: Vec<Circle<'a>>,
    /// The streams outside circles: talks of two, and groups.
    #[serde(borrow)]
    pub streams: Vec<Stream<'a>>,
    /// What the user is subscribed to; all of it is active.
    pub subs: Vec<Subscription>,
    /// What the user keeps, outside circles.
    pub data: Map<String, Value>,
    /// Whether another part follows.
    #[serde(
        deserialize_with = "loose::flag",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub more: bool,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer<'a> {
    /// Of `pub`, and of `dm` with a text.
    Published {
        /// The stream; of `dm` only.
        #[serde(skip_serializing_if = "Option::is_none")]
        stream: Option<StreamId>,
        /// The message's place in the stream.
        seq: i64,
        /// Its id.
        id: MessageId,
        /// When it was taken, in milliseconds since 1970 in UTC.
        ts: i64,
        /// The stream's change.
        rev: i64,
    },
    /// Of `dm` without a text.
    Talk {
        /// The stream.
        stream: StreamId,
    },
    /// Of `sub`.
    Subscribed {
        /// The sequence of the last message; 0 before the first.
        last: i64,
        /// The stream's last change.
        rev: i64,
        /// Which numbering this is.
        epoch: i64,
        /// Whether what changed since follows; else it is to be fetched with `history`.
        complete: bool,
        /// The sequence up to which the user has read.
        last_read: i64,
    },
    /// Of `edit`, `delete`, and a `react` that changed something.
    Changed {
        /// The stream's change.
        rev: i64,
    },
    /// Of `circle.create` and `circle.join`, with its streams.
    Circle {
        /// It.
        circle: Circle<'a>,
    },
    /// Of `circle.list`, without their streams.
    Circles {
        /// A page of them.
        circles: Vec<Circle<'a>>,
        /// Whether there are more after them.
        more: bool,
    },
    /// Of `circle.invite`.
    Invite {
        /// The code.
        invite: Secret<'a>,
    },
    /// Of `stream.create` and `stream.rename`.
    Stream {
        /// It, as it is now.
        stream: Stream<'a>,
    },
    /// Of `members`.
    Members {
        /// A page of them.
        members: Vec<Member<'a>>,
        /// Whether there are more after them.
        more: bool,
    },
    /// Of `user.get` and `user.set`.
    User {
        /// The profile, as it is now.
        user: Profile<'a>,
    },
    /// Of `data.get` and `circle.data.get`.
    Value {
        /// Null if there is none.
        value: Value,
    },
    /// Of everything else.
    Done {},
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<'a> {
    /// Which request it answers.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub re: Option<Tag<'a>>,
    /// Where.
    pub stream: StreamId,
    /// Oldest first.
    #[serde(borrow)]
    pub messages: Vec<Message<'a>>,
    /// Whether there are more in the direction that was asked for.
    #[serde(default, deserialize_with = "loose::flag")]
    pub more: bool,
}

/// Why a request, or a frame that was none, failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure<'a> {
    /// Which request, if it said.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub re: Option<Tag<'a>>,
    /// Why.
    pub code: ErrorCode,
    /// Why, for a person.
    #[serde(borrow, default, deserialize_with = "loose::text")]
    pub message: Cow<'a, str>,
    /// Of [`ErrorCode::BadField`] and [`ErrorCode::TooLong`]: which field.
    #[serde(
        borrow,
        default,
        deserialize_with = "loose::maybe_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub field: Option<Cow<'a, str>>,
    /// Of [`ErrorCode::RegisterFailed`]: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Of [`ErrorCode::Rate`]: when to come back.
    #[serde(
        default,
        deserialize_with = "loose::maybe_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_ms: Option<u64>,
}

impl<'a> Failure<'a> {
    /// A failure that has no more to say.
    #[must_use]
    pub fn new(re: Option<Tag<'a>>, code: ErrorCode, message: impl Into<Cow<'a, str>>) -> Self {
        Self {
            re,
            code,
            message: message.into(),
            field: None,
            reason: None,
            retry_ms: None,
        }
    }
}

impl ServerFrame<'_> {
    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        append(self, out);
    }

    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Event<'_> {
    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        append(self, out);
    }

    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Everything in this format has a JSON form, and memory takes all.
fn append(frame: &impl Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, frame);
}
