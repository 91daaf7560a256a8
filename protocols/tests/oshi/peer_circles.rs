//! Circles on the server in memory are as the sheet has them.

use serde_json::{Value, json};

use super::peer::{PASSWORD, Stage, ops, stage};
use crate::support::oshi_server::raw::Raw;

/// Ann makes a private circle with two streams; gives its id and that of the first stream.
async fn private(ann: &mut Raw) -> (Value, Value) {
    let create =
        json!({"op": "circle.create", "name": "Team", "public": false, "streams": ["a", "b"]});
    let made = ann.done(create).await["circle"].clone();
    assert_eq!(
        (&made["role"], &made["owner"], &made["public"]),
        (&json!("owner"), &json!("u2"), &json!(false))
    );
    assert_eq!(made["streams"].as_array().unwrap().len(), 2);
    (made["id"].clone(), made["streams"][0]["id"].clone())
}

/// The same, and bob is in it; both have heard all that was told.
async fn shared(ann: &mut Raw, bob: &mut Raw) -> (Value, Value) {
    let (circle, stream) = private(ann).await;
    let invite = ann
        .done(json!({"op": "circle.invite", "circle": circle}))
        .await["invite"]
        .clone();
    bob.done(json!({"op": "circle.join", "circle": circle, "invite": invite}))
        .await;
    ann.rest().await;
    bob.rest().await;
    (circle, stream)
}

#[tokio::test(start_paused = true)]
async fn a_private_circle_is_invisible() {
    let Stage {
        wires,
        mut ann,
        mut bob,
    } = stage().await;
    let (circle, stream) = private(&mut ann).await;
    for request in [
        json!({"op": "circle.join", "circle": circle}),
        json!({"op": "circle.join", "circle": circle, "invite": "wrong"}),
        json!({"op": "members", "circle": circle}),
        json!({"op": "history", "stream": stream}),
        json!({"op": "sub", "stream": stream}),
        json!({"op": "circle.leave", "circle": circle}),
        json!({"op": "stream.create", "circle": circle, "name": "c"}),
        json!({"op": "circle.data.get", "circle": circle, "key": "k"}),
    ] {
        assert_eq!(bob.refused(request.clone()).await, "not_found", "{request}");
    }
    let listed = bob.done(json!({"op": "circle.list"})).await;
    assert_eq!(listed["circles"].as_array().unwrap().len(), 1);
    let invite = json!({"op": "circle.invite", "circle": circle, "user": "u3"});
    let invite = ann.done(invite).await["invite"].clone();
    let join = json!({"op": "circle.join", "circle": circle, "invite": invite});
    let mut eve = Raw::online(&wires, "eve", PASSWORD).await;
    assert_eq!(eve.refused(join.clone()).await, "not_found");
    let joined = bob.done(join.clone()).await["circle"].clone();
    assert_eq!(
        (&joined["role"], joined["streams"].as_array().unwrap().len()),
        (&json!("member"), 2)
    );
    let told = ann.next_of("member").await;
    assert_eq!(
        (&told["user"], &told["change"], &told["name"]),
        (&json!("u3"), &json!("join"), &json!("bob"))
    );
    bob.done(json!({"op": "circle.leave", "circle": circle}))
        .await;
    assert_eq!(ann.next_of("member").await["change"], "leave");
    assert_eq!(bob.refused(join).await, "not_found", "it was for once");
}

