//! What goes over the WebSocket: a [`Packet`] in both directions, an [`Ack`] from the server. There are no negative answers.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::word::{Event, Kind};
use super::{Fault, WireError, append, loose};

/// The content of [`Ack`].
const OK: &str = "Ok";

/// The `clientMsgId` of a [`Packet::notify`].
const NOTIFY_ID: &str = "notify";

/// What a client sends, and what the server relays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet<'a> {
    /// What it is about.
    pub event: Event,
    /// The rest.
    #[serde(borrow)]
    pub body: Body<'a>,
}

/// The rest of a packet.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    /// What the content is.
    pub kind: Kind,
    /// Whose message it is.
    pub uid: u64,
    /// The group.
    #[serde(default)]
    pub gid: Option<u64>,
    /// The text; a token in a [`Event::Login`].
    #[serde(borrow)]
    pub content: Cow<'a, str>,
    /// The sender's own id of it; the acknowledgement repeats it. Not empty.
    #[serde(borrow)]
    pub client_msg_id: Cow<'a, str>,
    /// The server's id.
    #[serde(default)]
    pub msg_id: Option<u64>,
    /// In a `Login`: that the client understands [`Event::Notify`]. Only kaiwa's server knows it.
    #[serde(
        default,
        deserialize_with = "loose::flag",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub notify: bool,
    /// When it was said, in milliseconds since 1970 in UTC; only kaiwa's server tells.
    #[serde(
        default,
        deserialize_with = "loose::maybe_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub ts: Option<i64>,
}

impl<'a> Packet<'a> {
    /// Reads what a client sends, as the original does. An unknown event or kind is a value; the original is silent then.
    ///
    /// # Errors
    /// For text that is no JSON, lacks a field or has it wrong; for an empty `clientMsgId`.
    pub fn parse(text: &'a str) -> Result<Self, WireError> {
        let packet: Self = serde_json::from_str(text)?;
        if packet.body.client_msg_id.is_empty() {
            return Err(WireError {
                fault: Fault::Data,
                line: 1,
                column: 0,
            });
        }
        Ok(packet)
    }

    /// Tells a client that something has changed.
    #[must_use]
    pub fn notify(notice: Notice) -> Self {
        let (uid, gid, msg_id) = match notice {
            Notice::Contacts { uid } => (uid, None, None),
            Notice::Groups { uid, gid } | Notice::Removed { uid, gid } => (uid, Some(gid), None),
            Notice::Read { uid, gid, msg_id } => (uid, Some(gid), Some(msg_id)),
        };
        Packet {
            event: Event::Notify,
            body: Body {
                uid,
                gid,
                content: Cow::Borrowed(notice.word()),
                client_msg_id: Cow::Borrowed(NOTIFY_ID),
                msg_id,
                ..Body::default()
            },
        }
    }

    /// What a [`Event::Notify`] tells; `None` for anything that is none or is not understood.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        let Body {
            uid,
            gid,
            msg_id,
            content,
            ..
        } = &self.body;
        let uid = *uid;
        if self.event != Event::Notify {
            return None;
        }
        Some(match (content.as_ref(), *gid, *msg_id) {
            ("contacts", ..) => Notice::Contacts { uid },
            ("groups", Some(gid), _) => Notice::Groups { uid, gid },
            ("removed", Some(gid), _) => Notice::Removed { uid, gid },
            ("read", Some(gid), Some(msg_id)) => Notice::Read { uid, gid, msg_id },
            _ => return None,
        })
    }

    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        append(self, out);
    }

    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What has changed; only kaiwa's server tells, and only clients whose `Login` said `notify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The contacts, or who asks: fetch them again.
    Contacts {
        /// Whose doing it is.
        uid: u64,
    },
    /// The client's user was added to a group, or the group or its members changed: fetch them again.
    Groups {
        /// Whose doing it is.
        uid: u64,
        /// Which.
        gid: u64,
    },
    /// The client's user is in a group no longer.
    Removed {
        /// Whose doing it is.
        uid: u64,
        /// Which.
        gid: u64,
    },
    /// Somebody has read a group up to a message.
    Read {
        /// Who.
        uid: u64,
        /// Where.
        gid: u64,
        /// Up to which.
        msg_id: u64,
    },
}

impl Notice {
    fn word(self) -> &'static str {
        match self {
            Self::Contacts { .. } => "contacts",
            Self::Groups { .. } => "groups",
            Self::Removed { .. } => "removed",
            Self::Read { .. } => "read",
        }
    }
}

