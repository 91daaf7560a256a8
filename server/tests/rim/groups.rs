//! `/group/…`

use serde_json::{Value, json};

use crate::client::{Person, person};
use crate::common::Site;

async fn create(of: &Person, mode: u64, users: Value) -> crate::client::Answer {
    let group = json!({ "name": "talk", "avatar": "pic", "mode": mode, "creatorUid": of.uid });
    of.post("/group/create", json!({ "group": group, "users": users }))
        .await
}

async fn groups(of: &Person) -> Vec<Value> {
    let data = of.get("/group/get?uid=1").await.data();
    data.as_array().unwrap().clone()
}

#[tokio::test]
async fn exactly_the_listed_people_are_in_it() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let users = json!([
        { "uid": ann.uid, "role": 1 }, { "uid": bob.uid, "role": 1 }, { "uid": bob.uid, "role": 2 },
    ]);
    let gid = create(&ann, 2, users).await.data().as_u64().unwrap();
    let expected = json!({
        "id": gid, "name": "talk", "avatar": "pic", "mode": 2, "creatorUid": ann.uid,
    });
    assert_eq!(groups(&ann).await, std::slice::from_ref(&expected));
    assert_eq!(groups(&bob).await, [expected], "whatever uid says");
    assert!(groups(&eve).await.is_empty());
    let members = bob.get(&format!("/group/user/get?gid={gid}")).await.data();
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert_eq!(members[1]["role"], 2);
    assert_eq!(members[1]["user"]["account"], "bob");
    assert_eq!(members[1]["user"]["email"], "");

    // Nobody, or only others: as in the original.
    for users in [json!([]), json!([{ "uid": eve.uid, "role": 7 }])] {
        create(&ann, 255, users).await.data();
    }
    assert_eq!(groups(&ann).await.len(), 1);
    let own = &groups(&eve).await[0];
    assert_eq!(
        (&own["mode"], &own["creatorUid"]),
        (&json!(255), &json!(ann.uid))
    );
}

#[tokio::test]
async fn a_group_is_made_in_ones_own_name_of_people_that_exist() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    let group = |creator: u64, name: &str| json!({ "name": name, "avatar": "", "mode": 2, "creatorUid": creator });
    let own = json!({ "uid": ann.uid, "role": 1 });
    for creator in [bob.uid, 0, u64::MAX] {
        let body = json!({ "group": group(creator, "x"), "users": [own] });
        let answer = ann.post("/group/create", body).await;
        assert_eq!(answer.failure().0, 403);
    }
    for stranger in [0, 99_999, u64::MAX] {
        let users = json!([own, { "uid": stranger, "role": 1 }]);
        for mode in [1, 2] {
            assert_eq!(create(&ann, mode, users.clone()).await.failure().0, 500);
        }
    }
    for name in ["x".repeat(129), "x".repeat(100_000), "a\nb".to_owned()] {
        let body = json!({ "group": group(ann.uid, &name), "users": [own] });
        assert_eq!(ann.post("/group/create", body).await.failure().0, 500);
    }
    let many: Vec<Value> = (0..501)
        .map(|uid| json!({ "uid": uid, "role": 1 }))
        .collect();
    let (_, words) = create(&ann, 2, many.into()).await.failure();
    assert!(words.contains("500"), "{words}");
    assert!(groups(&ann).await.is_empty(), "nothing was made by halves");
}

#[tokio::test]
async fn two_have_one_chat_of_their_own() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let both = json!([{ "uid": bob.uid, "role": 1 }, { "uid": ann.uid, "role": 1 }]);
    let gid = create(&ann, 1, both.clone()).await.data().as_u64().unwrap();
    assert_eq!(create(&bob, 1, both.clone()).await.data(), gid);
    assert_ne!(create(&bob, 2, both.clone()).await.data(), gid);
    assert_eq!(groups(&ann).await[0]["mode"], 1);
    assert_eq!(groups(&ann).await[0]["name"], "talk");

    assert_eq!(ann.change(gid, &[eve.uid], 1).await.failure().0, 403);
    assert_eq!(ann.change(gid, &[bob.uid], 2).await.failure().0, 403);
    assert_eq!(bob.change(gid, &[bob.uid], 2).await.data(), true);
    assert_eq!(ann.members(gid).await, [ann.uid]);
    assert_eq!(eve.change(gid, &[bob.uid], 1).await.failure().0, 403);
    assert_eq!(ann.change(gid, &[bob.uid], 1).await.data(), true);
    bob.change(gid, &[bob.uid], 2).await.data();
    assert_eq!(create(&bob, 1, both).await.data(), gid, "and comes back");
    assert_eq!(ann.members(gid).await, [ann.uid, bob.uid]);

    let alone = json!([{ "uid": ann.uid, "role": 1 }, { "uid": ann.uid, "role": 1 }]);
    assert_ne!(create(&ann, 1, alone).await.data(), gid);
}

