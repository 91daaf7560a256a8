//! What each event does to the state of a connection.

use kaiwa_core::client::state::{ASSETS_PER_LIST, CHANNELS_PER_CONNECTION, USERS_PER_LIST};
use kaiwa_core::client::{ConnectionState, ConnectionStatus};
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent,
    ConnectionEvent, ErrorInfo, ErrorKind, EventKind, Id, Profile, RequestId, StatusEvent,
    UserEvent,
};

use super::message;

pub(crate) fn state() -> ConnectionState {
    ConnectionState::new("1".to_owned(), "test".to_owned())
}

/// The state after these events.
pub(crate) fn fold<E: Into<ConnectionEvent>>(
    mut state: ConnectionState,
    events: impl IntoIterator<Item = E>,
) -> ConnectionState {
    for event in events {
        state.apply(&event.into());
    }
    state
}

pub(crate) fn some<T: for<'a> From<&'a str>>(text: &str) -> Option<T> {
    Some(text.into())
}

pub(crate) fn channel(id: &str, name: &str) -> Channel {
    Channel {
        id: id.into(),
        name: some(name),
        channel_type: ChannelType::Direct,
    }
}

pub(crate) fn user(id: &str, username: &str) -> Profile {
    Profile {
        id: some(id),
        username: some(username),
        ..Profile::default()
    }
}

fn emote(id: Option<&str>, pattern: &str) -> Asset {
    Asset::Emote {
        id: id.map(Into::into),
        pattern: pattern.to_owned(),
        src: "https://example.org/e.png".to_owned(),
        source: AssetSource::Server,
    }
}

pub(crate) fn join(id: &str) -> ChannelEvent {
    ChannelEvent::Join {
        channel_id: id.into(),
    }
}

fn switch(id: &str) -> ChannelEvent {
    ChannelEvent::Switch {
        channel_id: id.into(),
    }
}

pub(crate) fn new_user(channel: Option<&str>, user: Profile) -> UserEvent {
    UserEvent::New {
        channel_id: channel.map(Into::into),
        user,
    }
}

fn say(channel: Option<&str>, id: &str, second: i64) -> ChatEvent {
    ChatEvent::New {
        channel_id: channel.map(Into::into),
        message: message(id, second),
    }
}

fn message_ids(state: &ConnectionState, channel: &str) -> Vec<Id> {
    let messages = &state.channels[channel].messages;
    messages.iter().filter_map(|m| m.id.clone()).collect()
}

/// One channel "a" with a user, a message and an asset, and the user in it.
pub(crate) fn room() -> ConnectionState {
    let state = fold(state(), [join("a"), switch("a")]);
    let state = fold(state, [new_user(Some("a"), user("1", "ann"))]);
    let state = fold(state, [say(Some("a"), "m", 1)]);
    fold(
        state,
        [AssetEvent::New {
            channel_id: some("a"),
            asset: emote(Some("e"), ":e:"),
        }],
    )
}

#[test]
fn status() {
    let error = ErrorInfo {
        kind: ErrorKind::Lost,
        message: "gone".to_owned(),
        retry_after_ms: None,
    };
    let mut state = state();
    assert_eq!(state.status, ConnectionStatus::Disconnected);
    let up = StatusEvent::Connected { artifact: None };
    let down = StatusEvent::Disconnected { artifact: None };
    let lost = StatusEvent::Lost {
        error: error.clone(),
        retry_in_ms: Some(1),
    };
    for (event, status, last_error) in [
        (StatusEvent::Connecting, ConnectionStatus::Connecting, None),
        (up.clone(), ConnectionStatus::Connected, None),
        (lost, ConnectionStatus::Disconnected, Some(&error)),
        (down.clone(), ConnectionStatus::Disconnected, Some(&error)),
        (
            StatusEvent::Connecting,
            ConnectionStatus::Connecting,
            Some(&error),
        ),
        (up, ConnectionStatus::Connected, None),
        (down, ConnectionStatus::Disconnected, None),
    ] {
        state.apply(&event.clone().into());
        assert_eq!(state.status, status, "{event:?}");
        assert_eq!(state.last_error.as_ref(), last_error, "{event:?}");
    }
}

