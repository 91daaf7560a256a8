//! The dialects, as they were recorded, and what nobody would send.

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// A frame as it is written here: `|` for TAB, `^` for form feed.
fn frame(text: &str) -> String {
    text.replace('|', "\t").replace('^', "\u{c}")
}

fn at(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

/// Parses a frame and leaks it: tests are short-lived.
fn server(text: &str) -> ServerPacket<'static> {
    let frame: &'static str = Box::leak(frame(text).into_boxed_str());
    ServerPacket::parse(frame).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn fault(text: &str) -> Fault {
    ServerPacket::parse(&frame(text)).unwrap_err().fault()
}

fn user(id: &'static str, name: &'static str, color: &'static str) -> User<'static> {
    User {
        id,
        name,
        color,
        permissions: None,
    }
}

fn ranked(user: User<'static>, rank: i64, may: [bool; 3], create: ChannelRight) -> User<'static> {
    let [moderate, read_logs, rename] = may;
    User {
        permissions: Some(Permissions {
            rank,
            moderate,
            read_logs,
            rename,
            create,
        }),
        ..user
    }
}

#[test]
fn welcomes_of_every_dialect() {
    let alice = user("1", "alice", "#f00");
    let php = ranked(alice, 10, [true; 3], ChannelRight::Permanent);
    let welcome = |user, channel, tail| {
        ServerPacket::Welcome(Welcome {
            user,
            channel,
            tail,
        })
    };
    assert_eq!(
        server("1|y|1|alice|#f00|10^1^1^1^2|Lobby"),
        welcome(php, "Lobby", Tail::None)
    );
    assert_eq!(
        server("1|y|1|alice|#f00|10^1^1^1^2|Lobby|2000"),
        welcome(php, "Lobby", Tail::MaxLength(2000))
    );
    let sharp = ranked(
        user("1", "alice", "#FF0000"),
        10,
        [true, false, true],
        ChannelRight::Permanent,
    );
    let version = Tail::Version {
        version: "2",
        session: "OIGfrk8d",
    };
    assert_eq!(
        server("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|2|OIGfrk8d"),
        welcome(sharp, "Lounge", version)
    );
    let session = Tail::Session {
        session: "OIGfrk8d",
        max_length: 2100,
    };
    assert_eq!(
        server("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|OIGfrk8d|2100"),
        welcome(sharp, "Lounge", session)
    );
    // A tail that makes no sense is none, and more of it does no harm.
    assert_eq!(
        server("1|y|1|alice|#f00|10^1^1^1^2|Lobby|x"),
        welcome(php, "Lobby", Tail::None)
    );
    let longer = server("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|OIGfrk8d|2100|x|y");
    assert_eq!(longer, welcome(sharp, "Lounge", session));
}

#[test]
fn refusals() {
    let refused = |reason, until| ServerPacket::Refused { reason, until };
    assert_eq!(
        server("1|n|authfail"),
        refused(RefusalReason::Credentials, None)
    );
    assert_eq!(
        server("1|n|userfail"),
        refused(RefusalReason::AlreadyIn, None)
    );
    assert_eq!(
        server("1|n|sockfail"),
        refused(RefusalReason::TooManySessions, None)
    );
    assert_eq!(
        server("1|n|joinfail|-1"),
        refused(RefusalReason::Banned, None)
    );
    assert_eq!(
        server("1|n|joinfail|1424000000"),
        refused(RefusalReason::Banned, at(1_424_000_000))
    );
    assert_eq!(
        server("1|n|joinfail|soon"),
        refused(RefusalReason::Banned, None)
    );
    assert_eq!(
        server("1|n|future"),
        refused(RefusalReason::Other("future"), None)
    );
    assert_eq!(server("1|n"), refused(RefusalReason::Other(""), None));
}

#[test]
fn messages_of_every_dialect() {
    let message = ChatMessage {
        time: at(1_424_000_000),
        user_id: "2",
        text: "a &lt;b&gt; <br/> c",
        message_id: "8",
        flags: Flags::MESSAGE,
        notify: None,
        channel: None,
    };
    let cases = [
        ("10010", message),
        (
            "10010|0|Lobby",
            ChatMessage {
                notify: Some(false),
                channel: Some("Lobby"),
                ..message
            },
        ),
        (
            "10010|1",
            ChatMessage {
                notify: Some(true),
                ..message
            },
        ),
        (
            "10010|0|@all",
            ChatMessage {
                notify: Some(false),
                channel: Some("@all"),
                ..message
            },
        ),
        (
            "10011|1",
            ChatMessage {
                notify: Some(true),
                flags: Flags::PRIVATE,
                ..message
            },
        ),
        (
            "10010|Lounge",
            ChatMessage {
                channel: Some("Lounge"),
                ..message
            },
        ),
        (
            "10011|@log",
            ChatMessage {
                channel: Some("@log"),
                flags: Flags::PRIVATE,
                ..message
            },
        ),
        ("10010|", message),
        (
            "11000",
            ChatMessage {
                flags: Flags::ACTION,
                ..message
            },
        ),
        ("1001", message),
        ("10010999", message),
    ];
    for (tail, expected) in cases {
        let packet = server(&format!("2|1424000000|2|a &lt;b&gt; <br/> c|8|{tail}"));
        assert_eq!(packet, ServerPacket::Message(expected), "{tail}");
    }
    // The flags are usual ones if there are none.
    let bare = server("2|1424000000|2|a &lt;b&gt; <br/> c|8");
    assert_eq!(bare, ServerPacket::Message(message));
    let named = |channel| ChatMessage { channel, ..message }.channel_name();
    assert_eq!(named(Some("Lobby")), Some("Lobby"));
    assert_eq!(named(Some("@broadcast")), None);
    assert_eq!(named(None), None);
    assert!(Flags::ACTION.is_action() && !Flags::MESSAGE.is_action());
}

#[test]
fn people_come_and_go() {
    let bob = user("2", "bob", "inherit");
    let allowed = ranked(bob, 1, [false; 3], ChannelRight::None);
    let joined = server("1|1424000000|2|bob|inherit|1^0^0^0^0|5");
    assert_eq!(
        joined,
        ServerPacket::Joined {
            time: at(1_424_000_000),
            user: allowed,
            message_id: "5"
        }
    );
    let entered = |user| ServerPacket::Entered {
        user,
        message_id: "7",
    };
    assert_eq!(server("5|0|2|bob|inherit|1^0^0^0^0|7"), entered(allowed));
    assert_eq!(server("5|0|2|bob|inherit|7"), entered(bob));
    let departed = ServerPacket::Departed {
        user_id: "2",
        message_id: "8",
    };
    assert_eq!(server("5|1|2|8"), departed);
    assert_eq!(server("5|2|Tea"), ServerPacket::Moved { channel: "Tea" });
    for (word, reason) in [
        ("leave", LeaveReason::Leave),
        ("kick", LeaveReason::Kick),
        ("flood", LeaveReason::Flood),
        ("timeout", LeaveReason::Timeout),
        ("vanish", LeaveReason::Leave),
    ] {
        let left = ServerPacket::Left {
            user_id: "2",
            name: "bob",
            reason,
            time: at(1),
            message_id: "9",
        };
        assert_eq!(server(&format!("3|2|bob|{word}|1|9")), left);
    }
    let away = server("10|2|&lt;AFK&gt;_~bob|inherit|1 0 0 0 0");
    let renamed = User {
        name: "&lt;AFK&gt;_~bob",
        ..allowed
    };
    assert_eq!(away, ServerPacket::UserUpdated(renamed));
}

#[test]
fn lists() {
    let alice = ranked(
        user("1", "alice", "#f00"),
        10,
        [true; 3],
        ChannelRight::Permanent,
    );
    let bot = ranked(
        user("-2", "bot", "inherit"),
        6770,
        [true; 3],
        ChannelRight::Permanent,
    );
    let listed = |user, visible| ListedUser { user, visible };
    let both = vec![listed(alice, true), listed(bot, false)];
    let two = "7|0|2|1|alice|#f00|10^1^1^1^2|1|-2|bot|inherit|6770^1^1^1^2^1|0";
    let users = |users, missing| ServerPacket::Users { users, missing };
    assert_eq!(server(two), users(both.clone(), 0));
    assert_eq!(
        server(&format!("{two}|77")),
        users(both.clone(), 0),
        "PHP adds a message id"
    );
    assert_eq!(server("7|0|0|"), users(Vec::new(), 0));
    assert_eq!(server("7|0|0"), users(Vec::new(), 0));
    assert_eq!(server("7|0|-5"), users(Vec::new(), 0));
    let claimed = two.replace("7|0|2|", "7|0|10000000|");
    assert_eq!(server(&claimed), users(both, 9_999_998));
    let entry = |name, has_password, is_temporary| ChannelEntry {
        name,
        has_password,
        is_temporary,
    };
    let channels = server("7|2|2|Lobby|0|0|Tea|1|1");
    let both = vec![entry("Lobby", false, false), entry("Tea", true, true)];
    assert_eq!(
        channels,
        ServerPacket::Channels {
            channels: both,
            missing: 0
        }
    );
    assert_eq!(
        server("4|0|Tea|1|1"),
        ServerPacket::ChannelCreated(entry("Tea", true, true))
    );
    let updated = ServerPacket::ChannelUpdated {
        old_name: "Tea",
        channel: entry("Coffee", false, true),
    };
    assert_eq!(server("4|1|Tea|Coffee|0|1"), updated);
    assert_eq!(
        server("4|2|Tea"),
        ServerPacket::ChannelRemoved { name: "Tea" }
    );
}

#[test]
fn backlog() {
    let notice = server("7|1|1424000000|-1|ChatBot|inherit||0^join^alice|5|0|10010");
    let expected = BacklogMessage {
        time: at(1_424_000_000),
        user: user(SERVER_ID, "ChatBot", "inherit"),
        text: "0\u{c}join\u{c}alice",
        message_id: "5",
        notify: false,
        flags: Flags::MESSAGE,
    };
    assert_eq!(notice, ServerPacket::Backlog(expected));
    assert_eq!(
        Notice::read(expected.text).unwrap().english(),
        "alice has joined"
    );
    let ServerPacket::Backlog(said) =
        server("7|1|1|2|bob|blue|1 0 0 0 0|<i>waves</i>|rlbl|1|11000")
    else {
        panic!("a backlog")
    };
    assert_eq!((said.message_id, said.notify), (RELOADED_ID, true));
    assert_eq!(action_text(said.text), "waves");
    assert_eq!(action_text("waves"), "waves");
    assert_eq!(said.user.rgba(), Some([0, 0, 255, 255]));
}

#[test]
fn the_rest() {
    for pong in ["0|pong", "0|1424000000", "0"] {
        assert_eq!(server(pong), ServerPacket::Pong);
    }
    assert_eq!(server("6|8"), ServerPacket::Deleted { message_id: "8" });
    let clear = |mode, channel| ServerPacket::Clear { mode, channel };
    assert_eq!(server("8|3"), clear(ClearMode::MessagesAndUsers, None));
    assert_eq!(
        server("8|3|Staff"),
        clear(ClearMode::MessagesAndUsers, Some("Staff"))
    );
    assert_eq!(server("8|4|"), clear(ClearMode::All, None));
    for (text, removal) in [
        ("9|0", Removal::Kicked),
        ("9|kick", Removal::Kicked),
        (
            "9|1|1424000000",
            Removal::Banned {
                until: at(1_424_000_000),
            },
        ),
        (
            "9|ban|1424000000",
            Removal::Banned {
                until: at(1_424_000_000),
            },
        ),
        ("9|1|-1", Removal::Banned { until: None }),
        ("9|1|253402300799", Removal::Banned { until: None }),
        ("9|1", Removal::Banned { until: None }),
    ] {
        assert_eq!(server(text), ServerPacket::Removed(removal), "{text}");
    }
    let capabilities = |server, names: &[&'static str]| ServerPacket::Capabilities {
        server,
        names: names.to_vec(),
    };
    assert_eq!(
        server("11|TYPING MCHAN"),
        capabilities(None, &["TYPING", "MCHAN"])
    );
    assert_eq!(
        server("11|Sharp/1|A^B"),
        capabilities(Some("Sharp/1"), &["A", "B"])
    );
    assert_eq!(server("11|"), capabilities(None, &[]));
    let typing = ServerPacket::Typing {
        channel: "Tea",
        user_id: "2",
        time: at(7),
    };
    assert_eq!(server("12|Tea|2|7"), typing);
    assert_eq!(server("13|x"), ServerPacket::Unknown { id: 13 });
    assert_eq!(
        server("99999999999999999999"),
        ServerPacket::Unknown { id: u16::MAX }
    );
}

#[test]
fn what_makes_no_sense_is_an_error() {
    for (text, expected) in [
        ("", Fault::NoId),
        ("garbage", Fault::NoId),
        ("|", Fault::NoId),
        ("-1|x", Fault::NoId),
        ("+1|y", Fault::NoId),
        (" 1|y", Fault::NoId),
        ("1", Fault::Missing),
        ("1|y", Fault::Missing),
        ("1|y|1|alice|#f00|1 0 0 0 0", Fault::Missing),
        ("1|x|1|alice|#f00||3", Fault::UnknownKind),
        ("1||1|alice|#f00||3", Fault::UnknownKind),
        ("1|5|1|alice|#f00|", Fault::Missing),
        ("2", Fault::Missing),
        ("2|2", Fault::Missing),
        ("2|1|2|text", Fault::Missing),
        ("3|2|bob|leave", Fault::Missing),
        ("4", Fault::Missing),
        ("4|3|x", Fault::UnknownKind),
        ("4|0|x|1", Fault::Missing),
        ("5", Fault::Missing),
        ("5|9|x", Fault::UnknownKind),
        ("5|0|2|bob|inherit", Fault::Missing),
        ("6", Fault::Missing),
        ("7", Fault::Missing),
        ("7|0", Fault::Missing),
        ("7|0|many", Fault::NoNumber),
        ("7|3|1", Fault::UnknownKind),
        ("7|1|1|2|bob|blue||text", Fault::Missing),
        ("8", Fault::Missing),
        ("8|5", Fault::UnknownKind),
        ("9", Fault::Missing),
        ("9|2", Fault::UnknownKind),
        ("10|2|bob|blue", Fault::Missing),
        ("11", Fault::Missing),
        ("12|Tea", Fault::Missing),
    ] {
        assert_eq!(fault(text), expected, "{text}");
    }
    let error = ServerPacket::parse("4\t9").unwrap_err();
    assert_eq!(error.to_string(), "packet 4: it is of an unknown kind");
}

#[test]
fn times_out_of_range_are_none() {
    let ServerPacket::Message(message) = server("2|99999999999999999999|2|x|8|10010") else {
        panic!("a message")
    };
    assert_eq!(message.time, None);
}

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

fn line() -> impl Strategy<Value = String> {
    prop_oneof!["[^\t\n\r\u{c}]{0,12}", "[0-9]{1,3}", "[a-z&;]{1,6}"]
}

/// A line that stays in memory, so that packets can borrow it.
fn kept() -> impl Strategy<Value = &'static str> {
    line().prop_map(|line| &*Box::leak(line.into_boxed_str()))
}

fn named() -> impl Strategy<Value = &'static str> {
    "[A-Za-z@_-]{2,8}".prop_map(|line| &*Box::leak(line.into_boxed_str()))
}

fn moment() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    (0..253_402_300_799_i64).prop_map(at)
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let rights = vec![
        ChannelRight::None,
        ChannelRight::Temporary,
        ChannelRight::Permanent,
    ];
    (any::<i32>(), any::<[bool; 3]>(), select(rights)).prop_map(|(rank, may, create)| {
        let [moderate, read_logs, rename] = may;
        Permissions {
            rank: rank.into(),
            moderate,
            read_logs,
            rename,
            create,
        }
    })
}

