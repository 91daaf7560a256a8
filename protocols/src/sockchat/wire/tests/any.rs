//! Any packet, and any frame.

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::*;
use super::at;

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
