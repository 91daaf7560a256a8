//! Clients that are slow, too many, or mean harm.

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::client::{Person, end, open, register, resume, sign_in, texts};
use crate::common::{Client, Site, bounded};

#[tokio::test]
async fn twenty_one_malformed_frames_are_the_end() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    for frames in [20, 20, 21] {
        for number in 0..frames {
            let frame = match number % 3 {
                0 => Message::text("{"),
                1 => Message::binary(vec![0xff]),
                _ => Message::text(r#"{"op":"sub"}"#),
            };
            bounded(ann.client.ws.send(frame)).await.unwrap();
        }
        for number in 0..frames {
            let code = ann.client.json().await["code"].clone();
            let expected = ["bad_json", "bad_frame", "bad_field"][number % 3];
            assert_eq!(code, expected);
        }
        if frames == 20 {
            ann.quiet().await;
        }
    }
    assert_eq!(ann.client.close_code().await, Some(1008));
    assert_eq!(site.server.counters().malformed, 61);
}

#[tokio::test]
async fn who_says_too_much_is_told_when_to_come_back() {
    // Nothing is forgiven as long as this takes.
    let site = Site::with(|config| config.oshi_rate_ms = 20 * 3_600_000).await;
    let mut ann = register(&site, "ann").await;
    let mut second = sign_in(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    for number in 0..10 {
        ann.say("s1", &number.to_string()).await;
        second.say("s1", &number.to_string()).await;
    }
    for person in [&mut ann, &mut second] {
        let said = json!({ "stream": "s1", "text": "too much" });
        let answer = person.ask("pub", said).await;
        assert_eq!(answer["code"], "rate");
        let wait = answer["retry_ms"].as_u64().unwrap();
        assert!((1..=3_600_000).contains(&wait), "{answer}");
    }
    for (op, fields) in [
        ("dm", json!({ "to": "bob", "text": "x" })),
        ("dm", json!({ "to": "bob" })),
        ("edit", json!({ "stream": "s1", "seq": 1, "text": "x" })),
        ("delete", json!({ "stream": "s1", "seq": 1 })),
        (
            "react",
            json!({ "stream": "s1", "seq": 1, "emoji": "x", "on": true }),
        ),
    ] {
        assert_eq!(ann.fails(op, fields).await, "rate", "{op}");
    }
    bob.say("s1", "not my fault").await;
    ann.ok("history", json!({ "stream": "s1" })).await;
}

#[tokio::test]
async fn two_connections_of_one_person() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut second = resume(&site, &ann.token).await;
    let mut bob = register(&site, "bob").await;
    ann.settle().await;
    second.settle().await;
    let said = json!({ "stream": "s1", "text": "from one", "nonce": "n" });
    ann.ok("pub", said.clone()).await;
    assert_eq!(ann.event().await["nonce"], "n");
    assert_eq!(second.event().await["nonce"], "n");
    assert_eq!(bob.event().await.get("nonce"), None);
    second.ok("pub", said).await;
    ann.quiet().await;
    // Each hears what it has subscribed to, and both what is stored when they come back.
    second.ok("unsub", json!({ "stream": "s1" })).await;
    bob.say("s1", "heard by one").await;
    assert_eq!(ann.text().await, "heard by one");
    second.quiet().await;
    drop(second);
    bob.quiet_but_own().await;
    ann.quiet().await;
}

impl Person {
    /// That nothing came but what they said themselves.
    async fn quiet_but_own(&mut self) {
        let events = self.settle().await;
        assert!(
            events.iter().all(|event| event["from"] == *self.id),
            "{events:?}"
        );
    }
}

#[tokio::test]
async fn who_never_reads_is_ended_and_nobody_waits_for_them() {
    let site = Site::with(|config| {
        config.queue_bytes = 32 * 1024;
        config.oshi_rate_count = 0;
    })
    .await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    let mut stuck = register(&site, "eve").await;
    let filler = "x".repeat(4000);
    let mut said = 0;
    while site.server.counters().slow == 0 {
        ann.say("s1", &filler).await;
        for person in [&mut ann, &mut bob] {
            let events = person.settle().await;
            let heard = events.iter().any(|event| event["text"] == *filler);
            assert!(heard, "{}", person.name);
        }
        said += 1;
        assert!(said < 10_000, "never noticed");
    }
    assert_eq!(stuck.client.close_code().await, Some(1013));
    let stream = json!({ "stream": "s1", "since": 0 });
    let mut stuck = resume(&site, &stuck.token).await;
    stuck.ok("sub", stream).await;
}

#[tokio::test]
async fn who_only_asks_is_not_read_from_and_harms_nobody() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    for _ in 0..20 {
        ann.say("s1", &"x".repeat(4000)).await;
    }
    ann.settle().await;
    // As many pages as the socket takes requests for, and none of them read.
    let ask = json!({ "op": "history", "stream": "s1" }).to_string();
    let mut asked = 0;
    loop {
        let sending = eve.client.ws.send(Message::text(ask.as_str()));
        let limit = std::time::Duration::from_millis(500);
        match tokio::time::timeout(limit, sending).await {
            Ok(sent) => sent.unwrap(),
            Err(_) => break,
        }
        asked += 1;
        assert!(asked < 1_000_000, "its questions are all taken");
        if asked % 100 == 0 {
            ann.ok("data.get", json!({ "key": "k" })).await;
        }
    }
    assert_eq!(site.server.counters().slow, 0);
    ann.say("s1", "still here").await;
}

