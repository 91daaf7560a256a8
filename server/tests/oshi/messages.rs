//! What becomes of messages: editing, deleting, reacting, reading, history, and what is replayed.

use serde_json::{Value, json};

use crate::client::{Person, register, resume, texts};
use crate::common::Site;

async fn pair(site: &Site) -> (Person, Person) {
    let mut ann = register(site, "ann").await;
    let mut bob = register(site, "bob").await;
    ann.settle().await;
    bob.settle().await;
    (ann, bob)
}

fn at(seq: i64, more: &Value) -> Value {
    let mut request = json!({ "stream": "s1", "seq": seq });
    let fields = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(fields);
    request
}

#[tokio::test]
async fn own_messages_are_edited_and_deleted() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    ann.say("s1", "one").await;
    let said = bob.event().await;
    ann.event().await;
    let edit = at(1, &json!({ "text": "two" }));
    assert_eq!(ann.ok("edit", edit.clone()).await["rev"], 2);
    let mut expected = said;
    expected["op"] = json!("upd");
    expected["text"] = json!("two");
    expected["rev"] = json!(2);
    let edited = bob.event().await;
    assert!(edited["edited"].as_i64() >= expected["ts"].as_i64());
    expected["edited"] = edited["edited"].clone();
    assert_eq!(edited, expected);
    assert_eq!(ann.event().await, expected, "the one who edits is told too");

    assert_eq!(bob.fails("edit", edit.clone()).await, "forbidden");
    assert_eq!(bob.fails("delete", at(1, &json!({}))).await, "forbidden");
    assert_eq!(ann.ok("delete", at(1, &json!({}))).await["rev"], 3);
    let deleted = bob.heard("upd").await;
    assert_eq!(
        (&deleted["text"], &deleted["deleted"]),
        (&Value::Null, &json!(true))
    );
    for (op, request) in [
        ("edit", edit),
        ("delete", at(1, &json!({}))),
        ("react", at(1, &json!({ "emoji": "+", "on": true }))),
        ("edit", at(2, &json!({ "text": "x" }))),
        ("delete", at(0, &json!({}))),
    ] {
        assert_eq!(ann.fails(op, request).await, "not_found", "{op}");
    }
    assert_eq!(bob.history("s1").await, ["(deleted)"]);
}

#[tokio::test]
async fn admins_delete_what_others_said() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    bob.say(&stream, "rubbish").await;
    ann.say(&stream, "fine").await;
    let of = |seq: u64| json!({ "stream": stream, "seq": seq });
    assert_eq!(bob.fails("delete", of(2)).await, "forbidden");
    let edit = json!({ "stream": stream, "seq": 1, "text": "x" });
    assert_eq!(ann.fails("edit", edit).await, "forbidden");
    ann.ok("delete", of(1)).await;
    assert_eq!(bob.history(&stream).await, ["(deleted)", "fine"]);
}

#[tokio::test]
async fn reactions() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    ann.say("s1", "one").await;
    for person in [&mut ann, &mut bob] {
        person.event().await;
    }
    let react = |emoji: &str, on: bool| at(1, &json!({ "emoji": emoji, "on": on }));
    assert_eq!(bob.ok("react", react("👍", true)).await["rev"], 2);
    let expected = json!({
        "op": "react", "stream": "s1", "seq": 1, "rev": 2, "user": "u2", "emoji": "👍", "on": true,
    });
    assert_eq!(ann.event().await, expected);
    assert_eq!(bob.event().await, expected);
    let as_it_was = bob.ok("react", react("👍", true)).await;
    assert!(as_it_was["rev"].is_null(), "{as_it_was}");
    assert_eq!(ann.ok("react", react("👍", true)).await["rev"], 3);
    assert_eq!(ann.ok("react", react("x", true)).await["rev"], 4);
    assert_eq!(bob.ok("react", react("👍", false)).await["rev"], 5);
    let page = ann.ok("history", json!({ "stream": "s1" })).await;
    let expected = json!([{ "emoji": "👍", "users": ["u1"] }, { "emoji": "x", "users": ["u1"] }]);
    assert_eq!(page["messages"][0]["reactions"], expected);
    for (emoji, code) in [
        ("", "bad_field"),
        ("a\u{7}", "bad_field"),
        (&"x".repeat(33), "too_long"),
    ] {
        assert_eq!(ann.fails("react", react(emoji, true)).await, code);
    }
    ann.ok("react", react(&"x".repeat(32), true)).await;
}

#[tokio::test]
async fn replies_answer_what_is_there() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    ann.say("s1", "question").await;
    bob.event().await;
    let reply = |seq: Value| json!({ "stream": "s1", "text": "answer", "reply": seq });
    ann.ok("pub", reply(json!(1))).await;
    assert_eq!(bob.event().await["reply"], 1);
    for seq in [0, 3, 9_007_199_254_740_991_i64] {
        assert_eq!(ann.fails("pub", reply(json!(seq))).await, "not_found");
    }
}

