//! What a client says, written by one end and read by the other.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::super::*;
use super::any::{circle_id, number, object, stream_id, tag, text, user_id, value};

/// One frame of every operation, with every field that it may have.
const EVERY: &[&str] = &[
    r#"{"op":"auth","v":1,"token":"t"}"#,
    r#"{"op":"auth","v":1,"user":"ann","password":"p","register":true,"display":"Ann"}"#,
    r#"{"op":"ping"}"#,
    r#"{"op":"sub","stream":"s1","since":4,"epoch":1,"limit":100}"#,
    r#"{"op":"unsub","stream":"s1"}"#,
    r#"{"op":"pub","stream":"s1","text":"hi","nonce":"n","reply":3,"files":["f1"],"meta":{"a":[1]}}"#,
    r#"{"op":"dm","to":"bob","text":"hi","nonce":"n"}"#,
    r#"{"op":"history","stream":"s1","before":5,"after":1,"limit":50}"#,
    r#"{"op":"edit","stream":"s1","seq":3,"text":"ho"}"#,
    r#"{"op":"delete","stream":"s1","seq":3}"#,
    r#"{"op":"read","stream":"s1","seq":3}"#,
    r#"{"op":"typing","stream":"s1","on":true}"#,
    r#"{"op":"react","stream":"s1","seq":3,"emoji":"x","on":false}"#,
    r#"{"op":"circle.create","name":"C","public":true,"streams":["a","b"]}"#,
    r#"{"op":"circle.list","query":"C","after":"c1","limit":10}"#,
    r#"{"op":"circle.join","circle":"c1","invite":"i"}"#,
    r#"{"op":"circle.leave","circle":"c1"}"#,
    r#"{"op":"circle.delete","circle":"c1"}"#,
    r#"{"op":"circle.invite","circle":"c1","user":"u5"}"#,
    r#"{"op":"circle.kick","circle":"c1","user":"u5"}"#,
    r#"{"op":"circle.role","circle":"c1","user":"u5","role":"admin"}"#,
    r#"{"op":"circle.data.get","circle":"c1","key":"k"}"#,
    r#"{"op":"circle.data.set","circle":"c1","key":"k","value":[1,{"a":null}]}"#,
    r#"{"op":"stream.create","circle":"c1","name":"a","topic":"t"}"#,
    r#"{"op":"stream.rename","stream":"s1","name":"a","topic":"t"}"#,
    r#"{"op":"stream.delete","stream":"s1"}"#,
    r#"{"op":"members","stream":"s1","after":"u5","limit":10}"#,
    r#"{"op":"user.get","user":"u5"}"#,
    r#"{"op":"user.set","display":"Ann","password":"p"}"#,
    r#"{"op":"data.get","key":"k"}"#,
    r#"{"op":"data.set","key":"k","value":null}"#,
    r#"{"op":"logout"}"#,
];

fn refused(text: &str) -> (ErrorCode, Option<&'static str>) {
    let refusal = ClientFrame::parse(text).expect_err(text);
    (refusal.code, refusal.field)
}

#[test]
fn every_operation_goes_both_ways() {
    for text in EVERY {
        let frame = ClientFrame::parse(text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"));
        assert_eq!(frame.id, None);
        assert_eq!(frame.request.encode(None), *text);
        let tagged = format!("{},\"id\":\"7\"}}", text.strip_suffix('}').unwrap());
        let id = Tag::Text("7".into());
        assert_eq!(frame.request.encode(Some(&id)), tagged);
        assert_eq!(ClientFrame::parse(&tagged).unwrap().id, Some(id));
    }
}

#[test]
fn a_wrong_field_is_named_and_the_id_known() {
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(limit::NUMBER + 1),
        json!(u64::MAX),
        json!("nobody"),
        json!(["x", 1]),
        json!({"x": "y"}),
        json!("x".repeat(limit::FRAME_BYTES)),
    ];
    for text in EVERY {
        let whole: Value = serde_json::from_str(text).unwrap();
        let mut whole = whole.as_object().unwrap().clone();
        whole.insert("id".to_owned(), json!(7));
        for field in whole
            .keys()
            .filter(|field| *field != "op" && *field != "id")
        {
            let mut without = whole.clone();
            without.remove(field);
            check(&Value::from(without), field);
            for value in &wrong {
                let mut odd = whole.clone();
                odd.insert(field.clone(), value.clone());
                check(&Value::from(odd), field);
            }
        }
    }
}

