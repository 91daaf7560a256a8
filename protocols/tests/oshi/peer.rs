//! The server in memory is as the sheet has it.

use std::time::Duration;

use kaiwa_protocols::oshi::wire::{StreamId, limit};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::oshi_server::fault::CallFault;
use crate::support::oshi_server::raw::Raw;
use crate::support::oshi_server::world::GENERAL;
use crate::support::oshi_server::{OshiServer, OshiWires};

pub(super) const PASSWORD: &str = "secret";

/// A server with ann and bob, both connected.
pub(super) struct Stage {
    pub(super) wires: OshiWires,
    pub(super) ann: Raw,
    pub(super) bob: Raw,
}

pub(super) async fn stage() -> Stage {
    let wires = OshiWires::new(OshiServer::new());
    for name in ["ann", "bob", "eve"] {
        wires.server.lock().world.register(name, PASSWORD, name);
    }
    let mut ann = Raw::online(&wires, "ann", PASSWORD).await;
    let bob = Raw::online(&wires, "bob", PASSWORD).await;
    let told = ann.rest().await;
    assert_eq!(
        (&told[0]["op"], &told[0]["user"]),
        (&json!("presence"), &json!("u3"))
    );
    Stage { wires, ann, bob }
}

fn say(text: &str) -> Value {
    json!({"op": "pub", "stream": "s1", "text": text})
}

