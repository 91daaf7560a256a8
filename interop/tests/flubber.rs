//! The crate flubber-backend-proto 0.1.0-alpha and our codec: each writes what the other reads, but for the times.

use flubber_backend_proto as original;
use kaiwa_protocols::flubber::wire;
use serde_json::{Value, json};

fn room() -> Value {
    json!({"id": "!1", "parent": "!0", "name": "general", "sendable": true})
}

/// With and without parameters; among them the name of a file, as we write it.
fn attachments() -> Value {
    json!([
        {"mime": "text/plain; charset=utf-8", "data": "aGk="},
        {"mime": "image/png", "data": ""},
        {"mime": "image/png; name=cat.png", "data": ""},
        {"mime": "image/png; name*=UTF-8''my%20cat.png", "data": ""},
    ])
}

/// The original reads no time from 1970 on.
fn message(time: i64) -> Value {
    json!({
        "id": "m1", "sender": "u1", "recipient": "!1", "create_time": time, "edit_time": time,
        "attachments": attachments(),
        "content": content(), "extra": {"any": [1, null, "x"]},
    })
}

/// Every kind of content.
fn content() -> Value {
    let text = json!({"type": "Text", "value": "h\u{e9}llo \"world\"\n\u{1f600}"});
    let leaf = |kind: &str| json!({"type": kind, "value": "x"});
    let style = |kind: &str, inner: &Value| json!({"type": kind, "value": inner});
    let nested = style(
        "Bold",
        &style("Italic", &style("Underline", &style("Crossout", &text))),
    );
    json!({"type": "Concat", "value": [
        text, nested, leaf("Emote"), leaf("UrlLink"), leaf("MessageLink"), leaf("RoomLink"), leaf("UserLink"),
        {"type": "Concat", "value": []},
    ]})
}

fn requests() -> Vec<Value> {
    let new = json!({"recipient": "!1", "attachments": attachments(), "content": content(), "extra": null});
    [
        ("RoomLookup", json!("#general")),
        ("RoomGet", json!("!1")),
        ("RoomCreate", json!({"parent": null, "name": "new", "sendable": false})),
        ("RoomCreate", json!({"parent": "!1", "name": "new", "sendable": true})),
        ("RoomJoin", json!("!1")),
        ("RoomLeave", json!("!1")),
        ("MessageGet", json!("m1")),
        ("MessageGetBefore", json!("m1")),
        ("MessageSend", new),
    ]
    .into_iter()
    .map(|(kind, value)| json!({"sequence_number": u32::MAX, "body": {"type": kind, "value": value}}))
    .collect()
}

fn from_backend() -> Vec<Value> {
    let error = json!({"message": "no", "debug_info": {"a": 1}, "retry": true});
    let answers = [
        json!({"type": "Success"}),
        json!({"type": "Message", "value": message(-5)}),
        json!({"type": "Room", "value": room()}),
        json!({"type": "MessageID", "value": "m1"}),
        json!({"type": "RoomID", "value": "!1"}),
        json!({"type": "Error", "value": error}),
    ];
    let updates = [
        json!({"type": "RoomUpsert", "value": room()}),
        json!({"type": "RoomDelete", "value": "!1"}),
        json!({"type": "MessageUpsert", "value": message(-1_700_000_000_123)}),
        json!({"type": "MessageDelete", "value": "m1"}),
    ];
    let answers = answers.map(|body| json!({"sequence_number": 7, "body": body}));
    answers.into_iter().chain(updates).collect()
}

fn init() -> Value {
    json!({"backend_name": "x", "backend_version": [1, 2, 3], "protocol_version": [0, 1, 0]})
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// What we write after we have read `form`.
fn ours(form: &Value, write: fn(&str, &mut Vec<u8>)) -> Value {
    let mut out = Vec::new();
    write(&form.to_string(), &mut out);
    value(&out)
}

fn our_init(json: &str, out: &mut Vec<u8>) {
    wire::InitInfo::decode(json).expect("ours").encode(out);
}

fn our_request(json: &str, out: &mut Vec<u8>) {
    wire::Request::decode(json).expect("ours").encode(out);
}

fn our_said(json: &str, out: &mut Vec<u8>) {
    wire::FromBackend::decode(json).expect("ours").encode(out);
}

/// What the original writes after it has read `form`.
macro_rules! theirs {
    ($type:ty, $form:expr) => {{
        let read: $type = serde_json::from_str(&$form.to_string()).expect("the original reads it");
        serde_json::to_value(&read).expect("JSON")
    }};
}

#[test]
fn each_reads_what_the_other_writes() {
    let form = init();
    let written = theirs!(original::InitInfo, form);
    assert_eq!(ours(&written, our_init), written);
    assert_eq!(theirs!(original::InitInfo, ours(&form, our_init)), written);
    for form in requests() {
        let written = theirs!(original::Request, form);
        assert_eq!(ours(&written, our_request), written);
        assert_eq!(
            theirs!(original::Request, ours(&form, our_request)),
            written
        );
    }
    for form in from_backend() {
        let written = theirs!(original::ResponseOrUpdate, form);
        assert_eq!(ours(&written, our_said), written);
        assert_eq!(
            theirs!(original::ResponseOrUpdate, ours(&form, our_said)),
            written
        );
    }
}

/// A bug of the original's: it writes times from 1970 on as we do, and does not read them.
#[test]
fn times_are_written_alike_and_only_read_here() {
    let form = json!({"type": "MessageUpsert", "value": message(-5)});
    let read: original::ResponseOrUpdate =
        serde_json::from_str(&form.to_string()).expect("before 1970");
    let original::ResponseOrUpdate::Update(original::Update::MessageUpsert(mut message)) = read
    else {
        panic!("an update");
    };
    message.create_time =
        chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::milliseconds(1_700_000_000_123);
    message.edit_time = message.create_time;
    let written = serde_json::to_value(original::Update::MessageUpsert(message)).expect("JSON");
    assert_eq!(written["value"]["create_time"], 1_700_000_000_123_i64);
    assert_eq!(ours(&written, our_said), written);
    let again: Result<original::Update, _> = serde_json::from_value(written);
    assert!(
        again.is_err(),
        "the original reads its own times: the exception can go"
    );
}

/// Both refuse the same.
#[test]
fn what_one_refuses_the_other_refuses() {
    let mut refused = 0;
    for form in requests().iter().chain(&from_backend()) {
        for pointer in [
            "/body/type",
            "/type",
            "/value/id",
            "/body/value/name",
            "/value/attachments/0/mime",
            "/value/attachments/0/data",
            "/value/content/type",
            "/value/sendable",
        ] {
            for wrong in [json!(null), json!(7), json!("?"), json!({})] {
                let mut form = form.clone();
                let Some(field) = form.pointer_mut(pointer) else {
                    continue;
                };
                *field = wrong;
                let text = form.to_string();
                let theirs = serde_json::from_str::<original::Request>(&text).is_ok()
                    || serde_json::from_str::<original::ResponseOrUpdate>(&text).is_ok();
                let ours = wire::Request::decode(&text).is_ok()
                    || wire::FromBackend::decode(&text).is_ok();
                assert_eq!(ours, theirs, "{text}");
                refused += u32::from(!ours);
            }
        }
    }
    assert!(refused > 50, "{refused}");
}
