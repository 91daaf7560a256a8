//! How long files are there: over restarts, crashes and the tidying up.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::{TimeDelta, Utc};
use kaiwa_server::store::{
    FileId, LOBBY, MessageKind, NewMessage, Repeat, Sender, SqliteStore, Store as _,
};
use tempfile::TempDir;

use crate::client::{PNG, again, get, kept, person, site};
use crate::common::bounded;

/// What is kept of a file: its number and address.
async fn uploaded(ann: &crate::client::Person, name: &str) -> (FileId, String) {
    let file = ann.upload(name, "image/png", PNG).await.file();
    let id = file["id"].as_str().unwrap().strip_prefix('f').unwrap();
    (
        FileId(id.parse().unwrap()),
        file["url"].as_str().unwrap().to_owned(),
    )
}

/// Makes files so much older than they are.
fn age(dir: &TempDir, by: TimeDelta) {
    let database = rusqlite::Connection::open(dir.path().join("data/kaiwa.db")).unwrap();
    let created = (Utc::now() - by).timestamp_nanos_opt().unwrap();
    database
        .execute("UPDATE files SET created = ?1", [created])
        .unwrap();
}

/// Says something in the lobby with a file.
fn attach(dir: &TempDir, file: FileId) {
    let mut store = SqliteStore::open(&dir.path().join("data")).unwrap();
    let message = NewMessage {
        room: LOBBY,
        sender: Sender::Guest(Some("ann".to_owned())),
        kind: MessageKind::Text,
        text: Some("see".to_owned()),
        client_id: None,
        reply: None,
        files: vec![file],
        extra: None,
        at: Utc::now(),
    };
    store
        .transaction(&mut |transaction| transaction.post(&message, Repeat::Another).map(drop))
        .unwrap();
    Box::new(store).close().unwrap();
}

/// A file of no record, written so long ago.
fn stray(dir: &TempDir, key: &str, age: Duration) -> PathBuf {
    let (shelf, rest) = key.split_at(2);
    let shelf = dir.path().join("data/files").join(shelf);
    fs::create_dir_all(&shelf).unwrap();
    let path = shelf.join(rest);
    fs::write(&path, "stray").unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
    path
}

#[tokio::test]
async fn files_survive_a_restart_and_half_ones_do_not() {
    let first = site(|_| {}).await;
    let ann = person(&first, "ann").await;
    let (_, url) = uploaded(&ann, "x.png").await;
    let whole = get(first.addr(), &url, &[]).await;
    let dir = first.shutdown().await;
    let half = dir.path().join("data/files/incoming/half");
    fs::write(&half, "half").unwrap();
    let second = again(dir, |_| {}).await;
    assert_eq!(get(second.addr(), &url, &[]).await, whole);
    assert!(!half.exists());
    // Tokens are as good as before.
    let ann = crate::client::Person {
        addr: second.addr(),
        ..ann
    };
    assert_eq!(ann.upload("x", "text/plain", b"x").await.status, 201);
}

#[tokio::test]
async fn what_nobody_can_see_goes_after_a_day_and_nothing_else() {
    let first = site(|_| {}).await;
    let ann = person(&first, "ann").await;
    let (used, used_url) = uploaded(&ann, "used.png").await;
    let (_, unused_url) = uploaded(&ann, "unused.png").await;
    let dir = first.shutdown().await;
    attach(&dir, used);
    age(&dir, TimeDelta::hours(25));
    let day = Duration::from_secs(24 * 60 * 60);
    let old = stray(&dir, &"ab".repeat(16), day + Duration::from_secs(3600));
    let young = stray(&dir, &"cd".repeat(16), Duration::from_secs(3600));

    let second = again(dir, |_| {}).await;
    bounded(async {
        // Strays go before.
        while get(second.addr(), &unused_url, &[]).await.status != 404
            || kept(&second.dir).len() > 2
        {}
    })
    .await;
    assert!(young.exists() && !old.exists());
    assert_eq!(get(second.addr(), &used_url, &[]).await.body, PNG);
    let dir = second.shutdown().await;
    assert_eq!(kept(&dir).len(), 2);
}

#[tokio::test]
async fn what_was_uploaded_today_stays() {
    let first = site(|_| {}).await;
    let ann = person(&first, "ann").await;
    let (_, young_url) = uploaded(&ann, "young.png").await;
    let dir = first.shutdown().await;
    age(&dir, TimeDelta::hours(23));
    // An old one tells when the tidying up is over.
    let second = again(dir, |_| {}).await;
    let ann = crate::client::Person {
        addr: second.addr(),
        ..ann
    };
    let (old, old_url) = uploaded(&ann, "old.png").await;
    let dir = second.shutdown().await;
    let database = rusqlite::Connection::open(dir.path().join("data/kaiwa.db")).unwrap();
    let created = (Utc::now() - TimeDelta::hours(25))
        .timestamp_nanos_opt()
        .unwrap();
    database
        .execute(
            "UPDATE files SET created = ?1 WHERE id = ?2",
            [created, old.0],
        )
        .unwrap();
    drop(database);
    let third = again(dir, |_| {}).await;
    bounded(async { while get(third.addr(), &old_url, &[]).await.status != 404 {} }).await;
    assert_eq!(get(third.addr(), &young_url, &[]).await.body, PNG);
}

#[tokio::test]
async fn a_file_whose_bytes_are_gone_is_not_there() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let (_, url) = uploaded(&ann, "x.png").await;
    fs::remove_file(kept(&site.dir).remove(0)).unwrap();
    let gone = get(site.addr(), &url, &[]).await;
    assert_eq!(gone, get(site.addr(), "/oshi/files/x/y", &[]).await);
}
