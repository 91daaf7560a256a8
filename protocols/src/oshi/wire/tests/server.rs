//! What a server says, written by one end and read by the other.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::any;

fn parse(text: &str) -> ServerFrame<'_> {
    ServerFrame::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

proptest! {
    #[test]
    fn what_is_written_is_read(frame in any::frame()) {
        let text = frame.encode();
        prop_assert_eq!(parse(&text), frame.clone());
        let mut out = Vec::new();
        frame.encode_into(&mut out);
        prop_assert_eq!(out, text.as_bytes());
        // Sorted by name, so that `op` does not come first, and with a field that nobody knows.
        let mut sorted: Value = serde_json::from_str(&text).unwrap();
        sorted["aaa"] = json!([{}]);
        let sorted = sorted.to_string();
        prop_assert_eq!(parse(&sorted), frame);
    }

    #[test]
    fn a_damaged_frame_does_no_damage(frame in any::frame(), cut: prop::sample::Index, byte in b' '..=b'~') {
        let text = frame.encode();
        let cut = text.floor_char_boundary(cut.index(text.len()));
        let (start, _) = text.split_at(cut);
        prop_assert!(ServerFrame::parse(start).is_err());
        let mut damaged = text.into_bytes();
        damaged[cut] = byte;
        if let Ok(text) = std::str::from_utf8(&damaged) {
            let _ = ServerFrame::parse(text);
            let _ = ClientFrame::parse(text);
        }
    }

    #[test]
    fn any_text_is_survived(text: String) {
        let _ = ServerFrame::parse(&text);
        let _ = ClientFrame::parse(&text);
    }
}

