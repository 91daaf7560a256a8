//! Messages: own ones and others', now and before.

use kaiwa_core::session::Session;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, ErrorKind, Message,
    MessageType, RequestId,
};
use serde_json::json;

use super::{Desk, message};
use crate::flubber::ANSWER_LIMIT;

#[test]
fn news_backlog_changes_and_deletions_are_told_apart() {
    let mut desk = Desk::joined();
    desk.update("MessageUpsert", &message("m1", "@bob", "!a", "old", 3600));
    assert_eq!(desk.told(), ["User::New @bob", "Chat::History old false"]);
    let mut news = message("m2", "@bob", "!a", "now", 0);
    desk.update("MessageUpsert", &news);
    desk.update("MessageUpsert", &news);
    assert_eq!(desk.told(), ["Chat::New now"]);
    news["content"]["value"] = json!("now!");
    news["edit_time"] = json!(1_000_000_001_i64);
    desk.update("MessageUpsert", &news);
    assert_eq!(desk.told(), ["Chat::Update now! Edited"]);
    desk.update("MessageDelete", &json!("m2"));
    desk.update("MessageDelete", &json!("m2"));
    assert_eq!(desk.told(), ["Chat::Remove"]);
    assert_eq!(desk.session.skipped(), 1);
}

#[test]
fn an_own_message_is_seen_once_whatever_comes_first() {
    for echo_first in [true, false] {
        let mut desk = Desk::joined();
        desk.say("mine");
        let number = desk.asked()["sequence_number"].clone();
        assert_eq!(desk.told(), ["Chat::New mine"]);
        let answer =
            json!({"sequence_number": number, "body": {"type": "MessageID", "value": "m1"}});
        let echo = message("m1", "@me", "!a", "mine", 0);
        if echo_first {
            desk.update("MessageUpsert", &echo);
            assert_eq!(desk.told(), Vec::<String>::new());
        }
        desk.hear(&answer.to_string());
        if !echo_first {
            desk.update("MessageUpsert", &echo);
        }
        let mut told = desk.told();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                "Chat::Update mine Delivered",
                "Status::Done",
                "User::Identify @me"
            ]
        );
    }
}

#[test]
fn the_same_words_of_somebody_else_are_theirs() {
    let mut desk = Desk::joined();
    desk.say("hi");
    desk.asked();
    desk.events();
    desk.update("MessageUpsert", &message("m1", "@bob", "!a", "hi", 0));
    desk.wait(ANSWER_LIMIT);
    assert_eq!(
        desk.told(),
        [
            "Chat::Update hi Failed",
            "Status::Failed OutcomeUnknown",
            "User::New @bob",
            "Chat::New hi"
        ]
    );
}

#[test]
fn a_late_answer_still_counts() {
    let mut desk = Desk::joined();
    desk.say("slow");
    let number = desk.asked()["sequence_number"].clone();
    desk.wait(ANSWER_LIMIT);
    desk.events();
    let answer = json!({"sequence_number": number, "body": {"type": "MessageID", "value": "m1"}});
    desk.hear(&answer.to_string());
    assert_eq!(desk.told(), ["Chat::Update slow Delivered"]);
}

#[test]
fn what_goes_nowhere_is_refused() {
    let mut desk = Desk::joined();
    desk.update(
        "RoomUpsert",
        &json!({"id": "!b", "name": "b", "sendable": false}),
    );
    for (channel, kind) in [
        ("!none", ErrorKind::NotFound),
        ("!b", ErrorKind::Unsupported),
    ] {
        let event = ChatEvent::New {
            channel_id: Some(channel.into()),
            message: Message::text("x", chrono::DateTime::UNIX_EPOCH),
        };
        let refused = desk
            .session
            .handle_send(desk.now(), RequestId::fresh(), event.into());
        assert_eq!(refused.unwrap_err().kind(), kind);
    }
}

#[test]
fn a_recipient_that_is_no_room_is_a_person() {
    let mut desk = Desk::joined();
    desk.update("MessageUpsert", &message("d1", "@bob", "@me", "psst", 0));
    desk.update("MessageUpsert", &message("d2", "@bob", "@me", "hey", 0));
    assert_eq!(desk.told(), Vec::<String>::new(), "not before it is known");
    let asked = desk.answer(json!({"type": "Error", "value": {"message": "no"}}));
    assert_eq!(asked, json!({"type": "RoomGet", "value": "@me"}));
    assert_eq!(
        desk.told(),
        [
            "User::Identify @me",
            "Channel::New @bob",
            "User::New @bob",
            "Chat::New psst",
            "Chat::New hey"
        ]
    );
    // From another device of the user.
    desk.update("MessageUpsert", &message("d3", "@me", "@bob", "what?", 0));
    let events = desk.events();
    let said = events.iter().find_map(|event| match event {
        ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    message,
                },
        } => Some((channel_id.as_deref(), message.message_type)),
        _ => None,
    });
    assert_eq!(
        said,
        Some((Some("@bob"), MessageType::CurrentUser)),
        "{events:?}"
    );
}

#[test]
fn a_conversation_is_begun_by_the_user() {
    let mut desk = Desk::joined();
    desk.send(ChannelEvent::New {
        channel: Channel {
            id: "@eve".into(),
            name: None,
            channel_type: ChannelType::Direct,
        },
    });
    assert_eq!(desk.told(), ["Channel::New @eve", "Status::Done"]);
    desk.send(ChatEvent::New {
        channel_id: Some("@eve".into()),
        message: Message::text("hi", chrono::DateTime::UNIX_EPOCH),
    });
    assert_eq!(desk.asked()["body"]["value"]["recipient"], "@eve");
}

#[test]
fn a_recipient_that_is_a_room_is_told_with_it() {
    let mut desk = Desk::joined();
    desk.update("MessageUpsert", &message("m1", "@bob", "!new", "hi", 0));
    let room = json!({"id": "!new", "name": "new", "sendable": true});
    desk.answer(json!({"type": "Room", "value": room}));
    assert_eq!(
        desk.told(),
        ["Channel::New !new", "User::New @bob", "Chat::New hi"]
    );
}

#[test]
fn older_messages_are_one_page() {
    let mut desk = Desk::joined();
    for (id, age) in [("m8", 8), ("m7", 7)] {
        desk.update("MessageUpsert", &message(id, "@bob", "!a", id, age));
    }
    desk.events();
    let older = |before: Option<&str>, limit| ChatEvent::RequestHistory {
        channel_id: Some("!a".into()),
        before: before.map(Into::into),
        limit,
    };
    desk.send(older(None, 3));
    let asked = desk.asked();
    assert_eq!(
        asked["body"],
        json!({"type": "MessageGetBefore", "value": "m7"})
    );
    for (id, age) in [("m9", 9), ("m8", 8), ("m10", 10)] {
        desk.update("MessageUpsert", &message(id, "@bob", "!a", id, age));
    }
    desk.update("MessageUpsert", &message("m0", "@bob", "!a", "news", 0));
    assert_eq!(desk.told(), ["Chat::New news"]);
    let done = json!({"sequence_number": asked["sequence_number"], "body": {"type": "Success"}});
    desk.hear(&done.to_string());
    assert_eq!(
        desk.told(),
        ["Chat::History m9,m8,m7 false", "Status::Done"]
    );
    desk.send(older(Some("m9"), 3));
    desk.answer(json!({"type": "Success"}));
    assert_eq!(desk.told(), ["Chat::History  true", "Status::Done"]);
}
