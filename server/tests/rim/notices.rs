//! What only clients of ours are told: those whose `Login` says `notify`.

use serde_json::{Value, json};

use crate::client::{Live, Person, person};
use crate::common::Site;

async fn notified(site: &Site, of: &Person) -> Live {
    let mut live = Live::open(site.addr(), "/rim/ws", of.uid).await;
    let fields = json!({ "content": of.token, "notify": true });
    let id = live.send("Login", fields).await;
    assert_eq!(live.ack(&id).await["server"], "kaiwa");
    live
}

/// The next frame, which must be a notice: its word, user, group and message.
async fn notice(live: &mut Live) -> (String, Value, Value, Value) {
    let packet = live.client.json().await;
    assert_eq!(packet["event"], "Notify", "{packet}");
    let body = &packet["body"];
    assert_eq!(
        (&body["kind"], &body["clientMsgId"]),
        (&json!("Text"), &json!("notify"))
    );
    let word = body["content"].as_str().unwrap().to_owned();
    let field = |name: &str| body[name].clone();
    (word, field("uid"), field("gid"), field("msgId"))
}

async fn trio(site: &Site) -> [Person; 3] {
    [
        person(site, "ann").await,
        person(site, "bob").await,
        person(site, "eve").await,
    ]
}

#[tokio::test]
async fn contacts_are_told() {
    let site = Site::start().await;
    let [ann, bob, eve] = trio(&site).await;
    let mut told = notified(&site, &bob).await;
    let mut plain = eve.live(&site).await;
    for other in [&bob, &eve] {
        let add = json!({ "fid": other.uid });
        ann.post("/friend/add", add).await.data();
    }
    let contacts = (
        "contacts".to_owned(),
        json!(ann.uid),
        Value::Null,
        Value::Null,
    );
    assert_eq!(notice(&mut told).await, contacts);
    let refuse = json!({ "fid": ann.uid, "status": 2 });
    bob.post("/friend/status/modify", refuse.clone())
        .await
        .data();
    assert_eq!(notice(&mut told).await, contacts);
    bob.post("/friend/status/modify", refuse).await.data();
    told.quiet().await;
    plain.quiet().await;
}

#[tokio::test]
async fn groups_are_told() {
    let site = Site::start().await;
    let [ann, bob, eve] = trio(&site).await;
    let mut told = notified(&site, &bob).await;
    let mut plain = eve.live(&site).await;
    let gid = ann.group("g", &[&bob, &eve]).await;
    let groups = ("groups".to_owned(), json!(bob.uid), json!(gid), Value::Null);
    assert_eq!(notice(&mut told).await, groups);
    let body = json!({ "id": gid, "name": "h", "avatar": "" });
    ann.post("/group/update", body).await.data();
    assert_eq!(notice(&mut told).await, groups);
    eve.change(gid, &[eve.uid], 2).await.data();
    assert_eq!(notice(&mut told).await, groups);
    ann.change(gid, &[eve.uid], 1).await.data();
    assert_eq!(notice(&mut told).await, groups);
    ann.change(gid, &[eve.uid], 1).await.data();
    told.quiet().await;

    let removed = |uid: u64| ("removed".to_owned(), json!(uid), json!(gid), Value::Null);
    ann.change(gid, &[bob.uid], 2).await.data();
    assert_eq!(notice(&mut told).await, removed(ann.uid));
    ann.change(gid, &[bob.uid], 1).await.data();
    assert_eq!(notice(&mut told).await, groups);
    bob.change(gid, &[bob.uid], 2).await.data();
    assert_eq!(notice(&mut told).await, removed(bob.uid));
    told.quiet().await;
    plain.quiet().await;
}

#[tokio::test]
async fn who_comes_back_to_a_chat_of_two_is_told_and_hears() {
    let site = Site::start().await;
    let [ann, bob, _] = trio(&site).await;
    let member = |uid: u64| json!({ "uid": uid, "role": 1 });
    let group = json!({ "name": "", "avatar": "", "mode": 1, "creatorUid": ann.uid });
    let body = json!({ "group": group, "users": [member(ann.uid), member(bob.uid)] });
    let mut told = notified(&site, &bob).await;
    let gid = ann.post("/group/create", body.clone()).await.data();
    let gid = gid.as_u64().unwrap();
    let groups = ("groups".to_owned(), json!(bob.uid), json!(gid), Value::Null);
    assert_eq!(notice(&mut told).await, groups);
    bob.change(gid, &[bob.uid], 2).await.data();
    assert_eq!(notice(&mut told).await.0, "removed");
    assert_eq!(ann.post("/group/create", body.clone()).await.data(), gid);
    assert_eq!(notice(&mut told).await, groups);
    assert_eq!(ann.post("/group/create", body).await.data(), gid);
    let mut one = ann.live(&site).await;
    one.say(gid, "back").await;
    assert_eq!(told.heard().await["content"], "back");
}

#[tokio::test]
async fn reading_is_told() {
    let site = Site::start().await;
    let [ann, bob, eve] = trio(&site).await;
    let gid = ann.group("g", &[&bob, &eve]).await;
    let mut told = notified(&site, &bob).await;
    let mut plain = eve.live(&site).await;
    let first = told.say(gid, "a").await;
    let second = told.say(gid, "b").await;
    for _ in 0..2 {
        plain.heard().await;
    }
    let read = |msg_id: u64| ("read".to_owned(), json!(eve.uid), json!(gid), json!(msg_id));
    let fields = json!({ "gid": gid, "msgId": second });
    let id = plain.send("Read", fields).await;
    plain.ack(&id).await;
    told.quiet().await;
    let fields = json!({ "gid": gid, "msgId": first });
    let id = plain.send("Read", fields).await;
    plain.ack(&id).await;
    assert_eq!(notice(&mut told).await, read(second), "up to here");

    let third = told.say(gid, "c").await;
    plain.heard().await;
    let all = json!({ "gid": gid, "uid": 0 });
    eve.post("/message/group/read", all.clone()).await.data();
    assert_eq!(notice(&mut told).await, read(third));
    eve.post("/message/group/read", all.clone()).await.data();
    bob.post("/message/group/read", all).await.data();
    told.quiet().await;
    plain.quiet().await;
}

#[tokio::test]
async fn the_wish_is_the_last_logins() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let told = notified(&site, &bob).await;
    let mut plain = bob.live(&site).await;
    ann.group("a", &[&bob]).await;
    plain.quiet().await;
    let mut again = notified(&site, &bob).await;
    drop((told, plain));
    let gid = ann.group("b", &[&bob]).await;
    assert_eq!(notice(&mut again).await.2, gid);
    let id = again.send("Logout", json!({})).await;
    again.ack(&id).await;
    again.login(&bob.token).await;
    ann.group("c", &[&bob]).await;
    again.quiet().await;
    for wish in [json!(false), json!(1), json!("true"), Value::Null] {
        let fields = json!({ "content": bob.token, "notify": wish });
        let id = again.send("Login", fields).await;
        assert_eq!(again.ack(&id).await.get("server"), None);
    }
}
