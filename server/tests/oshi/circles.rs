//! Circles: making, finding, joining, leaving and ending them, and their streams.

use serde_json::{Value, json};

use crate::client::{Person, register, sign_in};
use crate::common::Site;

async fn three(site: &Site) -> [Person; 3] {
    let mut people = [
        register(site, "ann").await,
        register(site, "bob").await,
        register(site, "eve").await,
    ];
    for person in &mut people {
        person.settle().await;
    }
    people
}

#[tokio::test]
async fn whoever_makes_a_circle_owns_it() {
    let site = Site::start().await;
    let [mut ann, mut bob, _eve] = three(&site).await;
    let mut second = sign_in(&site, "ann").await;
    ann.settle().await;
    let create = json!({ "name": " tea ", "public": true, "streams": ["one", "two"] });
    let answer = ann.ok("circle.create", create).await;
    let stream = |id: &str, name: &str| json!({ "id": id, "kind": "channel", "circle": "c2", "name": name, "topic": "", "last": 0 });
    let circle = json!({
        "id": "c2", "name": "tea", "public": true, "owner": "u1", "role": "owner",
        "streams": [stream("s3", "one"), stream("s4", "two")],
    });
    assert_eq!(answer["circle"], circle);
    let new = json!({ "op": "circle", "change": "new", "circle": circle });
    assert_eq!(second.event().await, new);
    ann.quiet().await;
    bob.quiet().await;
    let again = sign_in(&site, "ann").await;
    assert_eq!(again.state["circles"][1], circle);
    assert_eq!(again.state["subs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn public_circles_are_found_and_joined() {
    let site = Site::start().await;
    let [mut ann, mut bob, mut eve] = three(&site).await;
    let (tea, stream) = ann.circle("Tea", true).await;
    let (coffee, _) = ann.circle("coffee", true).await;
    let (secret, _) = ann.circle("secret tea", false).await;
    let ids = |answer: &Value| -> Vec<String> {
        let circles = answer["circles"].as_array().unwrap();
        let id = |circle: &Value| circle["id"].as_str().unwrap().to_owned();
        circles.iter().map(id).collect()
    };
    let all = bob.ok("circle.list", json!({})).await;
    assert_eq!(ids(&all), ["c1", &tea, &coffee]);
    let expected = json!({ "id": tea, "name": "Tea", "public": true, "owner": "u1", "role": null });
    assert_eq!(
        (&all["circles"][1], &all["more"]),
        (&expected, &json!(false))
    );
    let found = ann.ok("circle.list", json!({ "query": "TEA" })).await;
    assert_eq!(ids(&found), [tea.as_str()]);
    assert_eq!(found["circles"][0]["role"], "owner");
    let page = json!({ "limit": 1, "after": "c1" });
    let page = bob.ok("circle.list", page).await;
    assert_eq!(
        (ids(&page), &page["more"]),
        (vec![tea.clone()], &json!(true))
    );
    let rest = bob.ok("circle.list", json!({ "after": tea })).await;
    assert_eq!((ids(&rest), &rest["more"]), (vec![coffee], &json!(false)));

    let joined = bob.ok("circle.join", json!({ "circle": tea })).await;
    assert_eq!(joined["circle"]["role"], "member");
    assert_eq!(joined["circle"]["streams"][0]["id"], *stream);
    let expected = json!({
        "op": "member", "circle": tea, "user": "u2", "name": "bob", "display": "Name of bob",
        "role": "member", "change": "join",
    });
    assert_eq!(ann.event().await, expected);
    let again = bob.ok("circle.join", json!({ "circle": tea })).await;
    assert_eq!(again["circle"], joined["circle"]);
    ann.quiet().await;
    for circle in [&secret, "c999"] {
        let join = json!({ "circle": circle });
        assert_eq!(eve.fails("circle.join", join).await, "not_found");
    }
}

#[tokio::test]
async fn invitations() {
    let site = Site::start().await;
    let [mut ann, mut bob, mut eve] = three(&site).await;
    let (tea, _) = ann.circle("tea", false).await;
    let (other, _) = ann.circle("other", false).await;
    let for_bob = json!({ "circle": tea, "user": "u2" });
    let for_bob = ann.ok("circle.invite", for_bob).await["invite"].clone();
    let for_all = ann.ok("circle.invite", json!({ "circle": tea })).await["invite"].clone();
    let join = |circle: &str, invite: &Value| json!({ "circle": circle, "invite": invite });
    for wrong in [json!(""), json!("nonsense"), for_bob.clone()] {
        assert_eq!(
            eve.fails("circle.join", join(&tea, &wrong)).await,
            "not_found"
        );
    }
    assert_eq!(
        bob.fails("circle.join", join(&other, &for_all)).await,
        "not_found"
    );
    assert_eq!(
        bob.fails("circle.join", join(&other, &for_bob)).await,
        "not_found",
        "and it is not used up"
    );
    bob.ok("circle.join", join(&tea, &for_bob)).await;
    bob.ok("circle.leave", json!({ "circle": tea })).await;
    assert_eq!(
        bob.fails("circle.join", join(&tea, &for_bob)).await,
        "not_found"
    );
    bob.ok("circle.join", join(&tea, &for_all)).await;
    eve.ok("circle.join", join(&tea, &for_all)).await;
    // Any member invites.
    bob.ok("circle.invite", json!({ "circle": tea })).await;
    let nobody = json!({ "circle": tea, "user": "u99" });
    assert_eq!(bob.fails("circle.invite", nobody).await, "not_found");
}

#[tokio::test]
async fn who_is_removed_has_no_invitation_left() {
    let site = Site::start().await;
    let [mut ann, mut bob, mut eve] = three(&site).await;
    let (tea, _) = ann.circle("tea", false).await;
    let (other, _) = ann.circle("other", false).await;
    let invite = |circle: &str| json!({ "circle": circle });
    let known = ann.ok("circle.invite", invite(&tea)).await["invite"].clone();
    let elsewhere = ann.ok("circle.invite", invite(&other)).await["invite"].clone();
    let join = |circle: &str, invite: &Value| json!({ "circle": circle, "invite": invite });
    bob.ok("circle.join", join(&tea, &known)).await;
    let for_eve = json!({ "circle": tea, "user": "u3" });
    let of_bob = bob.ok("circle.invite", for_eve.clone()).await["invite"].clone();
    let of_ann = ann.ok("circle.invite", for_eve).await["invite"].clone();
    ann.ok("circle.kick", json!({ "circle": tea, "user": "u2" }))
        .await;
    assert_eq!(
        bob.fails("circle.join", join(&tea, &known)).await,
        "not_found"
    );
    assert_eq!(
        eve.fails("circle.join", join(&tea, &of_bob)).await,
        "not_found"
    );
    eve.ok("circle.join", join(&tea, &of_ann)).await;
    bob.ok("circle.join", join(&other, &elsewhere)).await;
}

#[tokio::test]
async fn leaving_and_being_removed() {
    let site = Site::start().await;
    let [mut ann, mut bob, mut eve] = three(&site).await;
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    ann.let_in(&tea, &mut eve).await;
    bob.settle().await;
    let mut second = sign_in(&site, "bob").await;
    second.sub(&stream).await;
    bob.sub(&stream).await;
    ann.settle().await;
    eve.settle().await;

    let own = json!({ "circle": tea });
    assert_eq!(ann.fails("circle.leave", own.clone()).await, "forbidden");
    bob.ok("circle.leave", own.clone()).await;
    let gone = json!({ "op": "circle", "change": "delete", "circle": { "id": tea } });
    assert_eq!(second.event().await, gone);
    let left = ann.heard("member").await;
    assert_eq!(
        (&left["user"], &left["change"]),
        (&json!("u2"), &json!("leave"))
    );
    eve.heard("member").await;
    ann.say(&stream, "without bob").await;
    bob.quiet().await;
    second.quiet().await;
    assert_eq!(bob.fails("circle.leave", own.clone()).await, "not_found");
    let state = sign_in(&site, "bob").await.state;
    assert_eq!(state["subs"].as_array().unwrap().len(), 1, "{state}");

    let kick = |user: &str| json!({ "circle": tea, "user": user });
    assert_eq!(eve.fails("circle.kick", kick("u1")).await, "forbidden");
    assert_eq!(ann.fails("circle.kick", kick("u2")).await, "not_found");
    assert_eq!(ann.fails("circle.kick", kick("u1")).await, "forbidden");
    eve.sub(&stream).await;
    ann.ok("circle.kick", kick("u3")).await;
    assert_eq!(eve.event().await, gone);
    ann.say(&stream, "alone").await;
    eve.quiet().await;
    assert_eq!(
        eve.fails("history", json!({ "stream": stream })).await,
        "not_found"
    );
}

#[tokio::test]
async fn roles() {
    let site = Site::start().await;
    let [mut ann, mut bob, mut eve] = three(&site).await;
    let (tea, _) = ann.circle("tea", false).await;
    for other in [&mut bob, &mut eve] {
        ann.let_in(&tea, other).await;
    }
    bob.settle().await;
    let role = |user: &str, role: &str| json!({ "circle": tea, "user": user, "role": role });
    let stream = |name: &str| json!({ "circle": tea, "name": name });
    assert_eq!(
        bob.fails("circle.role", role("u2", "admin")).await,
        "forbidden"
    );
    assert_eq!(bob.fails("stream.create", stream("x")).await, "forbidden");
    ann.ok("circle.role", role("u2", "admin")).await;
    for other in [&mut bob, &mut eve] {
        let told = other.heard("member").await;
        assert_eq!(
            (&told["user"], &told["role"], &told["change"]),
            (&json!("u2"), &json!("admin"), &json!("role"))
        );
    }
    ann.quiet().await;
    bob.ok("stream.create", stream("x")).await;
    assert_eq!(
        bob.fails("circle.role", role("u3", "admin")).await,
        "forbidden"
    );
    assert_eq!(
        bob.fails("circle.kick", json!({ "circle": tea, "user": "u1" }))
            .await,
        "forbidden"
    );
    assert_eq!(
        ann.fails("circle.role", role("u1", "member")).await,
        "forbidden"
    );
    assert_eq!(
        ann.fails("circle.role", role("u99", "admin")).await,
        "not_found"
    );
    assert_eq!(
        ann.fails("circle.role", role("u3", "queen")).await,
        "bad_field"
    );

    eve.settle().await;
    ann.settle().await;
    ann.ok("circle.role", role("u3", "owner")).await;
    let mut roles = Vec::new();
    for event in eve.settle().await {
        roles.push(match event["op"].as_str().unwrap() {
            "member" => (event["user"].clone(), event["role"].clone()),
            _ => (
                event["circle"]["owner"].clone(),
                event["circle"]["role"].clone(),
            ),
        });
    }
    let pair = |one: &str, other: &str| (json!(one), json!(other));
    assert_eq!(
        roles,
        [
            pair("u3", "owner"),
            pair("u1", "admin"),
            pair("u3", "owner")
        ]
    );
    assert_eq!(
        ann.fails("circle.delete", json!({ "circle": tea })).await,
        "forbidden"
    );
    ann.ok("circle.leave", json!({ "circle": tea })).await;
}

#[tokio::test]
async fn streams_come_change_and_go() {
    let site = Site::start().await;
    let [mut ann, mut bob, _eve] = three(&site).await;
    let (tea, _) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut bob).await;
    let create = json!({ "circle": tea, "name": "News", "topic": " what is new " });
    let answer = ann.ok("stream.create", create).await;
    let mut stream = answer["stream"].clone();
    let id = stream["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id, "kind": "channel", "circle": tea, "name": "News", "topic": "what is new",
        "last": 0,
    });
    assert_eq!(stream, expected);
    let new = json!({ "op": "stream", "change": "new", "stream": stream });
    assert_eq!(bob.event().await, new);
    for name in ["news", "ＮＥＷＳ", "general"] {
        let create = json!({ "circle": tea, "name": name });
        assert_eq!(ann.fails("stream.create", create).await, "exists", "{name}");
    }
    let rename = |name: Value, topic: Value| json!({ "stream": id, "name": name, "topic": topic });
    let answer = ann
        .ok("stream.rename", rename(Value::Null, json!("")))
        .await;
    stream["topic"] = json!("");
    assert_eq!(answer["stream"], stream);
    let answer = ann
        .ok("stream.rename", rename(json!("Old"), Value::Null))
        .await;
    stream["name"] = json!("Old");
    assert_eq!(answer["stream"], stream);
    assert_eq!(bob.heard("stream").await["change"], "update");
    assert_eq!(bob.heard("stream").await["stream"], stream);
    let rename = rename(json!("general"), Value::Null);
    assert_eq!(ann.fails("stream.rename", rename).await, "exists");
    assert_eq!(
        bob.fails("stream.delete", json!({ "stream": id })).await,
        "forbidden"
    );
    bob.sub(&id).await;
    ann.ok("stream.delete", json!({ "stream": id })).await;
    let gone = json!({ "op": "stream", "change": "delete", "stream": { "id": id, "circle": tea } });
    assert_eq!(bob.event().await, gone);
    for op in ["sub", "unsub", "history", "stream.delete"] {
        assert_eq!(ann.fails(op, json!({ "stream": id })).await, "not_found");
    }
    ann.ok("circle.delete", json!({ "circle": tea })).await;
    assert_eq!(bob.heard("circle").await["change"], "delete");
    assert_eq!(
        ann.fails("circle.delete", json!({ "circle": tea })).await,
        "not_found"
    );
}

