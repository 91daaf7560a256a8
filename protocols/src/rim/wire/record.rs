//! Users, groups and messages, as answers hold them. A server builds them of what it has, borrowed; a client reads them
//! loosely.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word::Kind;
use super::{loose, time};

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    /// Positive; `None` where it is not told.
    #[serde(deserialize_with = "loose::maybe_number")]
    pub id: Option<u64>,
    /// The display name.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// Address of a picture; often empty.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub avatar: Cow<'a, str>,
    /// Empty in search results.
    #[serde(borrow, deserialize_with = "loose::maybe_text")]
    pub email: Option<Cow<'a, str>>,
    /// The login name.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub account: Cow<'a, str>,
    /// Never told.
    pub password: Withheld,
}

/// A password that is not told: written as an empty text, skipped when read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withheld;

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Group<'a> {
    /// Positive; `None` where it is not told.
    #[serde(deserialize_with = "loose::maybe_number")]
    pub id: Option<u64>,
    /// The name.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub name: Cow<'a, str>,
    /// Address of a picture; often empty.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub avatar: Cow<'a, str>,
    /// [`MODE_DIRECT`], [`MODE_GROUP`], or anything.
    #[serde(deserialize_with = "loose::number")]
    pub mode: u8,
    /// Who made it.
    #[serde(deserialize_with = "loose::number")]
    pub creator_uid: u64,
}

/// `mode` of a talk between two.
pub const MODE_DIRECT: u8 = 1;

/// `mode` of a talk among many.
pub const MODE_GROUP: u8 = 2;

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupUser<'a> {
    /// [`ROLE_COMMON`] or [`ROLE_ADMIN`].
    #[serde(deserialize_with = "loose::number")]
    pub role: u8,
    /// Who.
    #[serde(borrow)]
    pub user: User<'a>,
}

/// `role` of most.
pub const ROLE_COMMON: u8 = 1;

/// `role` of those who manage a group.
pub const ROLE_ADMIN: u8 = 2;

/// Somebody who has a relation to the caller; only kaiwa's server tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncomingContact<'a> {
    /// Who.
    #[serde(borrow)]
    pub user: User<'a>,
    /// Their relation: [`STATUS_APPLIED`], [`STATUS_CONFIRMED`] or [`STATUS_REJECTED`].
    #[serde(deserialize_with = "loose::number")]
    pub status: u8,
}

/// `status` of a relation that was asked for.
pub const STATUS_APPLIED: u8 = 0;

/// `status` of a contact.
pub const STATUS_CONFIRMED: u8 = 1;

/// `status` of a relation that was refused.
pub const STATUS_REJECTED: u8 = 2;

/// A kept message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    /// Positive.
    #[serde(deserialize_with = "loose::number")]
    pub id: u64,
    /// What the content is.
    #[serde(deserialize_with = "Kind::loose")]
    pub kind: Kind,
    /// The text.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub content: Cow<'a, str>,
    /// The group.
    #[serde(deserialize_with = "loose::number")]
    pub gid: u64,
    /// The sender.
    #[serde(deserialize_with = "loose::number")]
    pub uid: u64,
    /// The sender's own id of it; in snake case here alone.
    #[serde(borrow, deserialize_with = "loose::text")]
    pub client_msg_id: Cow<'a, str>,
    /// When it was said, in the server's local time.
    #[serde(rename = "createTime", with = "time")]
    pub create_time: Option<NaiveDateTime>,
    /// When it was changed, in the server's local time.
    #[serde(rename = "updateTime", with = "time")]
    pub update_time: Option<NaiveDateTime>,
    /// When it was said, in milliseconds since 1970 in UTC; only kaiwa's server tells.
    #[serde(
        deserialize_with = "loose::maybe_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub ts: Option<i64>,
}

/// A message with its group and somebody to it: a line of the chat list or of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatMessage<'a> {
    /// Where.
    #[serde(borrow)]
    pub group: Group<'a>,
    /// What; in the chat list the last one.
    #[serde(borrow)]
    pub msg: Message<'a>,
    /// In a history the sender; in the chat list the other person, or another member.
    #[serde(borrow)]
    pub user: User<'a>,
    /// In the chat list how many are unread, in a history `None`.
    #[serde(deserialize_with = "loose::maybe_number")]
    pub unread: Option<u64>,
}

impl Serialize for Withheld {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for Withheld {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_both_ways() {
        let text = r#"{"group":{"id":3,"name":"g","avatar":"","mode":2,"creatorUid":4},"msg":{"id":1,"kind":"Image","content":"a\"b","gid":3,"uid":4,"client_msg_id":"c","createTime":"2026-02-03 04:05:06","updateTime":"2026-02-03 04:05:07"},"user":{"id":4,"name":"Ann","avatar":"","email":null,"account":"ann","password":""},"unread":2}"#;
        let read: ChatMessage<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(read.msg.kind, Kind::Image);
        assert_eq!(read.msg.content, "a\"b");
        assert!(matches!(read.user.account, Cow::Borrowed("ann")));
        assert_eq!(read.msg.create_time, time::parse("2026-02-03 04:05:06"));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn nothing_that_a_server_forgets_is_an_error() {
        assert_eq!(
            serde_json::from_str::<ChatMessage<'_>>("{}").unwrap(),
            ChatMessage::default()
        );
        let odd = r#"{"id":-1,"kind":"Dance","content":null,"gid":"x","createTime":5,"ts":true,"more":[1]}"#;
        let read: Message<'_> = serde_json::from_str(odd).unwrap();
        assert_eq!(
            read,
            Message {
                kind: Kind::Other,
                ..Message::default()
            }
        );
        let secret: User<'_> = serde_json::from_str(r#"{"id":7,"password":"hunter2"}"#).unwrap();
        assert!(
            !format!("{secret:?}{}", serde_json::to_string(&secret).unwrap()).contains("hunter2")
        );
    }
}
