//! What outlives the server, and ends by itself.

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_server::store::{Ban, BanKind, BanTarget, SqliteStore, Store, UserId};
use serde_json::json;
use tempfile::TempDir;

use super::{Oshi, operators, people, site};
use crate::client::{open, resume};
use crate::common::Site;

async fn again(dir: TempDir) -> Site {
    Site::again(dir, |config| config.operators = operators()).await
}

/// What somebody is told who is not let in.
async fn refusal(site: &Site, token: &str) -> String {
    let mut client = open(site).await;
    client.send(format!("1\tBearer\t{token}")).await;
    let refusal = client.text().await;
    assert_eq!(client.close_code().await, Some(1000));
    refusal
}

/// Changes what a server that is down has kept.
fn rewrite(dir: &TempDir, kind: BanKind, user: &str, until: DateTime<Utc>) {
    let path = dir.path().join("data");
    let mut store: Box<dyn Store> = Box::new(SqliteStore::open(&path).unwrap());
    let target = BanTarget::User(UserId(user.parse().unwrap()));
    store
        .transaction(&mut |transaction| {
            assert_eq!(transaction.lift(kind, &target, None)?, 1);
            let ban = Ban {
                kind,
                target: target.clone(),
                room: None,
                until: Some(until),
                reason: None,
                by: None,
                at: until - TimeDelta::hours(1),
            };
            transaction.ban(&ban).map(|_| ())
        })
        .unwrap();
    store.close().unwrap();
}

#[tokio::test]
async fn a_ban_survives_a_restart_and_ends_by_itself() {
    let site = site().await;
    let [mut op, mut bob] = people(&site, ["op", "bob"]).await;
    op.say("/ban bob 3600").await;
    let ban = bob.packet().await;
    assert_eq!(ban.text, "9\t1\tT");
    let until: i64 = ban.fields[2].parse().unwrap();
    let left = until - Utc::now().timestamp();
    assert!((3500..=3600).contains(&left), "{left}");
    assert_eq!(bob.end().await, Some(1000));
    let told = format!("1\tn\tjoinfail\t{until}");
    assert_eq!(refusal(&site, &bob.token).await, told);

    drop(op);
    let site = again(site.shutdown().await).await;
    assert_eq!(refusal(&site, &bob.token).await, told);

    let dir = site.shutdown().await;
    rewrite(
        &dir,
        BanKind::Entry,
        &bob.id,
        Utc::now() - TimeDelta::seconds(1),
    );
    let site = again(dir).await;
    let mut bob = resume(&site, "bob", &bob.token).await;
    bob.says("back").await;
}

#[tokio::test]
async fn silence_survives_a_restart_and_ends_by_itself() {
    let site = site().await;
    let [mut op, mut bob] = people(&site, ["op", "bob"]).await;
    op.say("/silence bob 3600").await;
    op.told("0|silok|bob").await;
    bob.told("0|silence").await;
    drop(op);

    let site = again(site.shutdown().await).await;
    let mut bob = resume(&site, "bob", &bob.token).await;
    bob.say("quiet").await;
    bob.quiet().await;
    let mut oshi = Oshi::sign_in(&site, "bob").await;
    let said = json!({ "op": "pub", "id": 1, "stream": "s1", "text": "quiet" });
    oshi.send(said).await;
    oshi.until("error").await;

    let dir = site.shutdown().await;
    rewrite(
        &dir,
        BanKind::Speech,
        &bob.id,
        Utc::now() - TimeDelta::seconds(1),
    );
    let site = again(dir).await;
    let mut bob = resume(&site, "bob", &bob.token).await;
    bob.says("loud").await;
}
