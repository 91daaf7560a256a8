//! `/message/…`

use chrono::{Local, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::client::{Person, contents, person};
use crate::common::Site;

async fn trio(site: &Site) -> [Person; 3] {
    [
        person(site, "ann").await,
        person(site, "bob").await,
        person(site, "eve").await,
    ]
}

#[tokio::test]
async fn a_message_as_it_is_kept() {
    let site = Site::start().await;
    let [ann, bob, _] = trio(&site).await;
    let gid = ann.group("g", &[&bob]).await;
    let mut live = ann.live(&site).await;
    let fields = json!({ "gid": gid, "content": "<b>'\u{0}\u{1f600}", "kind": "Image" });
    let id = live.send("Msg", fields).await;
    let ack = live.ack(&id).await;

    let line = &bob.chat_list().await[0];
    let mut msg = line["msg"].clone();
    let now = Local::now().naive_local();
    for name in ["createTime", "updateTime"] {
        let text = msg[name].take();
        let time = NaiveDateTime::parse_from_str(text.as_str().unwrap(), "%Y-%m-%d %H:%M:%S");
        assert!(
            (now - time.unwrap()).abs() < TimeDelta::minutes(1),
            "{text}"
        );
    }
    assert!((Utc::now().timestamp_millis() - msg["ts"].as_i64().unwrap()).abs() < 60_000);
    assert_eq!(msg["ts"], ack["ts"]);
    let expected = json!({
        "id": ack["serverMsgId"], "kind": "Image", "content": "<b>'\u{0}\u{1f600}", "gid": gid,
        "uid": ann.uid, "client_msg_id": id, "createTime": null, "updateTime": null, "ts": ack["ts"],
    });
    assert_eq!(msg, expected);
    let group = json!({ "id": gid, "name": "g", "avatar": "", "mode": 2, "creatorUid": ann.uid });
    assert_eq!(line["group"], group);
    let user = json!({
        "id": ann.uid, "name": "Name of ann", "avatar": "", "email": "", "account": "ann", "password": "",
    });
    assert_eq!((&line["user"], &line["unread"]), (&user, &json!(1)));
    let body = json!({ "gid": gid, "uid": ann.uid, "page": 1, "size": 5 });
    let history = bob.post("/message/history", body).await.data();
    assert_eq!(history[0]["msg"]["id"], ack["serverMsgId"]);
    assert_eq!((&history[0]["user"], &history[0]["group"]), (&user, &group));
    assert_eq!(history[0]["unread"], Value::Null);
    assert_eq!(
        ann.chat_list().await[0]["user"]["id"],
        bob.uid,
        "the other one"
    );
    assert_eq!(ann.chat_list().await[0]["unread"], 0);
}

#[tokio::test]
async fn history_by_pages() {
    let site = Site::start().await;
    let [ann, bob, eve] = trio(&site).await;
    let gid = ann.group("g", &[&bob]).await;
    assert!(ann.history(gid, 1, 5).await.is_empty());
    let mut live = ann.live(&site).await;
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(live.say(gid, &number.to_string()).await);
    }
    for (page, size, expected) in [
        (1, 3, &["5", "6", "7"][..]),
        (2, 3, &["2", "3", "4"]),
        (3, 3, &["1"]),
        (4, 3, &[]),
        (0, 3, &[]),
        (1, 0, &[]),
        (0, 0, &[]),
        (1, 200, &["1", "2", "3", "4", "5", "6", "7"]),
        (u64::MAX, 200, &[]),
        (u64::MAX, 1, &[]),
    ] {
        for of in [&ann, &bob] {
            assert_eq!(of.history(gid, page, size).await, expected, "{page} {size}");
        }
    }
    let before = |before: Value, size: u64| {
        let body = json!({ "gid": gid, "uid": 0, "page": 9, "size": size, "before": before });
        let bob = bob.clone();
        async move { bob.post("/message/history", body).await }
    };
    assert_eq!(contents(&before(json!(ids[4]), 2).await.data()), ["3", "4"]);
    assert_eq!(contents(&before(json!(ids[1]), 2).await.data()), ["1"]);
    assert!(contents(&before(json!(ids[0]), 2).await.data()).is_empty());
    let (code, words) = before(json!(u64::MAX), 2).await.failure();
    assert_eq!(
        (code, words.as_str()),
        (500, "no such message in this group")
    );
    let (_, words) = before(json!(ids[0]), 201).await.failure();
    assert!(words.contains("200"), "{words}");

    for gid in [gid, 0, 99_999, u64::MAX] {
        let body = json!({ "gid": gid, "uid": ann.uid, "page": 1, "size": 5 });
        let failure = eve.post("/message/history", body.clone()).await.failure();
        assert_eq!(failure, (403, "not a member of this group".to_owned()));
        let failure = eve.post("/message/group/read", body).await.failure();
        assert_eq!(failure.0, 403);
    }
    // A message of another group is none of this one.
    let other = ann.group("h", &[]).await;
    let body = json!({ "gid": other, "uid": 0, "page": 1, "size": 5, "before": ids[0] });
    assert_eq!(ann.post("/message/history", body).await.failure().0, 500);
}

