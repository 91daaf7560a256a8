//! `/friend/…`

use serde_json::{Value, json};

use crate::client::{Person, person};
use crate::common::Site;

async fn add(from: &Person, fid: u64) -> crate::client::Answer {
    from.post("/friend/add", json!({ "fid": fid, "uid": 1 }))
        .await
}

async fn modify(from: &Person, fid: u64, status: u64) -> Value {
    let body = json!({ "fid": fid, "status": status });
    from.post("/friend/status/modify", body).await.data()
}

async fn list(of: &Person, status: u64) -> Vec<u64> {
    let users = of
        .get(&format!("/friend/list?status={status}"))
        .await
        .data();
    let uid = |user: &Value| {
        assert_eq!(
            (&user["password"], &user["email"]),
            (&json!(""), &json!(""))
        );
        user["id"].as_u64().unwrap()
    };
    users.as_array().unwrap().iter().map(uid).collect()
}

async fn incoming(of: &Person) -> Vec<(u64, u64)> {
    let users = of.get("/friend/incoming").await.data();
    let pair = |user: &Value| {
        let status = user["status"].as_u64().unwrap();
        (user["user"]["id"].as_u64().unwrap(), status)
    };
    users.as_array().unwrap().iter().map(pair).collect()
}

#[tokio::test]
async fn each_side_adds_the_other() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    assert_eq!(add(&ann, bob.uid).await.data(), true);
    assert_eq!(add(&ann, bob.uid).await.data(), true, "once more");
    assert_eq!(list(&ann, 0).await, [bob.uid]);
    assert_eq!(incoming(&bob).await, [(ann.uid, 0)]);
    assert!(list(&bob, 0).await.is_empty() && incoming(&ann).await.is_empty());

    // Without a relation of one's own there is nothing to confirm.
    assert_eq!(modify(&bob, ann.uid, 1).await, true);
    assert!(list(&bob, 1).await.is_empty());
    assert_eq!(list(&ann, 0).await, [bob.uid]);

    assert_eq!(add(&bob, ann.uid).await.data(), true);
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        assert_eq!(modify(one, other.uid, 1).await, true);
        assert_eq!(list(one, 1).await, [other.uid]);
        assert!(list(one, 0).await.is_empty());
        assert_eq!(add(one, other.uid).await.data(), true);
        assert_eq!(
            list(one, 1).await,
            [other.uid],
            "adding again changes nothing"
        );
    }
    assert_eq!(incoming(&ann).await, [(bob.uid, 1)]);
    assert_eq!(modify(&ann, bob.uid, 0).await, true);
    assert_eq!(list(&ann, 0).await, [bob.uid]);
    for status in [3, 255] {
        assert_eq!(modify(&ann, bob.uid, status).await, false);
        assert!(list(&ann, status).await.is_empty());
    }
    assert_eq!(list(&ann, 0).await, [bob.uid]);
}

#[tokio::test]
async fn a_refusal_is_seen_by_whom_it_is_told_to() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    add(&ann, bob.uid).await.data();
    assert_eq!(modify(&bob, ann.uid, 2).await, true);
    assert_eq!(list(&ann, 2).await, [bob.uid]);
    assert!(list(&ann, 0).await.is_empty());
    assert_eq!(incoming(&bob).await, [(ann.uid, 2)]);
    assert_eq!(modify(&ann, bob.uid, 1).await, true);
    assert_eq!(
        list(&ann, 2).await,
        [bob.uid],
        "it is not undone by oneself"
    );
    add(&ann, bob.uid).await.data();
    assert_eq!(list(&ann, 0).await, [bob.uid], "one may ask again");

    add(&bob, ann.uid).await.data();
    modify(&ann, bob.uid, 1).await;
    modify(&bob, ann.uid, 1).await;
    assert_eq!(modify(&ann, bob.uid, 2).await, true);
    assert!(list(&ann, 1).await.is_empty() && list(&ann, 2).await.is_empty());
    assert_eq!(
        list(&bob, 2).await,
        [ann.uid],
        "the end of a contact is told"
    );
    assert_eq!(modify(&ann, bob.uid, 2).await, true, "nothing is left");
}

#[tokio::test]
async fn nobody_and_oneself_are_no_friends() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    for fid in [0, 99_999, u64::MAX, ann.uid] {
        assert_eq!(add(&ann, fid).await.failure().0, 500, "{fid}");
        for status in 0..3 {
            assert_eq!(modify(&ann, fid, status).await, true, "{fid}");
        }
    }
    for status in 0..4 {
        assert!(list(&ann, status).await.is_empty());
    }
    assert!(incoming(&ann).await.is_empty());
}