fn person() -> impl Strategy<Value = User<'static>> {
    (kept(), kept(), kept(), of(permissions())).prop_map(|(id, name, color, permissions)| User {
        id,
        name,
        color,
        permissions,
    })
}

fn flags() -> impl Strategy<Value = Flags> {
    any::<[bool; 5]>().prop_map(|[bold, italic, underlined, colon, private]| Flags {
        bold,
        italic,
        underlined,
        colon,
        private,
    })
}

fn entry() -> impl Strategy<Value = ChannelEntry<'static>> {
    (kept(), any::<bool>(), any::<bool>()).prop_map(|(name, has_password, is_temporary)| {
        ChannelEntry {
            name,
            has_password,
            is_temporary,
        }
    })
}

fn tail() -> impl Strategy<Value = Tail<'static>> {
    prop_oneof![
        Just(Tail::None),
        any::<u64>().prop_map(Tail::MaxLength),
        (named(), named()).prop_map(|(version, session)| Tail::Version { version, session }),
        (kept(), any::<u64>()).prop_map(|(session, max_length)| Tail::Session {
            session,
            max_length
        }),
    ]
}

fn chat_message() -> impl Strategy<Value = ChatMessage<'static>> {
    let words = (moment(), kept(), kept(), kept());
    (words, flags(), of(any::<bool>()), of(named())).prop_map(
        |((time, user_id, text, message_id), flags, notify, channel)| ChatMessage {
            time,
            user_id,
            text,
            message_id,
            flags,
            notify,
            channel,
        },
    )
}

