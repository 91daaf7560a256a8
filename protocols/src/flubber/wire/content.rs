//! What a message says: a tree of styles around texts and links.

use std::fmt;

use kaiwa_core::Id;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What a message says. `{"type":T,"value":V}` in JSON; it is read at most as deep as the JSON parser goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "type", content = "value")]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Heavier letters.
    Bold(Box<Self>),
    /// Slanted letters.
    Italic(Box<Self>),
    /// A line below.
    Underline(Box<Self>),
    /// A line through.
    Crossout(Box<Self>),
    /// One behind the other.
    Concat(Vec<Self>),
    /// An emote; what the text is, the protocol does not say.
    Emote(Id),
    /// An address.
    UrlLink(String),
    /// A link to a message, by its id.
    MessageLink(Id),
    /// A link to a room, by its id.
    RoomLink(Id),
    /// A link to a user, by their id.
    UserLink(Id),
}

/// The value of a content whose type may not be known yet: its form says what it can be.
enum Value {
    Text(String),
    One(Box<Content>),
    Many(Vec<Content>),
}

impl Content {
    fn new(kind: &str, value: Value) -> Option<Self> {
        Some(match (kind, value) {
            ("Text", Value::Text(text)) => Self::Text(text),
            ("Bold", Value::One(inner)) => Self::Bold(inner),
            ("Italic", Value::One(inner)) => Self::Italic(inner),
            ("Underline", Value::One(inner)) => Self::Underline(inner),
            ("Crossout", Value::One(inner)) => Self::Crossout(inner),
            ("Concat", Value::Many(inner)) => Self::Concat(inner),
            ("Emote", Value::Text(text)) => Self::Emote(text.into()),
            ("UrlLink", Value::Text(text)) => Self::UrlLink(text),
            ("MessageLink", Value::Text(text)) => Self::MessageLink(text.into()),
            ("RoomLink", Value::Text(text)) => Self::RoomLink(text.into()),
            ("UserLink", Value::Text(text)) => Self::UserLink(text.into()),
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ContentVisitor)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with type and value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut kind: Option<Word> = None;
        let mut value: Option<Value> = None;
        while let Some(key) = map.next_key::<Word>()? {
            match key {
                Word::Type if kind.is_none() => kind = Some(map.next_value()?),
                Word::Value if value.is_none() => value = Some(map.next_value()?),
                Word::Type | Word::Value => return Err(A::Error::custom("a field stands twice")),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("type"))?;
        let value = value.ok_or_else(|| A::Error::missing_field("value"))?;
        Content::new(kind.text(), value).ok_or_else(|| A::Error::custom("no content of this type"))
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a content or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        Ok(Value::One(Box::new(ContentVisitor.visit_map(map)?)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut inner = Vec::new();
        while let Some(content) = list.next_element()? {
            inner.push(content);
        }
        Ok(Value::Many(inner))
    }
}

/// The words of this form, known without an allocation.
macro_rules! words {
    ($($name:ident = $text:literal,)*) => {
        #[derive(Clone, Copy)]
        enum Word {
            $($name,)*
            Other,
        }

        impl Word {
            fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other => "",
                }
            }

            fn of(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

words! {
    Type = "type",
    Value = "value",
    Text = "Text",
    Bold = "Bold",
    Italic = "Italic",
    Underline = "Underline",
    Crossout = "Crossout",
    Concat = "Concat",
    Emote = "Emote",
    UrlLink = "UrlLink",
    MessageLink = "MessageLink",
    RoomLink = "RoomLink",
    UserLink = "UserLink",
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;

        impl Visitor<'_> for WordVisitor {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word")
            }

            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word::of(text))
            }
        }

        deserializer.deserialize_str(WordVisitor)
    }
}
