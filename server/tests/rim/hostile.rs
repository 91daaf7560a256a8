//! Clients that are slow, silent, too many, or mean harm.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::client::{Live, Rest, person};
use crate::common::{Client, Site, bounded};

#[tokio::test]
async fn pages_of_another_origin_get_nothing() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let path = format!("/user/get?uid={}", ann.uid);
    let request = ann.rest.request("GET", &path, None);
    let with = |origin: &str| request.replacen("\r\n", &format!("\r\norigin: {origin}\r\n"), 1);
    let port = site.addr().port();
    for (origin, status) in [
        ("https://evil.example".to_owned(), "403"),
        ("null".to_owned(), "403"),
        (format!("http://127.0.0.1:{port}"), "200"),
    ] {
        let answer = crate::common::raw(site.addr(), with(&origin).as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        let ws = Client::connect(site.addr(), "/rim/ws", &[("origin", &origin)]).await;
        assert_eq!(ws.is_ok(), status == "200", "{origin}");
    }
    assert_eq!(site.server.counters().foreign, 4);
}

#[tokio::test]
async fn too_many_sockets_that_nobody_signs_in_on() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let mut sockets = Vec::new();
    for _ in 0..64 {
        sockets.push(Live::open(site.addr(), "/rim/ws", ann.uid).await);
    }
    let refused = Client::connect(site.addr(), "/rim/ws", &[]).await;
    let Err(WsError::Http(answer)) = refused else {
        panic!("one too many");
    };
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    site.client().await;

    // Who signs in makes room, and takes none again by signing out.
    let mut last = sockets.pop().unwrap();
    last.login(&ann.token).await;
    let another = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    let id = last.send("Logout", json!({})).await;
    last.ack(&id).await;
    last.login(&ann.token).await;
    drop((another, last));
    bounded(async {
        while Client::connect(site.addr(), "/rim/ws", &[]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_socket_is_not_signed_out_for_ever() {
    let site = Site::with(|config| {
        // Longer than the limit, so that it is not silence that ends it.
        config.ping_interval = Duration::from_secs(3600);
        config.idle_timeout = Duration::from_secs(7200);
    })
    .await;
    let ann = person(&site, "ann").await;
    let mut out = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    let mut live = ann.live(&site).await;
    // Connected for certain: the server has taken what was said before.
    out.send("Heart", json!({})).await;
    while site.server.counters().malformed == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(601)).await;
    tokio::time::resume();
    assert_eq!(out.client.close_code().await, Some(1008));
    live.quiet().await;
}

#[tokio::test]
async fn expired_and_revoked_tokens_do_not_sign_in() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let dir = site.shutdown().await;
    let database = dir.path().join("data").join("kaiwa.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    let changed = connection
        .execute("UPDATE sessions SET expires = 5", [])
        .unwrap();
    assert_eq!(changed, 1);
    drop(connection);
    let site = Site::again(dir, |_| {}).await;
    let rest = Rest::new(&site).with_token(&ann.token);
    let required = (401, "login required".to_owned());
    assert_eq!(rest.get("/group/get?uid=1").await.failure(), required);
    let mut live = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    live.send("Login", json!({ "content": ann.token })).await;
    let fresh = crate::client::sign_in(&rest, "ann").await;
    live.login(&fresh).await;
    assert_eq!(site.server.counters().unsigned, 1);
    // The former one had expired long ago, and is forgotten.
    let path = format!("/user/token?token={}", ann.token);
    let answer = rest.with_token(&fresh).get(&path).await;
    assert_eq!(answer.failure().0, 1001);
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_only_its_sender() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let gid = ann.group("g", &[&bob]).await;
    let (mut one, mut two) = (ann.live(&site).await, bob.live(&site).await);
    let fits = "x".repeat(60_000);
    one.say(gid, &fits).await;
    assert_eq!(two.heard().await["content"], fits);
    let fields = json!({ "gid": gid, "content": "x".repeat(100_000) });
    one.send("Msg", fields).await;
    assert_eq!(one.client.close_code().await, Some(1009));
    two.quiet().await;
    assert_eq!(bob.history(gid, 1, 5).await, [fits]);
}

#[tokio::test]
async fn who_never_reads_is_ended_and_the_others_go_on() {
    let site = Site::with(|config| config.queue_bytes = 32 * 1024).await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let gid = ann.group("g", &[&bob]).await;
    let mut one = ann.live(&site).await;
    let stuck = bob.live(&site).await;
    let filler = "x".repeat(60_000);
    let mut said = 0;
    while site.server.counters().slow == 0 {
        one.say(gid, &filler).await;
        said += 1;
        assert!(said < 10_000, "never noticed");
    }
    drop(stuck);
    one.quiet().await;
    let list = bob.chat_list().await;
    assert_eq!(list[0]["unread"], said);
}

#[tokio::test]
async fn requests_that_come_in_drops_or_not_at_all() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let body = json!({ "fid": 99_999 }).to_string();
    let request = ann.rest.request("POST", "/friend/add", Some(&body));
    let mut slow = ann.rest.begin(b"").await;
    slow.set_nodelay(true).unwrap();
    for byte in request.as_bytes() {
        bounded(slow.write_all(&[*byte])).await.unwrap();
    }
    let mut answer = String::new();
    bounded(slow.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.contains("no such account"), "{answer}");

    let head = request.strip_suffix(&body).unwrap();
    let cut = request.strip_suffix('}').unwrap();
    let mut streams = Vec::new();
    for part in ["", "POST /rim/api/fr", head, cut] {
        streams.push(ann.rest.begin(part.as_bytes()).await);
    }
    // Somebody else is served meanwhile.
    ann.get("/group/get?uid=1").await.data();
    tokio::time::pause();
    for mut stream in streams {
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // The server's own limits end it.
        let _ = tokio::time::timeout(Duration::from_secs(60), read)
            .await
            .expect("closed");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.contains(" 408 "), "{answer}");
    }
}