fn said() -> impl Strategy<Value = ServerPacket<'static>> {
    let reasons = vec![
        RefusalReason::Credentials,
        RefusalReason::AlreadyIn,
        RefusalReason::TooManySessions,
        RefusalReason::Other("future"),
    ];
    prop_oneof![
        Just(ServerPacket::Pong),
        (person(), kept(), tail()).prop_map(|(user, channel, tail)| {
            ServerPacket::Welcome(Welcome {
                user,
                channel,
                tail,
            })
        }),
        select(reasons).prop_map(|reason| ServerPacket::Refused {
            reason,
            until: None
        }),
        of(moment()).prop_map(|until| ServerPacket::Refused {
            reason: RefusalReason::Banned,
            until: until.flatten()
        }),
        chat_message().prop_map(ServerPacket::Message),
        (moment(), person(), kept(), kept(), any::<bool>(), flags()).prop_map(
            |(time, user, text, message_id, notify, flags)| {
                ServerPacket::Backlog(BacklogMessage {
                    time,
                    user,
                    text,
                    message_id,
                    notify,
                    flags,
                })
            }
        ),
        (vec((person(), any::<bool>()), 0..4), 0..1000_u64).prop_map(|(people, missing)| {
            let listed = |(user, visible)| ListedUser { user, visible };
            ServerPacket::Users {
                users: people.into_iter().map(listed).collect(),
                missing,
            }
        }),
        (vec(entry(), 0..4), 0..1000_u64)
            .prop_map(|(channels, missing)| ServerPacket::Channels { channels, missing }),
    ]
}

