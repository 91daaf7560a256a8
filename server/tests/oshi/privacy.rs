//! What outsiders learn of private circles, talks and groups: nothing, in any operation.

use serde_json::{Value, json};

use crate::client::{Person, register};
use crate::common::Site;

/// Every operation that names a stream.
fn of_streams(stream: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("sub", json!({ "stream": stream })),
        ("sub", json!({ "stream": stream, "since": 0, "epoch": 0 })),
        ("unsub", json!({ "stream": stream })),
        ("pub", json!({ "stream": stream, "text": "x" })),
        ("pub", json!({ "stream": stream, "text": "x", "reply": 1 })),
        (
            "pub",
            json!({ "stream": stream, "text": "x", "files": ["f1"] }),
        ),
        ("history", json!({ "stream": stream })),
        ("edit", json!({ "stream": stream, "seq": 1, "text": "x" })),
        ("delete", json!({ "stream": stream, "seq": 1 })),
        ("read", json!({ "stream": stream, "seq": 1 })),
        ("typing", json!({ "stream": stream, "on": true })),
        (
            "react",
            json!({ "stream": stream, "seq": 1, "emoji": "x", "on": true }),
        ),
        ("stream.rename", json!({ "stream": stream, "name": "x" })),
        ("stream.delete", json!({ "stream": stream })),
        ("members", json!({ "stream": stream })),
    ]
}

/// Every operation that names a circle.
fn of_circles(circle: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("circle.leave", json!({ "circle": circle })),
        ("circle.delete", json!({ "circle": circle })),
        ("circle.invite", json!({ "circle": circle })),
        ("circle.invite", json!({ "circle": circle, "user": "u1" })),
        ("circle.kick", json!({ "circle": circle, "user": "u1" })),
        (
            "circle.role",
            json!({ "circle": circle, "user": "u1", "role": "admin" }),
        ),
        ("circle.data.get", json!({ "circle": circle, "key": "k" })),
        (
            "circle.data.set",
            json!({ "circle": circle, "key": "k", "value": 1 }),
        ),
        ("stream.create", json!({ "circle": circle, "name": "x" })),
        ("members", json!({ "circle": circle })),
    ]
}

/// The answer, without what makes each one different.
async fn told(person: &mut Person, op: &str, fields: &Value) -> Value {
    let mut answer = person.ask(op, fields.clone()).await;
    answer.as_object_mut().unwrap().remove("re");
    answer
}

/// Makes whoever asks much quick.
async fn site() -> Site {
    Site::with(|config| config.oshi_rate_count = 0).await
}

#[tokio::test]
async fn what_is_private_is_not_there() {
    let site = site().await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    let mut eve = register(&site, "eve").await;
    let (circle, stream) = ann.circle("secret", false).await;
    ann.say(&stream, "secret").await;
    let dm = ann.ok("dm", json!({ "to": "bob", "text": "psst" })).await;
    for person in [&mut ann, &mut bob, &mut eve] {
        person.settle().await;
    }
    let nothing = json!({ "op": "error", "code": "not_found", "message": "no such thing" });
    // What is there, what never was, what is no id, and what is the id of something else.
    let streams = [
        stream.as_str(),
        dm["stream"].as_str().unwrap(),
        "s999",
        "s9007199254740991",
        "s9007199254740992",
        "s0",
        "x",
        "",
        &circle.replace('c', "s"),
        &circle,
    ];
    for stream in streams {
        for (op, fields) in of_streams(stream) {
            assert_eq!(told(&mut eve, op, &fields).await, nothing, "{op} {fields}");
        }
    }
    let circles = [
        circle.as_str(),
        "c999",
        "c9007199254740991",
        "c0",
        "x",
        &stream.replace('s', "c"),
        &stream,
    ];
    for circle in circles {
        let joins = [
            ("circle.join", json!({ "circle": circle })),
            ("circle.join", json!({ "circle": circle, "invite": "x" })),
        ];
        for (op, fields) in of_circles(circle).into_iter().chain(joins) {
            assert_eq!(told(&mut eve, op, &fields).await, nothing, "{op} {fields}");
        }
    }
    let found = eve.ok("circle.list", json!({ "query": "secret" })).await;
    assert_eq!(found["circles"], json!([]));
    // Nobody inside has noticed anything either.
    for person in [&mut ann, &mut bob, &mut eve] {
        person.quiet().await;
    }
    assert_eq!(ann.history(&stream).await, ["secret"]);
}

#[tokio::test]
async fn what_is_public_is_for_members() {
    let site = site().await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    let (circle, stream) = ann.circle("open", true).await;
    ann.say(&stream, "hello").await;
    ann.settle().await;
    for (op, fields) in of_streams(&stream).into_iter().chain(of_circles(&circle)) {
        let code = eve.fails(op, fields.clone()).await;
        assert_eq!(code, "not_member", "{op} {fields}");
    }
    ann.quiet().await;
    assert_eq!(ann.history(&stream).await, ["hello"]);
}

#[tokio::test]
async fn who_was_removed_knows_no_more_than_others() {
    let site = site().await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    let (circle, stream) = ann.circle("secret", false).await;
    ann.let_in(&circle, &mut eve).await;
    eve.sub(&stream).await;
    eve.say(&stream, "mine").await;
    ann.ok("circle.kick", json!({ "circle": circle, "user": eve.id }))
        .await;
    eve.settle().await;
    let nothing = json!({ "op": "error", "code": "not_found", "message": "no such thing" });
    for (op, fields) in of_streams(&stream).into_iter().chain(of_circles(&circle)) {
        assert_eq!(told(&mut eve, op, &fields).await, nothing, "{op} {fields}");
    }
    ann.say(&stream, "among us").await;
    ann.ok("stream.create", json!({ "circle": circle, "name": "more" }))
        .await;
    ann.ok("user.set", json!({ "display": "Anna" })).await;
    eve.settle().await.iter().for_each(|event| {
        assert_eq!(event["op"], "user", "of the lobby: {event}");
    });
}

#[tokio::test]
async fn presence_is_for_those_who_share_something() {
    let site = site().await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    for person in [&mut ann, &mut eve] {
        person.ok("circle.leave", json!({ "circle": "c1" })).await;
    }
    ann.settle().await;
    eve.settle().await;
    let token = ann.token.clone();
    drop(ann);
    let mut ann = crate::client::resume(&site, &token).await;
    ann.ok("user.set", json!({ "display": "Anna" })).await;
    eve.quiet().await;
    // A talk is something.
    eve.ok("dm", json!({ "to": "ann" })).await;
    eve.settle().await;
    ann.ok("user.set", json!({ "display": "Ann" })).await;
    assert_eq!(eve.heard("user").await["user"]["display"], "Ann");
}
