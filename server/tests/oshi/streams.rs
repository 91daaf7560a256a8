//! Hearing streams, and speaking in them.

use serde_json::json;

use crate::client::{register, sign_in};
use crate::common::Site;

#[tokio::test]
async fn what_is_said_is_answered_and_heard() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (register(&site, "ann").await, register(&site, "bob").await);
    ann.settle().await;
    let said = json!({ "stream": "s1", "text": "hi", "nonce": "n1", "meta": { "a": [1, null] } });
    let id = ann.send("pub", said).await;
    let ok = ann.client.json().await;
    assert_eq!(ok["re"], id, "the answer comes first: {ok}");
    let mut expected = json!({
        "op": "msg", "stream": "s1", "seq": 1, "rev": 1, "id": "m1", "from": "u1",
        "name": "Name of ann", "text": "hi", "ts": ok["ts"], "edited": null, "deleted": false,
        "reply": null, "files": [], "reactions": [], "meta": { "a": [1, null] },
    });
    assert_eq!(bob.event().await, expected);
    expected["nonce"] = json!("n1");
    assert_eq!(ann.event().await, expected);
    let shown = json!({ "op": "ok", "re": id, "seq": 1, "id": "m1", "ts": ok["ts"], "rev": 1 });
    assert_eq!(ok, shown);

    let again = json!({ "stream": "s1", "text": "hi, again", "nonce": "n1" });
    let again = ann.ok("pub", again).await;
    assert_eq!((&again["seq"], &again["ts"]), (&ok["seq"], &ok["ts"]));
    ann.quiet().await;
    bob.quiet().await;
    assert_eq!(bob.history("s1").await, ["hi"]);
    let page = ann.ok("history", json!({ "stream": "s1" })).await;
    assert_eq!(
        (&page["op"], &page["more"]),
        (&json!("history"), &json!(false))
    );
    expected.as_object_mut().unwrap().remove("op");
    assert_eq!(page["messages"], json!([expected]));
}

#[tokio::test]
async fn who_is_not_subscribed_gets_nothing() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (register(&site, "ann").await, register(&site, "bob").await);
    let mut second = sign_in(&site, "bob").await;
    let (circle, stream) = ann.circle("tea", false).await;
    ann.let_in(&circle, &mut bob).await;
    second.settle().await;
    ann.say(&stream, "one").await;
    ann.quiet().await;
    bob.quiet().await;
    assert_eq!(bob.sub(&stream).await["last"], 1);
    ann.say(&stream, "two").await;
    assert_eq!(bob.text().await, "two");
    second.quiet().await;
    bob.ok("unsub", json!({ "stream": stream })).await;
    ann.say(&stream, "three").await;
    bob.quiet().await;
}
