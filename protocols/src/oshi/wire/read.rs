//! How a server reads what a client sends.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::id::{FileId, Tag};
use super::request::{Auth, Credentials, Place, Pub, Request};
use super::secret::Secret;
use super::word::{ErrorCode, Role};
use super::{VERSION, limit, loose};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFrame<'a> {
    /// What the answer has to repeat.
    pub id: Option<Tag<'a>>,
    /// What is asked for.
    pub request: Request<'a>,
}

/// Why a frame is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The frame's id, as far as it could be read.
    pub id: Option<Tag<'a>>,
    /// `bad_json`, `unknown_op`, `bad_field`, `too_long`, or `not_found` for what can be nobody's id.
    pub code: ErrorCode,
    /// Whose fault it is.
    pub field: Option<&'static str>,
}

impl<'a> ClientFrame<'a> {
    /// Reads a text frame. Lengths that `hello` or the server's rules set are not looked at.
    ///
    /// # Errors
    /// For everything that is no request; see [`Refusal`].
    pub fn parse(text: &'a str) -> Result<Self, Refusal<'a>> {
        let fields: Fields<'a> = serde_json::from_str(text).map_err(|_| Refusal {
            id: None,
            code: ErrorCode::BadJson,
            field: None,
        })?;
        let refusal =
            |id: Option<Tag<'a>>| move |Wrong(code, field): Wrong| Refusal { id, code, field };
        let id = fields.maybe::<Tag<'a>>("id").map_err(refusal(None))?;
        match request(&fields) {
            Ok(request) => Ok(Self { id, request }),
            Err(wrong) => Err(refusal(id)(wrong)),
        }
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.unwrap_or_default();
        match self.code {
            ErrorCode::BadJson => f.write_str("the frame is no JSON object"),
            ErrorCode::UnknownOp => f.write_str("there is no such operation"),
            ErrorCode::NotFound => write!(f, "there is no such {field}"),
            ErrorCode::TooLong => write!(f, "`{field}` is too long"),
            _ => write!(f, "`{field}` is missing or wrong"),
        }
    }
}

impl std::error::Error for Refusal<'_> {}

fn request<'a>(fields: &Fields<'a>) -> Result<Request<'a>, Wrong> {
    Ok(match fields.text("op")?.as_ref() {
        "auth" => Request::Auth(auth(fields)?),
        "ping" => Request::Ping,
        "sub" => Request::Sub {
            stream: fields.id("stream")?,
            since: fields.maybe_number("since")?,
            epoch: fields.maybe_number("epoch")?,
            limit: fields.maybe_number("limit")?,
        },
        "unsub" => Request::Unsub {
            stream: fields.id("stream")?,
        },
        "pub" => Request::Pub(publish(fields)?),
        "dm" => Request::Dm {
            to: fields.text("to")?,
            text: fields.maybe_text("text")?,
            nonce: nonce(fields)?,
        },
        "history" => Request::History {
            stream: fields.id("stream")?,
            before: fields.maybe_number("before")?,
            after: fields.maybe_number("after")?,
            limit: fields.maybe_number("limit")?,
        },
        "edit" => Request::Edit {
            stream: fields.id("stream")?,
            seq: fields.number("seq")?,
            text: fields.text("text")?,
        },
        "delete" => Request::Delete {
            stream: fields.id("stream")?,
            seq: fields.number("seq")?,
        },
        "read" => Request::Read {
            stream: fields.id("stream")?,
            seq: fields.number("seq")?,
        },
        "typing" => Request::Typing {
            stream: fields.id("stream")?,
            on: fields.flag("on")?,
        },
        "react" => Request::React {
            stream: fields.id("stream")?,
            seq: fields.number("seq")?,
            emoji: fields.text("emoji")?,
            on: fields.flag("on")?,
        },
        "members" => Request::Members {
            place: place(fields)?,
            after: fields.maybe_id("after")?,
            limit: fields.maybe_number("limit")?,
        },
        "user.get" => Request::UserGet {
            user: fields.id("user")?,
        },
        "user.set" => Request::UserSet {
            display: fields.maybe_text("display")?,
            password: fields.maybe_secret("password")?,
        },
        "data.get" => Request::DataGet {
            key: fields.text("key")?,
        },
        "data.set" => Request::DataSet {
            key: fields.text("key")?,
            value: fields.value("value")?,
        },
        "logout" => Request::Logout,
        op => return circle(op, fields),
    })
}

