//! What clients send, what people may do and how they are called, and what is kept in its place.

use super::super::*;
use super::{at, frame};

#[test]
fn permissions_are_read_with_either_separator() {
    let all = |rank| {
        Some(Permissions {
            rank,
            moderate: true,
            read_logs: true,
            rename: true,
            create: ChannelRight::Permanent,
        })
    };
    for (text, expected) in [
        ("10^1^1^1^2", all(10)),
        ("10 1 1 1 2", all(10)),
        ("6770^1^1^1^2^1", all(6770)),
        ("", None),
        ("x", Some(Permissions::default())),
        (
            "3",
            Some(Permissions {
                rank: 3,
                ..Permissions::default()
            }),
        ),
        (
            "-1^0^0^0^1",
            Some(Permissions {
                rank: -1,
                create: ChannelRight::Temporary,
                ..Permissions::default()
            }),
        ),
    ] {
        assert_eq!(Permissions::read(&frame(text)), expected, "{text}");
    }
}

#[test]
fn names_are_taken_apart() {
    for (wire, away, is_nick, name) in [
        ("bob", None, false, "bob"),
        ("~rob", None, true, "rob"),
        ("&lt;AFK&gt;_bob", Some("AFK"), false, "bob"),
        ("&lt;AFK&gt;_~bob", Some("AFK"), true, "bob"),
        ("~a&amp;lt;b", None, true, "a<b"),
        ("~a&lt;b", None, true, "a<b"),
        ("O&#039;Neill &amp; Co", None, false, "O'Neill & Co"),
        ("&lt;too long&gt;_bob", None, false, "<too long>_bob"),
        ("&lt;&gt;_bob", None, false, "<>_bob"),
        ("", None, false, ""),
    ] {
        let read = DisplayName::read(wire);
        let parts = (read.away.as_deref(), read.is_nick, read.name.as_ref());
        assert_eq!(parts, (away, is_nick, name), "{wire}");
        assert_eq!(DisplayName::read(&read.written()), read, "{wire}");
    }
}

#[test]
fn private_messages_name_their_recipient() {
    assert_eq!(
        split_recipient("alice hi there"),
        Some(("alice", "hi there"))
    );
    assert_eq!(split_recipient("alice "), Some(("alice", "")));
    assert_eq!(split_recipient("alice"), None);
    assert_eq!(split_recipient(" hi"), None);
}

#[test]
fn clients_of_every_dialect() {
    let cases = [
        (
            "0|1",
            ClientPacket::Ping {
                user_id: "1",
                time: None,
            },
        ),
        (
            "0|1|1424000000",
            ClientPacket::Ping {
                user_id: "1",
                time: at(1_424_000_000),
            },
        ),
        (
            "1|Misuzu|token",
            ClientPacket::Authenticate {
                arguments: vec!["Misuzu", "token"],
            },
        ),
        ("1", ClientPacket::Authenticate { arguments: vec![] }),
        (
            "2|1|hi\nyou",
            ClientPacket::Message {
                user_id: "1",
                text: "hi\nyou",
                channel: None,
            },
        ),
        (
            "2|1|tab|inside",
            ClientPacket::Message {
                user_id: "1",
                text: "tab",
                channel: Some("inside"),
            },
        ),
        (
            "3|TYPING MCHAN",
            ClientPacket::Capabilities {
                client: None,
                names: vec!["TYPING", "MCHAN"],
            },
        ),
        (
            "3|kaiwa/1|A^B",
            ClientPacket::Capabilities {
                client: Some("kaiwa/1"),
                names: vec!["A", "B"],
            },
        ),
        (
            "4|1|Tea",
            ClientPacket::Typing {
                user_id: "1",
                channel: "Tea",
            },
        ),
        ("99|x", ClientPacket::Unknown { id: 99 }),
    ];
    for (text, packet) in cases {
        let frame = frame(text);
        assert_eq!(ClientPacket::parse(&frame), Ok(packet.clone()), "{text}");
        if !matches!(packet, ClientPacket::Unknown { .. }) {
            assert_eq!(packet.encode(), frame);
        }
    }
    for text in ["", "garbage", "2", "2|2", "0", "3", "4|1"] {
        assert!(ClientPacket::parse(&frame(text)).is_err(), "{text}");
    }
}

#[test]
fn credentials_are_told_apart_and_never_shown() {
    let read = |arguments: &[&'static str]| Credentials::read(arguments);
    let legacy = Credentials::Legacy {
        user_id: "12",
        token: "hunter2",
    };
    assert_eq!(read(&["12", "hunter2"]), Some(legacy));
    let scheme = Credentials::Scheme {
        scheme: "Bearer",
        token: "hunter2",
    };
    assert_eq!(read(&["Bearer", "hunter2", "more"]), Some(scheme));
    assert_eq!(read(&["hunter2"]), None);
    assert_eq!(read(&[]), None);
    let packet = ClientPacket::parse("1\tBearer\thunter2").unwrap();
    let said = ClientPacket::parse("2\t1\t/pwd hunter2").unwrap();
    let shown = format!("{legacy:?}{scheme:?}{packet:?}{said:?}{packet:#?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn no_field_breaks_out_of_its_place() {
    let message = ChatMessage {
        time: at(1),
        user_id: "2",
        text: "a\tb\nc\u{c}d",
        message_id: "8",
        flags: Flags::MESSAGE,
        notify: None,
        channel: None,
    };
    let packet = ServerPacket::Message(message);
    assert_eq!(packet.encode(), "2\t1\t2\ta    b c d\t8\t10010");
    let notice = ChatMessage {
        user_id: SERVER_ID,
        text: "0\u{c}say\u{c}a\tb",
        ..message
    };
    let packet = ServerPacket::Message(notice);
    assert_eq!(packet.encode(), "2\t1\t-1\t0\u{c}say\u{c}a    b\t8\t10010");
    let said = ClientPacket::Message {
        user_id: "1",
        text: "a\tb\nc",
        channel: None,
    };
    assert_eq!(said.encode(), "2\t1\ta    b\nc");
}