/// The server's acknowledgement of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ack<'a> {
    /// As the packet had it.
    pub client_msg_id: Cow<'a, str>,
    /// The id of a message that was taken; the one named by a `Read`; otherwise `None`.
    pub server_msg_id: Option<u64>,
    /// When a message was taken, in milliseconds since 1970 in UTC; only kaiwa's server tells.
    pub ts: Option<i64>,
    /// [`super::SERVER`] for a `Login` that says `notify`; only kaiwa's server tells.
    pub server: Option<Cow<'a, str>>,
}

impl Ack<'_> {
    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

/// What a server sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// It has an `event`.
    Packet(Packet<'a>),
    /// It has none.
    Ack(Ack<'a>),
}

impl<'a> ServerFrame<'a> {
    /// Reads what a server sends, as far as it makes sense.
    ///
    /// # Errors
    /// For text that is no JSON object.
    pub fn parse(text: &'a str) -> Result<Self, WireError> {
        let loose: LooseFrame<'a> = serde_json::from_str(text)?;
        let Some(event) = loose.event else {
            return Ok(Self::Ack(Ack {
                client_msg_id: loose.client_msg_id,
                server_msg_id: loose.server_msg_id,
                ts: loose.ts,
                server: loose.server,
            }));
        };
        let body = loose.body.unwrap_or_default();
        Ok(Self::Packet(Packet {
            event: Event::of(&event),
            body: Body {
                kind: body.kind,
                uid: body.uid,
                gid: body.gid,
                content: body.content,
                client_msg_id: body.client_msg_id,
                msg_id: body.msg_id,
                notify: false,
                ts: body.ts,
            },
        }))
    }
}

/// The fields of a packet and of an acknowledgement, which have no name in common that means two things.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LooseFrame<'a> {
    #[serde(borrow, deserialize_with = "loose::maybe_text")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    body: Option<LooseBody<'a>>,
    #[serde(borrow, deserialize_with = "loose::text")]
    client_msg_id: Cow<'a, str>,
    #[serde(deserialize_with = "loose::maybe_number")]
    server_msg_id: Option<u64>,
    #[serde(deserialize_with = "loose::maybe_number")]
    ts: Option<i64>,
    #[serde(borrow, deserialize_with = "loose::maybe_text")]
    server: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LooseBody<'a> {
    #[serde(deserialize_with = "Kind::loose")]
    kind: Kind,
    #[serde(deserialize_with = "loose::number")]
    uid: u64,
    #[serde(deserialize_with = "loose::maybe_number")]
    gid: Option<u64>,
    #[serde(borrow, deserialize_with = "loose::text")]
    content: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "loose::text")]
    client_msg_id: Cow<'a, str>,
    #[serde(deserialize_with = "loose::maybe_number")]
    msg_id: Option<u64>,
    #[serde(deserialize_with = "loose::maybe_number")]
    ts: Option<i64>,
}

impl Serialize for Ack<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ack = serializer.serialize_struct("Ack", 6)?;
        ack.serialize_field("clientMsgId", &self.client_msg_id)?;
        ack.serialize_field("serverMsgId", &self.server_msg_id)?;
        ack.serialize_field("kind", "Ack")?;
        ack.serialize_field("content", OK)?;
        if let Some(ts) = self.ts {
            ack.serialize_field("ts", &ts)?;
        }
        if let Some(server) = &self.server {
            ack.serialize_field("server", server)?;
        }
        ack.end()
    }
}

