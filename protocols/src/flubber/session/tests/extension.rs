//! The extension: what is carried through, and whose ids are whose.

use kaiwa_core::session::Session;
use kaiwa_core::{
    Capabilities, ChatEvent, ConnectionEvent, Error, ErrorKind, EventKind, Id, Message,
    MessageFragment, MessageStatus, Protocol, RequestId, StatusEvent, Style, UserEvent,
};
use serde_json::{Value, json};

use super::{Desk, INIT};

fn hello(desk: &mut Desk) {
    let kinds = [
        EventKind::ChatNew,
        EventKind::ChatRemove,
        EventKind::ChatTyping,
    ];
    let capabilities = Capabilities::new().sends(&kinds);
    let protocol = Protocol {
        name: "x".to_owned(),
        auth: None,
    };
    desk.update(
        "Kaiwa",
        &json!({"hello": 1, "capabilities": capabilities, "protocol": protocol}),
    );
}

/// A backend that speaks the extension and is connected.
fn desk() -> Desk {
    let mut desk = Desk::started();
    desk.hear(INIT);
    hello(&mut desk);
    happened(&mut desk, StatusEvent::Connecting, None);
    happened(&mut desk, StatusEvent::Connected { artifact: None }, None);
    let user_id = Id::from("7");
    happened(&mut desk, UserEvent::Identify { user_id }, None);
    assert_eq!(
        desk.told(),
        [
            "Status::Capabilities",
            "Status::Connected",
            "User::Identify"
        ]
    );
    assert!(desk.session.capabilities().can_send(EventKind::ChatTyping));
    assert!(desk.try_asked().is_none(), "it finds its rooms by itself");
    desk
}

fn happened(desk: &mut Desk, event: impl Into<ConnectionEvent>, request: Option<&Value>) {
    let event: ConnectionEvent = event.into();
    let mut value = json!({"event": event});
    if let Some(request) = request {
        value["request"] = request.clone();
    }
    desk.update("Kaiwa", &value);
}

fn done() -> StatusEvent {
    StatusEvent::Done {
        request: RequestId::fresh(),
    }
}

fn settled(status: MessageStatus) -> ChatEvent {
    let mut new_message = Message::text("hi", chrono::DateTime::UNIX_EPOCH);
    new_message.id = Some("m1".into());
    new_message.status = status;
    ChatEvent::Update {
        channel_id: Some("!a".into()),
        message_id: "local:99".into(),
        new_message,
    }
}

fn failed(kind: ErrorKind) -> StatusEvent {
    StatusEvent::Failed {
        request: RequestId::fresh(),
        error: Error::new(kind, "so").info(),
    }
}

/// Says something; gives the number of the request, which the backend has taken.
fn taken(desk: &mut Desk) -> Value {
    let request = desk.say("hi");
    let asked = desk.asked();
    assert_eq!(asked["body"]["type"], "Kaiwa");
    let new = &asked["body"]["value"]["Chat"]["event"]["New"];
    assert_eq!(
        (&new["channel_id"], &new["message"]["id"]),
        (&json!("!a"), &json!(request.local_message_id()))
    );
    let number = asked["sequence_number"].clone();
    desk.hear(&json!({"sequence_number": number, "body": {"type": "Success"}}).to_string());
    assert_eq!(desk.told(), ["Chat::New hi"]);
    number
}

#[test]
fn a_message_is_echoed_here_and_settled_once() {
    let mut desk = desk();
    let number = taken(&mut desk);
    let echo = ChatEvent::New {
        channel_id: Some("!a".into()),
        message: Message::text("hi", chrono::DateTime::UNIX_EPOCH),
    };
    happened(&mut desk, echo, Some(&number));
    happened(&mut desk, settled(MessageStatus::Delivered), Some(&number));
    happened(&mut desk, done(), Some(&number));
    assert_eq!(desk.told(), ["Chat::Update hi Delivered", "Status::Done"]);
}

#[test]
fn one_of_unknown_outcome_may_still_arrive() {
    let mut desk = desk();
    let number = taken(&mut desk);
    happened(&mut desk, settled(MessageStatus::Failed), Some(&number));
    happened(&mut desk, failed(ErrorKind::OutcomeUnknown), Some(&number));
    assert_eq!(
        desk.told(),
        ["Chat::Update hi Failed", "Status::Failed OutcomeUnknown"]
    );
    happened(&mut desk, settled(MessageStatus::Delivered), Some(&number));
    assert_eq!(desk.told(), ["Chat::Update hi Delivered"]);
}

#[test]
fn a_message_is_taken_back_where_it_is() {
    let mut desk = desk();
    let remove = |message: RequestId| ChatEvent::Remove {
        channel_id: Some("!a".into()),
        message_id: message.local_message_id(),
    };
    let waiting = desk.say("hi");
    desk.send(remove(waiting));
    assert_eq!(
        desk.told(),
        [
            "Chat::New hi",
            "Chat::Update hi Failed",
            "Status::Failed Cancelled",
            "Status::Done"
        ]
    );
    assert!(desk.try_asked().is_none());
    let passed_on = desk.say("hi");
    desk.asked();
    desk.send(remove(passed_on));
    let asked = desk.asked();
    let event = &asked["body"]["value"]["Chat"]["event"]["Remove"];
    assert_eq!(event["message_id"], *passed_on.local_message_id());
}

