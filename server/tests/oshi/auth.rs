//! The first frame.

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{PASSWORD, Person, end, open, register, resume, sign_in};
use crate::common::{Client, Site, bounded};

/// That a first frame is met with this code, and that the connection ends.
async fn refused(site: &Site, first: &Value, code: &str) -> Value {
    let mut client = open(site, first).await;
    let (last, close) = end(&mut client).await;
    assert_eq!(last["op"], "error", "{first}: {last}");
    assert_eq!(last["code"], code, "{first}: {last}");
    assert_eq!(close, 1011, "{first}");
    last
}

#[tokio::test]
async fn who_registers_is_in_the_lobby_and_hears_it() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    assert_eq!(ann.id, "u1");
    let limits = json!({
        "text": 4000, "streams": 500, "file": 16_777_216, "pub": { "count": 20, "ms": 10_000 },
    });
    assert_eq!(ann.hello["limits"], limits);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(ann.hello["server"], format!("kaiwa {version}"));
    assert_eq!(
        ann.hello["user"],
        json!({ "id": "u1", "name": "ann", "display": "Name of ann" })
    );
    let stream = json!({
        "id": "s1", "kind": "channel", "circle": "c1", "name": "general", "topic": "", "last": 0,
    });
    let circle = &ann.state["circles"][0];
    assert_eq!(circle["id"], "c1");
    assert_eq!(
        (&circle["public"], &circle["role"]),
        (&json!(true), &json!("member"))
    );
    assert_eq!(circle["streams"], json!([stream]));
    assert_eq!(ann.state["streams"], json!([]));
    assert_eq!(
        ann.state["subs"],
        json!([{ "stream": "s1", "last_read": 0 }])
    );
    let mut bob = register(&site, "bob").await;
    assert_eq!(ann.heard("member").await["change"], "join");
    let presence = json!({ "op": "presence", "user": "u2", "online": true });
    assert_eq!(ann.event().await, presence);
    bob.say("s1", "hello").await;
    assert_eq!(ann.text().await, "hello");
    assert_eq!(bob.text().await, "hello");
}

#[tokio::test]
async fn passwords_and_tokens() {
    let site = Site::start().await;
    let ann = register(&site, "ann").await;
    for name in ["ann", "ANN", "ａｎｎ"] {
        let again = sign_in(&site, name).await;
        assert_eq!((again.id, again.name), (ann.id.clone(), "ann".to_owned()));
        assert_ne!(again.token, ann.token);
    }
    let again = resume(&site, &ann.token).await;
    assert_eq!((&again.id, &again.token), (&ann.id, &ann.token));
}

#[tokio::test]
async fn whoever_is_wrong_is_told_the_same() {
    let site = Site::start().await;
    let ann = register(&site, "ann").await;
    let sign_in = |user: &str, password: &str| json!({ "op": "auth", "v": 1, "user": user, "password": password });
    let mut told = Vec::new();
    for first in [
        sign_in("ann", "wrong"),
        sign_in("nobody", PASSWORD),
        sign_in("", ""),
        sign_in(&"x".repeat(1000), &"x".repeat(5000)),
        json!({ "op": "auth", "v": 1, "token": "" }),
        json!({ "op": "auth", "v": 1, "token": ann.token.to_uppercase() }),
        json!({ "op": "auth", "v": 2, "token": ann.token }),
        json!({ "op": "auth", "token": ann.token }),
        json!({ "op": "auth", "v": 1 }),
        json!({ "op": "auth", "v": 1, "user": "ann" }),
        json!({ "op": "auth", "v": 1, "user": 5, "password": PASSWORD }),
        json!({ "op": "ping" }),
        json!({ "op": "pub", "stream": "s1", "text": "x" }),
        json!({ "op": 5 }),
        json!([]),
        json!("Hello world!"),
        Value::Null,
    ] {
        told.push(refused(&site, &first, "auth_failed").await);
    }
    told.dedup();
    let expected =
        json!({ "op": "error", "code": "auth_failed", "message": "authentication failed" });
    assert_eq!(told, [expected]);
    assert_eq!(*site.server.clients().borrow(), 1);
}

#[tokio::test]
async fn a_first_frame_of_bytes_or_nonsense() {
    let site = Site::start().await;
    for frame in [
        Message::binary(vec![0xff]),
        Message::binary(b"{}".to_vec()),
        Message::text("{"),
        Message::text(""),
        Message::text("[".repeat(60_000)),
    ] {
        let mut client = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
        bounded(client.ws.send(frame)).await.unwrap();
        let (last, close) = end(&mut client).await;
        assert_eq!((&last["code"], close), (&json!("auth_failed"), 1011));
    }
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let site = Site::start().await;
    let mut silent = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
    let ann = register(&site, "ann").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    let (last, close) = end(&mut silent).await;
    assert_eq!((&last["code"], close), (&json!("auth_failed"), 1011));
    let mut ann = ann;
    ann.quiet().await;
}