#[tokio::test]
async fn members_are_added_once_and_removed_by_admins() {
    let site = Site::start().await;
    let (ann, bob, eve, kim) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
        person(&site, "kim").await,
    );
    let gid = ann.group("g", &[&bob]).await;
    assert_eq!(
        bob.change(gid, &[eve.uid, bob.uid, eve.uid], 1)
            .await
            .data(),
        true
    );
    assert_eq!(ann.members(gid).await, [ann.uid, bob.uid, eve.uid]);
    for nowhere in [gid, 99_999] {
        let answer = kim.change(nowhere, &[kim.uid], 2).await;
        assert_eq!(answer.data(), true, "left, or never there");
    }
    for (who, uids) in [
        (&kim, vec![kim.uid]),
        (&kim, vec![eve.uid]),
        (&kim, vec![ann.uid, bob.uid]),
    ] {
        let op = if uids == [kim.uid] { 1 } else { 2 };
        assert_eq!(who.change(gid, &uids, op).await.failure().0, 403);
    }
    let (code, words) = bob.change(gid, &[eve.uid], 2).await.failure();
    assert_eq!(
        (code, words.as_str()),
        (403, "only an admin may remove others")
    );
    for stranger in [0, 99_999, u64::MAX] {
        let answer = ann.change(gid, &[kim.uid, stranger], 1).await;
        assert_eq!(answer.failure().0, 500);
    }
    for op in [0, 3, 255] {
        assert_eq!(ann.change(gid, &[kim.uid], op).await.data(), true);
    }
    assert_eq!(ann.change(gid, &[], 1).await.data(), true);
    assert_eq!(ann.members(gid).await, [ann.uid, bob.uid, eve.uid]);

    assert_eq!(
        ann.change(gid, &[eve.uid, kim.uid, 99_999], 2).await.data(),
        true
    );
    assert_eq!(bob.change(gid, &[bob.uid], 2).await.data(), true);
    assert_eq!(
        bob.change(gid, &[bob.uid], 2).await.data(),
        true,
        "gone is gone"
    );
    assert_eq!(ann.members(gid).await, [ann.uid]);
    let many: Vec<u64> = (0..501).collect();
    assert_eq!(ann.change(gid, &many, 1).await.failure().0, 500);
}

#[tokio::test]
async fn nobody_removes_who_is_above_them() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let users = json!([
        { "uid": ann.uid, "role": 1 }, { "uid": bob.uid, "role": 2 }, { "uid": eve.uid, "role": 1 },
    ]);
    let gid = create(&ann, 2, users).await.data().as_u64().unwrap();
    let answer = bob.change(gid, &[ann.uid, eve.uid], 2).await;
    assert_eq!(answer.failure().0, 403);
    assert_eq!(ann.members(gid).await.len(), 3, "none of them");
    bob.change(gid, &[eve.uid], 2).await.data();
    ann.change(gid, &[bob.uid], 2).await.data();
    assert_eq!(ann.members(gid).await, [ann.uid]);
}

#[tokio::test]
async fn a_group_is_changed_by_its_members() {
    let site = Site::start().await;
    let (ann, bob, eve) = (
        person(&site, "ann").await,
        person(&site, "bob").await,
        person(&site, "eve").await,
    );
    let gid = ann.group("g", &[&bob]).await;
    let update = |of: &Person, id: u64, name: &str| {
        let (of, body) = (of.clone(), json!({ "id": id, "name": name, "avatar": "a" }));
        async move { of.post("/group/update", body).await }
    };
    assert_eq!(update(&bob, gid, "h'; --").await.data(), true);
    let group = &groups(&ann).await[0];
    assert_eq!(
        (&group["name"], &group["avatar"]),
        (&json!("h'; --"), &json!("a"))
    );
    for id in [0, gid + 1, u64::MAX] {
        assert_eq!(update(&ann, id, "x").await.failure().0, 403);
    }
    assert_eq!(update(&eve, gid, "mine").await.failure().0, 403);
    assert_eq!(update(&ann, gid, &"x".repeat(129)).await.failure().0, 500);
    for gid in [gid, 0, 99_999, u64::MAX] {
        assert_eq!(
            eve.get(&format!("/group/user/get?gid={gid}")).await.data(),
            json!([])
        );
    }
}

#[tokio::test]
async fn anybody_may_enter_the_lobby_and_nobody_redecorates_it() {
    let site = Site::start().await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    assert!(groups(&ann).await.is_empty());
    assert!(ann.members(1).await.is_empty(), "it may be looked into");
    for others in [&[bob.uid][..], &[ann.uid, bob.uid]] {
        assert_eq!(ann.change(1, others, 1).await.failure().0, 403);
    }
    assert_eq!(ann.change(1, &[ann.uid], 1).await.data(), true);
    let (code, words) = ann.change(1, &[bob.uid], 1).await.failure();
    assert_eq!(code, 403, "nor by somebody who is in: {words}");
    assert_eq!(bob.members(1).await, [ann.uid]);
    assert_eq!(groups(&ann).await[0]["id"], 1);
    assert_eq!(groups(&ann).await[0]["mode"], 2);
    let body = json!({ "id": 1, "name": "mine", "avatar": "" });
    assert_eq!(ann.post("/group/update", body).await.failure().0, 403);
    assert_eq!(ann.change(1, &[ann.uid], 2).await.data(), true);
    assert!(groups(&ann).await.is_empty());
}
