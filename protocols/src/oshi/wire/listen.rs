//! How a client reads what a server sends.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::event::{CircleChange, DELETE, Event, NEW, StreamChange};
use super::id::{CircleId, MessageId, StreamId, Tag, UserId};
use super::loose;
use super::object::{Circle, Member, Message, Profile, Stream};
use super::reply::{Answer, Failure, Hello, Page, ServerFrame, State};
use super::secret::Secret;
use super::word::{MemberChange, Role};

/// A frame that no server of this protocol sends. Says where, never what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    line: usize,
    column: usize,
    data: bool,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, data } = self;
        let expected = if *data {
            "other fields"
        } else {
            "well-formed JSON"
        };
        write!(f, "expected {expected} at line {line}, column {column}")
    }
}

impl std::error::Error for WireError {}

impl From<serde_json::Error> for WireError {
    fn from(error: serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
            data: error.is_data(),
        }
    }
}

impl<'a> ServerFrame<'a> {
    /// Reads a text frame. It is read once if `op` comes first, otherwise twice.
    ///
    /// # Errors
    /// For text that is no JSON object, or lacks what the frame makes no sense without.
    pub fn parse(text: &'a str) -> Result<Self, WireError> {
        let Read(Some(frame)) = serde_json::from_str(text)? else {
            let Op { op } = serde_json::from_str(text)?;
            let mut deserializer = serde_json::Deserializer::from_str(text);
            return Ok(frame(&op, &mut deserializer)?);
        };
        Ok(frame)
    }
}

/// A frame whose `op` comes first; nothing if it does not.
struct Read<'a>(Option<ServerFrame<'a>>);

impl<'de> Deserialize<'de> for Read<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OpFirst)
    }
}

struct OpFirst;

impl<'de> Visitor<'de> for OpFirst {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(Key(key)) = map.next_key()? else {
            return Ok(Read(None));
        };
        if key == "op" {
            let Key(op) = map.next_value()?;
            return frame(&op, MapAccessDeserializer::new(map)).map(|frame| Read(Some(frame)));
        }
        map.next_value::<IgnoredAny>()?;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Read(None))
    }
}

/// A text that is borrowed if it can be.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        loose::strict_text(deserializer).map(Key)
    }
}

#[derive(Deserialize)]
struct Op<'a> {
    #[serde(borrow, deserialize_with = "loose::text")]
    op: Cow<'a, str>,
}

fn frame<'de, D: Deserializer<'de>>(op: &str, fields: D) -> Result<ServerFrame<'de>, D::Error> {
    Ok(match op {
        "msg" => ServerFrame::Event(Event::Msg(Message::deserialize(fields)?)),
        "upd" => ServerFrame::Event(Event::Upd(Message::deserialize(fields)?)),
        "ok" => Done::deserialize(fields)?.frame(),
        "error" => ServerFrame::Error(Failure::deserialize(fields)?),
        "history" => ServerFrame::History(Page::deserialize(fields)?),
        "hello" => ServerFrame::Hello(Hello::deserialize(fields)?),
        "state" => ServerFrame::State(State::deserialize(fields)?),
        "pong" => ServerFrame::Pong {
            re: Pong::deserialize(fields)?.re,
        },
        "user" => ServerFrame::Event(Event::User {
            user: UserFields::deserialize(fields)?.user,
        }),
        "circle" => ServerFrame::Event(Event::Circle(circle(CircleFields::deserialize(fields)?))),
        "stream" => ServerFrame::Event(Event::Stream(stream(StreamFields::deserialize(fields)?))),
        "react" | "read" | "typing" | "presence" | "member" => {
            small(op, Small::deserialize(fields)?)
                .map(ServerFrame::Event)
                .ok_or_else(|| D::Error::custom("a field is missing"))?
        }
        _ => {
            IgnoredAny::deserialize(fields)?;
            ServerFrame::Other
        }
    })
}

#[derive(Deserialize)]
struct Pong<'a> {
    #[serde(borrow, default)]
    re: Option<Tag<'a>>,
}

#[derive(Deserialize)]
struct UserFields<'a> {
    #[serde(borrow)]
    user: Profile<'a>,
}

#[derive(Deserialize)]
struct CircleFields<'a> {
    #[serde(borrow, deserialize_with = "loose::text")]
    change: Cow<'a, str>,
    #[serde(borrow)]
    circle: Circle<'a>,
}

#[derive(Deserialize)]
struct StreamFields<'a> {
    #[serde(borrow, deserialize_with = "loose::text")]
    change: Cow<'a, str>,
    #[serde(borrow)]
    stream: Stream<'a>,
}

