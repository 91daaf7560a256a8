//! Ids. On the wire they are opaque texts: a letter and the number of the server's store.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limit;

/// A text that is no id of the kind that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoId;

impl fmt::Display for NoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an id")
    }
}

impl std::error::Error for NoId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $letter:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl From<$name> for kaiwa_core::Id {
            fn from(id: $name) -> Self {
                format_args!("{id}").into()
            }
        }

        impl FromStr for $name {
            type Err = NoId;

            fn from_str(text: &str) -> Result<Self, NoId> {
                text.strip_prefix($letter).and_then(number).map(Self).ok_or(NoId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Id;
                impl Visitor<'_> for Id {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an id")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(|_| E::invalid_value(Unexpected::Other("a text"), &self))
                    }
                }
                deserializer.deserialize_str(Id)
            }
        }
    )*};
}

ids! {
    /// A user: `u5`.
    UserId 'u'
    /// A circle: `c12`.
    CircleId 'c'
    /// A stream: `s34`.
    StreamId 's'
    /// A message: `m99`.
    MessageId 'm'
    /// A file: `f12`.
    FileId 'f'
}

/// The number of an id, in its one spelling.
fn number(digits: &str) -> Option<i64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let number = plain.then(|| digits.parse().ok())??;
    (number <= limit::NUMBER).then_some(number)
}

/// The id of a request: an integer or a text, chosen by the client; the answer repeats it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag<'a> {
    /// Of at most [`limit::NUMBER`] in either direction.
    Number(i64),
    /// Of at most [`limit::TAG_BYTES`].
    Text(Cow<'a, str>),
}

impl Tag<'_> {
    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> Tag<'static> {
        match self {
            Self::Number(number) => Tag::Number(number),
            Self::Text(text) => Tag::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl Serialize for Tag<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tag<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use super::loose::Scalar;
        let wrong = || D::Error::invalid_value(Unexpected::Other("another value"), &"an id");
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) if text.len() <= limit::TAG_BYTES => Ok(Self::Text(text)),
            Scalar::Number(number) if number.unsigned_abs() <= limit::NUMBER.unsigned_abs() => {
                Ok(Self::Number(number))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        assert_eq!("u5".parse(), Ok(UserId(5)));
        assert_eq!(
            "s9007199254740991".parse::<StreamId>().unwrap().to_string(),
            "s9007199254740991"
        );
        for text in [
            "",
            "u",
            "u0",
            "u05",
            "u-5",
            "u+5",
            "U5",
            "c5",
            "5",
            "u5 ",
            "u5.0",
            "ux",
            "u９",
            "u9007199254740992",
            "u99999999999999999999999",
        ] {
            assert_eq!(text.parse::<UserId>(), Err(NoId), "{text}");
        }
        assert_eq!(serde_json::to_string(&FileId(12)).unwrap(), "\"f12\"");
        assert_eq!(
            serde_json::from_str::<FileId>("\"f12\"").unwrap(),
            FileId(12)
        );
        for json in ["12", "null", "\"m12\"", "[]"] {
            assert!(serde_json::from_str::<FileId>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn tags_are_numbers_or_short_texts() {
        for json in ["7", "-7", "9007199254740991", "\"\"", "\"a\\\"b\""] {
            let tag: Tag<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&tag).unwrap(), json);
        }
        let long = format!("\"{}\"", "x".repeat(limit::TAG_BYTES + 1));
        for json in [
            "1.5",
            "null",
            "true",
            "[1]",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "1e400",
            &long,
        ] {
            assert!(serde_json::from_str::<Tag<'_>>(json).is_err(), "{json}");
        }
    }
}