#[tokio::test]
async fn strange_strings_are_only_strings() {
    let site = Site::start().await;
    let strange = [
        "'; DROP TABLE messages; --",
        "\" OR \"\"=\"",
        "<script>alert(1)</script>",
        "\u{202e}right\u{200b}\u{feff}",
        "e\u{301}\u{fb01}\u{1f468}\u{200d}\u{1f469}",
        "\u{0}\u{1}\u{7f}\r\n",
        "%00%27{}[]\\",
    ];
    let ann = person(&site, "ann").await;
    let gid = ann.group("<i>';--", &[]).await;
    let mut live = ann.live(&site).await;
    for (number, text) in strange.iter().enumerate() {
        let fields = json!({ "gid": gid, "content": text, "clientMsgId": text });
        live.send("Msg", fields).await;
        live.ack(text).await;
        let encoded = text.bytes().fold(String::new(), |mut encoded, byte| {
            let _ = write!(encoded, "%{byte:02X}");
            encoded
        });
        let answer = ann.get(&format!("/user/search?account={encoded}")).await;
        assert_eq!(answer.failure(), (200, "fail".to_owned()));
        assert_eq!(ann.history(gid, 1, 200).await.len(), number + 1);
    }
    assert_eq!(ann.history(gid, 1, 200).await, strange);
    let list = ann.chat_list().await;
    assert_eq!(list[0]["group"]["name"], "<i>';--");
    assert_eq!(list[0]["msg"]["client_msg_id"], strange[6]);
}

#[tokio::test]
async fn others_tokens_ids_and_messages() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let gid = ann.group("g", &[&bob]).await;
    let mut live = ann.live(&site).await;
    let msg_id = live.say(gid, "between us").await;
    let mut mean = eve.live(&site).await;
    let read = json!({ "gid": gid, "msgId": msg_id });
    for event in ["Read", "Ack"] {
        let id = mean.send(event, read.clone()).await;
        mean.ack(&id).await;
    }
    mean.send(
        "Msg",
        json!({ "gid": gid, "uid": ann.uid, "content": "as ann" }),
    )
    .await;
    mean.send("Msg", json!({ "gid": gid, "content": "as myself" }))
        .await;
    mean.send("Logout", json!({ "uid": ann.uid })).await;
    mean.quiet().await;
    for (path, body) in [
        (
            "/message/chat/list",
            json!({ "uid": ann.uid, "page": 1, "size": 5 }),
        ),
        ("/friend/list?status=0", Value::Null),
        ("/group/get?uid=", Value::Null),
    ] {
        let data = match body {
            Value::Null => {
                let path = path.replace("uid=", &format!("uid={}", ann.uid));
                eve.get(&path).await.data()
            }
            body => eve.post(path, body).await.data(),
        };
        assert_eq!(data, json!([]), "{path}");
    }
    assert_eq!(bob.chat_list().await[0]["unread"], 1);
    assert_eq!(bob.history(gid, 1, 9).await, ["between us"]);
    live.quiet().await;
}