#[test]
fn capabilities_are_kept() {
    let capabilities = Capabilities::new().sends(&[EventKind::ChatNew]);
    let event = StatusEvent::Capabilities {
        capabilities: capabilities.clone(),
    };
    assert_eq!(fold(state(), [event]).capabilities, Some(capabilities));
}

#[test]
fn what_concerns_requests_changes_nothing() {
    let error = ErrorInfo {
        kind: ErrorKind::Full,
        message: "no".to_owned(),
        retry_after_ms: None,
    };
    let request = RequestId::fresh();
    let quiet = [
        StatusEvent::Ping { artifact: None },
        StatusEvent::Done { request },
        StatusEvent::Failed { request, error },
        StatusEvent::Overrun,
    ];
    assert_eq!(fold(room(), quiet), room());
    let gap = ChatEvent::Gap {
        channel_id: "a".into(),
        after: some("m"),
        before: None,
    };
    assert_eq!(fold(room(), [gap]), room());
}

#[test]
fn a_lost_connection_keeps_its_lists() {
    let down = StatusEvent::Disconnected { artifact: None };
    assert_eq!(fold(room(), [down]), room());
}

#[test]
fn a_new_channel_is_an_upsert() {
    let new = |name| ChannelEvent::New {
        channel: channel("a", name),
    };
    let state = fold(room(), [new("Again")]);
    assert_eq!(state.channels["a"].channel, channel("a", "Again"));
    assert_eq!(state.channels["a"].users.len(), 1);
    assert_eq!(state.channels["a"].messages.len(), 1);
    assert_eq!(state.channels.len(), 1);
}