#[tokio::test]
async fn registrations_that_are_refused() {
    let site = Site::start().await;
    register(&site, "ann").await;
    let auth = |user: &str, password: &str, display: &str| {
        json!({
            "op": "auth", "v": 1, "user": user, "password": password, "register": true,
            "display": display,
        })
    };
    let long = "x".repeat(33);
    for (first, reason) in [
        (auth("ann", PASSWORD, ""), "name_taken"),
        (auth("Ann", PASSWORD, ""), "name_taken"),
        (auth("ＡＮＮ", PASSWORD, ""), "name_taken"),
        (auth("", PASSWORD, ""), "bad_name"),
        (auth("a b", PASSWORD, ""), "bad_name"),
        (auth("a\u{200b}b", PASSWORD, ""), "bad_name"),
        (auth("a/b", PASSWORD, ""), "bad_name"),
        (auth(&long, PASSWORD, ""), "bad_name"),
        (auth("bob", PASSWORD, &"x".repeat(65)), "bad_name"),
        (auth("bob", PASSWORD, "a\u{0}b"), "bad_name"),
        (auth("bob", "", ""), "bad_password"),
        (auth("bob", &"x".repeat(1025), ""), "bad_password"),
    ] {
        let told = refused(&site, &first, "register_failed").await;
        assert_eq!(told["reason"], reason, "{first}");
        assert!(!told.to_string().contains(PASSWORD));
    }
    for name in ["a", &"é".repeat(32), "Straße.x_-9", "会話"] {
        let person = Person::of(open(&site, &auth(name, "p", "  ")).await).await;
        assert_eq!(person.hello["user"]["display"], *name);
    }
    refused(&site, &auth("STRASSE.X_-9", "p", ""), "register_failed").await;
}

#[tokio::test]
async fn a_closed_server_takes_nobody_new() {
    let site = Site::start().await;
    register(&site, "ann").await;
    let dir = site.shutdown().await;
    let site = Site::again(dir, |config| config.registration = false).await;
    let first = json!({ "op": "auth", "v": 1, "user": "bob", "password": "p", "register": true });
    let told = refused(&site, &first, "register_failed").await;
    assert_eq!(told["reason"], "closed");
    sign_in(&site, "ann").await;
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_tokens_need_not() {
    let site = Site::start().await;
    let ann = register(&site, "ann").await;
    let wrong = json!({ "op": "auth", "v": 1, "user": "ann", "password": "wrong" });
    for _ in 0..5 {
        refused(&site, &wrong, "auth_failed").await;
    }
    // Each further one doubles the wait, so in the end one comes too early, however slow this machine is.
    let told = loop {
        let mut client = open(&site, &wrong).await;
        let (last, close) = end(&mut client).await;
        if last["code"] == "rate" {
            assert_eq!(close, 1013);
            break last;
        }
        assert_eq!((&last["code"], close), (&json!("auth_failed"), 1011));
    };
    assert!(told["retry_ms"].as_u64().unwrap() <= 30_000, "{told}");
    resume(&site, &ann.token).await;
}

#[tokio::test]
async fn auth_is_once() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let auth = json!({ "v": 1, "token": ann.token });
    assert_eq!(ann.fails("auth", auth).await, "already_auth");
    ann.quiet().await;
}

#[tokio::test]
async fn logout_ends_the_token_and_the_connection() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut other = sign_in(&site, "ann").await;
    assert_eq!(ann.ok("logout", json!({})).await["op"], "ok");
    assert_eq!(ann.client.close_code().await, Some(1000));
    let first = json!({ "op": "auth", "v": 1, "token": ann.token });
    refused(&site, &first, "auth_failed").await;
    other.quiet().await;
    resume(&site, &other.token).await;
}

#[tokio::test]
async fn another_password_ends_everything_else() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut other = sign_in(&site, "ann").await;
    let set = json!({ "password": "another" });
    let answer = ann.ok("user.set", set).await;
    assert_eq!(answer["user"], ann.hello["user"]);
    assert_eq!(other.client.close_code().await, Some(1011));
    let by =
        |field: &str, value: &str| json!({ "op": "auth", "v": 1, "user": "ann", field: value });
    refused(&site, &by("token", &other.token), "auth_failed").await;
    refused(&site, &by("password", PASSWORD), "auth_failed").await;
    Person::of(open(&site, &by("password", "another")).await).await;
    resume(&site, &ann.token).await;
    ann.quiet().await;
}
