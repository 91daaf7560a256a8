//! The wschat wire format, both directions: one JSON object per text frame. Pure: no socket, no clock, no randomness.
//! Source: the crate wschat 0.2.1, as observed on the wire.
//!
//! A client builds an [`Outgoing`] and reads a [`Relayed`]; a server reads a [`Submitted`] and relays what it says. The
//! token (`jwt`) ends here on both ways: a client drops it while decoding, a server keeps it apart from what it relays.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The extra field in which kaiwa's own clients send a nonce, to know their own messages when the server echoes them.
pub const NONCE_FIELD: &str = "kaiwa";

/// What the original's log file shows instead of a token.
const MASKED_TOKEN: &str = "...";

/// A message as a client sends it.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Outgoing<'a> {
    /// The display name.
    pub usr: &'a str,
    /// The text.
    pub msg: &'a str,
    /// The token, where the server demands one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<&'a str>,
    /// Comes back with the echo; sent as [`NONCE_FIELD`].
    #[serde(rename = "kaiwa", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
}

impl Outgoing<'_> {
    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        json(self)
    }
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("usr", &self.usr)
            .field("msg", &self.msg)
            .field("jwt", &self.jwt.map(|_| MASKED_TOKEN))
            .field("nonce", &self.nonce)
            .finish()
    }
}

/// A message as the server relays it. The peer checks nothing, so every field may be missing or of another type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relayed<'a> {
    /// The display name; `None` if missing or null, the JSON text if it is no string.
    pub usr: Option<Cow<'a, str>>,
    /// The text, in the same way.
    pub msg: Option<Cow<'a, str>>,
    /// The server's time; `None` if it cannot be read.
    pub tim: Option<DateTime<Utc>>,
    /// The nonce of one of kaiwa's clients, perhaps our own.
    pub nonce: Option<Cow<'a, str>>,
    /// How many fields were skipped, a token not counted.
    pub extra: usize,
}

impl<'a> Relayed<'a> {
    /// Reads a text frame. A token in it is skipped, and is afterwards nowhere to be found.
    ///
    /// # Errors
    /// For text that is no JSON object.
    pub fn decode(text: &'a str) -> Result<Self, WireError> {
        serde_json::from_str(text).map_err(WireError::from)
    }
}

/// A message as a server receives it.
#[derive(Clone, PartialEq)]
pub struct Submitted {
    /// Sorted by key, without `jwt` and `tim`.
    fields: BTreeMap<String, Value>,
    jwt: Option<Value>,
}

impl Submitted {
    /// Reads a text frame: an object, or null, which counts as an empty one. Of a repeated key the last value stays.
    ///
    /// # Errors
    /// For text that is no JSON (numbers out of range, lone surrogates and more than 127 levels of nesting included) and for
    /// JSON that is neither object nor null.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let fields: Option<BTreeMap<String, Value>> = serde_json::from_str(text)?;
        let mut fields = fields.unwrap_or_default();
        fields.remove("tim");
        let jwt = fields.remove("jwt");
        Ok(Self { fields, jwt })
    }

    /// The token; `None` if missing or not a string.
    #[must_use]
    pub fn jwt(&self) -> Option<&str> {
        self.jwt.as_ref().and_then(Value::as_str)
    }

    /// The display name, if it is a string.
    #[must_use]
    pub fn usr(&self) -> Option<&str> {
        self.fields.get("usr").and_then(Value::as_str)
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn msg(&self) -> Option<&str> {
        self.fields.get("msg").and_then(Value::as_str)
    }

    /// A JSON object of all that [`Self::usr`] and [`Self::msg`] do not say; `None` if there is nothing. Token and time are
    /// never in it.
    #[must_use]
    pub fn extra(&self) -> Option<String> {
        let said = |(key, value): &(&String, &Value)| {
            !(value.is_string() && (key.as_str() == "usr" || key.as_str() == "msg"))
        };
        let extra: BTreeMap<&String, &Value> = self.fields.iter().filter(said).collect();
        (!extra.is_empty()).then(|| json(&extra))
    }

    /// The text frame for everybody: keys sorted, the time set, the token gone.
    #[must_use]
    pub fn relay(&self, tim: DateTime<Utc>) -> String {
        self.stamped(tim, None)
    }

    /// The line for the log file, without its line end: as relayed, but with a masked token where there was one.
    #[must_use]
    pub fn log_line(&self, tim: DateTime<Utc>) -> String {
        let masked = Value::from(MASKED_TOKEN);
        self.stamped(tim, self.jwt.is_some().then_some(&masked))
    }

    fn stamped(&self, tim: DateTime<Utc>, jwt: Option<&Value>) -> String {
        let tim = Value::from(tim.to_rfc3339_opts(SecondsFormat::Nanos, true));
        let mut all: BTreeMap<&str, &Value> = self
            .fields
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        all.insert("tim", &tim);
        if let Some(jwt) = jwt {
            all.insert("jwt", jwt);
        }
        json(&all)
    }
}

impl fmt::Debug for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitted")
            .field("fields", &self.fields)
            .field("jwt", &self.jwt.as_ref().map(|_| MASKED_TOKEN))
            .finish()
    }
}

/// Text that is not of this format. Says what was expected and where, never what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    expected: &'static str,
    line: usize,
    column: usize,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            expected,
            line,
            column,
        } = self;
        write!(f, "expected {expected} at line {line}, column {column}")
    }
}

impl std::error::Error for WireError {}

impl From<serde_json::Error> for WireError {
    fn from(error: serde_json::Error) -> Self {
        let expected = if error.is_data() {
            "a JSON object"
        } else {
            "well-formed JSON"
        };
        Self {
            expected,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Maps with string keys and strings always have a JSON form, so the empty text is never seen.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl<'de> Deserialize<'de> for Relayed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RelayedVisitor)
    }
}

struct RelayedVisitor;

impl<'de> Visitor<'de> for RelayedVisitor {
    type Value = Relayed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut relayed = Relayed::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Usr => relayed.usr = text(&mut map)?,
                Key::Msg => relayed.msg = text(&mut map)?,
                Key::Nonce => relayed.nonce = text(&mut map)?,
                Key::Tim => {
                    relayed.tim = text(&mut map)?
                        .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
                        .map(|tim| tim.to_utc());
                }
                Key::Jwt => drop(map.next_value::<IgnoredAny>()?),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    relayed.extra += 1;
                }
            }
        }
        Ok(relayed)
    }
}

/// A key of the object, known without an allocation.
enum Key {
    Usr,
    Msg,
    Tim,
    Jwt,
    Nonce,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "usr" => Key::Usr,
                    "msg" => Key::Msg,
                    "tim" => Key::Tim,
                    "jwt" => Key::Jwt,
                    NONCE_FIELD => Key::Nonce,
                    _ => Key::Other,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    text_of(map.next_value::<&'de RawValue>()?).map_err(A::Error::custom)
}

/// Any JSON value as text: a string as it is (borrowed where it has no escapes), null as nothing, the rest as it was
/// written. Nothing is built from the rest, which may be as large as a frame.
fn text_of(raw: &RawValue) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    let json = raw.get();
    let unquoted = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match unquoted {
        None if json == "null" => Ok(None),
        None => Ok(Some(Cow::Borrowed(json))),
        Some(text) if !text.contains('\\') => Ok(Some(Cow::Borrowed(text))),
        Some(_) => serde_json::from_str(json).map(|text| Some(Cow::Owned(text))),
    }
}

#[cfg(test)]
mod tests;
