//! What a server tells unasked.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::id::{CircleId, StreamId, UserId};
use super::object::{Circle, Message, Profile, Stream};
use super::word::{MemberChange, Role};

/// What a server tells unasked: of streams that the connection is subscribed to, of the user's circles, and of people that
/// share a circle or a talk with the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Event<'a> {
    /// Something was said.
    Msg(Message<'a>),
    /// Something said was edited or deleted; as it is now.
    Upd(Message<'a>),
    /// Somebody reacts, or no longer.
    React {
        /// Where.
        stream: StreamId,
        /// To which message.
        seq: i64,
        /// The stream's change.
        rev: i64,
        /// Who.
        user: UserId,
        /// What.
        emoji: Cow<'a, str>,
        /// Or no longer.
        on: bool,
    },
    /// Somebody has read a talk of two up to a message, or the user anything on another connection.
    Read {
        /// Where.
        stream: StreamId,
        /// Who.
        user: UserId,
        /// Up to which message.
        seq: i64,
    },
    /// Somebody types, or no longer.
    Typing {
        /// Where.
        stream: StreamId,
        /// Who.
        user: UserId,
        /// Or no longer.
        on: bool,
    },
    /// Somebody came or went.
    Presence {
        /// Who.
        user: UserId,
        /// Which of the two.
        online: bool,
    },
    /// Somebody's profile changed.
    User {
        /// As it is now.
        user: Profile<'a>,
    },
    /// A member of a circle came, went, or has another role.
    Member {
        /// Where.
        circle: CircleId,
        /// Who.
        user: UserId,
        /// The login name.
        name: Cow<'a, str>,
        /// What to call them.
        display: Cow<'a, str>,
        /// What they are there, or were.
        role: Role,
        /// What happened.
        change: MemberChange,
    },
    /// The user is in another circle, or no longer, or it changed.
    Circle(CircleChange<'a>),
    /// There is another stream, or no longer, or it changed.
    Stream(StreamChange<'a>),
}

/// What happened to a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CircleChange<'a> {
    /// The user is in it now.
    New(Circle<'a>),
    /// It changed.
    Update(Circle<'a>),
    /// It is gone, or the user no longer in it.
    Delete(CircleId),
}

/// What happened to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamChange<'a> {
    /// It is new to the receiver.
    New(Stream<'a>),
    /// It changed.
    Update(Stream<'a>),
    /// It is gone, or out of the receiver's sight.
    Delete {
        /// Which.
        id: StreamId,
        /// Of which circle.
        circle: Option<CircleId>,
    },
}

pub(super) const NEW: &str = "new";
pub(super) const UPDATE: &str = "update";
pub(super) const DELETE: &str = "delete";

impl Serialize for CircleChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Gone {
            id: CircleId,
        }
        match self {
            Self::New(circle) => change(serializer, NEW, "circle", circle),
            Self::Update(circle) => change(serializer, UPDATE, "circle", circle),
            Self::Delete(id) => change(serializer, DELETE, "circle", &Gone { id: *id }),
        }
    }
}

impl Serialize for StreamChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Gone {
            id: StreamId,
            circle: Option<CircleId>,
        }
        match self {
            Self::New(stream) => change(serializer, NEW, "stream", stream),
            Self::Update(stream) => change(serializer, UPDATE, "stream", stream),
            Self::Delete { id, circle } => {
                let gone = Gone {
                    id: *id,
                    circle: *circle,
                };
                change(serializer, DELETE, "stream", &gone)
            }
        }
    }
}

fn change<S: Serializer>(
    serializer: S,
    word: &str,
    what: &'static str,
    object: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct("Change", 2)?;
    fields.serialize_field("change", word)?;
    fields.serialize_field(what, object)?;
    fields.end()
}
