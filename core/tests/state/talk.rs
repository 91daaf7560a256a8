//! Who types, reactions, files on their way, and what the user keeps on the network.

use chrono::DateTime;
use kaiwa_core::client::ConnectionState;
use kaiwa_core::client::state::{DATA_BYTES, DATA_PER_LIST, REACTIONS_PER_MESSAGE};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Id, Message, MessageFragment, MessageStatus,
    StatusEvent, UserEvent,
};
use serde_json::{Value, json};

use crate::events::{fold, join, new_user, room, some, user};
use crate::message;

fn typing(channel: Option<&str>, user: Option<&str>, typing: bool) -> ChatEvent {
    ChatEvent::Typing {
        channel_id: channel.map(Into::into),
        user_id: user.map(Into::into),
        typing,
    }
}

fn react(message: &str, user: Option<&str>, emoji: &str, on: bool) -> ChatEvent {
    ChatEvent::React {
        channel_id: some("a"),
        message_id: message.into(),
        user_id: user.map(Into::into),
        emoji: emoji.to_owned(),
        on,
    }
}

fn data(channel: Option<&str>, key: &str, value: Option<Value>) -> UserEvent {
    UserEvent::Data {
        channel_id: channel.map(Into::into),
        key: key.to_owned(),
        value,
    }
}

fn me() -> UserEvent {
    UserEvent::Identify {
        user_id: "me".into(),
    }
}

fn update(id: &str, new_message: Message) -> ChatEvent {
    ChatEvent::Update {
        channel_id: some("a"),
        message_id: id.into(),
        new_message,
    }
}

fn who_types(state: &ConnectionState) -> Vec<&str> {
    let typing = state.channels["a"].typing.keys();
    typing.map(Id::as_str).collect()
}

fn reactions(state: &ConnectionState) -> Vec<(&str, Vec<&str>)> {
    let message = state.channels["a"].messages.get("m").unwrap();
    let reactions = message.content.iter().filter_map(|part| match part {
        MessageFragment::Reaction { emoji, user_ids } => {
            let user_ids = user_ids.iter().map(Id::as_str).collect();
            Some((emoji.as_str(), user_ids))
        }
        _ => None,
    });
    reactions.collect()
}

#[test]
fn who_types_is_known_while_they_do() {
    let mut state = fold(room(), [me()]);
    for (event, expected) in [
        (typing(Some("a"), Some("1"), true), vec!["1"]),
        (typing(None, Some("2"), true), vec!["1", "2"]),
        (typing(Some("a"), Some("1"), true), vec!["1", "2"]),
        (typing(Some("a"), None, true), vec!["1", "2", "me"]),
        (typing(Some("a"), Some("1"), false), vec!["2", "me"]),
        (typing(None, None, false), vec!["2"]),
        (typing(Some("a"), Some("3"), false), vec!["2"]),
        (typing(Some("nowhere"), Some("3"), true), vec!["2"]),
    ] {
        state = fold(state, [event]);
        assert_eq!(who_types(&state), expected);
    }
    assert!(!state.channels.contains_key("nowhere"));
    assert_eq!(state.left_out, 0);
}

#[test]
fn who_goes_types_no_more() {
    let full = || {
        let state = fold(room(), [new_user(Some("a"), user("2", "bob"))]);
        let types = ["1", "2"].map(|id| typing(Some("a"), Some(id), true));
        fold(state, types)
    };
    let channel_id = some("a");
    let leaves: [(ConnectionEvent, &[&str]); 6] = [
        (
            UserEvent::Remove {
                channel_id: channel_id.clone(),
                user_id: "1".into(),
            }
            .into(),
            &["2"],
        ),
        (
            UserEvent::Update {
                channel_id: channel_id.clone(),
                user_id: "1".into(),
                new_user: user("9", "ann"),
            }
            .into(),
            &["2", "9"],
        ),
        (UserEvent::ClearList { channel_id }.into(), &[]),
        (StatusEvent::Disconnected { artifact: None }.into(), &[]),
        (
            StatusEvent::Lost {
                error: kaiwa_core::Error::from(kaiwa_core::ErrorKind::Lost).info(),
                retry_in_ms: None,
            }
            .into(),
            &[],
        ),
        (StatusEvent::Overrun.into(), &["1", "2"]),
    ];
    for (event, expected) in leaves {
        let state = fold(full(), [event.clone()]);
        assert_eq!(who_types(&state), expected, "{event:?}");
    }
}

#[test]
fn reactions_are_part_of_their_message() {
    let mut state = fold(room(), [me()]);
    let text = state.channels["a"].messages.get("m").unwrap().plain_text();
    for (event, expected) in [
        (react("m", Some("1"), "+", true), vec![("+", vec!["1"])]),
        (react("m", None, "+", true), vec![("+", vec!["1", "me"])]),
        (
            react("m", Some("1"), "-", true),
            vec![("+", vec!["1", "me"]), ("-", vec!["1"])],
        ),
        // Again, and one that was never there: nothing changes.
        (
            react("m", Some("me"), "+", true),
            vec![("+", vec!["1", "me"]), ("-", vec!["1"])],
        ),
        (
            react("m", Some("2"), "-", false),
            vec![("+", vec!["1", "me"]), ("-", vec!["1"])],
        ),
        (
            react("m", Some("1"), "+", false),
            vec![("+", vec!["me"]), ("-", vec!["1"])],
        ),
        (react("m", None, "+", false), vec![("-", vec!["1"])]),
        (react("unknown", None, "+", true), vec![("-", vec!["1"])]),
    ] {
        state = fold(state, [event]);
        assert_eq!(reactions(&state), expected);
    }
    let message = state.channels["a"].messages.get("m").unwrap();
    assert_eq!(message.plain_text(), text);
    assert_eq!(state.left_out, 0);
    // The whole message as it is now has the whole truth.
    let state = fold(state, [update("m", message_without_reactions())]);
    assert!(reactions(&state).is_empty());
}

