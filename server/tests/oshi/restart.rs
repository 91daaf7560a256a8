//! What outlives the server.

use serde_json::{Value, json};

use crate::client::{register, resume, sign_in};
use crate::common::Site;

#[tokio::test]
async fn log_subscriptions_circles_and_values_are_there_after_a_restart() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    let (tea, stream) = ann.circle("tea", false).await;
    let (_, quiet) = ann.circle("quiet", true).await;
    ann.let_in(&tea, &mut bob).await;
    bob.sub(&stream).await;
    let sub = ann.sub(&quiet).await;
    ann.ok("unsub", json!({ "stream": "s1" })).await;
    ann.say(&stream, "one").await;
    ann.say(&quiet, "two").await;
    let meta = json!({ "stream": quiet, "text": "three", "nonce": "n", "meta": { "m": 1 } });
    let said = ann.ok("pub", meta.clone()).await;
    let react = json!({ "stream": quiet, "seq": 1, "emoji": "+", "on": true });
    ann.ok("react", react).await;
    ann.ok("delete", json!({ "stream": stream, "seq": 1 }))
        .await;
    ann.ok("read", json!({ "stream": quiet, "seq": 2 })).await;
    let dm = ann.ok("dm", json!({ "to": "bob", "text": "psst" })).await;
    let data = json!({ "circle": tea, "key": "k", "value": { "a": 1 } });
    bob.ok("circle.data.set", data).await;
    bob.ok("data.set", json!({ "key": "mine", "value": 5 }))
        .await;
    let invite = ann.ok("circle.invite", json!({ "circle": tea })).await["invite"].clone();
    let page = ann.ok("history", json!({ "stream": quiet })).await["messages"].clone();
    let before = [
        resume(&site, &ann.token).await.state,
        resume(&site, &bob.token).await.state,
    ];
    drop((ann.client, bob.client));
    let dir = site.shutdown().await;

    let site = Site::again(dir, |_| {}).await;
    let mut ann = resume(&site, &ann.token).await;
    let mut bob = sign_in(&site, "bob").await;
    assert_eq!([ann.state.clone(), bob.state.clone()], before);
    let subs = |state: &Value| -> Vec<String> {
        let subs = state["subs"].as_array().unwrap();
        let stream = |sub: &Value| sub["stream"].as_str().unwrap().to_owned();
        subs.iter().map(stream).collect()
    };
    let dm = dm["stream"].as_str().unwrap();
    assert_eq!(subs(&ann.state), [&*quiet, dm]);
    assert_eq!(subs(&bob.state), ["s1", &*stream, dm]);
    ann.settle().await;
    assert_eq!(
        ann.ok("history", json!({ "stream": quiet })).await["messages"],
        page
    );
    let again = ann.ok("pub", meta).await;
    assert_eq!((&again["id"], &again["seq"]), (&said["id"], &said["seq"]));
    let value = bob
        .ok("circle.data.get", json!({ "circle": tea, "key": "k" }))
        .await;
    assert_eq!(value["value"], json!({ "a": 1 }));

    // Stored subscriptions are active at once.
    ann.say(dm, "and now?").await;
    assert_eq!(bob.text().await, "and now?");
    let since = json!({ "stream": quiet, "since": 1, "epoch": sub["epoch"] });
    let missed = ann.ok("sub", since).await;
    assert_eq!(
        (&missed["complete"], &missed["rev"]),
        (&json!(true), &json!(3))
    );
    let events = ann.settle().await;
    let ops: Vec<&Value> = events.iter().map(|event| &event["op"]).collect();
    assert_eq!(ops, ["msg", "msg", "react"], "{events:?}");
    let mut eve = register(&site, "eve").await;
    eve.ok("circle.join", json!({ "circle": tea, "invite": invite }))
        .await;
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    ann.send("pub", json!({ "stream": "s1", "text": "last" }))
        .await;
    let server = site.server;
    let (stopped, code) = tokio::join!(server.shutdown(), ann.client.close_code());
    stopped.unwrap();
    assert_eq!(code, Some(1001));
}