#[test]
fn an_updated_channel_may_change_its_id() {
    let update = |from: &str| ChannelEvent::Update {
        channel_id: from.into(),
        new_channel: channel("b", "New"),
    };
    let state = fold(room(), [update("a")]);
    assert_eq!(state.channels.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(state.channels["b"].channel, channel("b", "New"));
    assert_eq!(state.channels["b"].messages.len(), 1);
    assert_eq!(state.current_channel.as_deref(), Some("b"));
    assert_eq!(fold(room(), [update("unknown")]), room());
}

#[test]
fn removed_and_left_channels() {
    let a = || Id::from("a");
    let removed = fold(room(), [ChannelEvent::Remove { channel_id: a() }]);
    assert!(removed.channels.is_empty());
    assert_eq!(removed.current_channel, None);
    let left = fold(room(), [ChannelEvent::Leave { channel_id: a() }]);
    assert_eq!(left.channels, room().channels);
    assert_eq!(left.current_channel, None);
    for event in [
        ChannelEvent::Remove {
            channel_id: "b".into(),
        },
        ChannelEvent::Leave {
            channel_id: "b".into(),
        },
    ] {
        assert_eq!(fold(room(), [event]), room());
    }
}

#[test]
fn joining_makes_a_channel_and_switching_does_not() {
    let state = fold(state(), [join("a"), switch("b")]);
    assert_eq!(state.channels.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(state.channels["a"].channel.id, "a");
    assert_eq!(state.current_channel.as_deref(), Some("b"));
}

#[test]
fn a_kick_ends_where_the_user_was() {
    let kick = |channel_id| ChannelEvent::Kick {
        channel_id,
        reason: None,
        ban: false,
    };
    let current = |event| fold(room(), [event]).current_channel;
    assert_eq!(current(kick(some("a"))), None);
    assert_eq!(current(kick(None)), None);
    assert_eq!(current(kick(some("b"))), some("a"));
}

#[test]
fn wiping_one_channel_or_all() {
    let two = || fold(room(), [say(Some("b"), "n", 1)]);
    let left = |channel_id| {
        let state = fold(two(), [ChannelEvent::Wipe { channel_id }]);
        assert_eq!(state.channels.len(), 2);
        assert_eq!(state.channels["a"].users.len(), 1);
        (message_ids(&state, "a"), message_ids(&state, "b"))
    };
    let ids = |id: &str| vec![Id::from(id)];
    assert_eq!(left(some("a")), (vec![], ids("n")));
    assert_eq!(left(None), (vec![], vec![]));
    assert_eq!(left(some("unknown")), (ids("m"), ids("n")));
}

#[test]
fn clearing_the_channel_list_leaves_the_user_where_they_are() {
    let state = fold(room(), [ChannelEvent::ClearList]);
    assert!(state.channels.is_empty());
    assert_eq!(state.current_channel.as_deref(), Some("a"));
}

#[test]
fn new_users_are_upserts() {
    let state = fold(
        room(),
        [
            new_user(Some("a"), user("1", "Ann")),
            new_user(Some("b"), user("2", "bob")),
            new_user(None, user("3", "cid")),
            new_user(
                None,
                Profile {
                    id: None,
                    ..user("", "dan")
                },
            ),
        ],
    );
    assert_eq!(state.channels["a"].users["1"], user("1", "Ann"));
    assert_eq!(state.channels["b"].users["2"], user("2", "bob"));
    assert_eq!(state.global_users["3"], user("3", "cid"));
    assert_eq!(state.global_users["dan"].id, None);
}

#[test]
fn updated_users_may_change_their_id() {
    let update = |channel_id, from: &str, new_user| UserEvent::Update {
        channel_id,
        user_id: from.into(),
        new_user,
    };
    let me = UserEvent::Identify {
        user_id: "1".into(),
    };
    let state = fold(
        room(),
        [
            me,
            update(some("a"), "1", user("2", "ann")),
            update(some("unknown"), "1", user("2", "ann")),
            update(None, "3", user("3", "cid")),
        ],
    );
    let keys: Vec<_> = state.channels["a"].users.keys().collect();
    assert_eq!(keys, ["2"]);
    assert_eq!(state.current_user_id.as_deref(), Some("2"));
    assert_eq!(state.channels.len(), 1);
    assert_eq!(state.global_users["3"], user("3", "cid"));
}

#[test]
fn removed_users() {
    let remove = |channel_id, user_id: &str| UserEvent::Remove {
        channel_id,
        user_id: user_id.into(),
    };
    let state = fold(room(), [remove(some("a"), "1")]);
    assert!(state.channels["a"].users.is_empty());
    let nothing = [
        remove(some("a"), "2"),
        remove(some("unknown"), "1"),
        remove(None, "1"),
    ];
    assert_eq!(fold(room(), nothing), room());
    let known = fold(room(), [new_user(None, user("1", "ann"))]);
    assert_eq!(fold(known, [remove(None, "1")]), room());
}

#[test]
fn cleared_user_lists() {
    let clear = |channel_id| UserEvent::ClearList { channel_id };
    let both = || fold(room(), [new_user(None, user("1", "ann"))]);
    let members = fold(both(), [clear(some("a"))]);
    assert!(members.channels["a"].users.is_empty());
    assert_eq!(members.global_users.len(), 1);
    assert_eq!(fold(both(), [clear(None)]), room());
    assert_eq!(fold(room(), [clear(some("unknown"))]), room());
}

#[test]
fn a_message_without_a_channel_goes_to_the_current_one() {
    let state = fold(room(), [say(None, "n", 2)]);
    assert_eq!(message_ids(&state, "a"), ["m", "n"]);
    let edit = ChatEvent::Update {
        channel_id: None,
        message_id: "n".into(),
        new_message: message("o", 2),
    };
    let state = fold(state, [edit]);
    assert_eq!(message_ids(&state, "a"), ["m", "o"]);
    let remove = ChatEvent::Remove {
        channel_id: None,
        message_id: "o".into(),
    };
    assert_eq!(fold(state, [remove]), room());
}

#[test]
fn a_message_without_any_channel_is_left_out_and_counted() {
    let state = fold(state(), [say(None, "n", 2)]);
    assert!(state.channels.is_empty());
    assert_eq!(state.left_out, 1);
}

#[test]
fn a_message_makes_its_channel_and_its_update_does_not() {
    let state = fold(state(), [say(Some("a"), "m", 1)]);
    assert_eq!(message_ids(&state, "a"), ["m"]);
    let nothing = [
        ChatEvent::Update {
            channel_id: some("unknown"),
            message_id: "m".into(),
            new_message: message("m", 2),
        },
        ChatEvent::Update {
            channel_id: some("a"),
            message_id: "unknown".into(),
            new_message: message("unknown", 2),
        },
        ChatEvent::Remove {
            channel_id: some("unknown"),
            message_id: "m".into(),
        },
        ChatEvent::Remove {
            channel_id: some("a"),
            message_id: "unknown".into(),
        },
    ];
    assert_eq!(fold(state.clone(), nothing), state);
}

#[test]
fn history_is_merged_by_time_and_id() {
    let history = |channel: &str, messages| ChatEvent::History {
        channel_id: channel.into(),
        messages,
        complete: true,
    };
    let state = fold(
        room(),
        [
            history("a", vec![message("l", 0), message("m", 9), message("n", 2)]),
            history("b", vec![message("x", 1)]),
            history("c", vec![]),
        ],
    );
    assert_eq!(message_ids(&state, "a"), ["l", "m", "n"]);
    assert_eq!(message_ids(&state, "b"), ["x"]);
    assert_eq!(state.channels.len(), 2);
}

#[test]
fn assets() {
    let state = fold(
        room(),
        [
            AssetEvent::New {
                channel_id: None,
                asset: emote(None, ":x:"),
            },
            AssetEvent::New {
                channel_id: some("b"),
                asset: emote(Some("f"), ":f:"),
            },
            AssetEvent::Update {
                channel_id: some("a"),
                asset_id: "e".into(),
                new_asset: emote(Some("g"), ":g:"),
            },
            AssetEvent::Update {
                channel_id: None,
                asset_id: "h".into(),
                new_asset: emote(None, ":h:"),
            },
            AssetEvent::Update {
                channel_id: some("unknown"),
                asset_id: "e".into(),
                new_asset: emote(Some("e"), ":e:"),
            },
        ],
    );
    assert_eq!(state.global_assets[":x:"], emote(None, ":x:"));
    assert_eq!(state.global_assets["h"], emote(None, ":h:"));
    assert_eq!(state.channels["a"].assets["g"], emote(Some("g"), ":g:"));
    assert_eq!(state.channels["a"].assets.len(), 1);
    assert_eq!(state.channels["b"].assets["f"], emote(Some("f"), ":f:"));
    assert_eq!(state.channels.len(), 2);

    let remove = |channel_id, asset_id: &str| AssetEvent::Remove {
        channel_id,
        asset_id: asset_id.into(),
    };
    let nothing = [
        remove(some("a"), "e"),
        remove(some("unknown"), "g"),
        remove(None, "g"),
        AssetEvent::ClearList {
            channel_id: some("unknown"),
        },
    ];
    assert_eq!(fold(state.clone(), nothing), state);
    let fewer = fold(state, [remove(some("a"), "g"), remove(None, "h")]);
    assert!(fewer.channels["a"].assets.is_empty());
    assert_eq!(fewer.global_assets.len(), 1);
    let cleared = fold(
        fewer,
        [
            AssetEvent::ClearList { channel_id: None },
            AssetEvent::ClearList {
                channel_id: some("b"),
            },
        ],
    );
    assert!(cleared.global_assets.is_empty());
    assert!(cleared.channels["b"].assets.is_empty());
}

#[test]
fn lists_are_bounded_and_say_so() {
    let mut state = state();
    for n in 0..=CHANNELS_PER_CONNECTION {
        state.apply(&join(&n.to_string()).into());
    }
    assert_eq!(state.channels.len(), CHANNELS_PER_CONNECTION);
    assert_eq!(state.left_out, 1);
    let beyond = say(Some("beyond"), "m", 1);
    let known = say(Some("7"), "m", 1);
    let mut state = fold(state, [beyond, known]);
    assert_eq!(state.left_out, 2);
    assert_eq!(message_ids(&state, "7"), ["m"]);

    for n in 0..=USERS_PER_LIST {
        state.apply(&new_user(Some("7"), user(&n.to_string(), "x")).into());
    }
    assert_eq!(state.channels["7"].users.len(), USERS_PER_LIST);
    assert_eq!(state.left_out, 3);
    let state = fold(state, [new_user(Some("7"), user("7", "again"))]);
    assert_eq!(state.channels["7"].users["7"], user("7", "again"));

    let mut state = fold(state, [new_user(Some("beyond"), user("1", "x"))]);
    assert_eq!(state.left_out, 4);
    for n in 0..=ASSETS_PER_LIST {
        let asset = emote(Some(&n.to_string()), ":x:");
        state.apply(
            &AssetEvent::New {
                channel_id: None,
                asset,
            }
            .into(),
        );
    }
    assert_eq!(state.global_assets.len(), ASSETS_PER_LIST);
    assert_eq!(state.left_out, 5);
}