#[tokio::test]
async fn every_request_is_answered_once_and_in_order() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let mut ann = register(&site, "ann").await;
    let (circle, stream) = ann.circle("tea", false).await;
    ann.sub(&stream).await;
    let mut sent = Vec::new();
    for number in 0..300 {
        let (op, fields) = match number % 9 {
            0 => ("history", json!({ "stream": stream })),
            1 => ("members", json!({ "circle": circle })),
            2 => ("sub", json!({ "stream": stream, "since": 0 })),
            3 => ("data.set", json!({ "key": "k", "value": number })),
            4 => ("data.get", json!({ "key": "k" })),
            5 => ("sub", json!({ "stream": "s999", "since": 0 })),
            6 => (
                "pub",
                json!({ "stream": stream, "text": number.to_string() }),
            ),
            7 => ("pub", json!({ "stream": "s999", "text": "" })),
            _ => ("dance", json!({})),
        };
        sent.push((number, op, ann.send(op, fields).await));
    }
    for (number, op, id) in sent {
        let answer = ann.answer(id).await;
        match number % 9 {
            // Each sees what those before it have done.
            0 => assert_eq!(
                answer["messages"].as_array().unwrap().len().min(33),
                (number / 9).min(33)
            ),
            4 => assert_eq!(answer["value"], number - 1),
            5 => assert_eq!(answer["code"], "not_found"),
            7 => assert_eq!(answer["code"], "bad_field"),
            8 => assert_eq!(answer["code"], "unknown_op"),
            _ => assert_eq!(answer["op"], "ok", "{op}: {answer}"),
        }
    }
    ann.settle().await;
}

#[tokio::test]
async fn the_answer_comes_before_the_message_and_order_is_the_same_for_all() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    ann.settle().await;
    for number in 0..200 {
        ann.send("pub", json!({ "stream": "s1", "text": number.to_string() }))
            .await;
        bob.send("pub", json!({ "stream": "s1", "text": "b" }))
            .await;
    }
    let mut heard: Vec<Vec<Value>> = Vec::new();
    for person in [&mut ann, &mut bob] {
        let mut answered = Vec::new();
        let mut messages = Vec::new();
        while messages.len() < 400 {
            let frame = person.client.json().await;
            if frame["op"] == "ok" {
                answered.push(frame["seq"].clone());
                continue;
            }
            assert_eq!(frame["op"], "msg");
            assert_eq!(frame["seq"], messages.len() + 1);
            if frame["from"] == *person.id {
                assert!(answered.contains(&frame["seq"]), "{frame}");
            }
            messages.push(frame);
        }
        assert_eq!(answered.len(), 200);
        heard.push(messages);
    }
    assert_eq!(heard[0], heard[1]);
    let own: Vec<Value> = heard[0]
        .iter()
        .filter(|frame| frame["from"] == "u1")
        .cloned()
        .collect();
    let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    assert_eq!(texts(&json!(own)), expected);
}

#[tokio::test]
async fn too_many_sockets_that_nobody_signs_in_on() {
    let site = Site::start().await;
    let ann = register(&site, "ann").await;
    let mut sockets = Vec::new();
    for _ in 0..64 {
        sockets.push(Client::connect(site.addr(), "/oshi", &[]).await.unwrap());
    }
    let refused = Client::connect(site.addr(), "/oshi", &[]).await;
    let Err(WsError::Http(answer)) = refused else {
        panic!("one too many");
    };
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    // Who signs in makes room.
    let mut last = sockets.pop().unwrap();
    let auth = json!({ "op": "auth", "v": 1, "token": ann.token });
    last.send(auth.to_string()).await;
    let mut last = Person::of(last).await;
    let mut another = open(&site, &json!({ "op": "ping" })).await;
    assert_eq!(end(&mut another).await.1, 1011);
    last.quiet().await;
}

#[tokio::test]
async fn one_person_has_so_many_connections() {
    let site = Site::start().await;
    let ann = register(&site, "ann").await;
    let mut more = Vec::new();
    for _ in 0..63 {
        more.push(resume(&site, &ann.token).await);
    }
    let auth = json!({ "op": "auth", "v": 1, "token": ann.token });
    let mut refused = open(&site, &auth).await;
    let (last, close) = end(&mut refused).await;
    assert_eq!((&last["code"], close), (&json!("rate"), 1013));
    assert!(last["retry_ms"].as_u64() > Some(0), "{last}");
    register(&site, "bob").await;
    let clients = site.server.clients();
    drop(more.pop());
    crate::common::until(|| *clients.borrow() == 63).await;
    resume(&site, &ann.token).await;
}

#[tokio::test]
async fn pages_of_another_origin_get_nothing() {
    let site = Site::start().await;
    let origin = [("origin", "https://evil.example")];
    assert!(
        Client::connect(site.addr(), "/oshi", &origin)
            .await
            .is_err()
    );
    assert_eq!(site.server.counters().foreign, 1);
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_only_its_sender() {
    let site = Site::with(|config| config.max_message_bytes = 1024 * 1024).await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    ann.client.send("x".repeat(64 * 1024 + 1)).await;
    assert_eq!(ann.client.close_code().await, Some(1009));
    let value = format!("{:x>60000}", "");
    assert_eq!(
        bob.fails("data.set", json!({ "key": "k", "value": value }))
            .await,
        "too_long"
    );
}