fn happened() -> impl Strategy<Value = ServerPacket<'static>> {
    let reasons = LeaveReason::ALL.map(|(_, reason)| reason).to_vec();
    let modes = vec![
        ClearMode::Messages,
        ClearMode::Users,
        ClearMode::Channels,
        ClearMode::MessagesAndUsers,
        ClearMode::All,
    ];
    prop_oneof![
        (moment(), person(), kept()).prop_map(|(time, user, message_id)| ServerPacket::Joined {
            time,
            user,
            message_id
        }),
        ((kept(), kept()), select(reasons), moment(), kept()).prop_map(
            |((user_id, name), reason, time, message_id)| ServerPacket::Left {
                user_id,
                name,
                reason,
                time,
                message_id
            }
        ),
        entry().prop_map(ServerPacket::ChannelCreated),
        (kept(), entry())
            .prop_map(|(old_name, channel)| ServerPacket::ChannelUpdated { old_name, channel }),
        kept().prop_map(|name| ServerPacket::ChannelRemoved { name }),
        (person(), kept())
            .prop_map(|(user, message_id)| ServerPacket::Entered { user, message_id }),
        (kept(), kept()).prop_map(|(user_id, message_id)| ServerPacket::Departed {
            user_id,
            message_id
        }),
        kept().prop_map(|channel| ServerPacket::Moved { channel }),
        kept().prop_map(|message_id| ServerPacket::Deleted { message_id }),
        (select(modes), of(named()))
            .prop_map(|(mode, channel)| ServerPacket::Clear { mode, channel }),
        Just(ServerPacket::Removed(Removal::Kicked)),
        of(moment()).prop_map(|until| {
            ServerPacket::Removed(Removal::Banned {
                until: until.flatten(),
            })
        }),
        person().prop_map(ServerPacket::UserUpdated),
        (of(named()), vec(named(), 0..3))
            .prop_map(|(server, names)| ServerPacket::Capabilities { server, names }),
        (kept(), kept(), moment()).prop_map(|(channel, user_id, time)| ServerPacket::Typing {
            channel,
            user_id,
            time
        }),
    ]
}