/// A word that is not known is taken for an update: the object says how things are.
fn circle(fields: CircleFields<'_>) -> CircleChange<'_> {
    match fields.change.as_ref() {
        NEW => CircleChange::New(fields.circle),
        DELETE => CircleChange::Delete(fields.circle.id),
        _ => CircleChange::Update(fields.circle),
    }
}

fn stream(fields: StreamFields<'_>) -> StreamChange<'_> {
    let StreamFields { change, stream } = fields;
    match change.as_ref() {
        NEW => StreamChange::New(stream),
        DELETE => StreamChange::Delete {
            id: stream.id,
            circle: stream.circle,
        },
        _ => StreamChange::Update(stream),
    }
}

/// The fields of the smaller events, which have no name in common that means two things.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Small<'a> {
    #[serde(deserialize_with = "loose::maybe_id")]
    stream: Option<StreamId>,
    #[serde(deserialize_with = "loose::maybe_id")]
    circle: Option<CircleId>,
    #[serde(deserialize_with = "loose::maybe_id")]
    user: Option<UserId>,
    #[serde(deserialize_with = "loose::maybe_number")]
    seq: Option<i64>,
    #[serde(deserialize_with = "loose::maybe_number")]
    rev: Option<i64>,
    #[serde(borrow, deserialize_with = "loose::maybe_text")]
    emoji: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "loose::flag")]
    on: bool,
    #[serde(deserialize_with = "loose::flag")]
    online: bool,
    #[serde(borrow, deserialize_with = "loose::text")]
    name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "loose::text")]
    display: Cow<'a, str>,
    role: Option<Role>,
    change: Option<MemberChange>,
}

fn small<'a>(op: &str, fields: Small<'a>) -> Option<Event<'a>> {
    let user = fields.user?;
    Some(match op {
        "react" => Event::React {
            stream: fields.stream?,
            seq: fields.seq?,
            rev: fields.rev?,
            user,
            emoji: fields.emoji?,
            on: fields.on,
        },
        "read" => Event::Read {
            stream: fields.stream?,
            user,
            seq: fields.seq?,
        },
        "typing" => Event::Typing {
            stream: fields.stream?,
            user,
            on: fields.on,
        },
        "presence" => Event::Presence {
            user,
            online: fields.online,
        },
        _ => Event::Member {
            circle: fields.circle?,
            user,
            name: fields.name,
            display: fields.display,
            role: fields.role.unwrap_or(Role::Member),
            change: fields.change?,
        },
    })
}

/// The fields of all that `ok` may carry.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Done<'a> {
    #[serde(borrow)]
    re: Option<Tag<'a>>,
    #[serde(borrow)]
    stream: Option<IdOrStream<'a>>,
    #[serde(deserialize_with = "loose::maybe_number")]
    seq: Option<i64>,
    #[serde(deserialize_with = "loose::maybe_id")]
    id: Option<MessageId>,
    #[serde(deserialize_with = "loose::number")]
    ts: i64,
    #[serde(deserialize_with = "loose::maybe_number")]
    rev: Option<i64>,
    #[serde(deserialize_with = "loose::number")]
    last: i64,
    #[serde(deserialize_with = "loose::number")]
    epoch: i64,
    complete: Option<bool>,
    #[serde(deserialize_with = "loose::number")]
    last_read: i64,
    #[serde(borrow)]
    circle: Option<Circle<'a>>,
    #[serde(borrow)]
    circles: Option<Vec<Circle<'a>>>,
    #[serde(deserialize_with = "loose::flag")]
    more: bool,
    #[serde(borrow)]
    invite: Option<Secret<'a>>,
    #[serde(borrow)]
    members: Option<Vec<Member<'a>>>,
    #[serde(borrow)]
    user: Option<Profile<'a>>,
    #[serde(deserialize_with = "present")]
    value: Option<Value>,
}

/// Null is a value here.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'a> Done<'a> {
    fn frame(mut self) -> ServerFrame<'a> {
        let re = self.re.take();
        ServerFrame::Ok {
            re,
            answer: self.answer(),
        }
    }

    /// Which answer it is follows from the fields that are there.
    fn answer(self) -> Answer<'a> {
        let stream = match self.stream {
            Some(IdOrStream::Stream(stream)) => return Answer::Stream { stream },
            Some(IdOrStream::Id(id)) => Some(id),
            None => None,
        };
        if let (Some(seq), Some(id), Some(rev)) = (self.seq, self.id, self.rev) {
            Answer::Published {
                stream,
                seq,
                id,
                ts: self.ts,
                rev,
            }
        } else if let (Some(complete), Some(rev)) = (self.complete, self.rev) {
            Answer::Subscribed {
                last: self.last,
                rev,
                epoch: self.epoch,
                complete,
                last_read: self.last_read,
            }
        } else if let Some(rev) = self.rev {
            Answer::Changed { rev }
        } else if let Some(circle) = self.circle {
            Answer::Circle { circle }
        } else if let Some(circles) = self.circles {
            let more = self.more;
            Answer::Circles { circles, more }
        } else if let Some(members) = self.members {
            let more = self.more;
            Answer::Members { members, more }
        } else if let Some(invite) = self.invite {
            Answer::Invite { invite }
        } else if let Some(user) = self.user {
            Answer::User { user }
        } else if let Some(value) = self.value {
            Answer::Value { value }
        } else if let Some(stream) = stream {
            Answer::Talk { stream }
        } else {
            Answer::Done {}
        }
    }
}

/// `stream` is the one after `dm`, the other after `stream.create`.
enum IdOrStream<'a> {
    Id(StreamId),
    Stream(Stream<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for IdOrStream<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdOrStreamVisitor)
    }
}

struct IdOrStreamVisitor;

impl<'de> Visitor<'de> for IdOrStreamVisitor {
    type Value = IdOrStream<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stream or its id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse()
            .map(IdOrStream::Id)
            .map_err(|_| E::custom("expected an id"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Stream::deserialize(MapAccessDeserializer::new(map)).map(IdOrStream::Stream)
    }
}
