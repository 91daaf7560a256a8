//! The words on the wire: what a packet is about, and what the content of a message is.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::loose;

macro_rules! words {
    ($($(#[$enum_doc:meta])* $type:ident { $($(#[$doc:meta])* $name:ident,)* } or $other:literal $(#[$other_doc:meta])*;)*) => {$(
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$doc])* $name,)*
            $(#[$other_doc])*
            Other,
        }

        impl $type {
            /// The word on the wire.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Other => $other,
                }
            }

            /// What a word stands for.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $(stringify!($name) => Self::$name,)*
                    _ => Self::Other,
                }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Word(Self::of))
            }
        }
    )*};
}

words! {
    /// What a packet is about.
    Event {
        /// The first thing after connecting: `uid`, and the token as `content`.
        Login,
        /// A message: `gid` and `content`.
        Msg,
        /// `gid` and `msgId` have been read.
        Read,
        /// A sign of life. Never send it: it kills the original.
        Heart,
        /// The user leaves.
        Logout,
        /// `gid` and `msgId` have arrived.
        Ack,
        /// Something has changed, see [`super::Notice`]; only from kaiwa's server. The original reserves the word and ignores it.
        Notify,
    } or "Notify"
    /// A word that this version does not know; written as `Notify`, which nobody minds.
    ;

    /// What the content of a message is.
    #[derive(Default)]
    Kind {
        /// Plain text.
        #[default]
        Text,
        /// Text with marks that rim does not define.
        RichText,
        /// The address of a picture.
        Image,
    } or "Text"
    /// A word that this version does not know; written as `Text`.
    ;
}

impl Kind {
    /// Reads it from a server's record.
    pub(super) fn loose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(loose::maybe_text(deserializer)?.map_or(Self::Text, |word| Self::of(&word)))
    }
}

/// Reads a word without an allocation; anything but a text is an error.
struct Word<T>(fn(&str) -> T);

impl<T> Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E>(self, word: &str) -> Result<T, E> {
        Ok((self.0)(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_both_ways() {
        for word in ["Login", "Msg", "Read", "Heart", "Logout", "Ack", "Notify"] {
            assert_eq!(Event::of(word).word(), word);
        }
        for word in ["Text", "RichText", "Image"] {
            assert_eq!(Kind::of(word).word(), word);
        }
        for word in ["", "text", "Dance", "Other"] {
            assert_eq!(
                (Event::of(word), Kind::of(word)),
                (Event::Other, Kind::Other)
            );
        }
    }
}