fn message_without_reactions() -> Message {
    message("m", 1)
}

#[test]
fn reactions_are_bounded_and_leave_other_clones_alone() {
    let state = fold(room(), [me()]);
    let before = state.clone();
    let many = (0..REACTIONS_PER_MESSAGE).map(|n| react("m", Some(&n.to_string()), "+", true));
    let state = fold(state, many);
    let state = fold(state, [react("m", Some("late"), "-", true)]);
    assert_eq!(state.left_out, 1);
    assert_eq!(reactions(&state).len(), 1);
    let off = [react("m", Some("0"), "+", false)];
    let state = fold(state, off);
    let state = fold(state, [react("m", Some("late"), "-", true)]);
    assert_eq!((state.left_out, reactions(&state).len()), (1, 2));
    assert!(reactions(&before).is_empty());
}

#[test]
fn reactions_of_nobody_are_counted() {
    let state = fold(room(), [react("m", None, "+", true)]);
    assert_eq!(state.left_out, 1, "before Identify");
    assert!(reactions(&state).is_empty());
}

#[test]
fn a_file_takes_the_place_of_its_upload() {
    let mut echo = Message::text("see", DateTime::UNIX_EPOCH);
    echo.id = some("local:7");
    echo.content.push(MessageFragment::Upload {
        path: "/home/ann/plan.pdf".to_owned(),
        name: None,
        mime: None,
    });
    assert_eq!(echo.plain_text(), "see\nplan.pdf", "no directories");
    let state = fold(
        room(),
        [ChatEvent::New {
            channel_id: some("a"),
            message: echo.clone(),
        }],
    );
    let progress = ChatEvent::Progress {
        channel_id: some("a"),
        message_id: "local:7".into(),
        sent: 5,
        total: 9,
    };
    let unchanged = fold(state.clone(), [progress]);
    assert_eq!(unchanged, state);
    let mut delivered = echo;
    delivered.id = some("9");
    delivered.status = MessageStatus::Delivered;
    delivered.content[1] = MessageFragment::File {
        url: "https://example.org/plan.pdf".to_owned(),
        name: "plan.pdf".to_owned(),
        mime: "application/pdf".to_owned(),
        size: Some(9),
    };
    let state = fold(state, [update("local:7", delivered.clone())]);
    assert_eq!(state.channels["a"].messages.get("9"), Some(&delivered));
    assert_eq!(delivered.plain_text(), "see\nhttps://example.org/plan.pdf");
}

#[test]
fn a_tombstone_stays_where_the_message_was() {
    let mut gone = message("m", 1);
    gone.content.clear();
    gone.status = MessageStatus::Deleted;
    let state = fold(room(), [update("m", gone.clone())]);
    let messages = &state.channels["a"].messages;
    assert_eq!((messages.len(), messages.get("m")), (1, Some(&gone)));
}

#[test]
fn data_is_kept_by_place_and_key() {
    let events = [
        data(None, "theme", Some(json!("dark"))),
        data(Some("a"), "theme", Some(json!({"nick": "x"}))),
        data(Some("a"), "gone", Some(json!(1))),
        data(Some("a"), "gone", None),
        data(None, "null", Some(json!(2))),
        data(None, "null", Some(Value::Null)),
        data(Some("nowhere"), "theme", Some(json!(3))),
    ];
    let state = fold(room(), events);
    let all: Vec<_> = state.data.iter().collect();
    assert_eq!(all, [(&"theme".to_owned(), &json!("dark"))]);
    let here: Vec<_> = state.channels["a"].data.iter().collect();
    assert_eq!(here, [(&"theme".to_owned(), &json!({"nick": "x"}))]);
    assert_eq!((state.left_out, state.channels.len()), (0, 1));
    let channel_id = Id::from("a");
    let state = fold(state, [ChannelEvent::Remove { channel_id }]);
    let state = fold(state, [join("a")]);
    assert!(state.channels["a"].data.is_empty(), "gone with its channel");
}

#[test]
fn data_is_bounded_in_count_and_bytes() {
    let many = (0..=DATA_PER_LIST).map(|n| data(None, &n.to_string(), Some(json!(n))));
    let state = fold(room(), many);
    assert_eq!((state.data.len(), state.left_out), (DATA_PER_LIST, 1));
    let long = Value::from("x".repeat(DATA_BYTES));
    let state = fold(state, [data(None, "0", Some(long))]);
    assert_eq!((state.data.len(), state.left_out), (DATA_PER_LIST - 1, 2));
}
