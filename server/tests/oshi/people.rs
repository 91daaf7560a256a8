//! People, talks of two, presence, and what somebody keeps.

use serde_json::{Value, json};

use crate::client::{Person, register, resume, sign_in};
use crate::common::Site;

async fn pair(site: &Site) -> (Person, Person) {
    let mut ann = register(site, "ann").await;
    let mut bob = register(site, "bob").await;
    ann.settle().await;
    bob.settle().await;
    (ann, bob)
}

#[tokio::test]
async fn a_talk_of_two_reaches_who_was_away() {
    let site = Site::start().await;
    let (mut ann, bob) = pair(&site).await;
    let token = bob.token.clone();
    drop(bob);
    let dm = json!({ "to": "BOB", "text": "are you there?", "nonce": "n" });
    let answer = ann.ok("dm", dm.clone()).await;
    let stream = answer["stream"].as_str().unwrap().to_owned();
    assert_eq!((&answer["seq"], &answer["rev"]), (&json!(1), &json!(1)));
    let again = ann.ok("dm", dm).await;
    assert_eq!(
        (&again["stream"], &again["id"]),
        (&answer["stream"], &answer["id"])
    );
    let mut events = ann.settle().await;
    events.retain(|event| event["op"] != "presence");
    let shown = |name: &str| {
        json!({
            "id": stream, "kind": "dm", "circle": null, "name": name, "topic": "",
            "members": ["u1", "u2"], "last": 1,
        })
    };
    assert_eq!(events[0]["op"], "stream", "{events:?}");
    assert_eq!(events[0]["stream"]["name"], "Name of bob");
    assert_eq!(
        (&events[1]["op"], &events[1]["nonce"]),
        (&json!("msg"), &json!("n"))
    );
    assert_eq!(events.len(), 2);

    let mut bob = resume(&site, &token).await;
    assert_eq!(bob.state["streams"], json!([shown("Name of ann")]));
    let sub = json!({ "stream": stream, "last_read": 0 });
    assert!(bob.state["subs"].as_array().unwrap().contains(&sub));
    let sub = json!({ "stream": stream, "since": 0 });
    assert_eq!(bob.ok("sub", sub).await["complete"], true);
    assert_eq!(bob.text().await, "are you there?");
    bob.say(&stream, "yes").await;
    ann.heard("presence").await;
    assert_eq!(ann.text().await, "yes");
}

#[tokio::test]
async fn a_talk_appears_on_both_sides_and_on_all_connections() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let mut second = sign_in(&site, "ann").await;
    ann.settle().await;
    bob.settle().await;
    let answer = ann.ok("dm", json!({ "to": "u2" })).await;
    let stream = answer["stream"].as_str().unwrap().to_owned();
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    for (person, name) in [
        (&mut second, "Name of bob"),
        (&mut bob, "Name of ann"),
        (&mut ann, "Name of bob"),
    ] {
        let event = person.heard("stream").await;
        assert_eq!(
            (&event["change"], &event["stream"]["name"]),
            (&json!("new"), &json!(name))
        );
    }
    bob.say(&stream, "hi").await;
    assert_eq!(ann.text().await, "hi");
    assert_eq!(second.text().await, "hi");
    let again = bob.ok("dm", json!({ "to": "ann", "text": "again" })).await;
    assert_eq!(again["stream"], *stream);
    assert_eq!(ann.text().await, "again");
    // Whoever has closed the talk hears of it again.
    ann.ok("unsub", json!({ "stream": stream })).await;
    bob.say(&stream, "lost?").await;
    ann.quiet().await;
    bob.ok("dm", json!({ "to": "ann", "text": "here" })).await;
    assert_eq!(ann.heard("stream").await["stream"]["id"], *stream);
    assert_eq!(ann.text().await, "here");
    for (to, code) in [
        ("ann", "bad_field"),
        ("u1", "bad_field"),
        ("nobody", "not_found"),
        ("u99", "not_found"),
        ("", "not_found"),
        (&"x".repeat(1000), "not_found"),
    ] {
        let dm = json!({ "to": to, "text": "x" });
        assert_eq!(ann.fails("dm", dm).await, code, "{to}");
    }
    for (op, fields) in [
        ("stream.rename", json!({ "stream": stream, "name": "x" })),
        ("stream.delete", json!({ "stream": stream })),
    ] {
        assert_eq!(ann.fails(op, fields).await, "forbidden");
    }
}

