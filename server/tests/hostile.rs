//! Clients that are slow, silent, too many, or no clients at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, RawClient, Site, bounded, raw, until};
use futures_util::{SinkExt as _, StreamExt as _};
use kaiwa_server::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

#[tokio::test]
async fn garbage_before_the_handshake() {
    let site = Site::start().await;
    let addr = site.addr();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let garbage: [&[u8]; 6] = [
        b"\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"GET\r\n\r\n",
        long.as_bytes(),
    ];
    for bytes in garbage {
        let answer = raw(addr, bytes).await;
        assert!(
            !answer.starts_with("HTTP/1.1 101") && !answer.starts_with("HTTP/1.1 200"),
            "{answer}"
        );
    }
    let mut ann = site.client().await;
    ann.say("ann", "hi").await;
    assert_eq!(ann.msg().await, "hi");
}

#[tokio::test]
async fn words_right_behind_the_handshake_count() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    let request = b"GET /wschat HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut stream = TcpStream::connect(site.addr()).await.unwrap();
    let bytes = [&request[..], &common::frame(0x81, br#"{"msg":"early"}"#)].concat();
    bounded(stream.write_all(&bytes)).await.unwrap();
    assert_eq!(ann.msg().await, "early");
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    let mut slow = RawClient::connect(site.addr()).await;
    slow.stream.set_nodelay(true).unwrap();
    for byte in common::frame(0x81, br#"{"msg":"drop by drop"}"#) {
        slow.write(&[byte]).await;
    }
    assert_eq!(ann.msg().await, "drop by drop");
}

#[tokio::test]
async fn a_slow_receiver_is_told_and_misses_nothing_in_silence() {
    let site = Site::with(|config| {
        config.store = Config::parse("store = \"none\"").unwrap().store;
        config.queue_bytes = 32 * 1024;
    })
    .await;
    let mut slow = RawClient::connect(site.addr()).await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    let filler = "x".repeat(60_000);
    let mut sent = 0;
    while site.server.counters().slow == 0 {
        ann.say("ann", &format!("{sent} {filler}")).await;
        for client in [&mut ann, &mut bob] {
            assert!(
                client.msg().await.starts_with(&format!("{sent} ")),
                "the others get all"
            );
        }
        sent += 1;
        assert!(sent < 10_000, "never noticed");
    }
    let mut next = 0;
    let code = loop {
        let (first, payload) = slow.frame().await.unwrap();
        if first == 0x88 {
            break u16::from_be_bytes(*payload.first_chunk().unwrap());
        }
        assert!(
            String::from_utf8(payload)
                .unwrap()
                .contains(&format!(r#""msg":"{next} x"#)),
            "no gap before the end"
        );
        next += 1;
    };
    assert_eq!(code, 1013);
    assert!(next < sent);
}

#[tokio::test]
async fn a_flood_of_pings_costs_only_the_flooder() {
    let site = Site::start().await;
    let mut flooder = RawClient::connect(site.addr()).await;
    let pings = common::frame(0x89, &[b'x'; 120]).repeat(1000);
    let flood = tokio::spawn(async move {
        // Never reads the pongs, so at some time the server stops reading the pings.
        while flooder.stream.write_all(&pings).await.is_ok() {}
    });
    let mut ann = site.client().await;
    for _ in 0..50 {
        ann.say("ann", "hi").await;
        assert_eq!(ann.msg().await, "hi");
    }
    flood.abort();
}

#[tokio::test]
async fn a_flood_of_words_does_not_starve_the_flooder() {
    let site =
        Site::with(|config| config.store = Config::parse("store = \"none\"").unwrap().store).await;
    let ann = site.client().await;
    let (mut write, mut read) = ann.ws.split();
    let flood = tokio::spawn(async move {
        for number in 0..20_000 {
            write
                .feed(Message::text(format!(r#"{{"msg":"{number}"}}"#)))
                .await
                .unwrap();
        }
        write.flush().await.unwrap();
    });
    for number in 0..20_000 {
        let message = bounded(read.next()).await.unwrap().unwrap();
        assert!(
            message
                .to_text()
                .unwrap()
                .starts_with(&format!(r#"{{"msg":"{number}","#))
        );
    }
    bounded(flood).await.unwrap();
}

#[tokio::test]
async fn the_silent_are_dropped_and_the_quiet_are_not() {
    let site = Site::with(|config| {
        config.ping_interval = Duration::from_millis(100);
        config.idle_timeout = Duration::from_secs(2);
    })
    .await;
    let mut quiet = site.client().await;
    let mut silent = RawClient::connect(site.addr()).await;
    let silent = tokio::spawn(async move {
        let (first, payload) = silent.frame().await.unwrap();
        assert_eq!(
            (first, payload.as_slice()),
            (0x89, &b""[..]),
            "a ping, which it does not answer"
        );
        silent.close_code().await
    });
    // Reading answers pings.
    let reading = tokio::spawn(async move { quiet.msg().await });
    assert_eq!(bounded(silent).await.unwrap(), Some(1001));
    let mut other = site.client().await;
    other.say("other", "still there?").await;
    assert_eq!(bounded(reading).await.unwrap(), "still there?");
}

#[tokio::test]
async fn too_many_are_told_to_come_back() {
    let site = Site::with(|config| config.max_connections = 2).await;
    let (ann, mut bob) = (site.client().await, site.client().await);
    match Client::connect(site.addr(), "/wschat", &[]).await {
        Err(WsError::Http(response)) => {
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key("retry-after"));
        }
        other => panic!("{:?}", other.err()),
    }
    bob.say("bob", "hi").await;
    assert_eq!(bob.msg().await, "hi");
    drop(ann);
    bounded(async {
        while Client::connect(site.addr(), "/wschat", &[]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Time is virtual here: it jumps when nothing else is to be done, so the limits are reached at once.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_is_given_up() {
    let site =
        Site::with(|config| config.store = Config::parse("store = \"none\"").unwrap().store).await;
    for start in [&b""[..], b"GET /wschat HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(site.addr()).await.unwrap();
        stream.write_all(start).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

#[tokio::test]
async fn tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let site = Site::with(|config| {
        let dir = config.data_dir.parent().unwrap().to_owned();
        std::fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        config.tls_cert = Some(dir.join("cert.pem"));
        config.tls_key = Some(dir.join("key.pem"));
    })
    .await;
    // One that never starts, and one that speaks no TLS, keep nobody waiting.
    let _stalled = TcpStream::connect(site.addr()).await.unwrap();
    raw(site.addr(), b"GET / HTTP/1.1\r\n\r\n").await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpSocket::new_v4()
        .unwrap()
        .connect(site.addr())
        .await
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = bounded(connector.connect("localhost".try_into().unwrap(), stream))
        .await
        .unwrap();
    let (mut ws, _) = bounded(client_async("wss://localhost/wschat", stream))
        .await
        .unwrap();
    let large = "x".repeat(60_000);
    bounded(ws.send(Message::text(format!(r#"{{"msg":"{large}"}}"#))))
        .await
        .unwrap();
    let echo = bounded(ws.next()).await.unwrap().unwrap();
    assert!(echo.to_text().unwrap().contains(&large));
    let mut clients = site.server.clients();
    until(|| *clients.borrow_and_update() == 1).await;
    site.shutdown().await;
}