#[test]
fn a_backend_cannot_name_files_of_this_machine() {
    let mut desk = desk();
    let upload = || MessageFragment::Upload {
        path: "/etc/hostname".to_owned(),
        name: None,
        mime: None,
    };
    let mut message = Message::text("look", chrono::DateTime::UNIX_EPOCH);
    message.content.push(upload());
    message.content.push(MessageFragment::Styled {
        style: Style::Bold,
        content: vec![upload()],
    });
    let channel_id = Some("!a".into());
    for event in [
        ChatEvent::New {
            channel_id: channel_id.clone(),
            message: message.clone(),
        },
        ChatEvent::Update {
            channel_id,
            message_id: "1".into(),
            new_message: message.clone(),
        },
        ChatEvent::History {
            channel_id: "!a".into(),
            messages: vec![message],
            complete: true,
        },
    ] {
        happened(&mut desk, event, None);
        let events = format!("{:?}", desk.events());
        assert!(events.contains("look"), "{events}");
        assert!(!events.contains("Upload"), "{events}");
    }
}

#[test]
fn a_refusal_has_its_kind() {
    let mut desk = desk();
    desk.say("hi");
    let info = Error::new(ErrorKind::TooLong, "too long").info();
    desk.answer(json!({"type": "Error", "value": {"message": "too long", "debug_info": info}}));
    assert_eq!(
        desk.told(),
        [
            "Chat::New hi",
            "Chat::Update hi Failed",
            "Status::Failed TooLong"
        ]
    );
}

#[test]
fn other_requests_are_passed_on_and_end() {
    let mut desk = desk();
    let typing = ChatEvent::Typing {
        channel_id: Some("!a".into()),
        user_id: None,
        typing: true,
    };
    let request = desk.send(typing.clone());
    let asked = desk.asked();
    assert_eq!(asked["body"]["value"], json!(ConnectionEvent::from(typing)));
    let number = &asked["sequence_number"];
    desk.hear(&json!({"sequence_number": number, "body": {"type": "Success"}}).to_string());
    desk.wait(super::super::ANSWER_LIMIT * 3);
    assert!(
        desk.told().is_empty(),
        "it was taken: its end is the backend's to say"
    );
    happened(&mut desk, done(), Some(number));
    let ends = desk.events();
    assert_eq!(ends, [ConnectionEvent::from(StatusEvent::Done { request })]);
}

#[test]
fn a_lost_network_ends_the_backend() {
    let mut desk = desk();
    let lost = StatusEvent::Lost {
        error: Error::new(ErrorKind::Auth, "no").info(),
        retry_in_ms: None,
    };
    happened(&mut desk, lost, None);
    assert_eq!(desk.closes(), ErrorKind::Auth);
}

#[test]
fn plain_updates_are_not_told_beside_it() {
    let mut desk = desk();
    desk.update(
        "RoomUpsert",
        &json!({"id": "!b", "name": "b", "sendable": true}),
    );
    assert!(desk.told().is_empty());
    assert_eq!(desk.session.skipped(), 1);
}

#[test]
fn a_late_hello_counts_until_something_else_was_said() {
    let mut desk = Desk::started();
    desk.hear(INIT);
    let lookup = desk.asked()["sequence_number"].clone();
    desk.wait(super::super::HELLO_LIMIT);
    assert_eq!(desk.told(), ["Status::Connected", "User::Identify self"]);
    hello(&mut desk);
    assert_eq!(desk.told(), ["Status::Capabilities"]);
    let refused = json!({"type": "Error", "value": {"message": "by the extension only"}});
    desk.hear(&json!({"sequence_number": lookup, "body": refused}).to_string());
    happened(&mut desk, StatusEvent::Connected { artifact: None }, None);
    let user_id = Id::from("7");
    happened(&mut desk, UserEvent::Identify { user_id }, None);
    assert_eq!(desk.told(), ["User::Identify"]);
    desk.say("hi");
    assert_eq!(desk.asked()["body"]["type"], "Kaiwa");
    assert_eq!(desk.session.skipped(), 0);
    hello(&mut desk);
    assert_eq!(desk.session.skipped(), 1, "one is enough");

    let mut plain = Desk::joined();
    hello(&mut plain);
    plain.say("hi");
    assert_eq!(plain.asked()["body"]["type"], "MessageSend");
    assert_eq!(plain.session.skipped(), 1);
}

#[test]
fn a_plain_backend_may_follow() {
    let mut desk = desk();
    desk.crash();
    desk.events();
    desk.start();
    desk.hear(INIT);
    desk.answer(json!({"type": "Error", "value": {"message": "no such room"}}));
    assert_eq!(
        desk.told(),
        [
            "Status::Capabilities",
            "Status::Connected",
            "User::Identify self"
        ]
    );
}