#[tokio::test(start_paused = true)]
async fn being_a_member_subscribes_nobody() {
    let Stage {
        wires: _wires,
        mut ann,
        mut bob,
    } = stage().await;
    let (circle, stream) = shared(&mut ann, &mut bob).await;
    ann.done(json!({"op": "pub", "stream": stream, "text": "unheard"}))
        .await;
    assert_eq!(ops(&bob.rest().await), [] as [&str; 0]);
    bob.done(json!({"op": "sub", "stream": stream})).await;
    ann.done(json!({"op": "pub", "stream": stream, "text": "heard"}))
        .await;
    assert_eq!(ops(&bob.rest().await), ["msg"]);
    ann.done(json!({"op": "circle.kick", "circle": circle, "user": "u3"}))
        .await;
    let gone = bob.next_of("circle").await;
    assert_eq!(
        (&gone["change"], &gone["circle"]),
        (&json!("delete"), &json!({"id": circle}))
    );
    ann.done(json!({"op": "pub", "stream": stream, "text": "unheard"}))
        .await;
    assert_eq!(ops(&bob.rest().await), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn roles_say_who_may_do_what() {
    let Stage {
        wires: _wires,
        mut ann,
        mut bob,
    } = stage().await;
    let (circle, stream) = shared(&mut ann, &mut bob).await;
    ann.done(json!({"op": "pub", "stream": stream, "text": "mine"}))
        .await;
    for request in [
        json!({"op": "stream.create", "circle": circle, "name": "c"}),
        json!({"op": "stream.delete", "stream": stream}),
        json!({"op": "circle.invite", "circle": circle}),
        json!({"op": "circle.role", "circle": circle, "user": "u2", "role": "member"}),
        json!({"op": "circle.kick", "circle": circle, "user": "u2"}),
        json!({"op": "circle.delete", "circle": circle}),
        json!({"op": "delete", "stream": stream, "seq": 1}),
    ] {
        assert_eq!(bob.refused(request.clone()).await, "forbidden", "{request}");
    }
    ann.done(json!({"op": "circle.role", "circle": circle, "user": "u3", "role": "admin"}))
        .await;
    assert_eq!(bob.next_of("circle").await["circle"]["role"], "admin");
    bob.done(json!({"op": "delete", "stream": stream, "seq": 1}))
        .await;
    assert_eq!(
        bob.refused(json!({"op": "circle.kick", "circle": circle, "user": "u2"}))
            .await,
        "forbidden"
    );
    ann.done(json!({"op": "circle.role", "circle": circle, "user": "u3", "role": "owner"}))
        .await;
    assert_eq!(ann.next_of("circle").await["circle"]["role"], "admin");
    assert_eq!(
        bob.refused(json!({"op": "circle.leave", "circle": circle}))
            .await,
        "forbidden"
    );
    bob.done(json!({"op": "circle.delete", "circle": circle}))
        .await;
    assert_eq!(ann.next_of("circle").await["change"], "delete");
    assert_eq!(
        ann.refused(json!({"op": "members", "circle": circle}))
            .await,
        "not_found"
    );
}

#[tokio::test(start_paused = true)]
async fn streams_come_and_go() {
    let Stage {
        wires: _wires,
        mut ann,
        mut bob,
    } = stage().await;
    let (circle, _) = shared(&mut ann, &mut bob).await;
    let create = json!({"op": "stream.create", "circle": circle, "name": "c", "topic": "t"});
    let new = ann.done(create).await["stream"].clone();
    let told = bob.next_of("stream").await;
    assert_eq!((&told["change"], &told["stream"]), (&json!("new"), &new));
    ann.done(json!({"op": "stream.rename", "stream": new["id"], "topic": "u"}))
        .await;
    let told = bob.next_of("stream").await;
    assert_eq!(
        (&told["stream"]["name"], &told["stream"]["topic"]),
        (&json!("c"), &json!("u"))
    );
    ann.done(json!({"op": "stream.delete", "stream": new["id"]}))
        .await;
    let gone = bob.next_of("stream").await;
    let left = json!({"id": new["id"], "circle": circle});
    assert_eq!(
        (&gone["change"], &gone["stream"]),
        (&json!("delete"), &left)
    );
    ann.done(json!({"op": "circle.data.set", "circle": circle, "key": "k", "value": 7}))
        .await;
    let get = json!({"op": "circle.data.get", "circle": circle, "key": "k"});
    assert_eq!(ann.done(get.clone()).await["value"], 7);
    assert_eq!(bob.done(get).await["value"], Value::Null);
}
