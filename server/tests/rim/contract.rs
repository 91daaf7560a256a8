//! Each request with each field missing, null, of the wrong type, negative, enormous: told as the original tells it, and
//! nothing breaks.

use serde_json::{Value, json};

use crate::client::{Person, person};
use crate::common::Site;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Takes {
    Text,
    /// Up to 2^64 - 1.
    Id,
    /// Up to 255.
    Byte,
    List,
    Record,
    /// A text, or nothing.
    MaybeText,
}

use Takes::{Byte, Id, List, MaybeText, Record, Text};

/// An endpoint, a body that it understands, and the body's fields.
type Request = (&'static str, Value, Vec<(&'static str, Takes)>);

fn requests() -> Vec<Request> {
    let member = json!({ "uid": 1, "role": 1 });
    vec![
        (
            "/user/create",
            json!({ "name": "n", "avatar": "", "account": "fresh", "email": "", "password": "p" }),
            vec![
                ("/name", Text),
                ("/avatar", Text),
                ("/account", Text),
                ("/email", MaybeText),
                ("/password", MaybeText),
            ],
        ),
        (
            "/user/login",
            json!({ "account": "nobody", "password": "p" }),
            vec![("/account", Text), ("/password", Text)],
        ),
        ("/friend/add", json!({ "fid": 2 }), vec![("/fid", Id)]),
        (
            "/friend/status/modify",
            json!({ "fid": 2, "status": 1 }),
            vec![("/fid", Id), ("/status", Byte)],
        ),
        (
            "/group/create",
            json!({
                "group": { "name": "g", "avatar": "", "mode": 2, "creatorUid": 1 },
                "users": [member],
            }),
            vec![
                ("/group", Record),
                ("/group/name", Text),
                ("/group/avatar", Text),
                ("/group/mode", Byte),
                ("/group/creatorUid", Id),
                ("/users", List),
                ("/users/0", Record),
                ("/users/0/uid", Id),
                ("/users/0/role", Byte),
            ],
        ),
        (
            "/group/update",
            json!({ "id": 1, "name": "g", "avatar": "" }),
            vec![("/id", Id), ("/name", Text), ("/avatar", Text)],
        ),
        (
            "/group/user/change",
            json!({ "gid": 1, "uids": [2], "opType": 1 }),
            vec![
                ("/gid", Id),
                ("/uids", List),
                ("/uids/0", Id),
                ("/opType", Byte),
            ],
        ),
        (
            "/message/chat/list",
            json!({ "uid": 1, "page": 1, "size": 5 }),
            vec![("/uid", Id), ("/page", Id), ("/size", Id)],
        ),
        (
            "/message/history",
            json!({ "gid": 1, "uid": 1, "page": 1, "size": 5 }),
            vec![("/gid", Id), ("/uid", Id), ("/page", Id), ("/size", Id)],
        ),
        (
            "/message/group/read",
            json!({ "gid": 1, "uid": 1 }),
            vec![("/gid", Id), ("/uid", Id)],
        ),
    ]
}

/// What each kind of field does not take.
fn wrong(takes: Takes) -> Vec<&'static str> {
    match takes {
        Text => vec!["null", "5", "true", "[]", "{}", "[\"x\"]"],
        MaybeText => vec!["5", "true", "[]", "{}"],
        Id => vec![
            "null",
            "\"1\"",
            "true",
            "[1]",
            "{}",
            "-1",
            "1.5",
            "1e400",
            "18446744073709551616",
            "123456789012345678901234567890",
        ],
        Byte => vec![
            "null",
            "\"1\"",
            "false",
            "[]",
            "-1",
            "0.5",
            "256",
            "18446744073709551616",
        ],
        List => vec![
            "null", "5", "\"x\"", "{}", "[null]", "[\"x\"]", "[-1]", "[[]]",
        ],
        Record => vec!["null", "5", "\"x\"", "[]", "{}"],
    }
}

/// What is understood, whatever comes of it.
fn odd(takes: Takes) -> Vec<&'static str> {
    match takes {
        Text => vec!["\"\"", "\"\\u0000'\\\"<script>\\ud83d\\ude00\""],
        MaybeText => vec!["null", "\"\""],
        Id => vec![
            "0",
            "9007199254740992",
            "9223372036854775808",
            "18446744073709551615",
        ],
        Byte => vec!["0", "255"],
        List => vec!["[]"],
        Record => vec![],
    }
}

/// The request with one field replaced by other JSON, or taken out.
fn with(body: &Value, field: &str, json: Option<&str>) -> String {
    let mut body = body.clone();
    let Some(json) = json else {
        let (parent, name) = field.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).unwrap() {
            Value::Object(fields) => drop(fields.remove(name)),
            Value::Array(items) => items.clear(),
            other => panic!("{other}"),
        }
        return body.to_string();
    };
    *body.pointer_mut(field).unwrap() = json!("HERE");
    body.to_string().replace("\"HERE\"", json)
}

async fn ask(ann: &Person, path: &str, body: &str) -> crate::client::Answer {
    ann.rest.post_text(path, body).await
}

#[tokio::test]
async fn fields_that_are_not_as_they_should_be() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    for (path, body, fields) in requests() {
        for (field, takes) in fields {
            let is_item = field.ends_with("/0");
            if !is_item && takes != MaybeText {
                ask(&ann, path, &with(&body, field, None)).await.page(422);
            }
            for json in wrong(takes) {
                let answer = ask(&ann, path, &with(&body, field, Some(json))).await;
                // A number that is none at all is no JSON either.
                let status = if json == "1e400" { 400 } else { 422 };
                assert_eq!(answer.status, status, "{path} {field} {json}");
                answer.page(status);
            }
            for json in odd(takes) {
                let answer = ask(&ann, path, &with(&body, field, Some(json))).await;
                assert_eq!(answer.status, 200, "{path} {field} {json}");
                answer.json();
            }
        }
        // More fields do not matter, and twice the same is an error.
        let text = body.to_string();
        let more = text.replacen('{', "{\"more\":[{\"x\":null}],", 1);
        assert_eq!(ask(&ann, path, &more).await.status, 200, "{path}");
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        let inner = inner.unwrap();
        let twice = format!("{{{inner},{inner}}}");
        ask(&ann, path, &twice).await.page(422);
    }
    assert_eq!(ann.get("/group/get?uid=1").await.status, 200);
}

#[tokio::test]
async fn long_texts_everywhere() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let long = format!("\"{}\"", "é".repeat(100_000));
    for (path, body, fields) in requests() {
        for (field, takes) in fields {
            if ![Text, MaybeText].contains(&takes) {
                continue;
            }
            let answer = ask(&ann, path, &with(&body, field, Some(&long))).await;
            let (code, words) = answer.failure();
            assert!([403, 500].contains(&code), "{path} {field}: {words}");
            assert!(words.len() < 100, "{path} {field}: {words}");
        }
    }
    for path in ["/user/search?account=", "/user/token?token="] {
        let answer = ann.get(&format!("{path}{}", "x".repeat(10_000))).await;
        assert_eq!(answer.status, 200);
    }
}
