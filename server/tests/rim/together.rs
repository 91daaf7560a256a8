//! One world: somebody on wschat and two on rim in one room.

use serde_json::{Value, json};

use crate::client::{contents, person};
use crate::common::Site;

#[tokio::test]
async fn everybody_in_the_lobby_sees_everything_once() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let mut carl = site.client().await;
    let mut one = ann.live(&site).await;
    carl.say("carl", "is anybody here?").await;
    assert_eq!(carl.msg().await, "is anybody here?");
    one.quiet().await;
    for of in [&ann, &bob] {
        of.change(1, &[of.uid], 1).await.data();
    }
    let mut two = bob.live(&site).await;

    one.say(1, "ann \"here\" <b>").await;
    let said = carl.json().await;
    assert_eq!(said["usr"], "Name of ann");
    assert_eq!(said["msg"], "ann \"here\" <b>");
    assert_eq!(two.heard().await["uid"], ann.uid);

    // Under the name of an account, without a name, without a text.
    for (text, content) in [
        (
            r#"{"usr":"BOB","msg":"hello \u0000\ud83d\ude00"}"#,
            "hello \u{0}\u{1f600}",
        ),
        (r#"{"msg":"nobody"}"#, "nobody"),
        (r#"{"usr":"carl"}"#, ""),
    ] {
        carl.send(text).await;
        carl.text().await;
        let heard = [one.heard().await, two.heard().await];
        assert_eq!(heard[0], heard[1]);
        assert_eq!(heard[0]["content"], content);
        assert_eq!(heard[0]["gid"], 1);
        assert!(!heard[0]["clientMsgId"].as_str().unwrap().is_empty());
    }
    two.say(1, "bob").await;
    assert_eq!(carl.msg().await, "bob");
    assert_eq!(one.heard().await["content"], "bob");
    one.quiet().await;
    two.quiet().await;

    let body = json!({ "gid": 1, "uid": 0, "page": 1, "size": 9 });
    let history = ann.post("/message/history", body).await.data();
    let expected = [
        "ann \"here\" <b>",
        "hello \u{0}\u{1f600}",
        "nobody",
        "",
        "bob",
    ];
    assert_eq!(contents(&history), expected, "from when they came");
    let name = |line: usize| history[line]["user"]["name"].as_str().unwrap().to_owned();
    assert_eq!(name(0), "Name of ann");
    assert_eq!(name(1), "BOB (guest)", "there is an account of that name");
    assert_eq!(history[1]["user"]["account"], "");
    assert_eq!(history[2]["msg"]["uid"], 0);
    assert_eq!(name(3), "carl");
    let guest = &history[1]["msg"]["uid"];
    let user = ann.get(&format!("/user/get?uid={guest}")).await.data();
    assert_eq!(user["name"], "BOB (guest)");

    // A guest is nobody's contact and no member.
    let fid = guest.as_u64().unwrap();
    let answer = ann.post("/friend/add", json!({ "fid": fid })).await;
    assert_eq!(answer.failure().0, 500);
    let gid = ann.group("g", &[]).await;
    assert_eq!(ann.change(gid, &[fid], 1).await.failure().0, 500);
    let list = bob.chat_list().await;
    assert_eq!(list[0]["unread"], 4);
    assert_eq!(list[0]["user"]["id"], ann.uid);
    assert_ne!(list[0]["group"]["name"], Value::Null);
}
