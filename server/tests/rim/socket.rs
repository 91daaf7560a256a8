//! What a WebSocket client may say, and what it hears.

use chrono::Utc;
use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Live, Person, Rest, contents, person, sign_in};
use crate::common::{Site, bounded, until};

async fn pair(site: &Site) -> (Person, Person, u64) {
    let (ann, bob) = (person(site, "ann").await, person(site, "bob").await);
    let gid = ann.group("g", &[&bob]).await;
    (ann, bob, gid)
}

#[tokio::test]
async fn a_message_is_acknowledged_and_relayed() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let mut last = 0;
    for kind in ["Text", "RichText", "Image"] {
        let fields = json!({ "gid": gid, "content": "<b>\"'\u{0}\u{1f600}", "kind": kind });
        let id = one.send("Msg", fields).await;
        let ack = one.ack(&id).await;
        let msg_id = ack["serverMsgId"].as_u64().unwrap();
        assert!(msg_id > last);
        last = msg_id;
        let ts = ack["ts"].as_i64().unwrap();
        assert!((Utc::now().timestamp_millis() - ts).abs() < 60_000);
        let keys: Vec<&String> = ack.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["clientMsgId", "content", "kind", "serverMsgId", "ts"]
        );
        let expected = json!({
            "kind": kind, "uid": ann.uid, "gid": gid, "content": "<b>\"'\u{0}\u{1f600}",
            "clientMsgId": id, "msgId": msg_id, "ts": ts,
        });
        assert_eq!(other.heard().await, expected);
    }
    one.quiet().await;
    other.say(gid, "").await;
    assert_eq!(one.heard().await["content"], "");
}

#[tokio::test]
async fn the_same_client_id_twice_is_two_messages() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let mut ids = Vec::new();
    for content in ["a", "b"] {
        let fields = json!({ "gid": gid, "content": content, "clientMsgId": "same" });
        one.send("Msg", fields).await;
        ids.push(one.ack("same").await["serverMsgId"].as_u64().unwrap());
        assert_eq!(other.heard().await["content"], content);
    }
    assert!(ids[0] < ids[1]);
}

#[tokio::test]
async fn nonsense_is_met_with_silence() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let eve = person(&site, "eve").await;
    let foreign = eve.group("h", &[]).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let packet = |event: &str, fields: Value| {
        let mut body = json!({
            "kind": "Text", "uid": ann.uid, "gid": gid, "content": "x", "clientMsgId": "c",
        });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        json!({ "event": event, "body": body }).to_string()
    };
    let without = |event: &str, name: &str| {
        let mut packet: Value = serde_json::from_str(&packet(event, json!({}))).unwrap();
        packet["body"].as_object_mut().unwrap().remove(name);
        packet.to_string()
    };
    let mut nonsense = vec![
        String::new(),
        "x".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!("{}1", "[".repeat(60_000)),
        json!({ "event": "Msg" }).to_string(),
        json!({ "event": "Msg", "body": null }).to_string(),
        json!({ "event": 5, "body": {} }).to_string(),
        without("Msg", "kind"),
        without("Msg", "uid"),
        without("Msg", "gid"),
        without("Msg", "content"),
        without("Msg", "clientMsgId"),
        without("Ack", "msgId"),
        without("Read", "msgId"),
        packet("Ack", json!({ "gid": null, "msgId": 1 })),
        packet("Read", json!({ "msgId": -1 })),
    ];
    for event in ["msg", "", "Dance", "Notify"] {
        nonsense.push(packet(event, json!({})));
    }
    let wrong = [
        json!({ "kind": "Dance" }),
        json!({ "kind": null }),
        json!({ "gid": null }),
        json!({ "gid": -1 }),
        json!({ "gid": "1" }),
        json!({ "gid": 1.5 }),
        json!({ "content": null }),
        json!({ "content": 5 }),
        json!({ "clientMsgId": "" }),
        json!({ "clientMsgId": null }),
        json!({ "clientMsgId": "x".repeat(145) }),
        json!({ "uid": -1 }),
        json!({ "uid": bob.uid }),
        json!({ "uid": 0 }),
        json!({ "uid": u64::MAX }),
        json!({ "msgId": -1 }),
    ];
    for fields in wrong {
        nonsense.push(packet("Msg", fields));
    }
    for text in &nonsense {
        one.client.send(text.as_str()).await;
    }
    for gid in [0, foreign, 99_999, u64::MAX] {
        one.client.send(packet("Msg", json!({ "gid": gid }))).await;
    }
    one.quiet().await;
    other.quiet().await;
    let counters = site.server.counters();
    assert_eq!(counters.malformed, nonsense.len() as u64);
    assert_eq!(counters.refused, 4, "those of groups that one is not in");
    assert!(ann.history(gid, 1, 9).await.is_empty());
    assert!(eve.history(foreign, 1, 9).await.is_empty());

    let fields = json!({ "gid": gid, "clientMsgId": "x".repeat(144), "more": [1] });
    one.send("Msg", fields).await;
    one.ack(&"x".repeat(144)).await;
}