/// What belongs to circles and their streams.
fn circle<'a>(op: &str, fields: &Fields<'a>) -> Result<Request<'a>, Wrong> {
    Ok(match op {
        "circle.create" => Request::CircleCreate {
            name: fields.text("name")?,
            public: fields.flag("public")?,
            streams: names(fields)?,
        },
        "circle.list" => Request::CircleList {
            query: fields.maybe_text("query")?,
            after: fields.maybe_id("after")?,
            limit: fields.maybe_number("limit")?,
        },
        "circle.join" => Request::CircleJoin {
            circle: fields.id("circle")?,
            invite: fields.maybe_secret("invite")?,
        },
        "circle.leave" => Request::CircleLeave {
            circle: fields.id("circle")?,
        },
        "circle.delete" => Request::CircleDelete {
            circle: fields.id("circle")?,
        },
        "circle.invite" => Request::CircleInvite {
            circle: fields.id("circle")?,
            user: fields.maybe_id("user")?,
        },
        "circle.kick" => Request::CircleKick {
            circle: fields.id("circle")?,
            user: fields.id("user")?,
        },
        "circle.role" => Request::CircleRole {
            circle: fields.id("circle")?,
            user: fields.id("user")?,
            role: Role::of(&fields.text("role")?).ok_or_else(|| bad("role"))?,
        },
        "circle.data.get" => Request::CircleDataGet {
            circle: fields.id("circle")?,
            key: fields.text("key")?,
        },
        "circle.data.set" => Request::CircleDataSet {
            circle: fields.id("circle")?,
            key: fields.text("key")?,
            value: fields.value("value")?,
        },
        "stream.create" => Request::StreamCreate {
            circle: fields.id("circle")?,
            name: fields.text("name")?,
            topic: fields.maybe_text("topic")?,
        },
        "stream.rename" => Request::StreamRename {
            stream: fields.id("stream")?,
            name: fields.maybe_text("name")?,
            topic: fields.maybe_text("topic")?,
        },
        "stream.delete" => Request::StreamDelete {
            stream: fields.id("stream")?,
        },
        _ => return Err(Wrong(ErrorCode::UnknownOp, None)),
    })
}

fn auth<'a>(fields: &Fields<'a>) -> Result<Auth<'a>, Wrong> {
    let v: i64 = fields.number("v")?;
    if v != VERSION {
        return Err(bad("v"));
    }
    let credentials = match fields.maybe_secret("token")? {
        Some(token) => Credentials::Token { token },
        None => Credentials::Password {
            user: fields.text("user")?,
            password: fields
                .maybe_secret("password")?
                .ok_or_else(|| bad("password"))?,
            register: fields.maybe("register")?.unwrap_or_default(),
            display: fields.maybe_text("display")?,
        },
    };
    Ok(Auth { v, credentials })
}

fn publish<'a>(fields: &Fields<'a>) -> Result<Pub<'a>, Wrong> {
    Ok(Pub {
        stream: fields.id("stream")?,
        text: fields.text("text")?,
        nonce: nonce(fields)?,
        reply: fields.maybe_number("reply")?,
        files: files(fields)?,
        meta: meta(fields)?,
    })
}

fn nonce<'a>(fields: &Fields<'a>) -> Result<Option<Cow<'a, str>>, Wrong> {
    let nonce = fields.maybe_text("nonce")?;
    match &nonce {
        Some(text) if text.is_empty() => Err(bad("nonce")),
        Some(text) if text.len() > limit::NONCE_BYTES => Err(long("nonce")),
        _ => Ok(nonce),
    }
}

/// Files are named by their ids, or by the objects that the uploads were answered with.
fn files(fields: &Fields<'_>) -> Result<Vec<FileId>, Wrong> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Named<'a> {
        Id(#[serde(borrow)] Cow<'a, str>),
        File { id: String },
    }
    let named: Vec<Named<'_>> = fields.maybe("files")?.unwrap_or_default();
    if named.len() > limit::FILES {
        return Err(long("files"));
    }
    let ids = named.iter().map(|named| match named {
        Named::Id(id) => id.parse(),
        Named::File { id } => id.parse(),
    });
    ids.collect::<Result<_, _>>()
        .map_err(|_| Wrong(ErrorCode::NotFound, Some("files")))
}

fn meta(fields: &Fields<'_>) -> Result<Map<String, Value>, Wrong> {
    match fields.raw("meta") {
        None => Ok(Map::new()),
        Some(raw) => match value(raw, "meta")? {
            Value::Object(meta) => Ok(meta),
            _ => Err(bad("meta")),
        },
    }
}

fn place(fields: &Fields<'_>) -> Result<Place, Wrong> {
    Ok(match fields.maybe_id("circle")? {
        Some(circle) => Place::Circle(circle),
        None => Place::Stream(fields.id("stream")?),
    })
}

/// The names of a new circle's streams.
fn names<'a>(fields: &Fields<'a>) -> Result<Vec<Cow<'a, str>>, Wrong> {
    let names: Vec<Text<'a>> = fields.maybe("streams")?.unwrap_or_default();
    Ok(names.into_iter().map(|Text(name)| name).collect())
}

