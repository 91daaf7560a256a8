//! Oshi, rim and wschat in one room.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{PASSWORD, register, sign_in};
use crate::common::{Client, Site, raw, until};

async fn post(site: &Site, path: &str, authorization: &str, body: &Value) -> Value {
    let body = body.to_string();
    let addr = site.addr();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n{authorization}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(addr, request.as_bytes()).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn each_message_once_on_each_side() {
    let site = Site::start().await;
    let mut guest = site.client().await;
    let mut ann = register(&site, "ann").await;

    guest.say("guest", "from wschat").await;
    assert_eq!(guest.msg().await, "from wschat");
    let heard = ann.event().await;
    assert_eq!(
        (&heard["name"], &heard["text"], &heard["stream"]),
        (&json!("guest"), &json!("from wschat"), &json!("s1"))
    );
    assert_eq!(heard["from"], "u2");
    let user = ann.ok("user.get", json!({ "user": "u2" })).await;
    let expected = json!({ "id": "u2", "name": "", "display": "guest" });
    assert_eq!(user["user"], expected);
    let dm = json!({ "to": "u2", "text": "x" });
    assert_eq!(ann.fails("dm", dm).await, "not_found");

    // Somebody who only says a name is nobody's account.
    guest.say("Ann", "I am ann").await;
    guest.msg().await;
    let heard = ann.event().await;
    assert_eq!(heard["name"], "Ann (guest)");
    assert_ne!(heard["from"], *ann.id);
    let page = ann.ok("history", json!({ "stream": "s1" })).await;
    assert_eq!(page["messages"][1]["name"], "Ann (guest)");

    ann.say("s1", "from Oshi").await;
    let heard = guest.json().await;
    assert_eq!(
        (&heard["usr"], &heard["msg"]),
        (&json!("Name of ann"), &json!("from Oshi"))
    );
    assert_eq!(ann.text().await, "from Oshi");
    // A change is not said again.
    ann.ok(
        "edit",
        json!({ "stream": "s1", "seq": 3, "text": "edited" }),
    )
    .await;
    guest.say("guest", "last").await;
    assert_eq!(guest.msg().await, "last");
    guest.send(r#"{"usr":5,"msg":"nobody"}"#).await;
    ann.heard("upd").await;
    assert_eq!(ann.text().await, "last");
    let heard = ann.event().await;
    assert_eq!(
        (&heard["from"], &heard["name"]),
        (&Value::Null, &json!("guest"))
    );
}

#[tokio::test]
async fn one_account_on_two_networks() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    let login = json!({ "account": "bob", "password": PASSWORD });
    let token = post(&site, "/rim/api/user/login", "", &login).await["data"].clone();
    let token = token.as_str().unwrap();
    let mut rim = Client::connect(site.addr(), "/rim/ws", &[]).await.unwrap();
    let packet = |event: &str, fields: &Value| {
        let mut body = json!({ "kind": "Text", "uid": 2, "clientMsgId": "c", "content": "" });
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        json!({ "event": event, "body": body }).to_string()
    };
    rim.send(packet("Login", &json!({ "content": token })))
        .await;
    rim.json().await;
    ann.settle().await;
    bob.settle().await;

    // A group of rim's is a stream of its own.
    let group = json!({
        "group": { "name": "g", "avatar": "", "mode": 2, "creatorUid": 2 },
        "users": [{ "uid": 1, "role": 1 }, { "uid": 2, "role": 2 }],
    });
    let authorization = format!("authorization: Bearer {token}\r\n");
    let gid = post(&site, "/rim/api/group/create", &authorization, &group).await["data"].clone();
    let stream = format!("s{gid}");
    let new = ann.heard("stream").await;
    let expected = json!({
        "id": stream, "kind": "channel", "circle": null, "name": "g", "topic": "", "last": 0,
    });
    assert_eq!((&new["change"], &new["stream"]), (&json!("new"), &expected));
    bob.heard("stream").await;
    ann.say(&stream, "to both").await;
    assert_eq!(rim.json().await["body"]["content"], "to both");
    assert_eq!(bob.text().await, "to both");
    rim.send(packet("Msg", &json!({ "gid": gid, "content": "back" })))
        .await;
    rim.json().await;
    ann.heard("msg").await;
    assert_eq!(ann.text().await, "back");
    assert_eq!(
        bob.event().await["nonce"],
        "c",
        "one's own, whichever way it was said"
    );
    let state = sign_in(&site, "ann").await.state;
    assert_eq!(state["streams"][0]["last"], 2);

    // A talk of two is one talk on both.
    let dm = ann.ok("dm", json!({ "to": "bob", "text": "psst" })).await;
    let heard = rim.json().await;
    assert_eq!(heard["body"]["content"], "psst");
    assert_eq!(
        format!("s{}", heard["body"]["gid"]),
        dm["stream"].as_str().unwrap()
    );
}

#[tokio::test]
async fn long_texts_of_other_networks_fit_into_a_frame() {
    let site = Site::start().await;
    let mut guest = site.client().await;
    let mut ann = register(&site, "ann").await;
    for text in [
        "\u{1}".repeat(10_000),
        "x".repeat(65_000),
        "\u{1f600}".repeat(5_000),
    ] {
        guest.say("guest", &text).await;
        guest.msg().await;
        let frame = ann.client.text().await;
        assert!(frame.len() <= 64 * 1024, "{}", frame.len());
        let heard: Value = serde_json::from_str(&frame).unwrap();
        let shown = heard["text"].as_str().unwrap();
        match shown.strip_suffix('…') {
            Some(begin) => assert!(text.starts_with(begin) && frame.len() > 64_000),
            None => assert!(shown == text),
        }
        let page = ann
            .ok("history", json!({ "stream": "s1", "limit": 1 }))
            .await;
        assert!(page["messages"][0]["text"] == heard["text"]);
    }
}

#[tokio::test]
async fn where_the_lobby_takes_a_token() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret").unwrap();
    let path = secret.path().to_owned();
    let site = Site::with(|config| config.jwt_secret_file = Some(path)).await;
    let mut ann = register(&site, "ann").await;
    assert_eq!(
        (&ann.state["circles"], &ann.state["subs"]),
        (&json!([]), &json!([]))
    );
    let found = ann.ok("circle.list", json!({})).await;
    assert_eq!(found["circles"], json!([]));
    for (op, fields) in [
        ("circle.join", json!({ "circle": "c1" })),
        ("pub", json!({ "stream": "s1", "text": "x" })),
    ] {
        assert_eq!(ann.fails(op, fields).await, "forbidden");
    }
    ann.circle("tea", true).await;
}

#[tokio::test]
async fn the_own_port_takes_any_path_and_oshi_can_be_left_out() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let site = Site::with(|config| config.oshi_listen = Some(listen)).await;
    let own = site.server.oshi_addr().unwrap();
    for path in ["/", "/any/path?query"] {
        let mut client = Client::connect(own, path, &[]).await.unwrap();
        client.send(r#"{"op":"ping"}"#).await;
        assert_eq!(client.json().await["code"], "auth_failed");
    }
    drop(TcpStream::connect(own).await.unwrap());
    let site = Site::with(|config| config.oshi = false).await;
    assert!(Client::connect(site.addr(), "/oshi", &[]).await.is_err());
    let clients = site.server.clients();
    until(|| *clients.borrow() == 0).await;
}