/// The content of a `Login` is a token.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("kind", &self.kind)
            .field("uid", &self.uid)
            .field("gid", &self.gid)
            .field("content", &format_args!("({} bytes)", self.content.len()))
            .field("client_msg_id", &self.client_msg_id)
            .field("msg_id", &self.msg_id)
            .field("notify", &self.notify)
            .field("ts", &self.ts)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::wire::SERVER;

    fn message() -> Packet<'static> {
        Packet {
            event: Event::Msg,
            body: Body {
                uid: 4,
                gid: Some(3),
                content: Cow::Borrowed("hello"),
                client_msg_id: Cow::Borrowed("16271a69"),
                msg_id: Some(1),
                ..Body::default()
            },
        }
    }

    #[test]
    fn packets_go_both_ways() {
        // As captured.
        let text = r#"{"event":"Msg","body":{"kind":"Text","uid":4,"gid":3,"content":"hello","clientMsgId":"16271a69","msgId":1}}"#;
        assert_eq!(message().encode(), text);
        assert_eq!(Packet::parse(text).unwrap(), message());
        assert_eq!(
            ServerFrame::parse(text).unwrap(),
            ServerFrame::Packet(message())
        );
        let borrowed = Packet::parse(text).unwrap();
        assert!(matches!(borrowed.body.content, Cow::Borrowed("hello")));
        let mut out = b"before".to_vec();
        message().encode_into(&mut out);
        assert_eq!(out, format!("before{text}").into_bytes());
    }

    #[test]
    fn a_client_is_read_strictly() {
        let ok = [
            r#"{"event":"Login","body":{"kind":"Text","uid":4,"content":"t","clientMsgId":"1","notify":true}}"#,
            r#"{"event":"Dance","body":{"kind":"Jig","uid":4,"gid":null,"content":"","clientMsgId":"1","ts":"mine"},"x":{}}"#,
        ];
        let login = Packet::parse(ok[0]).unwrap();
        assert!(login.body.notify);
        assert!(!format!("{login:?}").contains("\"t\""));
        let odd = Packet::parse(ok[1]).unwrap();
        assert_eq!((odd.event, odd.body.kind), (Event::Other, Kind::Other));
        let wrong = [
            r#"{"event":"Msg"}"#,
            r#"{"event":5,"body":{"kind":"Text","uid":4,"content":"","clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"uid":4,"content":"","clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","content":"","clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","uid":-4,"content":"","clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","uid":4,"gid":-1,"content":"","clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","uid":4,"content":null,"clientMsgId":"1"}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","uid":4,"content":"","clientMsgId":""}}"#,
            r#"{"event":"Msg","body":{"kind":"Text","uid":4,"content":""}}"#,
            "[]",
            "",
        ];
        for text in wrong {
            assert!(Packet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn acknowledgements_go_both_ways() {
        let mut ack = Ack {
            client_msg_id: Cow::Borrowed("c"),
            server_msg_id: Some(7),
            ..Ack::default()
        };
        let encoded = |ack: &Ack<'_>| {
            let mut out = Vec::new();
            ack.encode_into(&mut out);
            String::from_utf8(out).unwrap()
        };
        let text = r#"{"clientMsgId":"c","serverMsgId":7,"kind":"Ack","content":"Ok"}"#;
        assert_eq!(encoded(&ack), text);
        assert_eq!(
            ServerFrame::parse(text).unwrap(),
            ServerFrame::Ack(ack.clone())
        );
        (ack.ts, ack.server) = (Some(5), Some(Cow::Borrowed(SERVER)));
        let more = encoded(&ack);
        assert!(more.ends_with(r#""Ok","ts":5,"server":"kaiwa"}"#), "{more}");
        assert_eq!(ServerFrame::parse(&more).unwrap(), ServerFrame::Ack(ack));
    }

    #[test]
    fn notices_go_both_ways() {
        for notice in [
            Notice::Contacts { uid: 4 },
            Notice::Groups { uid: 4, gid: 3 },
            Notice::Removed { uid: 4, gid: 3 },
            Notice::Read {
                uid: 4,
                gid: 3,
                msg_id: 9,
            },
        ] {
            let text = Packet::notify(notice).encode();
            let ServerFrame::Packet(packet) = ServerFrame::parse(&text).unwrap() else {
                panic!("{text}");
            };
            assert_eq!(packet.notice(), Some(notice), "{text}");
            assert!(text.contains(r#""clientMsgId":"notify""#), "{text}");
        }
        assert_eq!(message().notice(), None);
    }

    #[test]
    fn a_server_is_read_as_far_as_it_makes_sense() {
        let odd =
            r#"{"event":"Msg","body":{"kind":5,"uid":"4","gid":3,"content":null,"msgId":-1}}"#;
        let ServerFrame::Packet(packet) = ServerFrame::parse(odd).unwrap() else {
            panic!("a packet");
        };
        assert_eq!(
            packet.body,
            Body {
                gid: Some(3),
                ..Body::default()
            }
        );
        let nothing = ServerFrame::Ack(Ack::default());
        assert_eq!(ServerFrame::parse("{}").unwrap(), nothing);
        for text in ["", "7", "null", "{", "\"x\""] {
            assert!(ServerFrame::parse(text).is_err(), "{text}");
        }
    }
}
