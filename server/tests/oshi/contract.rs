//! Each operation with each field missing, null, of the wrong type, negative, enormous: refused with a code and few words, and
//! nothing breaks.

use serde_json::{Value, json};

use crate::client::{Person, register};
use crate::common::Site;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Takes {
    Text,
    MaybeText,
    Id,
    MaybeId,
    Number,
    MaybeNumber,
    Flag,
    Any,
    Texts,
    Object,
}

use Takes::{Any, Flag, Id, MaybeId, MaybeNumber, MaybeText, Number, Object, Text, Texts};

/// An operation, a request that it understands, and the request's fields.
type Operation = (&'static str, Value, &'static [(&'static str, Takes)]);

fn operations() -> Vec<Operation> {
    let mut all = of_streams();
    all.extend(of_circles());
    all.extend(of_people());
    all
}

fn of_streams() -> Vec<Operation> {
    vec![
        (
            "sub",
            json!({ "stream": "s1", "since": 0, "epoch": 0, "limit": 5 }),
            &[
                ("stream", Id),
                ("since", MaybeNumber),
                ("epoch", MaybeNumber),
                ("limit", MaybeNumber),
            ],
        ),
        ("unsub", json!({ "stream": "s1" }), &[("stream", Id)]),
        (
            "pub",
            json!({ "stream": "s1", "text": "x", "nonce": "n", "reply": 1, "files": [], "meta": {} }),
            &[
                ("stream", Id),
                ("text", Text),
                ("nonce", MaybeText),
                ("reply", MaybeNumber),
                ("files", Texts),
                ("meta", Object),
            ],
        ),
        (
            "dm",
            json!({ "to": "bob", "text": "x", "nonce": "n" }),
            &[("to", Text), ("text", MaybeText), ("nonce", MaybeText)],
        ),
        (
            "history",
            json!({ "stream": "s1", "before": 9, "after": 0, "limit": 5 }),
            &[
                ("stream", Id),
                ("before", MaybeNumber),
                ("after", MaybeNumber),
                ("limit", MaybeNumber),
            ],
        ),
        (
            "edit",
            json!({ "stream": "s1", "seq": 1, "text": "x" }),
            &[("stream", Id), ("seq", Number), ("text", Text)],
        ),
        (
            "delete",
            json!({ "stream": "s1", "seq": 2 }),
            &[("stream", Id), ("seq", Number)],
        ),
        (
            "read",
            json!({ "stream": "s1", "seq": 1 }),
            &[("stream", Id), ("seq", Number)],
        ),
        (
            "typing",
            json!({ "stream": "s1", "on": true }),
            &[("stream", Id), ("on", Flag)],
        ),
        (
            "react",
            json!({ "stream": "s1", "seq": 1, "emoji": "x", "on": true }),
            &[
                ("stream", Id),
                ("seq", Number),
                ("emoji", Text),
                ("on", Flag),
            ],
        ),
    ]
}

fn of_circles() -> Vec<Operation> {
    vec![
        (
            "circle.create",
            json!({ "name": "x", "public": false, "streams": ["a"] }),
            &[("name", Text), ("public", Flag), ("streams", Texts)],
        ),
        (
            "circle.list",
            json!({ "query": "x", "after": "c1", "limit": 5 }),
            &[
                ("query", MaybeText),
                ("after", MaybeId),
                ("limit", MaybeNumber),
            ],
        ),
        (
            "circle.join",
            json!({ "circle": "c1", "invite": "x" }),
            &[("circle", Id), ("invite", MaybeText)],
        ),
        ("circle.leave", json!({ "circle": "c1" }), &[("circle", Id)]),
        (
            "circle.delete",
            json!({ "circle": "c2" }),
            &[("circle", Id)],
        ),
        (
            "circle.invite",
            json!({ "circle": "c2", "user": "u2" }),
            &[("circle", Id), ("user", MaybeId)],
        ),
        (
            "circle.kick",
            json!({ "circle": "c2", "user": "u2" }),
            &[("circle", Id), ("user", Id)],
        ),
        (
            "circle.role",
            json!({ "circle": "c2", "user": "u2", "role": "admin" }),
            &[("circle", Id), ("user", Id), ("role", Text)],
        ),
        (
            "circle.data.get",
            json!({ "circle": "c2", "key": "k" }),
            &[("circle", Id), ("key", Text)],
        ),
        (
            "circle.data.set",
            json!({ "circle": "c2", "key": "k", "value": 1 }),
            &[("circle", Id), ("key", Text), ("value", Any)],
        ),
        (
            "stream.create",
            json!({ "circle": "c2", "name": "x", "topic": "t" }),
            &[("circle", Id), ("name", Text), ("topic", MaybeText)],
        ),
        (
            "stream.rename",
            json!({ "stream": "s3", "name": "x", "topic": "t" }),
            &[("stream", Id), ("name", MaybeText), ("topic", MaybeText)],
        ),
        (
            "stream.delete",
            json!({ "stream": "s3" }),
            &[("stream", Id)],
        ),
        (
            "members",
            json!({ "circle": "c1", "after": "u1", "limit": 5 }),
            &[("circle", Id), ("after", MaybeId), ("limit", MaybeNumber)],
        ),
    ]
}

fn of_people() -> Vec<Operation> {
    vec![
        ("user.get", json!({ "user": "u1" }), &[("user", Id)]),
        (
            "user.set",
            json!({ "display": "x", "password": "correct horse" }),
            &[("display", MaybeText), ("password", MaybeText)],
        ),
        ("data.get", json!({ "key": "k" }), &[("key", Text)]),
        (
            "data.set",
            json!({ "key": "k", "value": 1 }),
            &[("key", Text), ("value", Any)],
        ),
    ]
}

/// What each kind of field does not take.
fn wrong(takes: Takes) -> &'static [&'static str] {
    match takes {
        Text => &["null", "5", "true", "[]", "{}"],
        MaybeText => &["5", "true", "[]", "{}"],
        Id => &[
            "null", "5", "true", "[]", "{}", "\"\"", "\"1\"", "\"x1\"", "\"s-1\"",
        ],
        MaybeId => &["5", "true", "[]", "{}", "\"\"", "\"1\""],
        Number => &[
            "null",
            "\"1\"",
            "true",
            "[1]",
            "-1",
            "1.5",
            "9007199254740992",
            "1e400",
        ],
        MaybeNumber => &[
            "\"1\"",
            "true",
            "[1]",
            "-1",
            "1.5",
            "9007199254740992",
            "1e30",
        ],
        Flag => &["null", "0", "\"true\"", "[]"],
        Any => &[],
        Texts => &["5", "\"x\"", "{}", "[5]", "[null]", "[[]]"],
        Object => &["5", "\"x\"", "[]", "true"],
    }
}

fn is_needed(takes: Takes) -> bool {
    !matches!(takes, MaybeText | MaybeId | MaybeNumber | Texts | Object)
}

/// The request with one field replaced by other JSON.
fn with(request: &Value, field: &str, json: &str) -> String {
    let mut request = request.clone();
    request[field] = json!("HERE");
    request.to_string().replace("\"HERE\"", json)
}

/// Sends a request as it is, and gives its answer.
async fn ask(person: &mut Person, op: &str, request: &str) -> Value {
    let inner = request.strip_prefix('{').unwrap();
    let id = 1_000_000;
    let comma = if inner == "}" { "" } else { "," };
    let frame = format!("{{\"op\":\"{op}\",\"id\":{id}{comma}{inner}");
    person.client.send(frame).await;
    let answer = person.answer(id).await;
    // So that it does not look as if nothing else came.
    person.ok("ping", json!({})).await;
    answer
}

async fn two(site: &Site) -> (Person, Person) {
    let mut ann = register(site, "ann").await;
    let bob = register(site, "bob").await;
    ann.circle("tea", false).await;
    ann.say("s1", "one").await;
    ann.settle().await;
    (ann, bob)
}

#[tokio::test]
async fn fields_that_are_not_as_they_should_be() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let (mut ann, mut bob) = two(&site).await;
    bob.settle().await;
    for (op, request, fields) in operations() {
        for (field, takes) in fields {
            let mut bad: Vec<String> = wrong(*takes)
                .iter()
                .map(|json| with(&request, field, json))
                .collect();
            if is_needed(*takes) {
                let mut less = request.clone();
                less.as_object_mut().unwrap().remove(*field);
                bad.push(less.to_string());
            }
            for request in bad {
                let answer = ask(&mut ann, op, &request).await;
                let code = answer["code"].as_str().unwrap_or_default();
                let is_id =
                    matches!(takes, Id | MaybeId) && request.contains(&format!("\"{field}\":\""));
                let expected = if is_id { "not_found" } else { "bad_field" };
                assert_eq!(code, expected, "{op} {request}: {answer}");
                if !is_id && op != "members" {
                    assert_eq!(answer["field"], **field, "{op} {request}: {answer}");
                }
                assert!(answer["message"].as_str().unwrap().len() < 100);
            }
        }
    }
    assert_eq!(ann.settle().await, Vec::<Value>::new());
    bob.quiet().await;
    assert_eq!(bob.history("s1").await, ["one"]);
}

#[tokio::test]
async fn enormous_texts_and_numbers() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let (mut ann, _bob) = two(&site).await;
    let long = format!("\"{}\"", "é".repeat(30_000));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let wide = format!("[{}\"x\"]", "\"x\",".repeat(10_000));
    for (op, request, fields) in operations() {
        for (field, takes) in fields {
            let enormous = match takes {
                Text | MaybeText | Id | MaybeId => &long,
                Any | Object => &deep,
                Texts => &wide,
                Number | MaybeNumber => "9007199254740991",
                Flag => continue,
            };
            let answer = ask(&mut ann, op, &with(&request, field, enormous)).await;
            let code = answer["code"].as_str().unwrap_or("ok");
            let known = ["ok", "too_long", "bad_field", "not_found", "forbidden"];
            let is_told = known.contains(&code) || code == "bad_json" && *takes == Object;
            assert!(is_told, "{op} {field}: {code}");
            let words = answer["message"].as_str().unwrap_or_default();
            assert!(words.len() < 100, "{op} {field}: {words}");
        }
    }
    ann.settle().await;
    ann.ok("user.get", json!({ "user": "u1" })).await;
}

