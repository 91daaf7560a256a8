//! The server of these tests is what the recordings say.

use kaiwa_protocols::ErrorKind;
use kaiwa_protocols::rim::wire::Endpoint;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::rim_server::raw::Raw;
use crate::support::rim_server::{Flavour, RimServer, RimWires};

const ORIGINAL: Flavour = Flavour::Original { chat_uid: true };

/// A server with three users and a group of the first two.
struct Stage {
    wires: RimWires,
    ann: Raw,
    bob: Raw,
    eve: Raw,
    group: u64,
}

async fn stage(flavour: Flavour) -> Stage {
    let wires = RimWires::new(RimServer::new(flavour));
    let group = {
        let mut state = wires.server.lock();
        let ids = ["ann", "bob", "eve"].map(|name| state.world.register(name, "secret"));
        state.world.group_of("Friends", 2, &ids[..2])
    };
    Stage {
        ann: Raw::sign_in(&wires, "ann", "secret").await,
        bob: Raw::sign_in(&wires, "BOB", "secret").await,
        eve: Raw::sign_in(&wires, "eve", "secret").await,
        wires,
        group,
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_and_tokens() {
    let Stage { wires, ann, .. } = stage(ORIGINAL).await;
    let user = json!({"name": "A", "avatar": "", "account": "Ann", "email": "", "password": "x"});
    let (status, answer) = ann.post(Endpoint::UserCreate, &user).await;
    assert_eq!((status, &answer["code"]), (200, &json!(500)));
    assert_eq!(answer["msg"], "Account Existed");
    let wrong = json!({"account": "ann", "password": "x"});
    let (_, answer) = ann.post(Endpoint::UserLogin, &wrong).await;
    assert_eq!(answer["msg"], "wrong password");
    let nobody = json!({"account": "nobody", "password": "x"});
    let (_, answer) = ann.post(Endpoint::UserLogin, &nobody).await;
    assert_eq!(answer["msg"], "account not found");
    let again = Raw::sign_in(&wires, "ann", "secret").await;
    assert_eq!(again.token, ann.token);
    wires.server.lock().world.expire_tokens();
    let (status, answer) = ann.get(Endpoint::GroupGet, "uid=1").await;
    assert_eq!((status, &answer["code"]), (200, &json!(401)));
    // Still told whose it was.
    let exempt = Raw::sign_in(&wires, "ann", "secret").await;
    assert_ne!(exempt.token, ann.token);
    let (_, answer) = exempt.get(Endpoint::UserSearch, "account=bob").await;
    assert_eq!(answer["data"]["email"], "");
    let (_, answer) = exempt.get(Endpoint::UserSearch, "account=x").await;
    assert_eq!(
        (&answer["ok"], &answer["code"]),
        (&json!(false), &json!(200))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_has_its_own_status() {
    let Stage { ann, .. } = stage(ORIGINAL).await;
    let page = |(status, answer): (u16, Value)| (status, answer.is_string());
    let response = ann.ask("POST", "/group/create", b"{").await.unwrap();
    assert_eq!(response.status, 400);
    assert!(response.body.starts_with(b"<!DOCTYPE html>"));
    let lacking = json!({"fid": -1});
    assert_eq!(
        page(ann.post(Endpoint::FriendAdd, &lacking).await),
        (422, true)
    );
    for (method, target, status) in [
        ("GET", "/nowhere", 404),
        ("POST", "/group/get?uid=1", 404),
        ("GET", "/group/get", 404),
        ("DELETE", "/group/get?uid=1", 404),
        ("GET", "/user/get?uid=99", 500),
        ("GET", "/friend/incoming", 404),
    ] {
        let response = ann.ask(method, target, b"").await.unwrap();
        assert_eq!(response.status, status, "{method} {target}");
        assert!(response.body.starts_with(b"{"), "{method} {target}");
    }
    let chats = json!({"uid": 1, "page": 0, "size": 5});
    assert_eq!(
        page(ann.post(Endpoint::ChatList, &chats).await),
        (500, false)
    );
    let quoted = Raw {
        token: "o'hara".to_owned(),
        ..ann
    };
    let error = quoted
        .ask("GET", "/group/get?uid=1", b"")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
}

#[tokio::test(start_paused = true)]
async fn contacts_are_directed() {
    let Stage { ann, bob, .. } = stage(ORIGINAL).await;
    let friends = async |whose: &Raw, status: u8| {
        let (_, answer) = whose
            .get(Endpoint::FriendList, &format!("status={status}"))
            .await;
        answer["data"].as_array().unwrap().len()
    };
    ann.post(Endpoint::FriendAdd, &json!({"fid": bob.uid}))
        .await;
    ann.post(Endpoint::FriendAdd, &json!({"fid": bob.uid}))
        .await;
    ann.post(Endpoint::FriendAdd, &json!({"fid": 99})).await;
    assert_eq!(friends(&ann, 0).await, 2);
    let confirm = json!({"fid": ann.uid, "status": 1});
    let (_, answer) = bob.post(Endpoint::FriendStatusModify, &confirm).await;
    assert_eq!(answer["data"], true);
    assert_eq!((friends(&ann, 1).await, friends(&bob, 1).await), (0, 0));
    let odd = json!({"fid": bob.uid, "status": 7});
    let (_, answer) = ann.post(Endpoint::FriendStatusModify, &odd).await;
    assert_eq!(
        (&answer["ok"], &answer["data"]),
        (&json!(true), &json!(false))
    );
    let end = json!({"fid": bob.uid, "status": 2});
    ann.post(Endpoint::FriendStatusModify, &end).await;
    assert_eq!(friends(&ann, 0).await, 0);
}

#[tokio::test(start_paused = true)]
async fn messages_are_kept_acknowledged_and_relayed() {
    let Stage {
        ann, bob, group, ..
    } = stage(ORIGINAL).await;
    let (mut one, mut two) = (ann.online().await, bob.online().await);
    let said = json!({"gid": group, "kind": "Image", "content": "a picture"});
    let ack = one.request("Msg", &said).await;
    assert_eq!(ack["serverMsgId"], 1);
    assert!(ack.get("ts").is_none());
    let relayed = two.next().await.unwrap();
    let expected = json!({"event": "Msg", "body": {"kind": "Text", "uid": ann.uid, "gid": group,
        "content": "a picture", "clientMsgId": ack["clientMsgId"], "msgId": 1}});
    assert_eq!(relayed, expected);
    let chats = json!({"uid": bob.uid, "page": 1, "size": 5});
    let (_, answer) = bob.post(Endpoint::ChatList, &chats).await;
    assert_eq!(answer["data"][0]["unread"], 1);
    assert_eq!(answer["data"][0]["user"]["account"], "ann");
    assert_eq!(answer["data"][0]["msg"]["kind"], "Image");
    let read = json!({"gid": group, "msgId": 1});
    assert_eq!(two.request("Ack", &read).await["serverMsgId"], Value::Null);
    assert_eq!(two.request("Read", &read).await["serverMsgId"], 1);
    let (_, answer) = bob.post(Endpoint::ChatList, &chats).await;
    assert_eq!(answer["data"][0]["unread"], 0);
    for number in 2..=7 {
        let said = json!({"gid": group, "content": format!("message {number}")});
        one.request("Msg", &said).await;
    }
    for (page, ids) in [
        (1, vec![5, 6, 7]),
        (2, vec![2, 3, 4]),
        (3, vec![1]),
        (4, vec![]),
    ] {
        let wanted = json!({"gid": group, "uid": bob.uid, "page": page, "size": 3});
        let (_, answer) = bob.post(Endpoint::History, &wanted).await;
        let lines = answer["data"].as_array().unwrap().iter();
        let got: Vec<u64> = lines
            .map(|line| line["msg"]["id"].as_u64().unwrap())
            .collect();
        assert_eq!(got, ids, "page {page}");
    }
    one.leave().await;
}

#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_is_met_with_silence() {
    let Stage {
        wires,
        ann,
        bob,
        eve,
        group,
    } = stage(ORIGINAL).await;
    let mut socket = ann.open().await;
    let said = json!({"gid": group, "content": "too early"});
    socket.packet("Msg", &said).await;
    socket.packet("Login", &json!({"content": bob.token})).await;
    socket
        .request("Login", &json!({"content": ann.token}))
        .await;
    socket.send(Message::text("not JSON")).await;
    for (event, fields) in [
        ("Dance", json!({})),
        ("Notify", json!({})),
        ("Msg", json!({"content": "nowhere"})),
        ("Msg", json!({"gid": 99, "content": "elsewhere"})),
        (
            "Msg",
            json!({"gid": group, "uid": eve.uid, "content": "as somebody"}),
        ),
        ("Msg", json!({"gid": group, "clientMsgId": ""})),
        ("Read", json!({"gid": group})),
        ("Ack", json!({"msgId": 1})),
    ] {
        socket.packet(event, &fields).await;
    }
    socket
        .request("Read", &json!({"gid": group, "msgId": 99}))
        .await;
    assert!(wires.server.lock().world.talk.messages().is_empty());
    assert_eq!(wires.server.poison(), None);
    // Whoever is signed in may be spoken for.
    let mut other = eve.online().await;
    let said = json!({"gid": group, "uid": ann.uid, "content": "not ann"});
    other.request("Msg", &said).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_id_is_another_message_unless_the_server_says_otherwise() {
    for (flavour, idempotent, copies) in [
        (ORIGINAL, false, 2),
        (Flavour::Kaiwa, false, 2),
        (Flavour::Kaiwa, true, 1),
    ] {
        let Stage {
            wires,
            ann,
            bob,
            group,
            ..
        } = stage(flavour).await;
        wires.server.lock().idempotent = idempotent;
        let (mut one, mut two) = (ann.online().await, bob.online().await);
        let said = json!({"gid": group, "content": "hello", "clientMsgId": "same"});
        for _ in 0..2 {
            one.request("Msg", &said).await;
        }
        one.request("Msg", &json!({"gid": group, "content": "after"}))
            .await;
        let mut heard = 0;
        while two.next().await.unwrap()["body"]["content"] == "hello" {
            heard += 1;
        }
        assert_eq!(heard, copies);
        assert_eq!(wires.server.lock().world.talk.messages().len(), copies + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_login_gets_what_is_said() {
    let Stage {
        ann, bob, group, ..
    } = stage(ORIGINAL).await;
    let (mut one, mut first) = (ann.online().await, bob.online().await);
    let mut second = bob.online().await;
    one.request("Msg", &json!({"gid": group, "content": "hello"}))
        .await;
    assert_eq!(second.next().await.unwrap()["body"]["content"], "hello");
    // It can still talk, and hears nothing but its own acknowledgements.
    first
        .request("Msg", &json!({"gid": group, "content": "old"}))
        .await;
    assert_eq!(one.next().await.unwrap()["body"]["content"], "old");
}

#[tokio::test(start_paused = true)]
async fn adding_to_two_members_adds_two_rows() {
    let Stage {
        wires,
        ann,
        bob,
        eve,
        group,
    } = stage(ORIGINAL).await;
    let (mut one, mut three) = (ann.online().await, eve.online().await);
    let add = json!({"gid": group, "uids": [eve.uid], "opType": 1});
    ann.post(Endpoint::GroupUserChange, &add).await;
    let rows = wires.server.lock().world.members(group).len();
    assert_eq!(rows, 4);
    one.request("Msg", &json!({"gid": group, "content": "hello"}))
        .await;
    for _ in 0..2 {
        assert_eq!(three.next().await.unwrap()["body"]["content"], "hello");
    }
    let wanted = json!({"gid": group, "uid": eve.uid, "page": 1, "size": 5});
    let (_, answer) = eve.post(Endpoint::History, &wanted).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    let remove = json!({"gid": group, "uids": [eve.uid, bob.uid], "opType": 2});
    ann.post(Endpoint::GroupUserChange, &remove).await;
    assert_eq!(wires.server.lock().world.members(group).len(), 1);
    let (_, answer) = ann.get(Endpoint::GroupUserGet, "gid=99").await;
    assert_eq!(answer["data"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn without_its_trigger_the_chat_list_is_broken() {
    let Stage {
        wires, ann, group, ..
    } = stage(Flavour::Original { chat_uid: false }).await;
    let chats = json!({"uid": ann.uid, "page": 1, "size": 5});
    assert_eq!(ann.post(Endpoint::ChatList, &chats).await.0, 200);
    wires.server.lock().say(ann.uid, group, "hello");
    let (status, answer) = ann.post(Endpoint::ChatList, &chats).await;
    assert_eq!((status, &answer["msg"]), (500, &json!("system error")));
}

#[tokio::test(start_paused = true)]
async fn every_trigger_kills_the_original_until_it_is_started_again() {
    for trigger in ["heart", "ping", "pong", "binary", "alone", "quote", "ghost"] {
        let Stage {
            wires,
            ann,
            bob,
            group,
            ..
        } = stage(ORIGINAL).await;
        let (mut one, two) = (ann.online().await, bob.online().await);
        let bad = b"\xff\xfe".to_vec();
        match trigger {
            "heart" => drop(one.packet("Heart", &json!({})).await),
            "ping" => one.send(Message::Ping(bad.into())).await,
            "pong" => one.send(Message::Pong(b"".as_slice().into())).await,
            "binary" => one.send(Message::Binary(bad.into())).await,
            "alone" => {
                let alone = wires.server.lock().world.group_of("Alone", 2, &[ann.uid]);
                one.packet("Msg", &json!({"gid": alone, "content": "hm"}))
                    .await;
            }
            "quote" => drop(one.packet("Login", &json!({"content": "o'hara"})).await),
            _ => {
                drop(two);
                let gone = |uid| {
                    wires.server.until("the end", move |state| {
                        (!state.is_online(uid)).then_some(())
                    })
                };
                gone(bob.uid).await;
                one.request("Msg", &json!({"gid": group, "content": "bob?"}))
                    .await;
            }
        }
        while one.next().await.is_some() {}
        assert!(wires.server.poison().is_some(), "{trigger}");
        let mut dead = bob.open().await;
        assert_eq!(dead.next().await, None, "{trigger}");
        assert_eq!(ann.get(Endpoint::GroupGet, "uid=1").await.0, 200);
        wires.server.restart();
        bob.online().await.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_kills_kaiwas() {
    let Stage {
        wires,
        ann,
        bob,
        group,
        ..
    } = stage(Flavour::Kaiwa).await;
    let (mut one, two) = (ann.online().await, bob.online().await);
    one.request("Heart", &json!({})).await;
    one.send(Message::Ping(b"\xff".as_slice().into())).await;
    one.send(Message::Pong(b"\xff".as_slice().into())).await;
    one.send(Message::Binary(b"\xff".as_slice().into())).await;
    drop(two);
    let uid = bob.uid;
    wires
        .server
        .until("the end", |state| (!state.is_online(uid)).then_some(()))
        .await;
    one.request("Msg", &json!({"gid": group, "content": "bob?"}))
        .await;
    let said = json!({"gid": group, "uid": bob.uid, "content": "not bob"});
    one.packet("Msg", &said).await;
    let ack = one
        .request("Login", &json!({"content": ann.token, "notify": true}))
        .await;
    assert_eq!(ack["server"], "kaiwa");
    assert_eq!(wires.server.lock().world.talk.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn kaiwas_tells_of_changes() {
    let Stage {
        wires,
        ann,
        bob,
        eve,
        group,
    } = stage(Flavour::Kaiwa).await;
    let mut two = bob.online().await;
    let told = async |socket: &mut crate::support::rim_server::raw::RawSocket| {
        let packet = socket.next().await.unwrap();
        assert_eq!(packet["event"], "Notify", "{packet}");
        packet["body"]["content"].as_str().unwrap().to_owned()
    };
    ann.post(Endpoint::FriendAdd, &json!({"fid": bob.uid}))
        .await;
    assert_eq!(told(&mut two).await, "contacts");
    let (_, answer) = bob.get(Endpoint::FriendIncoming, "").await;
    assert_eq!(answer["data"][0]["user"]["account"], "ann");
    assert_eq!(answer["data"][0]["status"], 0);
    let add = json!({"gid": group, "uids": [eve.uid], "opType": 1});
    let (_, answer) = eve.post(Endpoint::GroupUserChange, &add).await;
    assert_eq!(answer["code"], 403);
    ann.post(Endpoint::GroupUserChange, &add).await;
    assert_eq!(told(&mut two).await, "groups");
    assert_eq!(wires.server.lock().world.members(group).len(), 3);
    let id = wires.server.lock().say(eve.uid, group, "hello");
    assert_eq!(two.next().await.unwrap()["event"], "Msg");
    let mut one = ann.online().await;
    one.packet("Read", &json!({"gid": group, "msgId": id}))
        .await;
    assert_eq!(told(&mut two).await, "read");
    let remove = json!({"gid": group, "uids": [bob.uid], "opType": 2});
    ann.post(Endpoint::GroupUserChange, &remove).await;
    assert_eq!(told(&mut two).await, "removed");
    let before = json!({"gid": group, "uid": 0, "page": 1, "size": 5, "before": id});
    let (_, answer) = ann.post(Endpoint::History, &before).await;
    assert_eq!(answer["data"], json!([]));
}