/// Either it is a request all the same, or what is wrong is this field.
fn check(frame: &Value, field: &str) {
    use ErrorCode::{BadField, NotFound, TooLong};
    let text = frame.to_string();
    match ClientFrame::parse(&text) {
        Ok(read) => assert_eq!(read.id, Some(Tag::Number(7))),
        Err(refusal) => {
            // Without a token a user and a password are looked for.
            let named = if field == "token" { "user" } else { field };
            let shown: String = text.chars().take(200).collect();
            assert!(
                refusal.field == Some(named) || refusal.field == Some(field),
                "{shown}: {refusal:?}"
            );
            assert!(
                matches!(refusal.code, BadField | NotFound | TooLong),
                "{shown}"
            );
            assert_eq!(refusal.id, Some(Tag::Number(7)));
            assert!(refusal.to_string().contains(refusal.field.unwrap()));
        }
    }
}

#[test]
fn what_is_no_request_is_told_apart() {
    use ErrorCode::{BadField, BadJson, NotFound, TooLong, UnknownOp};
    let deep = format!(
        "{}1{}",
        "[".repeat(limit::VALUE_DEPTH + 1),
        "]".repeat(limit::VALUE_DEPTH + 1)
    );
    let deepest = format!(r#"{{"op":"ping","x":{}}}"#, "[".repeat(60_000));
    let long = "x".repeat(limit::VALUE_BYTES);
    let many: Vec<String> = (1..12).map(|n| format!("f{n}")).collect();
    for (text, code, field) in [
        ("", BadJson, None),
        ("{", BadJson, None),
        ("[]", BadJson, None),
        ("7", BadJson, None),
        ("{\"op\":\"ping\"} 1", BadJson, None),
        (deepest.as_str(), BadJson, None),
        ("{}", BadField, Some("op")),
        (r#"{"op":7}"#, BadField, Some("op")),
        (r#"{"op":"dance"}"#, UnknownOp, None),
        (r#"{"op":"PING"}"#, UnknownOp, None),
        (r#"{"op":"ping","id":1.5}"#, BadField, Some("id")),
        (r#"{"op":"ping","id":[]}"#, BadField, Some("id")),
        (r#"{"op":"auth","v":2,"token":"t"}"#, BadField, Some("v")),
        (r#"{"op":"unsub","stream":"c1"}"#, NotFound, Some("stream")),
        (r#"{"op":"unsub","stream":1}"#, BadField, Some("stream")),
        (r#"{"op":"data.set","key":"k"}"#, BadField, Some("value")),
        (
            r#"{"op":"pub","stream":"s1","text":"\ud800"}"#,
            BadField,
            Some("text"),
        ),
        (
            r#"{"op":"pub","stream":"s1","text":"x","nonce":""}"#,
            BadField,
            Some("nonce"),
        ),
        (
            &format!(r#"{{"op":"pub","stream":"s1","text":"x","nonce":"{long}"}}"#),
            TooLong,
            Some("nonce"),
        ),
        (
            &format!(r#"{{"op":"data.set","key":"k","value":"{long}"}}"#),
            TooLong,
            Some("value"),
        ),
        (
            &format!(r#"{{"op":"data.set","key":"k","value":{deep}}}"#),
            BadField,
            Some("value"),
        ),
        (
            &format!(r#"{{"op":"pub","stream":"s1","text":"x","meta":{{"a":{deep}}}}}"#),
            BadField,
            Some("meta"),
        ),
        (
            &format!(
                r#"{{"op":"pub","stream":"s1","text":"x","files":{}}}"#,
                json!(many)
            ),
            TooLong,
            Some("files"),
        ),
    ] {
        let shown: String = text.chars().take(120).collect();
        assert_eq!(refused(text), (code, field), "{shown}");
    }
    assert_eq!(refused(r#"{"op":"dance","id":7}"#), (UnknownOp, None));
}

#[test]
fn odd_but_right_frames_are_read() {
    let publish = |text: &str| match ClientFrame::parse(text).expect(text).request {
        Request::Pub(publish) => publish.files,
        _ => panic!("{text}"),
    };
    let files = r#"{"op":"pub","stream":"s1","text":"","files":[{"id":"f3","url":"/x"},"f4"]}"#;
    assert_eq!(publish(files), [FileId(3), FileId(4)]);
    let nulls = r#"{"x":{},"nonce":null,"reply":null,"files":null,"meta":null,"text":"a","stream":"s1","\u006fp":"pub"}"#;
    assert_eq!(publish(nulls), []);
    let twice = r#"{"op":"unsub","stream":"s1","stream":"s2"}"#;
    let stream = StreamId(2);
    assert_eq!(
        ClientFrame::parse(twice).unwrap().request,
        Request::Unsub { stream }
    );
}

#[test]
fn secrets_are_not_shown() {
    for text in [
        r#"{"op":"auth","v":1,"token":"hunter2"}"#,
        r#"{"op":"auth","v":1,"user":"ann","password":"hunter2"}"#,
        r#"{"op":"user.set","password":"hunter2"}"#,
        r#"{"op":"circle.join","circle":"c1","invite":"hunter2"}"#,
        r#"{"op":"auth","token":"hunter2"}"#,
    ] {
        let shown = format!("{:?}", ClientFrame::parse(text));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

fn request() -> impl Strategy<Value = Request<'static>> {
    let page = || option::of(0..=u32::MAX);
    let nonce = || option::of("[ -~]{1,20}".prop_map(std::borrow::Cow::Owned));
    prop_oneof![
        (
            stream_id(),
            option::of(number()),
            option::of(number()),
            page()
        )
            .prop_map(|(stream, since, epoch, limit)| Request::Sub {
                stream,
                since,
                epoch,
                limit
            }),
        (
            stream_id(),
            text(),
            nonce(),
            option::of(number()),
            vec(1..99_i64, 0..4),
            object()
        )
            .prop_map(
                |(stream, text, nonce, reply, files, meta)| Request::Pub(Pub {
                    stream,
                    text,
                    nonce,
                    reply,
                    files: files.into_iter().map(FileId).collect(),
                    meta,
                })
            ),
        (text(), option::of(text()), nonce()).prop_map(|(to, text, nonce)| Request::Dm {
            to,
            text,
            nonce
        }),
        (stream_id(), number(), text(), any::<bool>()).prop_map(|(stream, seq, emoji, on)| {
            Request::React {
                stream,
                seq,
                emoji,
                on,
            }
        }),
        (text(), any::<bool>(), vec(text(), 0..3)).prop_map(|(name, public, streams)| {
            Request::CircleCreate {
                name,
                public,
                streams,
            }
        }),
        (circle_id(), user_id(), select(Role::ALL))
            .prop_map(|(circle, user, role)| Request::CircleRole { circle, user, role }),
        (circle_id(), option::of(user_id()), page()).prop_map(|(circle, after, limit)| {
            Request::Members {
                place: Place::Circle(circle),
                after,
                limit,
            }
        }),
        (circle_id(), text(), value()).prop_map(|(circle, key, value)| Request::CircleDataSet {
            circle,
            key,
            value
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(request in request(), id in option::of(tag())) {
        let text = request.encode(id.as_ref());
        let small = |value: &Value| value.to_string().len() <= limit::VALUE_BYTES;
        prop_assume!(match &request {
            Request::Pub(publish) => small(&Value::Object(publish.meta.clone())),
            Request::CircleDataSet { value, .. } => small(value),
            _ => true,
        });
        prop_assert_eq!(ClientFrame::parse(&text), Ok(ClientFrame { id, request }));
    }
}