/// Fields of any kind, joined.
fn nonsense() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        "[0-9]{1,3}",
        "[yn]",
        "\\PC{0,6}",
        "[0-9 \u{c}-]{0,9}",
        Just(String::new())
    ];
    vec(field, 0..12).prop_map(|fields| fields.join("\t"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_a_server_writes_is_read_as_it_is(packet in prop_oneof![said(), happened()]) {
        let frame = packet.encode();
        prop_assert_eq!(ServerPacket::parse(&frame), Ok(packet.clone()), "{}", frame);
    }

    /// What was read once is the same after it was written and read again.
    #[test]
    fn any_frame_is_survived(frame in prop_oneof![nonsense(), any::<String>()]) {
        if let Ok(packet) = ServerPacket::parse(&frame) {
            let again = packet.encode();
            prop_assert!(ServerPacket::parse(&again).is_ok(), "{} {}", frame, again);
        }
        if let Ok(packet) = ClientPacket::parse(&frame) {
            prop_assert!(ClientPacket::parse(&packet.encode()).is_ok());
        }
    }

    #[test]
    fn what_a_client_writes_is_read_as_it_is(
        words in (kept(), kept(), of(named()), of(moment())),
        arguments in vec(kept(), 0..4),
        names in vec(named(), 0..3),
    ) {
        let (user_id, text, name, time) = words;
        for packet in [
            ClientPacket::Ping { user_id, time: time.flatten() },
            ClientPacket::Authenticate { arguments },
            ClientPacket::Message { user_id, text, channel: name },
            ClientPacket::Capabilities { client: name, names },
            ClientPacket::Typing { user_id, channel: text },
        ] {
            let frame = packet.encode();
            prop_assert_eq!(ClientPacket::parse(&frame), Ok(packet));
        }
    }

    #[test]
    fn any_notice_is_survived(text in "[01\u{c}a-z<>&;{}]{0,30}") {
        if let Some(notice) = Notice::read(&text) {
            prop_assert!(!notice.written().is_empty());
            let _ = notice.english();
        }
    }

    #[test]
    fn any_name_is_taken_apart_and_put_together(name in "(&lt;|&gt;_|~|[a-z<>&_~;]){0,12}") {
        let read = DisplayName::read(&name);
        prop_assert!(read.written().len() < 8 * (name.len() + 1));
    }
}