#[tokio::test]
async fn who_has_not_signed_in_is_not_heard() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let mut live = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    let never = uuid::Uuid::new_v4().to_string();
    let upper = ann.token.to_uppercase();
    for token in ["", "'", "x' OR 1=1 -- ", &never, &bob.token, &upper] {
        live.send("Login", json!({ "content": token })).await;
        live.send("Msg", json!({ "gid": gid, "content": "x" }))
            .await;
        live.send("Heart", json!({})).await;
    }
    live.send("Login", json!({ "content": ann.token, "uid": bob.uid }))
        .await;
    live.login(&ann.token).await;
    assert_eq!(live.say(gid, "at last").await, 1);
    assert_eq!(bob.history(gid, 1, 9).await, ["at last"]);
    assert_eq!(site.server.counters().unsigned, 7);

    // Behind each other, without waiting.
    let mut live = Live::open(site.addr(), "/rim/ws", bob.uid).await;
    let login = live
        .send(
            "Login",
            json!({ "content": bob.token, "gid": 5, "kind": "Image" }),
        )
        .await;
    let said = live
        .send("Msg", json!({ "gid": gid, "content": "me too" }))
        .await;
    live.ack(&login).await;
    live.ack(&said).await;

    // A login that fails changes nothing.
    live.send("Login", json!({ "content": "wrong" })).await;
    live.say(gid, "still here").await;
}

#[tokio::test]
async fn marks_are_acknowledged_whatever_they_name() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let mut ids = Vec::new();
    for content in ["a", "b", "c"] {
        ids.push(one.say(gid, content).await);
        other.heard().await;
    }
    let unread = async || bob.chat_list().await[0]["unread"].as_u64().unwrap();
    for (event, msg_id, gid, acked, left) in [
        ("Ack", ids[0], gid, Value::Null, 3),
        ("Read", ids[1], gid, json!(ids[1]), 2),
        ("Read", ids[1], gid, json!(ids[1]), 2),
        ("Read", 99_999, gid, json!(99_999), 2),
        ("Read", u64::MAX, gid, json!(u64::MAX), 2),
        ("Read", ids[0], 99_999, json!(ids[0]), 2),
        ("Ack", 99_999, u64::MAX, Value::Null, 2),
        ("Read", ids[0], gid, json!(ids[0]), 1),
        ("Read", ids[2], gid, json!(ids[2]), 0),
    ] {
        let id = other
            .send(event, json!({ "gid": gid, "msgId": msg_id }))
            .await;
        let ack = other.ack(&id).await;
        assert_eq!(ack["serverMsgId"], acked, "{event} {msg_id}");
        assert_eq!(ack.as_object().unwrap().len(), 4, "{ack}");
        assert_eq!(unread().await, left, "{event} {msg_id}");
    }
    one.quiet().await;
}

#[tokio::test]
async fn the_last_login_is_delivered_to() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let mut one = ann.live(&site).await;
    let (mut old, mut new) = (bob.live(&site).await, bob.live(&site).await);
    one.say(gid, "to the new one").await;
    assert_eq!(new.heard().await["content"], "to the new one");
    old.quiet().await;
    old.say(gid, "the old one still speaks").await;
    assert_eq!(one.heard().await["content"], "the old one still speaks");
    new.quiet().await;

    // The old one's goodbye does not concern the new one.
    let id = old.send("Logout", json!({})).await;
    old.ack(&id).await;
    drop(old);
    one.say(gid, "again").await;
    assert_eq!(new.heard().await["content"], "again");

    // Logging in again takes it back.
    let mut again = Live::open(site.addr(), "/rim/ws", bob.uid).await;
    again.login(&sign_in(&Rest::new(&site), "bob").await).await;
    new.login(&bob.token).await;
    one.say(gid, "and back").await;
    assert_eq!(new.heard().await["content"], "and back");
    again.quiet().await;
}