#[test]
fn a_message_is_as_the_sheet_has_it() {
    let mut message = Message {
        stream: StreamId(34),
        seq: 7,
        rev: 9,
        id: MessageId(99),
        from: Some(UserId(5)),
        name: "Ann".into(),
        text: Some("hi".into()),
        ts: 1_700_000_000_000,
        edited: None,
        deleted: false,
        reply: None,
        files: Vec::new(),
        reactions: vec![Reaction {
            emoji: "👍".into(),
            users: vec![UserId(6)],
        }],
        meta: serde_json::Map::new(),
        nonce: None,
    };
    let text = r#"{"op":"msg","stream":"s34","seq":7,"rev":9,"id":"m99","from":"u5","name":"Ann","text":"hi","ts":1700000000000,"edited":null,"deleted":false,"reply":null,"files":[],"reactions":[{"emoji":"👍","users":["u6"]}],"meta":{}}"#;
    assert_eq!(Event::Msg(message.clone()).encode(), text);
    let read = parse(text);
    assert_eq!(read, ServerFrame::Event(Event::Msg(message.clone())));
    let ServerFrame::Event(Event::Msg(read)) = read else {
        panic!("a message");
    };
    assert!(matches!(read.text, Some(std::borrow::Cow::Borrowed("hi"))));
    (message.text, message.deleted) = (None, true);
    let upd = Event::Upd(message).encode();
    assert!(
        upd.contains(r#""text":null"#) && upd.contains(r#""deleted":true"#),
        "{upd}"
    );
}

#[test]
fn frames_are_as_the_sheet_has_them() {
    let general = Stream {
        id: StreamId(1),
        kind: StreamKind::Channel,
        circle: Some(CircleId(1)),
        name: "general".into(),
        topic: "".into(),
        members: Vec::new(),
        last: 3,
    };
    let ok = |answer| ServerFrame::Ok {
        re: Some(Tag::Number(4)),
        answer,
    };
    for (frame, text) in [
        (ok(Answer::Done {}), r#"{"op":"ok","re":4}"#),
        (
            ok(Answer::Subscribed {
                last: 3,
                rev: 5,
                epoch: 0,
                complete: true,
                last_read: 2,
            }),
            r#"{"op":"ok","re":4,"last":3,"rev":5,"epoch":0,"complete":true,"last_read":2}"#,
        ),
        (
            ServerFrame::Hello(Hello {
                v: VERSION,
                user: Profile {
                    id: UserId(1),
                    name: "ann".into(),
                    display: "Ann".into(),
                },
                token: "t".into(),
                server: "kaiwa 1".into(),
                limits: Limits::default(),
            }),
            r#"{"op":"hello","v":1,"user":{"id":"u1","name":"ann","display":"Ann"},"token":"t","server":"kaiwa 1","limits":{"text":4000,"streams":500,"file":16777216,"pub":{"count":20,"ms":10000}}}"#,
        ),
        (
            ServerFrame::Error(Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED)),
            r#"{"op":"error","code":"auth_failed","message":"authentication failed"}"#,
        ),
        (
            ServerFrame::Event(Event::Stream(StreamChange::New(general))),
            r#"{"op":"stream","change":"new","stream":{"id":"s1","kind":"channel","circle":"c1","name":"general","topic":"","last":3}}"#,
        ),
        (
            ServerFrame::Event(Event::Stream(StreamChange::Delete {
                id: StreamId(1),
                circle: Some(CircleId(1)),
            })),
            r#"{"op":"stream","change":"delete","stream":{"id":"s1","circle":"c1"}}"#,
        ),
        (
            ServerFrame::Event(Event::Circle(CircleChange::Delete(CircleId(3)))),
            r#"{"op":"circle","change":"delete","circle":{"id":"c3"}}"#,
        ),
    ] {
        assert_eq!(frame.encode(), text);
        assert_eq!(parse(text), frame, "{text}");
    }
}

#[test]
fn a_server_is_read_as_far_as_it_makes_sense() {
    assert_eq!(parse(r#"{"op":"dance","x":[{"y":1}]}"#), ServerFrame::Other);
    assert_eq!(parse(r#"{"x":1,"op":"dance"}"#), ServerFrame::Other);
    let odd = r#"{"op":"msg","stream":"s1","seq":1,"rev":1,"id":"m1","from":7,"text":[],"ts":1.5,"edited":"x","deleted":"yes"}"#;
    let ServerFrame::Event(Event::Msg(message)) = parse(odd) else {
        panic!("a message");
    };
    assert_eq!((message.from, message.text, message.ts), (None, None, 0));
    let odd = r#"{"op":"circle","change":"dance","circle":{"id":"c1","role":"emperor"}}"#;
    let ServerFrame::Event(Event::Circle(CircleChange::Update(circle))) = parse(odd) else {
        panic!("a circle");
    };
    assert_eq!(circle.role, Some(Role::Member));
    for text in [
        "",
        "7",
        "[]",
        "{}",
        "null",
        r#"{"op":5}"#,
        r#"{"op":"msg"}"#,
        r#"{"op":"msg","stream":"s1","seq":9007199254740992,"rev":1,"id":"m1"}"#,
        r#"{"op":"msg","stream":"s1","seq":-1,"rev":1,"id":"m1"}"#,
        r#"{"op":"msg","stream":"s1","seq":1,"rev":1e3,"id":"m1"}"#,
        r#"{"op":"msg","stream":"1","seq":1,"rev":1,"id":"m1"}"#,
        r#"{"op":"react","stream":"s1","seq":1,"rev":1,"emoji":"x"}"#,
        r#"{"op":"pong"} {"op":"pong"}"#,
    ] {
        let known = ServerFrame::parse(text);
        assert!(known.is_err() || known == Ok(ServerFrame::Other), "{text}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let hello = r#"{"op":"hello","v":1,"user":{"id":"u1"},"token":"hunter2"}"#;
    let invite = r#"{"op":"ok","invite":"hunter2"}"#;
    for text in [hello, invite] {
        let shown = format!("{:?}", parse(text));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let error = ServerFrame::parse(r#"{"op":"hello","token":"hunter2"}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