#[tokio::test]
async fn frames_that_are_no_requests() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    for (frame, code, re) in [
        ("", "bad_json", Value::Null),
        ("x", "bad_json", Value::Null),
        ("5", "bad_json", Value::Null),
        ("[]", "bad_json", Value::Null),
        ("null", "bad_json", Value::Null),
        ("{}", "bad_field", Value::Null),
        (r#"{"op":5,"id":7}"#, "bad_field", json!(7)),
        (r#"{"op":"dance","id":"x"}"#, "unknown_op", json!("x")),
        (r#"{"op":"PING","id":0}"#, "unknown_op", json!(0)),
        (r#"{"op":"ping","id":{}}"#, "bad_field", Value::Null),
        (r#"{"op":"ping","id":1.5}"#, "bad_field", Value::Null),
        (r#"{"op":"sub","id":-3}"#, "bad_field", json!(-3)),
    ] {
        ann.client.send(frame).await;
        let answer = ann.client.json().await;
        assert_eq!(answer["code"], code, "{frame}: {answer}");
        assert_eq!(answer["re"], re, "{frame}: {answer}");
    }
    ann.client
        .send(r#"{"op":"ping","id":"x","more":[null]}"#)
        .await;
    assert_eq!(ann.client.json().await, json!({ "op": "pong", "re": "x" }));
    ann.client.send(r#"{"op":"ping","id":null}"#).await;
    assert_eq!(ann.client.json().await, json!({ "op": "pong" }));
    // Of a repeated field the last one counts.
    ann.client
        .send(r#"{"op":"x","op":"ping","id":1,"id":2}"#)
        .await;
    assert_eq!(ann.client.json().await["re"], 2);
}