#[tokio::test]
async fn after_logout_nothing_comes() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let said = other
        .send("Msg", json!({ "gid": gid, "content": "bye" }))
        .await;
    let logout = other.send("Logout", json!({})).await;
    let late = json!({ "gid": gid, "content": "too late" });
    other.send("Msg", late).await;
    other.ack(&said).await;
    assert_eq!(other.ack(&logout).await["serverMsgId"], Value::Null);
    assert_eq!(one.heard().await["content"], "bye");
    one.say(gid, "are you there?").await;
    other.login(&bob.token).await;
    other.quiet().await;
    assert_eq!(bob.chat_list().await[0]["unread"], 1);
    assert_eq!(ann.history(gid, 1, 9).await, ["bye", "are you there?"]);
}

#[tokio::test]
async fn one_socket_is_one_after_the_other() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let eve = person(&site, "eve").await;
    let hers = eve.group("h", &[&ann]).await;
    let (mut one, mut socket) = (ann.live(&site).await, bob.live(&site).await);
    socket.uid = eve.uid;
    socket.login(&eve.token).await;
    one.say(gid, "to bob").await;
    one.say(hers, "to eve").await;
    assert_eq!(socket.heard().await["content"], "to eve");
    socket.quiet().await;
    socket.uid = bob.uid;
    socket.send("Heart", json!({})).await;
    socket.uid = eve.uid;
    socket.quiet().await;
    assert_eq!(*site.server.clients().borrow(), 2);
}

#[tokio::test]
async fn who_is_gone_is_not_sent_to() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let mut one = ann.live(&site).await;
    let other = bob.live(&site).await;
    let clients = site.server.clients();
    assert_eq!(*clients.borrow(), 2);
    drop(other);
    until(|| *clients.borrow() == 1).await;
    one.say(gid, "alone").await;
    let alone = ann.group("only me", &[]).await;
    one.say(alone, "and alone again").await;
    assert_eq!(
        contents(&json!(ann.chat_list().await)),
        ["alone", "and alone again"]
    );
}

#[tokio::test]
async fn members_come_and_go_while_connected() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let eve = person(&site, "eve").await;
    let (mut one, mut three) = (ann.live(&site).await, eve.live(&site).await);
    one.say(gid, "not yet").await;
    bob.change(gid, &[eve.uid], 1).await.data();
    one.say(gid, "welcome").await;
    assert_eq!(three.heard().await["content"], "welcome");
    ann.change(gid, &[eve.uid], 2).await.data();
    one.say(gid, "gone").await;
    three.quiet().await;
    let fresh = bob.group("fresh", &[&eve, &ann]).await;
    one.say(fresh, "new").await;
    assert_eq!(three.heard().await["content"], "new");
}

#[tokio::test]
async fn pings_and_binary_frames_of_any_kind() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    for frame in [
        Message::Ping(vec![0xff, 0xfe, 0].into()),
        Message::Pong(vec![0xff].into()),
        Message::binary(vec![0xff, 0xfe]),
        Message::binary(Vec::new()),
    ] {
        bounded(one.client.ws.send(frame)).await.unwrap();
    }
    let packet = json!({ "event": "Msg", "body": {
        "kind": "Text", "uid": ann.uid, "gid": gid, "content": "bytes", "clientMsgId": "b",
    } });
    let frame = Message::binary(packet.to_string().into_bytes());
    bounded(one.client.ws.send(frame)).await.unwrap();
    one.ack("b").await;
    assert_eq!(other.heard().await["content"], "bytes");
    assert_eq!(site.server.counters().malformed, 2);
}

#[tokio::test]
async fn order_is_the_same_for_all_and_acknowledgements_are_in_order() {
    let site = Site::start().await;
    let (ann, bob, gid) = pair(&site).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    let mut ids = Vec::new();
    for number in 0..300 {
        let event = if number % 3 == 0 { "Heart" } else { "Msg" };
        let fields = json!({ "gid": gid, "content": number.to_string() });
        ids.push((event, number.to_string(), one.send(event, fields).await));
    }
    let mut last = 0;
    for (event, content, id) in ids {
        let ack = one.ack(&id).await;
        if event == "Msg" {
            let heard = other.heard().await;
            assert_eq!(
                (&heard["content"], &heard["msgId"]),
                (&json!(content), &ack["serverMsgId"])
            );
            let msg_id = ack["serverMsgId"].as_u64().unwrap();
            assert!(msg_id > last);
            last = msg_id;
        }
    }
}
