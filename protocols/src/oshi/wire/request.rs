//! What a client sends, and how it is written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::id::{CircleId, FileId, StreamId, Tag, UserId};
use super::secret::Secret;
use super::word::Role;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op")]
pub enum Request<'a> {
    /// Signs in; the first frame, and never again.
    #[serde(rename = "auth")]
    Auth(Auth<'a>),
    /// Asks for a sign of life.
    #[serde(rename = "ping")]
    Ping,
    /// Subscribes to a stream, and asks for what changed there.
    #[serde(rename = "sub")]
    Sub {
        /// Which.
        stream: StreamId,
        /// The last change that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<i64>,
        /// The numbering that it is of.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<i64>,
        /// How many changes are welcome, at most [`super::limit::REPLAY`], which is the default.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Ends a subscription.
    #[serde(rename = "unsub")]
    Unsub {
        /// Of which stream.
        stream: StreamId,
    },
    /// Says something.
    #[serde(rename = "pub")]
    Pub(Pub<'a>),
    /// Says something to somebody, or, without a text, makes the talk with them.
    #[serde(rename = "dm")]
    Dm {
        /// A user's name or id.
        to: Cow<'a, str>,
        /// What.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Cow<'a, str>>,
        /// See [`Pub::nonce`].
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<Cow<'a, str>>,
    },
    /// Asks for a page of what was said.
    #[serde(rename = "history")]
    History {
        /// Where.
        stream: StreamId,
        /// Only before this sequence: the newest of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<i64>,
        /// Only after this sequence: the oldest of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
        /// How many, at most [`super::limit::PAGE`]; [`super::limit::PAGE_DEFAULT`] if not said.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Changes what was said.
    #[serde(rename = "edit")]
    Edit {
        /// Where.
        stream: StreamId,
        /// Which message.
        seq: i64,
        /// The new text.
        text: Cow<'a, str>,
    },
    /// Takes back what was said.
    #[serde(rename = "delete")]
    Delete {
        /// Where.
        stream: StreamId,
        /// Which message.
        seq: i64,
    },
    /// Has read.
    #[serde(rename = "read")]
    Read {
        /// Where.
        stream: StreamId,
        /// Up to which message.
        seq: i64,
    },
    /// Types, or no longer.
    #[serde(rename = "typing")]
    Typing {
        /// Where.
        stream: StreamId,
        /// Or no longer.
        on: bool,
    },
    /// Reacts to a message, or no longer.
    #[serde(rename = "react")]
    React {
        /// Where.
        stream: StreamId,
        /// To which message.
        seq: i64,
        /// How.
        emoji: Cow<'a, str>,
        /// Or no longer.
        on: bool,
    },
    /// Makes a circle.
    #[serde(rename = "circle.create")]
    CircleCreate {
        /// What it is called.
        name: Cow<'a, str>,
        /// Whether everybody may join.
        public: bool,
        /// Names of its streams; one `general` if there are none.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        streams: Vec<Cow<'a, str>>,
    },
    /// Asks for public circles.
    #[serde(rename = "circle.list")]
    CircleList {
        /// Part of their names.
        #[serde(skip_serializing_if = "Option::is_none")]
        query: Option<Cow<'a, str>>,
        /// The last one of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<CircleId>,
        /// How many, at most [`super::limit::CIRCLE_PAGE`], which is the default.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Joins a circle.
    #[serde(rename = "circle.join")]
    CircleJoin {
        /// Which.
        circle: CircleId,
        /// The invitation to a private one.
        #[serde(skip_serializing_if = "Option::is_none")]
        invite: Option<Secret<'a>>,
    },
    /// Leaves a circle.
    #[serde(rename = "circle.leave")]
    CircleLeave {
        /// Which.
        circle: CircleId,
    },
    /// Ends a circle.
    #[serde(rename = "circle.delete")]
    CircleDelete {
        /// Which.
        circle: CircleId,
    },
    /// Makes an invitation.
    #[serde(rename = "circle.invite")]
    CircleInvite {
        /// To which circle.
        circle: CircleId,
        /// For whom alone; otherwise for whoever has it.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// Removes somebody.
    #[serde(rename = "circle.kick")]
    CircleKick {
        /// From which circle.
        circle: CircleId,
        /// Whom.
        user: UserId,
    },
    /// Gives somebody a role.
    #[serde(rename = "circle.role")]
    CircleRole {
        /// In which circle.
        circle: CircleId,
        /// Whom.
        user: UserId,
        /// Which; [`Role::Owner`] hands the circle over.
        role: Role,
    },
    /// Asks for what the user keeps in a circle.
    #[serde(rename = "circle.data.get")]
    CircleDataGet {
        /// In which.
        circle: CircleId,
        /// Under which key.
        key: Cow<'a, str>,
    },
    /// Keeps something in a circle.
    #[serde(rename = "circle.data.set")]
    CircleDataSet {
        /// In which.
        circle: CircleId,
        /// Under which key.
        key: Cow<'a, str>,
        /// What; null: nothing any more.
        value: Value,
    },
    /// Makes a stream.
    #[serde(rename = "stream.create")]
    StreamCreate {
        /// In which circle.
        circle: CircleId,
        /// What it is called.
        name: Cow<'a, str>,
        /// What it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<Cow<'a, str>>,
    },
    /// Gives a stream another name, another topic, or both.
    #[serde(rename = "stream.rename")]
    StreamRename {
        /// Which.
        stream: StreamId,
        /// What it is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Cow<'a, str>>,
        /// What it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<Cow<'a, str>>,
    },
    /// Ends a stream.
    #[serde(rename = "stream.delete")]
    StreamDelete {
        /// Which.
        stream: StreamId,
    },
    /// Asks who is there.
    #[serde(rename = "members")]
    Members {
        /// Where.
        #[serde(flatten)]
        place: Place,
        /// The last one of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<UserId>,
        /// How many, at most [`super::limit::MEMBER_PAGE`], which is the default.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Asks who somebody is.
    #[serde(rename = "user.get")]
    UserGet {
        /// Who.
        user: UserId,
    },
    /// Changes the user's own display name, password, or both.
    #[serde(rename = "user.set")]
    UserSet {
        /// What to call the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<Cow<'a, str>>,
        /// The password.
        #[serde(skip_serializing_if = "Option::is_none")]
        password: Option<Secret<'a>>,
    },
    /// Asks for what the user keeps.
    #[serde(rename = "data.get")]
    DataGet {
        /// Under which key.
        key: Cow<'a, str>,
    },
    /// Keeps something.
    #[serde(rename = "data.set")]
    DataSet {
        /// Under which key.
        key: Cow<'a, str>,
        /// What; null: nothing any more.
        value: Value,
    },
    /// Signs out: the token is worth nothing any more.
    #[serde(rename = "logout")]
    Logout,
}

/// The first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Auth<'a> {
    /// [`super::VERSION`].
    pub v: i64,
    /// What proves who the user is.
    #[serde(flatten)]
    pub credentials: Credentials<'a>,
}

/// What proves who the user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Credentials<'a> {
    /// The token of an earlier `hello`.
    Token {
        /// It.
        token: Secret<'a>,
    },
    /// A name and a password.
    Password {
        /// The login name.
        user: Cow<'a, str>,
        /// The password.
        password: Secret<'a>,
        /// Makes the account.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        register: bool,
        /// What to call a new user; otherwise by the login name.
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<Cow<'a, str>>,
    },
}

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pub<'a> {
    /// Where.
    pub stream: StreamId,
    /// What.
    pub text: Cow<'a, str>,
    /// The sender's own id of it: when it is sent again, it is not said again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Cow<'a, str>>,
    /// The sequence of the message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<i64>,
    /// What goes along; uploaded before by the same user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
    /// Whatever else.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
}

/// What has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A circle.
    Circle(CircleId),
    /// A stream.
    Stream(StreamId),
}

impl Request<'_> {
    /// The text frame.
    #[must_use]
    pub fn encode(&self, id: Option<&Tag<'_>>) -> String {
        #[derive(Serialize)]
        struct Frame<'a> {
            #[serde(flatten)]
            request: &'a Request<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a Tag<'a>>,
        }
        serde_json::to_string(&Frame { request: self, id }).unwrap_or_default()
    }
}