/// A field that is wrong, and how.
struct Wrong(ErrorCode, Option<&'static str>);

fn bad(field: &'static str) -> Wrong {
    Wrong(ErrorCode::BadField, Some(field))
}

fn long(field: &'static str) -> Wrong {
    Wrong(ErrorCode::TooLong, Some(field))
}

fn value(raw: &str, field: &'static str) -> Result<Value, Wrong> {
    if raw.len() > limit::VALUE_BYTES {
        return Err(long(field));
    }
    let value = serde_json::from_str(raw).map_err(|_| bad(field))?;
    if deeper(&value, limit::VALUE_DEPTH) {
        return Err(bad(field));
    }
    Ok(value)
}

fn deeper(value: &Value, depth: usize) -> bool {
    let mut inside: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(map) => Box::new(map.values()),
        _ => return false,
    };
    depth == 0 || inside.any(|value| deeper(value, depth - 1))
}

/// The fields of a frame that mean anything in any operation; of a repeated one the last.
struct Fields<'a>(Vec<(&'static str, &'a str)>);

/// Their names.
const NAMES: &[&str] = &[
    "op", "id", "stream", "text", "nonce", "seq", "since", "epoch", "limit", "reply", "files",
    "meta", "to", "before", "after", "on", "emoji", "name", "public", "streams", "query", "circle",
    "invite", "user", "role", "key", "value", "topic", "display", "password", "v", "token",
    "register",
];

/// Room for the fields of most frames.
const FEW: usize = 8;

impl<'a> Fields<'a> {
    /// The JSON of a field; nothing if it is null.
    fn raw(&self, field: &'static str) -> Option<&'a str> {
        self.given(field).filter(|raw| *raw != "null")
    }

    fn given(&self, field: &'static str) -> Option<&'a str> {
        let mut fields = self.0.iter();
        fields.find_map(|(name, raw)| (*name == field).then_some(*raw))
    }

    fn maybe<T: Deserialize<'a>>(&self, field: &'static str) -> Result<Option<T>, Wrong> {
        let value = self.raw(field).map(serde_json::from_str).transpose();
        value.map_err(|_| bad(field))
    }

    fn maybe_text(&self, field: &'static str) -> Result<Option<Cow<'a, str>>, Wrong> {
        Ok(self.maybe::<Text<'a>>(field)?.map(|Text(text)| text))
    }

    fn text(&self, field: &'static str) -> Result<Cow<'a, str>, Wrong> {
        self.maybe_text(field)?.ok_or_else(|| bad(field))
    }

    fn maybe_secret(&self, field: &'static str) -> Result<Option<Secret<'a>>, Wrong> {
        Ok(self.maybe_text(field)?.map(Secret))
    }

    fn maybe_number<T: TryFrom<i64>>(&self, field: &'static str) -> Result<Option<T>, Wrong> {
        let Some(number) = self.maybe::<i64>(field)? else {
            return Ok(None);
        };
        let number = Some(number).filter(|number| (0..=limit::NUMBER).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.map(Some).ok_or_else(|| bad(field))
    }

    fn number<T: TryFrom<i64>>(&self, field: &'static str) -> Result<T, Wrong> {
        self.maybe_number(field)?.ok_or_else(|| bad(field))
    }

    fn flag(&self, field: &'static str) -> Result<bool, Wrong> {
        self.maybe(field)?.ok_or_else(|| bad(field))
    }

    /// A text that is no id of the kind names nothing.
    fn maybe_id<T: FromStr>(&self, field: &'static str) -> Result<Option<T>, Wrong> {
        let id = self.maybe_text(field)?.map(|text| text.parse());
        id.transpose()
            .map_err(|_| Wrong(ErrorCode::NotFound, Some(field)))
    }

    fn id<T: FromStr>(&self, field: &'static str) -> Result<T, Wrong> {
        self.maybe_id(field)?.ok_or_else(|| bad(field))
    }

    /// Any value; null is one, but has to be there.
    fn value(&self, field: &'static str) -> Result<Value, Wrong> {
        value(self.given(field).ok_or_else(|| bad(field))?, field)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(&'static str, &'de str)> = Vec::with_capacity(FEW);
        while let Some(name) = map.next_key_seed(Name)? {
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value::<&'de RawValue>()?.get();
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, earlier)) => *earlier = raw,
                None => fields.push((name, raw)),
            }
        }
        Ok(Fields(fields))
    }
}

/// The name of a field, if it means anything.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(NAMES.iter().find(|known| **known == name).copied())
    }
}

/// A text that is borrowed if it can be.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        loose::strict_text(deserializer).map(Text)
    }
}