#[tokio::test]
async fn pages_of_history() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let (mut ann, _) = pair(&site).await;
    let (_, stream) = ann.circle("tea", false).await;
    for number in 1..=120 {
        ann.say(&stream, &number.to_string()).await;
    }
    let page = async |ann: &mut Person, fields: Value| {
        let mut request = fields;
        request["stream"] = json!(stream);
        let page = ann.ok("history", request).await;
        assert_eq!(page["stream"], *stream);
        let seqs: Vec<i64> = page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["seq"].as_i64().unwrap())
            .collect();
        let ends = seqs.first().copied().zip(seqs.last().copied());
        assert!(seqs.is_sorted());
        (ends, seqs.len(), page["more"].as_bool().unwrap())
    };
    for (fields, expected) in [
        (json!({}), (Some((71, 120)), 50, true)),
        (json!({ "limit": 1000 }), (Some((21, 120)), 100, true)),
        (
            json!({ "before": 21, "limit": 100 }),
            (Some((1, 20)), 20, false),
        ),
        (json!({ "before": 1 }), (None, 0, false)),
        (json!({ "after": 0 }), (Some((1, 50)), 50, true)),
        (json!({ "after": 119 }), (Some((120, 120)), 1, false)),
        (json!({ "after": 120 }), (None, 0, false)),
        (
            json!({ "after": 10, "before": 13 }),
            (Some((11, 12)), 2, false),
        ),
        (
            json!({ "before": 99_999, "limit": 1 }),
            (Some((120, 120)), 1, true),
        ),
    ] {
        assert_eq!(page(&mut ann, fields.clone()).await, expected, "{fields}");
    }
    let none = json!({ "stream": stream, "limit": 0 });
    assert_eq!(ann.fails("history", none).await, "bad_field");
}

#[tokio::test]
async fn a_page_fits_into_a_frame() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let mut ann = register(&site, "ann").await;
    let (_, stream) = ann.circle("tea", false).await;
    let long = "\u{1}".repeat(4000);
    for _ in 0..10 {
        ann.say(&stream, &long).await;
    }
    let mut before = 11;
    let mut seen = 0;
    while before > 1 {
        let request = json!({ "stream": stream, "before": before });
        let page = ann.ok("history", request).await;
        assert!(page.to_string().len() <= 64 * 1024);
        let messages = page["messages"].as_array().unwrap();
        seen += messages.len();
        before = messages[0]["seq"].as_i64().unwrap();
        assert_eq!(page["more"], before > 1);
    }
    assert_eq!(seen, 10);
    let request = json!({ "stream": stream, "after": 0 });
    let page = ann.ok("history", request).await;
    assert_eq!(
        (&page["messages"][0]["seq"], &page["more"]),
        (&json!(1), &json!(true))
    );
}

#[tokio::test]
async fn what_was_missed_is_replayed_in_order() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let (mut ann, mut bob) = pair(&site).await;
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    for text in ["one", "two"] {
        ann.say(&stream, text).await;
    }
    let sub = bob.sub(&stream).await;
    let expected = json!({
        "op": "ok", "re": sub["re"], "last": 2, "rev": 2, "epoch": sub["epoch"], "complete": true,
        "last_read": 0,
    });
    assert_eq!(sub, expected);
    bob.quiet().await;
    let token = bob.token.clone();
    drop(bob);

    ann.say(&stream, "three").await; // 3
    let of = |seq: i64| json!({ "stream": stream, "seq": seq });
    let mut edit = of(1);
    edit["text"] = json!("ONE");
    ann.ok("edit", edit).await; // 4
    let mut react = of(2);
    react["emoji"] = json!("+");
    react["on"] = json!(true);
    ann.ok("react", react).await; // 5
    ann.ok("delete", of(3)).await; // 6
    ann.say(&stream, "four").await; // 7

    let mut bob = resume(&site, &token).await;
    let since = |since: i64| json!({ "stream": stream, "since": since, "epoch": sub["epoch"] });
    let told = |events: Vec<Value>| -> Vec<(String, i64, i64)> {
        let told = |event: &Value| {
            let op = event["op"].as_str().unwrap().to_owned();
            (
                op,
                event["seq"].as_i64().unwrap(),
                event["rev"].as_i64().unwrap(),
            )
        };
        events.iter().map(told).collect()
    };
    let expected = |all: &[(&str, i64, i64)]| -> Vec<(String, i64, i64)> {
        all.iter()
            .map(|(op, seq, rev)| ((*op).to_owned(), *seq, *rev))
            .collect()
    };
    let answer = bob.ok("sub", since(2)).await;
    assert_eq!(
        (&answer["rev"], &answer["complete"]),
        (&json!(7), &json!(true))
    );
    let all = [("upd", 1, 4), ("react", 2, 5), ("msg", 3, 6), ("msg", 4, 7)];
    assert_eq!(told(bob.settle().await), expected(&all));
    bob.ok("sub", since(5)).await;
    assert_eq!(
        told(bob.settle().await),
        expected(&[("upd", 3, 6), ("msg", 4, 7)])
    );
    bob.ok("sub", since(7)).await;
    bob.quiet().await;

    // What cannot be told.
    let mut limited = since(2);
    limited["limit"] = json!(3);
    let mut none = since(6);
    none["limit"] = json!(0);
    let mut other = since(2);
    other["epoch"] = json!(99);
    for request in [limited, none, other, since(8)] {
        let answer = bob.ok("sub", request.clone()).await;
        assert_eq!(answer["complete"], false, "{request}");
        bob.quiet().await;
    }
    ann.say(&stream, "five").await;
    assert_eq!(
        bob.text().await,
        "five",
        "heard once, however often one subscribes"
    );
    bob.quiet().await;
    assert_eq!(texts(&json!([{ "text": "x" }])), ["x"]);
}