#[tokio::test]
async fn profiles() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let user = ann.ok("user.get", json!({ "user": "u2" })).await;
    let expected = json!({ "id": "u2", "name": "bob", "display": "Name of bob" });
    assert_eq!(user["user"], expected);
    assert_eq!(
        ann.fails("user.get", json!({ "user": "u99" })).await,
        "not_found"
    );

    let mut second = sign_in(&site, "bob").await;
    ann.settle().await;
    bob.settle().await;
    let set = bob.ok("user.set", json!({ "display": " Robert " })).await;
    assert_eq!(set["user"]["display"], "Robert");
    let told = json!({ "op": "user", "user": set["user"] });
    assert_eq!(ann.event().await, told);
    assert_eq!(second.event().await, told);
    second.say("s1", "who am I?").await;
    assert_eq!(ann.event().await["name"], "Robert");
    for fields in [
        json!({}),
        json!({ "display": "" }),
        json!({ "display": "x".repeat(65) }),
        json!({ "display": "a\u{7f}" }),
        json!({ "password": "" }),
        json!({ "password": "x".repeat(1025) }),
    ] {
        assert_eq!(bob.fails("user.set", fields).await, "bad_field");
    }
}

#[tokio::test]
async fn presence_and_members() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let members = async |ann: &mut Person, fields: Value| {
        let answer = ann.ok("members", fields).await;
        let shown = |member: &Value| {
            (
                member["id"].clone(),
                member["role"].clone(),
                member["online"].clone(),
            )
        };
        let shown: Vec<_> = answer["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(shown)
            .collect();
        (shown, answer["more"].clone())
    };
    let of = |id: &str, role: &str, online: bool| (json!(id), json!(role), json!(online));
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    let both = vec![of("u1", "owner", true), of("u2", "member", true)];
    for place in [json!({ "circle": tea }), json!({ "stream": stream })] {
        assert_eq!(members(&mut ann, place).await, (both.clone(), json!(false)));
    }
    let page = json!({ "circle": tea, "limit": 1 });
    assert_eq!(
        members(&mut ann, page).await,
        (both[..1].to_vec(), json!(true))
    );
    let page = json!({ "circle": tea, "after": "u1" });
    assert_eq!(
        members(&mut ann, page).await,
        (both[1..].to_vec(), json!(false))
    );
    let answer = ann.ok("members", json!({ "circle": "c1" })).await;
    let expected = json!({
        "id": "u2", "name": "bob", "display": "Name of bob", "role": "member", "online": true,
    });
    assert_eq!(answer["members"][1], expected);

    let token = bob.token.clone();
    let second = resume(&site, &token).await;
    drop(bob);
    drop(second);
    assert_eq!(
        ann.event().await,
        json!({ "op": "presence", "user": "u2", "online": false })
    );
    let (shown, _) = members(&mut ann, json!({ "circle": tea })).await;
    assert_eq!(shown[1], of("u2", "member", false));
    resume(&site, &token).await;
    assert_eq!(
        ann.event().await,
        json!({ "op": "presence", "user": "u2", "online": true })
    );
}

#[tokio::test]
async fn values_are_kept_for_oneself() {
    let site = Site::start().await;
    let (mut ann, mut bob) = pair(&site).await;
    let (tea, _) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    let places = [
        ("data", json!({ "key": "k" })),
        ("circle.data", json!({ "key": "k", "circle": tea })),
        ("circle.data", json!({ "key": "k", "circle": "c1" })),
    ];
    for (number, (op, place)) in places.iter().enumerate() {
        let value = json!({ "deep": [number, null, "é\u{0}"] });
        let mut set = place.clone();
        set["value"] = value.clone();
        ann.ok(&format!("{op}.set"), set).await;
        let get = format!("{op}.get");
        assert_eq!(ann.ok(&get, place.clone()).await["value"], value);
        assert_eq!(bob.ok(&get, place.clone()).await["value"], Value::Null);
    }
    let state = resume(&site, &ann.token).await.state;
    assert_eq!(
        state["data"],
        json!({ "k": { "deep": [0, null, "é\u{0}"] } })
    );
    let forget = json!({ "key": "k", "value": null });
    ann.ok("data.set", forget).await;
    assert_eq!(
        ann.ok("data.get", json!({ "key": "k" })).await["value"],
        Value::Null
    );
    let set = |key: &str, value: Value| json!({ "key": key, "value": value });
    for (request, code) in [
        (set("", json!(1)), "bad_field"),
        (set(&"x".repeat(65), json!(1)), "too_long"),
        (set("k", json!("x".repeat(4095))), "too_long"),
        (json!({ "key": "k" }), "bad_field"),
    ] {
        assert_eq!(ann.fails("data.set", request).await, code);
    }
    ann.ok("data.set", set(&"x".repeat(64), json!("x".repeat(4094))))
        .await;
    for number in 1..100 {
        ann.ok("data.set", set(&number.to_string(), json!(number)))
            .await;
    }
    assert_eq!(
        ann.fails("data.set", set("more", json!(1))).await,
        "too_long"
    );
    // All of it is told, in several frames.
    for number in 1..100 {
        let large = json!("x".repeat(4000));
        ann.ok("data.set", set(&number.to_string(), large)).await;
    }
    let state = resume(&site, &ann.token).await.state;
    assert_eq!(state["data"].as_object().unwrap().len(), 100);
}
