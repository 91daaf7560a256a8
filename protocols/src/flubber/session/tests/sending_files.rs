//! Files from the disk: what is read when, and what becomes of it.

use std::path::PathBuf;

use kaiwa_core::session::{HttpBody, HttpResponse, HttpToken, Session, Transmit};
use kaiwa_core::{
    ChatEvent, ConnectionEvent, Error, ErrorKind, Message, MessageFragment, RequestId,
};
use serde_json::json;

use super::super::uploads::MAX_FILE_BYTES;
use super::Desk;

fn upload(path: &str) -> MessageFragment {
    MessageFragment::Upload {
        path: path.to_owned(),
        name: None,
        mime: Some("image/png".to_owned()),
    }
}

fn say(desk: &mut Desk, content: Vec<MessageFragment>) -> RequestId {
    let mut message = Message::text("", chrono::DateTime::UNIX_EPOCH);
    message.content = content;
    desk.send(ChatEvent::New {
        channel_id: Some("!a".into()),
        message,
    })
}

/// The file that is to be read.
fn wanted(desk: &mut Desk) -> (HttpToken, PathBuf, u64) {
    match desk.session.poll_transmit(desk.now()) {
        Some(Transmit::Http { token, request }) => match request.body {
            HttpBody::File { path, max_bytes } => (token, path, max_bytes),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn read(desk: &mut Desk, token: HttpToken, bytes: &[u8]) {
    let length = bytes.len() as u64;
    let now = desk.now();
    desk.session
        .handle_http_progress(now, token, length, length);
    let response = HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: bytes.to_vec(),
    };
    desk.session.handle_http(now, token, Ok(response));
}

#[test]
fn files_are_read_one_by_one_and_go_along() {
    let mut desk = Desk::joined();
    let text = MessageFragment::Text("see".to_owned());
    say(
        &mut desk,
        vec![upload("/x/a b.png"), text, upload("/x/c.png")],
    );
    desk.say("behind it");
    desk.events();
    let (token, path, max_bytes) = wanted(&mut desk);
    assert_eq!(
        (path, max_bytes),
        (PathBuf::from("/x/a b.png"), MAX_FILE_BYTES)
    );
    assert!(desk.try_asked().is_none(), "what is behind it waits");
    read(&mut desk, token, &[0, 255]);
    assert!(desk.told().is_empty(), "not all yet");
    let (token, _, max_bytes) = wanted(&mut desk);
    assert_eq!(max_bytes, MAX_FILE_BYTES - 2);
    read(&mut desk, token, b"c");
    let events = desk.events();
    assert!(
        matches!(
            events.as_slice(),
            [ConnectionEvent::Chat {
                event: ChatEvent::Progress {
                    sent: 3,
                    total: 3,
                    ..
                }
            }]
        ),
        "{events:?}"
    );
    let said = desk.answer(json!({"type": "MessageID", "value": "m1"}));
    let attachments = json!([
        {"data": "AP8=", "mime": "image/png;name*=UTF-8''a%20b.png"},
        {"data": "Yw==", "mime": "image/png;name=c.png"},
    ]);
    assert_eq!(said["value"]["attachments"], attachments);
    assert_eq!(
        said["value"]["content"],
        json!({"type": "Text", "value": "see"})
    );
    let told = desk.events();
    let image = "data:image/png;name*=UTF-8''a%20b.png;base64,AP8=";
    assert!(format!("{told:?}").contains(image), "{told:?}");
    assert_eq!(
        desk.asked()["body"]["value"]["content"]["value"],
        "behind it"
    );
}

#[test]
fn one_that_cannot_be_read_ends_its_message_only() {
    let mut desk = Desk::joined();
    say(&mut desk, vec![upload("gone")]);
    desk.say("next");
    desk.events();
    let (token, ..) = wanted(&mut desk);
    let now = desk.now();
    let error = Error::new(ErrorKind::NotFound, "there is no file");
    desk.session.handle_http(now, token, Err(error));
    assert_eq!(
        desk.told(),
        ["Chat::Update gone Failed", "Status::Failed NotFound"]
    );
    assert_eq!(desk.asked()["body"]["value"]["content"]["value"], "next");
}

#[test]
fn one_that_was_cut_off_is_read_again() {
    let mut desk = Desk::joined();
    say(&mut desk, vec![upload("a")]);
    let (old, ..) = wanted(&mut desk);
    desk.crash();
    desk.start();
    desk.hear(super::INIT);
    desk.answer(json!({"type": "Success"}));
    desk.answer(json!({"type": "Room", "value": {"id": "!a", "name": "#a", "sendable": true}}));
    let (token, ..) = wanted(&mut desk);
    read(&mut desk, old, b"of another time");
    read(&mut desk, token, b"a");
    let attachments = json!([{"data": "YQ==", "mime": "image/png;name=a"}]);
    assert_eq!(desk.asked()["body"]["value"]["attachments"], attachments);
}

#[test]
fn a_value_that_nobody_would_take_is_not_written() {
    let mut desk = Desk::joined();
    let file = vec![b'x'; 9 << 20];
    say(&mut desk, vec![upload("a")]);
    let (token, ..) = wanted(&mut desk);
    read(&mut desk, token, &file);
    assert_eq!(desk.asked()["body"]["type"], "MessageSend");
    desk.events();
    desk.say(&"\u{1}".repeat(3 << 20));
    desk.events();
    assert!(desk.try_asked().is_none());
    let told = desk.events();
    let failed = told.last().map(super::words);
    assert_eq!(failed.as_deref(), Some("Status::Failed TooLong"));
    desk.say("short");
    assert_eq!(
        desk.asked()["sequence_number"],
        json!(4),
        "no number is lost"
    );
}
