//! What one account, or one address, may take of the server.

use kaiwa_server::store::{NewRoom, Role, RoomKind, SqliteStore, Store as _, UserId};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::client::{PASSWORD, Person, Rest, person, register};
use crate::common::{Site, bounded};

/// As many groups as somebody may be in.
const MOST: usize = 5000;

/// Somebody in as many groups as possible, with pictures of the longest addresses, and somebody else.
async fn busy() -> (Site, Person, Person) {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let dir = site.shutdown().await;
    let id = UserId(i64::try_from(ann.uid).unwrap());
    let group = NewRoom {
        kind: RoomKind::Group,
        name: "g".to_owned(),
        topic: None,
        avatar: "x".repeat(2048),
        parent: None,
        owner: Some(id),
        public: false,
        mode: 2,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: vec![(id, Role::Owner)],
        at: chrono::Utc::now(),
    };
    let mut store = SqliteStore::open(&dir.path().join("data")).unwrap();
    store
        .transaction(&mut |store| {
            for _ in 0..MOST {
                store.create_room(&group)?;
            }
            Ok(())
        })
        .unwrap();
    Box::new(store).close().unwrap();
    let site = Site::again(dir, |_| {}).await;
    let [ann, bob] = [ann, bob].map(|of| Person {
        rest: Rest::new(&site).with_token(&of.token),
        ..of
    });
    (site, ann, bob)
}

#[tokio::test]
async fn nobody_is_in_more_groups_than_an_answer_lists() {
    let (_site, ann, bob) = busy().await;
    let gid = bob.group("bob's", &[]).await;
    let users = |mode: u64| {
        let group = json!({ "name": "", "avatar": "", "mode": mode, "creatorUid": bob.uid });
        let member = |of: &Person| json!({ "uid": of.uid, "role": 1 });
        json!({ "group": group, "users": [member(&bob), member(&ann)] })
    };
    for refused in [
        bob.change(gid, &[ann.uid], 1).await,
        bob.post("/group/create", users(1)).await,
        bob.post("/group/create", users(2)).await,
        ann.change(1, &[ann.uid], 1).await,
    ] {
        let (code, words) = refused.failure();
        assert_eq!(code, 500);
        assert!(words.contains("more than 5000 groups"), "{words}");
    }
    let groups = |data: serde_json::Value| data.as_array().unwrap().len();
    assert_eq!(groups(bob.get("/group/get?uid=0").await.data()), 1);
    let all = ann.get("/group/get?uid=0").await.data();
    assert_eq!(groups(all.clone()), MOST);
    let first = all[0]["id"].as_u64().unwrap();
    ann.change(first, &[ann.uid], 2).await.data();
    bob.change(gid, &[ann.uid], 1).await.data();
}

#[tokio::test]
async fn who_does_not_read_answers_gets_no_more_and_others_do() {
    let (_site, ann, bob) = busy().await;
    let request = ann.rest.request("GET", "/group/get?uid=0", None);
    // More than the sockets' buffers hold, so that it cannot all be written.
    let mut stuck: Vec<TcpStream> = Vec::new();
    for _ in 0..2 {
        let mut stream = ann.rest.begin(request.as_bytes()).await;
        // It has a place from its first byte on.
        bounded(stream.read_u8()).await.unwrap();
        stuck.push(stream);
    }
    let answer = ann.get("/group/get?uid=0").await;
    assert_eq!(answer.status, 503, "{}", answer.head);
    assert!(answer.head.contains("\r\nretry-after: 5\r\n"));
    assert_eq!(answer.json()["code"], 429);
    bob.get("/group/get?uid=0").await.data();
    ann.get(&format!("/user/get?uid={}", bob.uid)).await.data();
    for mut stream in stuck {
        let mut rest = Vec::new();
        bounded(stream.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.ends_with(b"]}"), "whole");
    }
    ann.get("/group/get?uid=0").await.data();
}

#[tokio::test]
async fn an_address_that_guesses_is_slowed_whatever_the_names() {
    let site = Site::start().await;
    let rest = Rest::new(&site);
    register(&rest, "ann").await.data();
    let login = |account: String| {
        let body = json!({ "account": account, "password": PASSWORD });
        let rest = rest.clone();
        async move { rest.post("/user/login", body).await }
    };
    // Waits grow from a second on, so even a slow machine meets one.
    let mut refused = false;
    for number in 0..200 {
        let name = match number % 2 {
            0 => format!("guess {number}"),
            _ => "x".repeat(100_000),
        };
        let (code, words) = login(name).await.failure();
        if code == 429 {
            assert!(number >= 20, "{number}: {words}");
            refused = true;
            break;
        }
        assert_eq!((code, words.as_str()), (500, "account not found"));
    }
    assert!(refused);
}
