//! The words on the wire.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::loose;

macro_rules! words {
    ($($(#[$enum_doc:meta])* $type:ident { $($(#[$doc:meta])* $name:ident = $word:literal,)* } or $other:ident;)*) => {$(
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$doc])* $name,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word on the wire.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What a word stands for, if it is known.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl Default for $type {
            fn default() -> Self {
                Self::$other
            }
        }

        /// A word that this version does not know is read as the least special one.
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = loose::maybe_text(deserializer)?;
                Ok(word.and_then(|word| Self::of(&word)).unwrap_or(Self::$other))
            }
        }
    )*};
}

words! {
    /// Why a request failed.
    ErrorCode {
        /// The frame is no JSON object.
        BadJson = "bad_json",
        /// The frame is no text, or too large.
        BadFrame = "bad_frame",
        /// There is no such operation.
        UnknownOp = "unknown_op",
        /// A field is missing or wrong.
        BadField = "bad_field",
        /// The first frame gives no valid credentials; the connection is closed.
        AuthFailed = "auth_failed",
        /// The registration was refused, see [`Reason`]; the connection is closed.
        RegisterFailed = "register_failed",
        /// `auth` was sent a second time.
        AlreadyAuth = "already_auth",
        /// There is no such thing, or the client may not know of it.
        NotFound = "not_found",
        /// The client may not do this.
        Forbidden = "forbidden",
        /// It is there already.
        Exists = "exists",
        /// Only members may do this.
        NotMember = "not_member",
        /// Something is too long, or there is too much of it.
        TooLong = "too_long",
        /// Too much in too little time; `retry_ms` says when to come back.
        Rate = "rate",
        /// The server's fault.
        Internal = "internal",
    } or Internal;

    /// Why a registration was refused.
    Reason {
        /// Somebody has the name.
        NameTaken = "name_taken",
        /// Names are 1 to 32 of letters, digits, `_`, `-` and `.`.
        BadName = "bad_name",
        /// The password is too short or too long.
        BadPassword = "bad_password",
        /// The server takes nobody, or not now.
        Closed = "closed",
    } or Closed;

    /// What a stream is.
    StreamKind {
        /// One of a circle, or a group.
        Channel = "channel",
        /// A talk of two.
        Dm = "dm",
    } or Channel;

    /// What somebody is in a circle.
    Role {
        /// May do everything.
        Owner = "owner",
        /// May change streams, remove members and delete messages.
        Admin = "admin",
        /// May talk.
        Member = "member",
    } or Member;

    /// What happened to a member of a circle.
    MemberChange {
        /// Came in.
        Join = "join",
        /// Left.
        Leave = "leave",
        /// Was removed.
        Kick = "kick",
        /// Has another role.
        Role = "role",
    } or Join;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_both_ways() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::of(code.word()), Some(*code));
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
        }
        for json in ["\"dance\"", "5", "null", "{}"] {
            assert_eq!(serde_json::from_str::<Role>(json).unwrap(), Role::Member);
        }
        assert_eq!(ErrorCode::of("BadJson"), None);
    }
}
