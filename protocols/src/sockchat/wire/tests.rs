//! What servers send in each dialect, as it was recorded, and what nobody would send.

mod any;
mod ours;

use chrono::{DateTime, Utc};

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
        ("7|0|-5", Fault::NoNumber),
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