#[tokio::test]
async fn a_large_backlog_is_replayed_whole_or_not_at_all() {
    let site = Site::with(|config| config.oshi_rate_count = 0).await;
    let (mut ann, mut bob) = pair(&site).await;
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    for number in 1..=501 {
        ann.say(&stream, &number.to_string()).await;
    }
    let sub = |since: i64| json!({ "stream": stream, "since": since });
    assert_eq!(bob.ok("sub", sub(0)).await["complete"], false);
    bob.quiet().await;
    assert_eq!(bob.ok("sub", sub(1)).await["complete"], true);
    let events = bob.settle().await;
    let expected: Vec<String> = (2..=501).map(|number| number.to_string()).collect();
    assert_eq!(texts(&json!(events)), expected);
    // More bytes than a queue takes.
    let long = "\u{1}".repeat(4000);
    for _ in 0..30 {
        ann.say(&stream, &long).await;
    }
    assert_eq!(bob.settle().await.len(), 30);
    assert_eq!(bob.ok("sub", sub(501)).await["complete"], false);
    bob.quiet().await;
}

#[tokio::test]
async fn read_marks_are_for_oneself_and_the_other_one_of_two() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let mut second = crate::client::sign_in(&site, "ann").await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    bob.say("s1", "x").await;
    for person in [&mut ann, &mut bob, &mut second] {
        person.settle().await;
    }
    ann.ok("read", at(99, &json!({}))).await;
    let expected = json!({ "op": "read", "stream": "s1", "user": "u1", "seq": 1 });
    assert_eq!(second.event().await, expected);
    ann.ok("read", at(1, &json!({}))).await;
    ann.ok("read", at(0, &json!({}))).await;
    for person in [&mut ann, &mut bob, &mut second] {
        person.quiet().await;
    }
    assert_eq!(ann.sub("s1").await["last_read"], 1);
    let dm = bob.ok("dm", json!({ "to": "ann", "text": "psst" })).await;
    let stream = dm["stream"].as_str().unwrap();
    bob.settle().await;
    ann.settle().await;
    ann.ok("read", json!({ "stream": stream, "seq": 1 })).await;
    let expected = json!({ "op": "read", "stream": stream, "user": "u1", "seq": 1 });
    assert_eq!(bob.event().await, expected);
    let state = resume(&site, &ann.token).await.state;
    let sub = json!({ "stream": stream, "last_read": 1 });
    assert!(state["subs"].as_array().unwrap().contains(&sub), "{state}");
}

#[tokio::test]
async fn typing_is_told_to_the_others_who_hear() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let typing = |on: bool| json!({ "stream": "s1", "on": on });
    ann.ok("typing", typing(true)).await;
    let expected = json!({ "op": "typing", "stream": "s1", "user": "u1", "on": true });
    assert_eq!(bob.event().await, expected);
    bob.ok("unsub", json!({ "stream": "s1" })).await;
    ann.ok("typing", typing(false)).await;
    bob.quiet().await;
    ann.quiet().await;
    assert_eq!(bob.fails("typing", typing(true)).await, "forbidden");
    // In order with what was asked before.
    let sub = bob.send("sub", json!({ "stream": "s1" })).await;
    let on = bob.send("typing", typing(true)).await;
    assert_eq!(bob.answer(sub).await["op"], "ok");
    assert_eq!(bob.answer(on).await["op"], "ok");
    ann.heard("typing").await;
}