#[tokio::test]
async fn the_lobby_is_a_circle_that_stays() {
    let site = Site::start().await;
    let [mut ann, mut bob, _eve] = three(&site).await;
    let lobby = json!({ "circle": "c1" });
    for op in ["circle.delete", "stream.create"] {
        let request = json!({ "circle": "c1", "name": "x" });
        assert_eq!(ann.fails(op, request).await, "forbidden", "{op}");
    }
    let rename = json!({ "stream": "s1", "name": "x" });
    assert_eq!(ann.fails("stream.rename", rename).await, "forbidden");
    assert_eq!(
        ann.fails("stream.delete", json!({ "stream": "s1" })).await,
        "forbidden"
    );
    bob.ok("circle.leave", lobby.clone()).await;
    assert_eq!(
        bob.fails("sub", json!({ "stream": "s1" })).await,
        "not_member"
    );
    ann.say("s1", "missed").await;
    bob.quiet().await;
    let joined = bob.ok("circle.join", lobby).await;
    assert_eq!(joined["circle"]["streams"][0]["last"], 1);
    // It is heard at once, and what was said meanwhile is not for them.
    ann.say("s1", "back").await;
    assert_eq!(bob.text().await, "back");
    assert_eq!(bob.history("s1").await, ["back"]);
}

