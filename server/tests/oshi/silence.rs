//! Who may not speak, though they are in. Silence comes from another network, so it is put into the store while no server runs.

use chrono::Utc;
use kaiwa_server::names;
use kaiwa_server::store::{Ban, BanKind, BanTarget, SqliteStore, Store as _};
use serde_json::json;

use crate::client::{register, resume};
use crate::common::Site;

#[tokio::test]
async fn the_silenced_are_told_so_and_are_not_heard() {
    let site = Site::start().await;
    let mut ann = register(&site, "ann").await;
    let mut bob = register(&site, "bob").await;
    let (tea, stream) = ann.circle("tea", true).await;
    ann.let_in(&tea, &mut bob).await;
    ann.say(&stream, "one").await;
    let (ann, bob) = (ann.token, bob.token);
    let dir = site.shutdown().await;
    let mut store = SqliteStore::open(&dir.path().join("data")).unwrap();
    store
        .transaction(&mut |store| {
            let (user, _) = store.account(&names::key("ann"))?.unwrap();
            let ban = Ban {
                kind: BanKind::Speech,
                target: BanTarget::User(user.id),
                room: None,
                until: None,
                reason: None,
                by: None,
                at: Utc::now(),
            };
            store.ban(&ban).map(drop)
        })
        .unwrap();
    Box::new(store).close().unwrap();
    let site = Site::again(dir, |_| {}).await;
    let (mut ann, mut bob) = (resume(&site, &ann).await, resume(&site, &bob).await);
    bob.sub(&stream).await;
    let say = json!({ "stream": stream, "text": "two" });
    let id = ann.send("pub", say).await;
    let answer = ann.answer(id).await.to_string();
    assert!(answer.contains(r#""forbidden""#), "{answer}");
    assert!(answer.contains("silenced"), "{answer}");
    let edit = json!({ "stream": stream, "seq": 1, "text": "two" });
    assert_eq!(ann.fails("edit", edit).await, "forbidden");
    let dm = json!({ "to": "bob", "text": "psst" });
    assert_eq!(ann.fails("dm", dm).await, "forbidden");
    bob.say(&stream, "well?").await;
    assert_eq!(bob.history(&stream).await, ["one", "well?"]);
    let mut eve = register(&site, "eve").await;
    let say = json!({ "stream": stream, "text": "hello" });
    assert_eq!(eve.fails("pub", say).await, "not_member");
}
