//! Whole conversations: that of the interoperability tests, and that of the original's front end.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::client::{Live, PASSWORD, Rest, contents, person, register, sign_in};
use crate::common::{Client, Site};

/// The fact sheet's section 10.
#[tokio::test]
async fn the_interoperability_tests_call_order() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let rest = Rest::new(&site);
    let existed = (500, "Account Existed".to_owned());
    assert_eq!(register(&rest, "ann").await.failure(), existed);
    let wrong = json!({ "account": "ann", "password": "wrong" });
    let failure = rest.post("/user/login", wrong).await.failure();
    assert_eq!(failure, (500, "wrong password".to_owned()));
    sign_in(&rest, "ann").await;
    let path = format!("/user/token?token={}", ann.token);
    assert_eq!(ann.get(&path).await.data()["id"], ann.uid);

    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        let add = json!({ "fid": other.uid });
        assert_eq!(one.post("/friend/add", add).await.data(), true);
        let confirm = json!({ "fid": other.uid, "status": 1 });
        assert_eq!(
            one.post("/friend/status/modify", confirm).await.data(),
            true
        );
        let list = one.get("/friend/list?status=1").await.data();
        assert_eq!(list[0]["account"], other.account);
    }

    let gid = ann.group("three", &[&bob, &eve]).await;
    let (mut one, mut two) = (ann.live(&site).await, bob.live(&site).await);
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(one.say(gid, &number.to_string()).await);
        let heard = two.heard().await;
        assert_eq!(
            (&heard["msgId"], &heard["uid"]),
            (&json!(ids[number - 1]), &json!(ann.uid))
        );
    }
    assert_eq!(eve.chat_list().await[0]["unread"], 7);
    assert_eq!(eve.history(gid, 1, 5).await, ["3", "4", "5", "6", "7"]);
    assert_eq!(eve.history(gid, 2, 5).await, ["1", "2"]);
    let read = json!({ "gid": gid, "uid": eve.uid });
    assert_eq!(eve.post("/message/group/read", read).await.data(), true);
    assert_eq!(eve.chat_list().await[0]["unread"], 0);

    let id = two
        .send("Ack", json!({ "gid": gid, "msgId": ids[6] }))
        .await;
    assert_eq!(two.ack(&id).await["serverMsgId"], Value::Null);
    let id = two
        .send("Read", json!({ "gid": gid, "msgId": ids[6] }))
        .await;
    assert_eq!(two.ack(&id).await["serverMsgId"], ids[6]);
    let mut second = bob.live(&site).await;
    one.say(gid, "moved").await;
    assert_eq!(second.heard().await["content"], "moved");
    two.quiet().await;
    for live in [&mut one, &mut second] {
        let id = live.send("Logout", json!({})).await;
        live.ack(&id).await;
    }
}

/// Where the front end's pages come from while it is developed; its proxy keeps the `Origin`, and names the server as `Host`.
const DEV_SERVER: &str = "http://localhost:3000";

async fn dev_socket(site: &Site) -> Result<Client, WsError> {
    let addr = site.server.rim_ws_addr().unwrap();
    Client::connect(addr, "/", &[("origin", DEV_SERVER)]).await
}

#[tokio::test]
async fn the_originals_front_end_needs_its_origin_to_be_allowed() {
    let site = Site::with(|config| {
        config.rim_rest_listen = Some(([127, 0, 0, 1], 0).into());
        config.rim_ws_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let rest = Rest {
        addr: site.server.rim_rest_addr().unwrap(),
        base: "/api",
        origin: Some(DEV_SERVER),
        ..Rest::new(&site)
    };
    assert_eq!(register(&rest, "ann").await.status, 403);
    let Err(WsError::Http(refused)) = dev_socket(&site).await else {
        panic!("not refused");
    };
    assert_eq!(refused.status(), 403);
}

/// The fact sheet's section 6: rim-front on the original's ports, with its bogus token, its early socket, and the other one's id
/// where its own belongs.
#[tokio::test]
async fn the_originals_front_end() {
    let site = Site::with(|config| {
        config.rim_rest_listen = Some(([127, 0, 0, 1], 0).into());
        config.rim_ws_listen = Some(([127, 0, 0, 1], 0).into());
        config.origins = vec![DEV_SERVER.to_owned()];
    })
    .await;
    let bogus = Rest {
        addr: site.server.rim_rest_addr().unwrap(),
        base: "/api",
        authorization: Some("Bearer 7ab7f6ae-0000-0000-0000-000000000000".to_owned()),
        origin: Some(DEV_SERVER),
    };
    let mut socket = Live::of(dev_socket(&site).await.unwrap(), 0);
    let mut uids = Vec::new();
    for account in ["ann", "bob"] {
        let user = json!({
            "name": account, "avatar": "", "account": account, "email": "", "password": PASSWORD,
        });
        uids.push(bogus.post("/user/create", user).await.data());
    }
    let token = sign_in(&bogus, "ann").await;
    let rest = bogus.with_token(&token);
    let user = rest.get(&format!("/user/token?token={token}")).await;
    assert_eq!(user.data()["id"], uids[0]);
    let empty = json!({ "uid": uids[0], "page": 1, "size": 5 });
    let list = rest.post("/message/chat/list", empty.clone()).await.data();
    assert_eq!(list, json!([]), "always a list");

    let group = json!({ "name": "two", "avatar": "", "mode": 1, "creatorUid": uids[0] });
    let users = json!([{ "uid": uids[0], "role": 1 }, { "uid": uids[1], "role": 1 }]);
    let body = json!({ "group": group, "users": users });
    let gid = rest.post("/group/create", body).await.data();
    socket.uid = uids[0].as_u64().unwrap();
    let fields = json!({ "content": token, "gid": 1 });
    let id = socket.send("Login", fields).await;
    socket.ack(&id).await;
    socket.say(gid.as_u64().unwrap(), "hello").await;

    let list = rest.post("/message/chat/list", empty).await.data();
    assert_eq!(contents(&list), ["hello"]);
    let other = &list[0]["user"]["id"];
    assert_eq!(other, &uids[1]);
    let members = rest.get(&format!("/group/user/get?gid={gid}")).await.data();
    assert_eq!(members.as_array().unwrap().len(), 2);
    let read = json!({ "gid": gid, "uid": uids[0] });
    let answer = rest.post("/message/group/read", read).await;
    assert_eq!(
        answer.body,
        r#"{"ok":true,"code":200,"msg":null,"data":true}"#
    );
    let body = json!({ "gid": gid, "uid": other, "page": 1, "size": 5 });
    let history = rest.post("/message/history", body).await.data();
    assert_eq!(contents(&history), ["hello"]);
    // As the front end takes it apart.
    let time = history[0]["msg"]["createTime"].as_str().unwrap();
    let parts: Vec<u32> = time
        .split([' ', '-', ':'])
        .map(|part| part.parse().unwrap())
        .collect();
    assert_eq!(parts.len(), 6);
}