#[tokio::test]
async fn names_and_numbers_are_limited() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let create =
        |name: &str, streams: Value| json!({ "name": name, "public": false, "streams": streams });
    let long = "é".repeat(33);
    let many: Vec<String> = (0..501).map(|number| format!("s{number}")).collect();
    for (request, code) in [
        (create("", json!([])), "bad_field"),
        (create("  ", json!([])), "bad_field"),
        (create("a\nb", json!([])), "bad_field"),
        (create(&long, json!([])), "too_long"),
        (create("x", json!([""])), "bad_field"),
        (create("x", json!([long])), "too_long"),
        (create("x", json!(["a", "A"])), "exists"),
        (create("x", json!(many)), "too_long"),
    ] {
        assert_eq!(ann.fails("circle.create", request).await, code);
    }
    assert_eq!(ann.settle().await, Vec::<Value>::new());
    let state = sign_in(&site, "ann").await.state;
    assert_eq!(state["circles"].as_array().unwrap().len(), 1);

    // Streams that do not go into the answer's frame follow it.
    let many: Vec<String> = (0..500).map(|number| format!("{number:é>32}")).collect();
    let answer = ann.ok("circle.create", create("x", json!(many))).await;
    let mut streams = answer["circle"]["streams"].as_array().unwrap().clone();
    assert!(streams.len() < 500);
    while streams.len() < 500 {
        let event = ann.heard("stream").await;
        assert_eq!(event["change"], "new");
        streams.push(event["stream"].clone());
    }
    let mut state = sign_in(&site, "ann").await.state;
    let circle = state["circles"][1].take();
    let mut told = circle["streams"].as_array().unwrap().clone();
    told.extend(state["streams"].as_array().unwrap().clone());
    assert_eq!(told, streams);
    let circle = &answer["circle"]["id"];
    let create = json!({ "circle": circle, "name": "one more" });
    assert_eq!(ann.fails("stream.create", create).await, "too_long");
}