#[tokio::test]
async fn one_sees_what_was_said_while_one_was_there() {
    let site = Site::start().await;
    let [ann, bob, _] = trio(&site).await;
    let gid = ann.group("g", &[]).await;
    let mut live = ann.live(&site).await;
    live.say(gid, "before").await;
    ann.change(gid, &[bob.uid], 1).await.data();
    assert_eq!(bob.history(gid, 1, 9).await, Vec::<String>::new());
    live.say(gid, "first").await;
    live.say(gid, "second").await;
    bob.change(gid, &[bob.uid], 2).await.data();
    live.say(gid, "behind their back").await;
    assert_eq!(bob.history(gid, 1, 9).await, ["first", "second"]);
    assert!(bob.chat_list().await.is_empty());
    ann.change(gid, &[bob.uid], 1).await.data();
    live.say(gid, "third").await;
    assert_eq!(bob.history(gid, 1, 2).await, ["second", "third"]);
    assert_eq!(bob.history(gid, 2, 2).await, ["first"]);
    assert_eq!(bob.chat_list().await[0]["unread"], 1);
    assert_eq!(ann.history(gid, 1, 9).await.len(), 5);
}

#[tokio::test]
async fn the_chat_list_by_pages() {
    let site = Site::start().await;
    let [ann, bob, _] = trio(&site).await;
    let mut live = ann.live(&site).await;
    let mut groups = Vec::new();
    for name in ["a", "b", "c"] {
        groups.push(ann.group(name, &[&bob]).await);
        live.say(groups[groups.len() - 1], name).await;
    }
    ann.group("silent", &[&bob]).await;
    live.say(groups[0], "newest").await;
    let page = |page: u64, size: u64| {
        let body = json!({ "uid": ann.uid, "page": page, "size": size });
        let bob = bob.clone();
        async move { bob.post("/message/chat/list", body).await }
    };
    for (number, size, expected) in [
        (1, 2, &["c", "newest"][..]),
        (2, 2, &["b"]),
        (3, 2, &[]),
        (1, 200, &["b", "c", "newest"]),
        (0, 2, &[]),
        (1, 0, &[]),
        (u64::MAX, 200, &[]),
    ] {
        let data = page(number, size).await.data();
        assert_eq!(contents(&data), expected, "{number} {size}");
    }
    assert_eq!(page(1, 201).await.failure().0, 500);
    assert_eq!(page(1, u64::MAX).await.failure().0, 500);

    let unread = |list: Vec<Value>| -> Vec<u64> {
        list.iter()
            .map(|line| line["unread"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(unread(bob.chat_list().await), [1, 1, 2]);
    let body = json!({ "gid": groups[0], "uid": ann.uid });
    let read = bob.post("/message/group/read", body.clone()).await.data();
    assert_eq!(read, true);
    assert_eq!(unread(bob.chat_list().await), [1, 1, 0]);
    assert_eq!(bob.post("/message/group/read", body).await.data(), true);
    let silent = ann.group("silent", &[]).await;
    let body = json!({ "gid": silent, "uid": 0 });
    assert_eq!(ann.post("/message/group/read", body).await.data(), true);
}
