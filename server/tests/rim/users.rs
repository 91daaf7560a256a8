//! `/user/…`

use serde_json::{Value, json};

use crate::client::{PASSWORD, Rest, person, register, sign_in};
use crate::common::Site;

#[tokio::test]
async fn registering_and_signing_in() {
    let site = Site::start().await;
    let rest = Rest::new(&site);
    let uid = register(&rest, "ann").await.data();
    assert!(uid.as_u64().unwrap() > 0);
    for account in ["ann", "ANN", "Ａnn"] {
        let again = register(&rest, account).await.failure();
        assert_eq!(again, (500, "Account Existed".to_owned()), "{account}");
    }
    let login = |account: &str, password: &str| {
        let body = json!({ "account": account, "password": password });
        let rest = rest.clone();
        async move { rest.post("/user/login", body).await }
    };
    for (account, password, words) in [
        ("ann", "wrong", "wrong password"),
        ("ann", "", "wrong password"),
        ("ann", "CORRECT HORSE", "wrong password"),
        ("bob", PASSWORD, "account not found"),
        ("", "", "account not found"),
        ("ann' -- ", PASSWORD, "account not found"),
        ("ann\u{0}", PASSWORD, "account not found"),
    ] {
        let failure = login(account, password).await.failure();
        assert_eq!(failure, (500, words.to_owned()), "{account:?} {password:?}");
    }
    let token = login("ANN", PASSWORD).await.data();
    let rest = rest.with_token(token.as_str().unwrap());
    let path = format!("/user/token?token={}", token.as_str().unwrap());
    let expected = json!({
        "id": uid, "name": "Name of ann", "avatar": "", "email": "ann@example.org",
        "account": "ann", "password": "",
    });
    assert_eq!(rest.get(&path).await.data(), expected);
}

#[tokio::test]
async fn tokens_live_beside_each_other() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let second = sign_in(&Rest::new(&site), "ann").await;
    assert_ne!(ann.token, second);
    for token in [&ann.token, &second] {
        let path = format!("/user/token?token={token}");
        let user = ann.rest.with_token(token).get(&path).await.data();
        assert_eq!(user["id"], ann.uid);
    }
    let unknown = uuid::Uuid::new_v4().to_string();
    let upper = ann.token.to_uppercase();
    for token in ["", "x", "' OR 1=1 -- ", &unknown, &upper] {
        let token: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = ann.get(&format!("/user/token?token={token}")).await;
        assert_eq!(answer.failure().0, 1001, "{token}");
    }
}

#[tokio::test]
async fn what_may_be_registered() {
    let site = Site::start().await;
    let rest = Rest::new(&site);
    let full = json!({
        "name": "n", "avatar": "a", "account": "fine", "email": "e", "password": "p", "id": 5,
    });
    let with = |name: &str, value: Value| {
        let mut body = full.clone();
        body[name] = value;
        body
    };
    let long = |length| Value::from("x".repeat(length));
    for (name, value) in [
        ("account", json!("")),
        ("account", json!(" ann")),
        ("account", json!("a\nb")),
        ("account", json!("a\u{200b}b")),
        ("account", json!("\u{0}")),
        ("account", long(65)),
        ("account", long(100_000)),
        ("name", json!("a\u{7}")),
        ("name", long(100_000)),
        ("avatar", long(100_000)),
        ("email", long(100_000)),
        ("password", long(100_000)),
        ("password", json!("")),
        ("password", Value::Null),
    ] {
        let (code, words) = rest.post("/user/create", with(name, value)).await.failure();
        assert_eq!(code, 500, "{name}: {words}");
        assert!(words.len() < 100, "{words}");
    }
    let mut without = full.clone();
    without.as_object_mut().unwrap().remove("password");
    assert_eq!(rest.post("/user/create", without).await.failure().0, 500);

    // What was refused is not taken.
    rest.post("/user/create", full.clone()).await.data();
    let mut least = json!({ "name": "", "avatar": "", "account": "'; DROP TABLE users; --" });
    least["password"] = json!("'\"<script>\u{0}");
    let uid = rest.post("/user/create", least.clone()).await.data();
    let login = json!({ "account": least["account"], "password": least["password"] });
    let token = rest.post("/user/login", login).await.data();
    let rest = rest.with_token(token.as_str().unwrap());
    let user = rest.get(&format!("/user/get?uid={uid}")).await.data();
    assert_eq!(user["account"], least["account"]);
    assert_eq!(user["name"], least["account"], "an empty name is none");
    assert_eq!(user["email"], "");
}

#[tokio::test]
async fn who_somebody_is() {
    let site = Site::start().await;
    let (ann, bob) = (
        person(&site, "ann").await,
        person(&site, "bob o'neil").await,
    );
    let user = ann.get(&format!("/user/get?uid={}", bob.uid)).await.data();
    assert_eq!(user["email"], "bob o'neil@example.org");
    assert_eq!(user["password"], "");
    for uid in ["0", "99999", "9223372036854775807", "18446744073709551615"] {
        let answer = ann.get(&format!("/user/get?uid={uid}")).await;
        assert_eq!(answer.failure(), (500, "user not found".to_owned()));
    }
    for account in ["bob+o'neil", "BOB%20O%27NEIL"] {
        let found = ann.get(&format!("/user/search?account={account}")).await;
        let expected = json!({
            "id": bob.uid, "name": "Name of bob o'neil", "avatar": "", "email": "",
            "account": "bob o'neil", "password": "",
        });
        assert_eq!(found.data(), expected);
    }
    for account in ["", "bo", "bob%", "ann'%20--%20", "%ff", "Name%20of%20ann"] {
        let answer = ann.get(&format!("/user/search?account={account}")).await;
        assert_eq!(answer.failure(), (200, "fail".to_owned()), "{account}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_and_others_are_not() {
    let site = Site::start().await;
    let bob = person(&site, "bob").await;
    let rest = Rest::new(&site);
    register(&rest, "ann").await.data();
    let login = |password: &str| {
        let body = json!({ "account": "ann", "password": password });
        let rest = rest.clone();
        async move { rest.post("/user/login", body).await }
    };
    // The first wait is a second, which a busy machine may take between two requests; each further one is longer.
    let mut refused = false;
    for _ in 0..100 {
        let answer = login("guess").await;
        let (code, words) = answer.failure();
        if code != 429 {
            assert_eq!((code, words.as_str()), (500, "wrong password"));
            continue;
        }
        assert!(answer.head.contains("\r\nretry-after: "), "{answer:?}");
        assert!(words.ends_with(" s"), "{words}");
        // Not even the right one is looked at.
        let right = login(PASSWORD).await;
        if right.json()["ok"] == false {
            assert_eq!(right.failure().0, 429);
            refused = true;
            break;
        }
    }
    assert!(refused);
    sign_in(&rest, "bob").await;
    bob.get("/group/get?uid=1").await.data();
}
