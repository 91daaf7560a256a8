//! Who is kept out or silenced, and what a server finds of a former one. Bans come from another network, so they are put into
//! the store while no server runs.

use chrono::Utc;
use kaiwa_server::Error;
use kaiwa_server::store::{
    Ban, BanKind, BanTarget, MessageKind, NewMessage, NewRoom, Repeat, Role, RoomKind, Sender,
    SqliteStore, Store as _, Transaction, UserId,
};
use serde_json::json;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::client::{Live, Rest, person};
use crate::common::{Client, Site};

fn change(dir: &TempDir, mut work: impl FnMut(&mut dyn Transaction) -> Result<(), Error>) {
    let mut store = SqliteStore::open(&dir.path().join("data")).unwrap();
    store.transaction(&mut work).unwrap();
    Box::new(store).close().unwrap();
}

fn ban(kind: BanKind, target: BanTarget) -> Ban {
    Ban {
        kind,
        target,
        room: None,
        until: None,
        reason: None,
        by: None,
        at: Utc::now(),
    }
}

fn user(uid: u64) -> UserId {
    UserId(i64::try_from(uid).unwrap())
}

#[tokio::test]
async fn the_banned_stay_out_though_their_token_is_good() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let dir = site.shutdown().await;
    let banned = ban(BanKind::Entry, BanTarget::User(user(ann.uid)));
    change(&dir, |store| store.ban(&banned).map(drop));
    let site = Site::again(dir, |_| {}).await;
    let rest = Rest::new(&site);
    let answer = rest.with_token(&ann.token).get("/group/get?uid=1").await;
    assert_eq!(answer.failure().0, 403);
    let login = json!({ "account": "ann", "password": crate::client::PASSWORD });
    let answer = rest.post("/user/login", login).await;
    assert_eq!(answer.failure().0, 403);
    let mut live = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    live.send("Login", json!({ "content": ann.token })).await;
    // The next frame answers somebody who may come in.
    let bob = person(&site, "bob").await;
    let mut live = Live::of(live.client, bob.uid);
    live.login(&bob.token).await;
    live.quiet().await;
    assert_eq!(site.server.counters().unsigned, 1);
}

#[tokio::test]
async fn the_silenced_are_in_but_are_not_heard() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let gid = ann.group("g", &[&bob]).await;
    let dir = site.shutdown().await;
    let silenced = ban(BanKind::Speech, BanTarget::User(user(ann.uid)));
    change(&dir, |store| store.ban(&silenced).map(drop));
    let site = Site::again(dir, |_| {}).await;
    let (mut one, mut other) = (ann.live(&site).await, bob.live(&site).await);
    one.send("Msg", json!({ "gid": gid, "content": "hm" }))
        .await;
    one.quiet().await;
    other.say(gid, "well?").await;
    assert_eq!(one.heard().await["content"], "well?");
    assert_eq!(site.server.counters().refused, 1);
}

#[tokio::test]
async fn an_address_that_is_kept_out_gets_no_handshake() {
    let site = Site::start().await;
    let dir = site.shutdown().await;
    let address = BanTarget::Address("::ffff:127.0.0.1".parse().unwrap());
    let banned = ban(BanKind::Entry, address);
    change(&dir, |store| store.ban(&banned).map(drop));
    let site = Site::again(dir, |_| {}).await;
    for path in ["/wschat", "/rim/ws", "/oshi"] {
        let refused = Client::connect(site.addr(), path, &[]).await.err();
        let status = match refused {
            Some(WsError::Http(answer)) => answer.status().as_u16(),
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(status, 403, "{path}");
    }
}

fn channel(owner: u64, name: &str, temporary: bool) -> NewRoom {
    NewRoom {
        kind: RoomKind::Channel,
        name: name.to_owned(),
        topic: None,
        avatar: String::new(),
        parent: None,
        owner: Some(user(owner)),
        public: true,
        mode: 0,
        min_rank: 0,
        password: None,
        temporary,
        hidden: false,
        members: vec![(user(owner), Role::Owner)],
        at: Utc::now(),
    }
}

#[tokio::test]
async fn in_channels_nobody_is_when_a_server_starts() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let dir = site.shutdown().await;
    let mut rooms = Vec::new();
    change(&dir, |store| {
        for (name, temporary) in [("stays", false), ("goes", true)] {
            let room = store.create_room(&channel(ann.uid, name, temporary))?;
            let message = NewMessage {
                room,
                at: Utc::now(),
                sender: Sender::Account(user(ann.uid)),
                kind: MessageKind::Text,
                text: Some("hm".to_owned()),
                client_id: None,
                reply: None,
                files: Vec::new(),
                extra: None,
            };
            store.post(&message, Repeat::Another)?;
            rooms.push(room);
        }
        Ok(())
    });
    let site = Site::again(dir, |_| {}).await;
    let rest = Rest::new(&site).with_token(&ann.token);
    assert_eq!(rest.get("/group/get?uid=1").await.data(), json!([]));
    let kept = site.server.recent(rooms[0], 9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(site.server.recent(rooms[1], 9).await.unwrap(), []);
    // And rim is no way in or out.
    let gid = u64::try_from(rooms[0].0).unwrap();
    let body = json!({ "gid": gid, "uids": [ann.uid], "opType": 1 });
    let answer = rest.post("/group/user/change", body).await;
    assert_eq!(answer.failure().0, 403);
}