pub(super) fn ops(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["op"].as_str().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_signs_in_or_the_connection_ends() {
    let Stage { wires, .. } = stage().await;
    let wrong = [
        json!({"op": "ping"}),
        json!({"op": "auth", "v": 1, "user": "ann", "password": "wrong"}),
        json!({"op": "auth", "v": 1, "user": "nobody", "password": PASSWORD}),
        json!({"op": "auth", "v": 2, "user": "ann", "password": PASSWORD}),
        json!({"op": "auth", "v": 1, "token": "stale"}),
        json!({"op": "auth"}),
        json!([]),
    ];
    for first in wrong {
        let mut raw = Raw::open(&wires).await;
        raw.send(&first).await;
        assert_eq!(raw.next().await.unwrap()["code"], "auth_failed", "{first}");
        assert_eq!(
            (raw.next().await, raw.closed),
            (None, Some(1011)),
            "{first}"
        );
    }
    let mut silent = Raw::open(&wires).await;
    assert_eq!(silent.next().await.unwrap()["code"], "auth_failed");
    for (name, password, reason) in [
        ("Ann", "p", "name_taken"),
        ("a b", "p", "bad_name"),
        ("new", "", "bad_password"),
    ] {
        let mut raw = Raw::open(&wires).await;
        raw.send(
            &json!({"op": "auth", "v": 1, "user": name, "password": password, "register": true}),
        )
        .await;
        let refused = raw.next().await.unwrap();
        assert_eq!(
            (&refused["code"], &refused["reason"]),
            (&json!("register_failed"), &json!(reason))
        );
        assert_eq!((raw.next().await, raw.closed), (None, Some(1011)));
    }
    let mut raw = Raw::open(&wires).await;
    raw.send(&json!({"op": "auth", "v": 1, "user": "new", "password": "p", "register": true, "display": "New"})).await;
    let hello = raw.next().await.unwrap();
    assert_eq!(hello["user"]["display"], "New");
    let state = raw.next().await.unwrap();
    assert_eq!(state["circles"][0]["streams"][0]["name"], "general");
    assert_eq!(state["subs"], json!([{"stream": "s1", "last_read": 0}]));
    assert_eq!(
        raw.refused(json!({"op": "auth", "v": 1, "token": "x"}))
            .await,
        "already_auth"
    );
    let mut again = Raw::open(&wires).await;
    again
        .send(&json!({"op": "auth", "v": 1, "token": hello["token"]}))
        .await;
    assert_eq!(again.next().await.unwrap()["user"], hello["user"]);
    again.next().await.unwrap();
    again.done(json!({"op": "logout"})).await;
    assert_eq!((again.next().await, again.closed), (None, Some(1000)));
    let mut late = Raw::open(&wires).await;
    late.send(&json!({"op": "auth", "v": 1, "token": hello["token"]}))
        .await;
    assert_eq!(late.next().await.unwrap()["code"], "auth_failed");
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_before_the_message_and_a_nonce_is_said_once() {
    let Stage {
        wires,
        mut ann,
        mut bob,
    } = stage().await;
    let mut said = say("hello");
    said["nonce"] = json!("n1");
    let first = ann.done(said.clone()).await;
    assert!(ann.told.iter().all(|frame| frame["op"] != "msg"));
    let own = ann.next_of("msg").await;
    assert_eq!(
        (&own["nonce"], &own["seq"], &own["rev"]),
        (&json!("n1"), &json!(1), &json!(1))
    );
    assert_eq!(
        (&first["seq"], &first["id"], &first["ts"]),
        (&own["seq"], &own["id"], &own["ts"])
    );
    let again = ann.done(said.clone()).await;
    assert_eq!(
        (&again["seq"], &again["id"], &again["rev"]),
        (&first["seq"], &first["id"], &first["rev"])
    );
    assert_eq!(ops(&ann.rest().await), [] as [&str; 0]);
    let heard = bob.rest().await;
    let heard: Vec<&Value> = heard.iter().filter(|frame| frame["op"] == "msg").collect();
    assert_eq!((heard.len(), &heard[0]["nonce"]), (1, &Value::Null));
    // Another sender's nonce is another.
    bob.done(said.clone()).await;
    // A hundred later it is forgotten.
    for number in 0..limit::NONCES {
        said["nonce"] = json!(format!("later-{number}"));
        ann.done(said.clone()).await;
    }
    said["nonce"] = json!("n1");
    assert_eq!(ann.done(said).await["seq"], 103);
    assert_eq!(wires.server.lock().journal.said.len(), 103);
}

#[tokio::test(start_paused = true)]
async fn only_who_is_subscribed_hears() {
    let Stage {
        wires: _wires,
        mut ann,
        mut bob,
    } = stage().await;
    bob.done(json!({"op": "unsub", "stream": "s1"})).await;
    bob.rest().await;
    ann.done(say("unheard")).await;
    assert_eq!(ops(&bob.rest().await), [] as [&str; 0]);
    // Who is not subscribed may talk.
    bob.done(say("spoken")).await;
    assert_eq!(ops(&bob.rest().await), [] as [&str; 0]);
    let sub = bob
        .done(json!({"op": "sub", "stream": "s1", "since": 0}))
        .await;
    assert_eq!(
        (&sub["last"], &sub["rev"], &sub["complete"]),
        (&json!(2), &json!(2), &json!(true))
    );
    assert_eq!(sub["last_read"], 2);
    let missed = bob.rest().await;
    assert_eq!(ops(&missed), ["msg", "msg"]);
    ann.done(say("heard")).await;
    assert_eq!(ops(&bob.rest().await), ["msg"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_in_the_order_of_changes() {
    let Stage {
        wires,
        mut ann,
        mut bob,
    } = stage().await;
    for text in ["one", "two", "three"] {
        ann.done(say(text)).await;
    }
    let thumb = json!({"op": "react", "stream": "s1", "seq": 2, "emoji": "+", "on": true});
    assert_eq!(bob.done(thumb.clone()).await["rev"], 4);
    assert!(bob.done(thumb).await["rev"].is_null(), "as it was");
    ann.done(json!({"op": "edit", "stream": "s1", "seq": 1, "text": "uno"}))
        .await;
    ann.done(json!({"op": "delete", "stream": "s1", "seq": 3}))
        .await;
    let mut late = Raw::online(&wires, "eve", PASSWORD).await;
    let sub = |since: i64, limit: i64| json!({"op": "sub", "stream": "s1", "since": since, "epoch": 1, "limit": limit});
    let answer = late.done(sub(1, 10)).await;
    assert_eq!(
        (&answer["complete"], &answer["rev"]),
        (&json!(true), &json!(6))
    );
    let missed = late.rest().await;
    assert_eq!(ops(&missed), ["msg", "react", "upd", "msg"]);
    let revs: Vec<i64> = missed
        .iter()
        .map(|frame| frame["rev"].as_i64().unwrap())
        .collect();
    assert_eq!(revs, [2, 4, 5, 6]);
    assert_eq!(
        (&missed[2]["text"], &missed[3]["text"]),
        (&json!("uno"), &Value::Null)
    );
    assert_eq!(
        missed[0]["reactions"],
        json!([{"emoji": "+", "users": ["u3"]}])
    );
    assert_eq!(late.done(sub(1, 3)).await["complete"], false);
    assert_eq!(late.done(sub(7, 10)).await["complete"], false);
    assert_eq!(ops(&late.rest().await), [] as [&str; 0]);
    wires.server.restart(true);
    let mut late = Raw::online(&wires, "eve", PASSWORD).await;
    let answer = late.done(sub(1, 10)).await;
    assert_eq!(
        (&answer["complete"], &answer["epoch"]),
        (&json!(false), &json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_has_its_code() {
    let Stage {
        wires: _wires,
        mut ann,
        mut bob,
    } = stage().await;
    for text in ["one", "two", "three"] {
        ann.done(say(text)).await;
    }
    ann.done(json!({"op": "delete", "stream": "s1", "seq": 3}))
        .await;
    for (request, code) in [
        (
            json!({"op": "edit", "stream": "s1", "seq": 1, "text": "mine"}),
            "forbidden",
        ),
        (
            json!({"op": "delete", "stream": "s1", "seq": 1}),
            "forbidden",
        ),
        (
            json!({"op": "delete", "stream": "s1", "seq": 3}),
            "not_found",
        ),
        (
            json!({"op": "edit", "stream": "s1", "seq": 99, "text": "x"}),
            "not_found",
        ),
        (
            json!({"op": "react", "stream": "s1", "seq": 3, "emoji": "+", "on": true}),
            "not_found",
        ),
        (
            json!({"op": "react", "stream": "s1", "seq": 1, "emoji": "", "on": true}),
            "bad_field",
        ),
        (
            json!({"op": "react", "stream": "s1", "seq": 1, "emoji": "x".repeat(33), "on": true}),
            "too_long",
        ),
        (say(&"x".repeat(4001)), "too_long"),
        (say(""), "bad_field"),
        (
            json!({"op": "pub", "stream": "s1", "text": "x", "reply": 99}),
            "not_found",
        ),
        (
            json!({"op": "pub", "stream": "s1", "text": "x", "files": ["f99"]}),
            "not_found",
        ),
        (
            json!({"op": "pub", "stream": "s99", "text": "x"}),
            "not_found",
        ),
        (json!({"op": "dance"}), "unknown_op"),
    ] {
        assert_eq!(bob.refused(request.clone()).await, code, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn history_comes_in_pages() {
    let Stage { wires, mut ann, .. } = stage().await;
    for number in 1..=7 {
        ann.done(say(&format!("message {number}"))).await;
    }
    for (fields, seqs, more) in [
        (json!({"limit": 3}), vec![5, 6, 7], true),
        (json!({"limit": 3, "before": 5}), vec![2, 3, 4], true),
        (json!({"limit": 3, "before": 2}), vec![1], false),
        (json!({"limit": 3, "after": 0}), vec![1, 2, 3], true),
        (json!({"after": 5}), vec![6, 7], false),
        (json!({}), (1..=7).collect(), false),
    ] {
        let mut request = fields.clone();
        (request["op"], request["stream"]) = (json!("history"), json!("s1"));
        let page = ann.done(request).await;
        let messages = page["messages"].as_array().unwrap().iter();
        let got: Vec<i64> = messages
            .map(|message| message["seq"].as_i64().unwrap())
            .collect();
        assert_eq!((got, &page["more"]), (seqs, &json!(more)), "{fields}");
    }
    let eve = wires.server.lock().world.by_name("eve").unwrap();
    for _ in 0..100 {
        wires.server.lock().say(eve, GENERAL, &"\u{1}".repeat(400));
    }
    let page = ann
        .done(json!({"op": "history", "stream": "s1", "limit": 100}))
        .await;
    assert!(page.to_string().len() <= limit::FRAME_BYTES);
    assert_eq!(page["more"], true);
    let messages = page["messages"].as_array().unwrap();
    assert!(messages.len() > 10 && messages.last().unwrap()["seq"] == 107);
}

#[tokio::test(start_paused = true)]
async fn two_talk_without_others() {
    let Stage {
        wires,
        mut ann,
        mut bob,
    } = stage().await;
    let said = ann
        .done(json!({"op": "dm", "to": "BOB", "text": "psst", "nonce": "n"}))
        .await;
    let stream = said["stream"].clone();
    let new = bob.next_of("stream").await;
    assert_eq!(
        (
            &new["stream"]["id"],
            &new["stream"]["kind"],
            &new["stream"]["name"]
        ),
        (&stream, &json!("dm"), &json!("ann"))
    );
    assert_eq!(bob.next_of("msg").await["text"], "psst");
    let again = bob.done(json!({"op": "dm", "to": "u2"})).await;
    assert_eq!(again["stream"], stream);
    bob.done(json!({"op": "read", "stream": stream, "seq": 1}))
        .await;
    assert_eq!(ann.next_of("read").await["user"], "u3");
    bob.done(json!({"op": "typing", "stream": stream, "on": true}))
        .await;
    assert_eq!(ann.next_of("typing").await["on"], true);
    let mut eve = Raw::online(&wires, "eve", PASSWORD).await;
    assert_eq!(
        eve.refused(json!({"op": "history", "stream": stream}))
            .await,
        "not_found"
    );
    assert_eq!(
        eve.refused(json!({"op": "dm", "to": "nobody"})).await,
        "not_found"
    );
    let members = ann.done(json!({"op": "members", "stream": stream})).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    ann.done(json!({"op": "data.set", "key": "k", "value": {"a": 1}}))
        .await;
    assert_eq!(
        ann.done(json!({"op": "data.get", "key": "k"})).await["value"],
        json!({"a": 1})
    );
    ann.done(json!({"op": "data.set", "key": "k", "value": null}))
        .await;
    assert_eq!(
        ann.done(json!({"op": "data.get", "key": "k"}))
            .await
            .get("value"),
        Some(&Value::Null)
    );
    ann.done(json!({"op": "user.set", "display": "Ann!"})).await;
    assert_eq!(bob.next_of("user").await["user"]["display"], "Ann!");
    drop(ann);
    let gone = bob.next_of("presence").await;
    assert_eq!(
        (&gone["user"], &gone["online"]),
        (&json!("u2"), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_answered_until_it_is_too_much() {
    let Stage { wires, mut ann, .. } = stage().await;
    ann.message(Message::binary(vec![1])).await;
    assert_eq!(ann.next_of("error").await["code"], "bad_frame");
    ann.rest().await;
    for _ in 0..limit::MALFORMED {
        ann.message(Message::text("{")).await;
        assert_eq!(ann.next_of("error").await["code"], "bad_json");
    }
    ann.message(Message::text("{")).await;
    while ann.next().await.is_some() {}
    assert_eq!(ann.closed, Some(1008));
    assert_eq!(wires.server.lock().connected(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_misbehaves_when_asked_to() {
    let Stage {
        wires,
        mut ann,
        mut bob,
    } = stage().await;
    wires.server.lock().faults.rate = Some((2, 10_000));
    ann.done(say("one")).await;
    ann.done(say("two")).await;
    let fast = ann.ask(say("three")).await;
    assert_eq!(fast["code"], "rate");
    tokio::time::advance(Duration::from_millis(fast["retry_ms"].as_u64().unwrap())).await;
    ann.done(say("three")).await;
    wires.server.lock().faults.rate = None;
    wires.server.lock().faults.swallow = 1;
    ann.send(&say("never")).await;
    wires.server.lock().faults.held = Some(Default::default());
    ann.send(&say("held")).await;
    ann.rest().await;
    wires.server.lock().release(false, 2);
    let copies: Vec<Value> = ann.rest().await;
    assert_eq!(ops(&copies), ["ok", "ok", "msg", "msg"]);
    wires.server.lock().faults.call("pub", CallFault::DropAfter);
    ann.send(&say("lost answer")).await;
    while ann.next().await.is_some() {}
    let said = wires.server.lock().journal.said.clone();
    assert_eq!(said, ["one", "two", "three", "held", "lost answer"]);
    let ann = wires.server.lock().world.by_name("ann").unwrap();
    let crowd = CallFault::Crowd {
        user: ann,
        count: 3,
    };
    wires.server.lock().faults.call("history", crowd);
    let page = bob.done(json!({"op": "history", "stream": "s1"})).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 8);
    assert_eq!(
        wires.server.lock().world.streams[&StreamId(1)].log.last(),
        8
    );
    wires.server.lock().faults.crumble = true;
    Raw::online(&wires, "eve", PASSWORD).await;
}
