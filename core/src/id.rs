//! The id that a network gave to something: short, copied with every event, and so kept in the value itself.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::{SmolStr, ToSmolStr};

/// The id that a network gave to something: a channel, a message, a person, an asset.
///
/// It reads like a `str` and is made of anything that is one: `"lobby".into()`. Up to 23 bytes lie in the value itself, which has
/// 24; longer ones are shared. So making one of an ordinary id takes no memory, and cloning any is copying 24 bytes and
/// never copies a text.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(SmolStr);

impl Id {
    /// The id as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Bytes that it holds outside of the value; shared ones count for each who holds them.
    pub(crate) fn held(&self) -> usize {
        if self.0.is_heap_allocated() {
            self.0.len()
        } else {
            0
        }
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// As that of a `str`, which [`Borrow`] promises.
impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

macro_rules! from_texts {
    ($($text:ty),*) => {
        $(impl From<$text> for Id {
            fn from(text: $text) -> Self {
                Self(SmolStr::from(text))
            }
        })*
    };
}

from_texts!(&str, &String, String, Cow<'_, str>);

impl From<&Self> for Id {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => {
        $(/// The number in decimal.
        impl From<$number> for Id {
            fn from(number: $number) -> Self {
                Self(number.to_smolstr())
            }
        })*
    };
}

from_numbers!(u32, u64, i64);

/// What `format_args!` gives: an id of parts, put together without memory for it.
impl From<fmt::Arguments<'_>> for Id {
    fn from(parts: fmt::Arguments<'_>) -> Self {
        Self(parts.to_smolstr())
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.into()
    }
}

macro_rules! equal_to {
    ($($text:ty),*) => {
        $(impl PartialEq<$text> for Id {
            fn eq(&self, other: &$text) -> bool {
                self.as_str() == AsRef::<str>::as_ref(other)
            }
        }

        impl PartialEq<Id> for $text {
            fn eq(&self, other: &Id) -> bool {
                AsRef::<str>::as_ref(self) == other.as_str()
            }
        })*
    };
}

equal_to!(str, &str, String);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// A string, as everything that reads the JSON sees it.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;

    const INLINE: &str = "12345678901234567890123";
    const SHARED: &str = "123456789012345678901234";

    const _: () = assert!(size_of::<Id>() == 24 && size_of::<Option<Id>>() == 24);

    #[test]
    fn short_ids_hold_no_memory_and_long_ones_are_shared() {
        assert_eq!(Id::from(INLINE).held(), 0);
        let long = Id::from(SHARED);
        assert_eq!(long.held(), SHARED.len());
        assert_eq!(long.clone().as_ptr(), long.as_ptr());
    }

    #[test]
    fn made_of_texts_numbers_and_parts() {
        let seven = Id::from("7");
        for made in [
            Id::from("7".to_owned()),
            Id::from(&"7".to_owned()),
            Id::from(Cow::Borrowed("7")),
            Id::from(&seven),
            Id::from(7_u32),
            Id::from(7_u64),
            Id::from(7_i64),
            Id::from(format_args!("{}", 7)),
        ] {
            assert_eq!(made, seven);
        }
        assert_eq!(Id::from(u64::MAX).held(), 0);
        assert_eq!(Id::from(i64::MIN), i64::MIN.to_string());
        assert_eq!(Id::from(format_args!("{SHARED}{SHARED}")).len(), 48);
        assert_eq!(Id::default(), "");
    }

    #[test]
    fn reads_and_compares_like_a_text() {
        for text in ["", "a", INLINE, SHARED] {
            let id = Id::from(text);
            let owned = text.to_owned();
            assert_eq!(id, *text);
            assert_eq!(id, text);
            assert_eq!(id, owned);
            assert_eq!(*text, id);
            assert_eq!(text, id);
            assert_eq!(owned, id);
            assert_eq!(
                format!("{id}{id:?}{id:>30}"),
                format!("{text}{text:?}{text:>30}")
            );
            assert_eq!(String::from(id.clone()), text);
            let hasher = BuildHasherDefault::<DefaultHasher>::default();
            assert_eq!(hasher.hash_one(&id), hasher.hash_one(text));
            assert_eq!(BTreeMap::from([(id, 1)]).get(text), Some(&1));
        }
        let ordered: Vec<Id> = BTreeSet::from(["b", SHARED, "a", INLINE].map(Id::from))
            .into_iter()
            .collect();
        assert_eq!(ordered, [INLINE, SHARED, "a", "b"]);
    }

    #[test]
    fn in_json_it_is_a_string() {
        for text in ["", "a\"\n", INLINE, SHARED] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::to_string(&Id::from(text)).unwrap(), json);
            assert_eq!(serde_json::from_str::<Id>(&json).unwrap(), text);
            assert_eq!(serde_json::from_value::<Id>(text.into()).unwrap(), text);
        }
        assert!(serde_json::from_str::<Id>("7").is_err());
    }
}
