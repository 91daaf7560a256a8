//! The beginning and the end of backends, and rules for bad ones.

use std::time::Duration;

use kaiwa_core::session::{Closed, Seed, Session, Transmit};
use kaiwa_core::{Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, ErrorKind, Id};
use serde_json::json;

use super::super::FlubberSession;
use super::{Desk, INIT, message, protocol};
use crate::flubber::{ANSWER_LIMIT, INIT_LIMIT};

#[test]
fn a_backend_begins_with_its_init_info() {
    for (first, kind) in [
        (r#"{"type":"RoomDelete","value":"!a"}"#, ErrorKind::Protocol),
        ("[]", ErrorKind::Protocol),
        ("hello ", ErrorKind::Protocol),
        ("{\"\u{0}\":\"", ErrorKind::TimedOut),
        ("", ErrorKind::TimedOut),
        (&INIT.replace("[0,1,0]", "[1,0,0]"), ErrorKind::Version),
        (&"[".repeat(100_000), ErrorKind::TooLarge),
        ("\"", ErrorKind::TimedOut),
    ] {
        let mut desk = Desk::started();
        desk.hear(first);
        assert!(desk.events().is_empty(), "nothing is told before");
        desk.wait(INIT_LIMIT);
        assert_eq!(desk.closes(), kind, "{first:.40}");
    }
    let mut desk = Desk::started();
    let bytes = [b'"'; 1]
        .iter()
        .chain(&[b'x'; 1 << 20])
        .copied()
        .collect::<Vec<u8>>();
    let text = String::from_utf8(bytes).unwrap();
    desk.hear(&text);
    for _ in 0..20 {
        desk.hear(text.get(1..).unwrap());
    }
    assert_eq!(desk.closes(), ErrorKind::TooLarge, "a value without an end");
}

#[test]
fn secrets_are_shown_nowhere() {
    let mut session = FlubberSession::new();
    let mut form = protocol().auth.unwrap();
    for field in &mut form {
        match field.name.as_str() {
            "command" => field.set("backend".to_owned()),
            "env" => field.set("TOKEN=hunter2".to_owned()),
            _ => {}
        }
    }
    let now = Desk::started().now();
    session.handle_connect(now, &form, Seed::default()).unwrap();
    let shown = format!("{form:?} {session:?} {:?}", session.poll_transmit(now));
    assert!(shown.contains("Open(Process)"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn rooms_of_the_form_are_joined() {
    let mut desk = Desk::started();
    desk.hear(&INIT.replace("[0,1,0]", "[0,9,9]"));
    assert_eq!(desk.told(), Vec::<String>::new());
    let lookup = desk.answer(json!({"type": "RoomID", "value": "!a"}));
    assert_eq!(lookup, json!({"type": "RoomLookup", "value": "#a"}));
    assert_eq!(desk.told(), ["Status::Connected", "User::Identify self"]);
    let join = desk.answer(json!({"type": "Success"}));
    assert_eq!(join, json!({"type": "RoomJoin", "value": "!a"}));
    let room = json!({"id": "!a", "parent": "!space", "name": "#a", "sendable": true});
    let get = desk.answer(json!({"type": "Room", "value": room}));
    assert_eq!(get, json!({"type": "RoomGet", "value": "!a"}));
    assert_eq!(
        desk.told(),
        ["Channel::New !a", "Channel::Parent !a", "Channel::Join !a"]
    );
    assert!(desk.try_asked().is_none());
}

#[test]
fn a_silent_backend_is_up_too() {
    let mut desk = Desk::started();
    desk.hear(INIT);
    desk.wait(Duration::from_secs(1));
    assert_eq!(desk.told(), ["Status::Connected", "User::Identify self"]);
}

#[test]
fn rooms_come_change_and_go() {
    let mut desk = Desk::joined();
    let mut room = json!({"id": "!b", "name": "b", "sendable": false});
    desk.update("RoomUpsert", &room);
    desk.update("RoomUpsert", &room);
    assert_eq!(desk.told(), ["Channel::New !b"]);
    room["name"] = json!("c");
    desk.update("RoomUpsert", &room);
    assert_eq!(desk.told(), ["Channel::Update !b"]);
    room["parent"] = json!("!a");
    desk.update("RoomUpsert", &room);
    assert_eq!(desk.told(), ["Channel::Parent !b"]);
    desk.update("RoomDelete", &json!("!b"));
    desk.update("RoomDelete", &json!("!b"));
    assert_eq!(desk.told(), ["Channel::Remove !b"]);
    assert_eq!(desk.session.skipped(), 1);
}

#[test]
fn rooms_are_joined_again_after_a_crash_or_are_gone() {
    let mut desk = Desk::joined();
    desk.update(
        "RoomUpsert",
        &json!({"id": "!b", "name": "b", "sendable": true}),
    );
    desk.send(ChannelEvent::Join {
        channel_id: "!b".into(),
    });
    desk.answer(json!({"type": "Success"}));
    assert_eq!(
        desk.told(),
        ["Channel::New !b", "Channel::Join !b", "Status::Done"]
    );
    let waiting = desk.say("kept");
    desk.crash();
    assert!(desk.session.outbox.contains(waiting), "the outbox is kept");
    desk.start();
    desk.hear(INIT);
    desk.events();
    // Both are known from before; one is not there any more.
    let again = desk.answer(json!({"type": "Success"}));
    assert_eq!(again, json!({"type": "RoomJoin", "value": "!a"}));
    let gone = desk.answer(json!({"type": "Error", "value": {"message": "no"}}));
    assert_eq!(gone, json!({"type": "RoomJoin", "value": "!b"}));
    let room = json!({"id": "!a", "name": "#a", "sendable": true});
    desk.answer(json!({"type": "Room", "value": room}));
    assert_eq!(
        desk.told(),
        [
            "Status::Connected",
            "User::Identify self",
            "Channel::Remove !b",
            "Channel::New !a",
            "Channel::Join !a"
        ]
    );
    let sent = desk.answer(json!({"type": "MessageID", "value": "m1"}));
    assert_eq!(sent["type"], "MessageSend");
    assert_eq!(desk.told(), ["Chat::Update kept Delivered", "Status::Done"]);
}

#[test]
fn what_may_have_been_missed_is_said() {
    let mut desk = Desk::joined();
    desk.update("MessageUpsert", &message("m1", "@bob", "!a", "hi", 0));
    desk.update("MessageUpsert", &message("d1", "@bob", "@me", "psst", 0));
    desk.answer(json!({"type": "Error", "value": {"message": "no"}}));
    desk.crash();
    desk.events();
    desk.start();
    desk.hear(INIT);
    desk.answer(json!({"type": "Success"}));
    let room = json!({"id": "!a", "name": "#a", "sendable": true});
    desk.answer(json!({"type": "Room", "value": room}));
    let events = desk.events();
    let gaps: Vec<(&str, Option<&str>)> = events
        .iter()
        .filter_map(|event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::Gap {
                    channel_id, after, ..
                },
            } => Some((channel_id.as_str(), after.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(gaps, [("@bob", Some("d1")), ("!a", Some("m1"))]);
    desk.send(ChannelEvent::Join {
        channel_id: "!a".into(),
    });
    desk.answer(json!({"type": "Success"}));
    assert_eq!(desk.told(), ["Channel::Join !a", "Status::Done"], "once");
}

#[test]
fn a_wrong_answer_fails_its_request_only() {
    let mut desk = Desk::joined();
    let join = |desk: &mut Desk| {
        desk.send(ChannelEvent::Join {
            channel_id: "!a".into(),
        })
    };
    for (wrong, kind) in [
        (json!({"type": "RoomID", "value": "!a"}), "Protocol"),
        (json!({"type": "Nonsense"}), "Protocol"),
        (json!({"type": "Error", "value": "no"}), "Protocol"),
        (
            json!({"type": "Error", "value": {"message": ""}}),
            "Rejected",
        ),
    ] {
        join(&mut desk);
        desk.answer(wrong.clone());
        assert_eq!(desk.told(), [format!("Status::Failed {kind}")], "{wrong}");
    }
    join(&mut desk);
    desk.answer(json!({"type": "Success"}));
    assert_eq!(desk.told(), ["Channel::Join !a", "Status::Done"]);
}

#[test]
fn answers_that_nobody_waits_for_are_counted() {
    let mut desk = Desk::joined();
    desk.hear(r#"{"sequence_number":77,"body":{"type":"Success"}}"#);
    desk.send(ChannelEvent::Join {
        channel_id: "!a".into(),
    });
    let number = desk.asked()["sequence_number"].clone();
    let answer = json!({"sequence_number": number, "body": {"type": "Success"}}).to_string();
    desk.hear(&format!("{answer}{answer}\n"));
    assert_eq!(desk.told(), ["Channel::Join !a", "Status::Done"]);
    assert_eq!(desk.session.skipped(), 2);
}

#[test]
fn what_is_not_answered_is_given_up_but_not_while_nobody_listens() {
    let mut desk = Desk::joined();
    desk.send(ChannelEvent::Leave {
        channel_id: "!a".into(),
    });
    desk.asked();
    let now = desk.now();
    desk.session.handle_pause(now);
    desk.wait(10 * ANSWER_LIMIT);
    assert!(desk.told().is_empty());
    let now = desk.now();
    desk.session.handle_resume(now);
    desk.wait(ANSWER_LIMIT);
    assert_eq!(desk.told(), ["Status::Failed TimedOut"]);
}

#[test]
fn a_refusal_worth_another_try_is_tried_again() {
    let mut desk = Desk::joined();
    desk.send(ChannelEvent::Leave {
        channel_id: "!a".into(),
    });
    let retry = json!({"type": "Error", "value": {"message": "busy", "retry": true}});
    let mut delay = Duration::from_millis(100);
    for _ in 1..10 {
        desk.answer(retry.clone());
        assert!(desk.try_asked().is_none());
        desk.wait(delay - Duration::from_millis(1));
        assert!(desk.try_asked().is_none(), "after {delay:?}");
        desk.wait(Duration::from_millis(1));
        delay *= 2;
    }
    assert!(desk.told().is_empty());
    desk.answer(retry);
    assert_eq!(desk.told(), ["Status::Failed Rejected"]);
    assert!(desk.session.deadline().is_none());
}

#[test]
fn rooms_are_created_and_told() {
    let mut desk = Desk::joined();
    desk.send(ChannelEvent::Create {
        parent_id: Some("!a".into()),
        channel: Channel {
            id: Id::default(),
            name: Some("new".to_owned()),
            channel_type: ChannelType::Group,
        },
        public: true,
    });
    let wanted = desk.answer(json!({"type": "RoomID", "value": "!n"}));
    let value = json!({"name": "new", "parent": "!a", "sendable": true});
    assert_eq!(wanted, json!({"type": "RoomCreate", "value": value}));
    let room = json!({"id": "!n", "parent": "!a", "name": "new", "sendable": true});
    desk.answer(json!({"type": "Room", "value": room}));
    assert_eq!(
        desk.told(),
        ["Channel::New !n", "Channel::Parent !n", "Status::Done"]
    );
}

#[test]
fn leaving_writes_what_waits_and_settles_the_rest() {
    let mut desk = Desk::joined();
    desk.say("last words");
    let now = desk.now();
    desk.session.handle_disconnect(now);
    assert_eq!(desk.asked()["body"]["type"], "MessageSend");
    let now = desk.now();
    let bye = desk.session.poll_transmit(now);
    assert!(
        matches!(bye, Some(Transmit::Close { error: None, .. })),
        "{bye:?}"
    );
    desk.events();
    let closed = Closed {
        asked: true,
        code: None,
        error: None,
    };
    let now = desk.now();
    desk.session.handle_close(now, &closed);
    assert_eq!(
        desk.told(),
        [
            "Chat::Update last words Failed",
            "Status::Failed OutcomeUnknown"
        ]
    );
}
