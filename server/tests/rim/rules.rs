//! What an operator can close.

use serde_json::json;

use crate::client::{Live, Rest, person, register, sign_in};
use crate::common::{Client, Site};

#[tokio::test]
async fn without_rim_its_paths_are_unknown() {
    let site = Site::with(|config| config.rim = false).await;
    let rest = Rest::new(&site);
    assert_eq!(register(&rest, "ann").await.status, 404);
    assert_eq!(rest.get("/user/get?uid=1").await.status, 404);
    assert!(Client::connect(site.addr(), "/rim/ws", &[]).await.is_err());
    let mut carl = site.client().await;
    carl.say("carl", "alone").await;
    assert_eq!(carl.msg().await, "alone");
}

#[tokio::test]
async fn without_registration_only_known_people_come_in() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let dir = site.shutdown().await;
    let site = Site::again(dir, |config| config.registration = false).await;
    let rest = Rest::new(&site);
    for account in ["bob", "ann"] {
        let refused = register(&rest, account).await.failure();
        assert_eq!(refused, (403, "nobody can register here".to_owned()));
    }
    let token = sign_in(&rest, "ann").await;
    let path = format!("/user/get?uid={}", ann.uid);
    rest.with_token(&token).get(&path).await.data();
}

#[tokio::test]
async fn with_a_secret_the_lobby_is_not_for_rim() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    ann.change(1, &[ann.uid], 1).await.data();
    let dir = site.shutdown().await;
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "the secret").unwrap();
    let site = Site::again(dir, |config| config.jwt_secret_file = Some(secret)).await;
    let rest = Rest::new(&site);
    let (by_ann, by_bob) = (rest.with_token(&ann.token), rest.with_token(&bob.token));

    let members = by_bob.get("/group/user/get?gid=1").await.data();
    assert_eq!(members, json!([]));
    for rest in [&by_ann, &by_bob] {
        let body = json!({ "gid": 1, "uids": [bob.uid], "opType": 1 });
        let (code, _) = rest.post("/group/user/change", body).await.failure();
        assert_eq!(code, 403);
    }
    // Whoever is in from before hears, and is silent.
    let mut one = Live::open(site.addr(), "/rim/ws", ann.uid).await;
    one.login(&ann.token).await;
    one.send("Msg", json!({ "gid": 1, "content": "x" })).await;
    one.quiet().await;
    assert_eq!(site.server.counters().refused, 1);
    assert!(
        site.server
            .recent(kaiwa_server::store::LOBBY, 5)
            .await
            .unwrap()
            .is_empty()
    );
    let body = json!({ "gid": 1, "uids": [ann.uid], "opType": 2 });
    by_ann.post("/group/user/change", body).await.data();
}
