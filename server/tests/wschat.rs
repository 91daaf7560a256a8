//! What a wschat client sees, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Client, Site, bounded};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};

#[tokio::test]
async fn everybody_gets_the_same() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    ann.send(r#"{"usr":"ann","msg":"x","tim":"fake","extra":{"k":[1,2]}}"#)
        .await;
    let text = ann.text().await;
    assert_eq!(bob.text().await, text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let tim: DateTime<Utc> = value["tim"].as_str().unwrap().parse().unwrap();
    assert!((Utc::now() - tim).abs() < TimeDelta::minutes(1));
    assert!(value["tim"].as_str().unwrap().ends_with('Z'));
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["extra", "msg", "tim", "usr"]);
    assert!(
        text.starts_with(r#"{"extra":{"k":[1,2]},"msg":"x","tim":""#),
        "{text}"
    );
}

#[tokio::test]
async fn order_is_the_same_for_all() {
    let site = Site::start().await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(site.client().await);
    }
    for round in 0..25 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.say("x", &format!("{number}.{round}")).await;
        }
    }
    let mut seen = Vec::new();
    for client in &mut clients {
        let mut order = Vec::new();
        for _ in 0..100 {
            order.push(client.msg().await);
        }
        seen.push(order);
    }
    assert!(seen.iter().all(|order| *order == seen[0]));
    let own: Vec<&String> = seen[0].iter().filter(|msg| msg.starts_with("2.")).collect();
    assert_eq!(own.len(), 25);
    assert!(
        own.iter()
            .enumerate()
            .all(|(round, msg)| **msg == format!("2.{round}"))
    );
}

#[tokio::test]
async fn nonsense_is_ignored_and_the_connection_stays() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    let deep = format!("{{\"a\":{}", "[".repeat(60_000));
    let nonsense = [
        "",
        "x",
        "[1]",
        "5",
        "\"a\"",
        "true",
        "{",
        "{\"a\":1e400}",
        "{\"a\":\"\\ud800\"}",
        "\u{0}",
        &deep,
    ];
    for text in nonsense {
        ann.send(text).await;
    }
    bounded(
        ann.ws
            .send(Message::binary(&br#"{"usr":"ann","msg":"binary"}"#[..])),
    )
    .await
    .unwrap();
    ann.send("null").await;
    ann.send(r#"{"msg":5}"#).await;
    ann.say("ann", "nul \0 \u{1f600}").await;
    assert_eq!(ann.json().await.as_object().unwrap().len(), 1, "only tim");
    assert_eq!(ann.json().await["msg"], 5);
    assert_eq!(ann.msg().await, "nul \0 \u{1f600}");
    let counters = site.server.counters();
    assert_eq!(counters.malformed, nonsense.len() as u64);
    assert_eq!(counters.taken, 3);
}

#[tokio::test]
async fn a_token_is_never_relayed_in_open_mode_either() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    ann.send(r#"{"usr":"ann","msg":"x","jwt":"secret"}"#).await;
    let text = ann.text().await;
    assert!(!text.contains("jwt") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn paths_and_plain_requests() {
    let site = Site::with(|config| config.wschat_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let main = site.addr();
    let own = site.server.wschat_addr().unwrap();
    for (addr, path) in [
        (main, "/wschat"),
        (main, "/wschat?room=1"),
        (own, "/"),
        (own, "/?x"),
    ] {
        Client::connect(addr, path, &[]).await.unwrap();
    }
    for (addr, path) in [
        (main, "/"),
        (main, "/wschat/"),
        (main, "/x"),
        (own, "/wschat"),
        (own, "/x"),
    ] {
        assert_eq!(
            status(Client::connect(addr, path, &[]).await),
            404,
            "{path}"
        );
    }
    // Both listeners are one room.
    let mut ann = site.client().await;
    let mut bob = Client::connect(own, "/", &[]).await.unwrap();
    bob.say("bob", "hi").await;
    assert_eq!(ann.msg().await, "hi");
    for (addr, request, expected) in [
        (
            main,
            "GET /wschat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 400",
        ),
        (
            own,
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 400",
        ),
        (
            main,
            "POST /wschat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 400",
        ),
        (
            main,
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 404",
        ),
    ] {
        let answer = common::raw(addr, request.as_bytes()).await;
        assert!(answer.starts_with(expected), "{request} {answer}");
    }
}

#[tokio::test]
async fn a_foreign_page_is_refused() {
    let site = Site::with(|config| config.origins = vec!["https://chat.example".to_owned()]).await;
    let addr = site.addr();
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(
            status(Client::connect(addr, "/wschat", &[("origin", origin)]).await),
            403,
            "{origin}"
        );
    }
    assert_eq!(site.server.counters().foreign, 3);
    let own = format!("http://{addr}");
    for origin in ["https://chat.example", &own] {
        Client::connect(addr, "/wschat", &[("origin", origin)])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn pings_are_answered() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    bounded(
        ann.ws
            .send(Message::Ping(Bytes::from_static(b"are you there"))),
    )
    .await
    .unwrap();
    let answer = bounded(ann.ws.next()).await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong(Bytes::from_static(b"are you there")));
}

#[tokio::test]
async fn too_long_is_1009_and_hurts_nobody_else() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    // One frame of 17 MiB, and a message that grows over the limit frame by frame.
    let large = ann.ws.send(Message::text("x".repeat(17 << 20)));
    let _ = bounded(large).await;
    assert_eq!(ann.close_code().await, Some(1009));
    let mut parts = common::RawClient::connect(site.addr()).await;
    parts.write(&common::frame(0x01, &[b'x'; 60_000])).await;
    parts.write(&common::frame(0x00, &[b'x'; 60_000])).await;
    assert_eq!(parts.close_code().await, Some(1009));
    let fits = "x".repeat(64 * 1024 - 30);
    bob.say("bob", &fits).await;
    assert_eq!(bob.msg().await, fits);
}

#[tokio::test]
async fn broken_frames_end_their_connection_only() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    for (bytes, code) in [
        (common::frame(0x81, b"\xff\xfe"), 1007),
        (vec![0x81, 0x02, b'{', b'}'], 1002), // not masked
        (common::frame(0x83, b"x"), 1002),    // reserved opcode
        (common::frame(0xc1, b"{}"), 1002),   // reserved bit
        (common::frame(0x80, b"{}"), 1002),   // continues nothing
        (common::frame(0x09, b"ping"), 1002), // fragmented control frame
    ] {
        let mut bad = common::RawClient::connect(site.addr()).await;
        bad.write(&bytes).await;
        assert_eq!(bad.close_code().await, Some(code), "{bytes:?}");
    }
    ann.say("ann", "still here").await;
    assert_eq!(ann.msg().await, "still here");
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let site = Site::start().await;
    let mut clients = site.server.clients();
    let mut ann = site.client().await;
    bounded(clients.wait_for(|clients| *clients == 1))
        .await
        .unwrap();
    bounded(ann.ws.close(None)).await.unwrap();
    assert!(matches!(
        bounded(ann.ws.next()).await,
        Some(Ok(Message::Close(_)))
    ));
    assert!(bounded(ann.ws.next()).await.is_none());
    bounded(clients.wait_for(|clients| *clients == 0))
        .await
        .unwrap();
}

fn status(result: Result<Client, WsError>) -> u16 {
    match result {
        Err(WsError::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}
