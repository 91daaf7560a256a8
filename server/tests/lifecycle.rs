//! Starting, stopping, and what is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;

use common::{Client, Site, bounded, config};
use futures_util::StreamExt as _;
use kaiwa_server::store::{LOBBY, MessageId, Position};
use kaiwa_server::{Config, Error, ErrorKind, Server};
use rusqlite::Connection;
use tempfile::TempDir;

async fn start_error(config: Config) -> Error {
    let error = bounded(Server::start(config)).await.unwrap_err();
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains('\n'), "{text}");
    error
}

fn database(dir: &TempDir) -> Connection {
    Connection::open(dir.path().join("data/kaiwa.db")).unwrap()
}

#[tokio::test]
async fn an_echo_means_durable() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    for number in 1..=20_i64 {
        ann.send(format!(r#"{{"usr":"ann","msg":"{number}","kaiwa":"n"}}"#))
            .await;
        let tim = ann.json().await["tim"]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap();
        let row = database(&site.dir)
            .query_row(
                "SELECT m.seq, m.at, u.name, m.text, m.extra FROM messages m JOIN users u ON u.id = m.sender
                 WHERE m.id = ?1",
                [number],
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, String>(2)?,
                        row.get::<_, String>(3)?,
                        row.get::<_, String>(4)?,
                    ))
                },
            )
            .unwrap();
        let expected = (
            number,
            tim.timestamp_nanos_opt().unwrap(),
            "ann".to_owned(),
            number.to_string(),
            r#"{"kaiwa":"n"}"#.to_owned(),
        );
        assert_eq!(row, expected);
    }
}

#[tokio::test]
async fn a_restart_keeps_messages_and_sequence() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    for msg in ["one", "two"] {
        ann.say("ann", msg).await;
        ann.msg().await;
    }
    let dir = site.shutdown().await;
    let site = Site::again(dir, |_| {}).await;
    let kept = site.server.recent(LOBBY, 10).await.unwrap();
    assert_eq!(
        kept.iter()
            .map(|stored| stored.text.as_deref().unwrap())
            .collect::<Vec<_>>(),
        ["one", "two"]
    );
    let mut ann = site.client().await;
    ann.say("ann", "three").await;
    assert_eq!(ann.msg().await, "three");
    let last = site.server.recent(LOBBY, 1).await.unwrap().pop().unwrap();
    assert_eq!(
        last.position,
        Position {
            id: MessageId(3),
            seq: 3
        }
    );
}

#[tokio::test]
async fn shutdown_delivers_then_says_goodbye() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    for number in 0..100 {
        ann.say("ann", &number.to_string()).await;
    }
    // The last one is taken, so all are; bob has read nothing yet.
    while ann.msg().await != "99" {}
    let addr = site.addr();
    let dir = site.dir;
    let stopping = tokio::spawn(site.server.shutdown());
    for number in 0..100 {
        assert_eq!(bob.msg().await, number.to_string());
    }
    assert_eq!(bob.close_code().await, Some(1001));
    assert_eq!(ann.close_code().await, Some(1001));
    drop((ann, bob));
    bounded(stopping).await.unwrap().unwrap();
    assert!(
        Client::connect(addr, "/wschat", &[]).await.is_err(),
        "nobody listens any more"
    );
    let count: i64 = database(&dir)
        .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 100);
    assert!(
        !dir.path().join("data/kaiwa.db-wal").exists(),
        "closed in order"
    );
}

#[tokio::test]
async fn shutdown_does_not_wait_for_the_stubborn() {
    let site = Site::start().await;
    // One that never answers the goodbye, and one in the middle of its handshake.
    let stubborn = common::RawClient::connect(site.addr()).await;
    let half = tokio::net::TcpStream::connect(site.addr()).await.unwrap();
    site.shutdown().await;
    drop((stubborn, half));
}

#[tokio::test]
async fn a_drop_ends_it_too() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    let dir = site.dir;
    drop(site.server);
    assert_eq!(ann.close_code().await, Some(1001));
    drop(ann);
    // The store's thread lets go by itself.
    bounded(async {
        while let Err(error) = Server::start(config(&dir)).await {
            assert_eq!(error.kind(), ErrorKind::State);
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_failing_store_closes_the_sender_and_nothing_else() {
    let site = Site::start().await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    let database = database(&site.dir);
    database
        .execute_batch("ALTER TABLE messages RENAME TO away")
        .unwrap();
    ann.say("ann", "lost").await;
    assert_eq!(ann.close_code().await, Some(1011));
    database
        .execute_batch("ALTER TABLE away RENAME TO messages")
        .unwrap();
    bob.say("bob", "kept").await;
    assert_eq!(
        bob.msg().await,
        "kept",
        "and bob never saw what was not kept"
    );
}

#[tokio::test]
async fn the_number_of_clients_is_known() {
    let site = Site::start().await;
    let mut clients = site.server.clients();
    assert_eq!(*clients.borrow(), 0);
    let ann = site.client().await;
    let bob = site.client().await;
    bounded(clients.wait_for(|clients| *clients == 2))
        .await
        .unwrap();
    drop(ann); // no goodbye, just gone
    bounded(clients.wait_for(|clients| *clients == 1))
        .await
        .unwrap();
    drop(bob);
    bounded(clients.wait_for(|clients| *clients == 0))
        .await
        .unwrap();
}

#[tokio::test]
async fn without_a_store_nothing_is_written() {
    let site = Site::with(|config| {
        config.store = Config::parse("store = \"none\"").unwrap().store;
    })
    .await;
    let mut ann = site.client().await;
    ann.say("ann", "gone").await;
    assert_eq!(ann.msg().await, "gone");
    drop(ann);
    assert!(!site.dir.path().join("data").exists());
    let site = Site::again(site.shutdown().await, |config| {
        config.store = Config::parse("store = \"none\"").unwrap().store;
    })
    .await;
    assert!(site.server.recent(LOBBY, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_log_has_a_line_per_message() {
    let site = Site::with(|config| config.log_dir = Some(config.data_dir.join("log"))).await;
    let mut ann = site.client().await;
    let mut relayed = String::new();
    for text in [
        r#"{"usr":"ann","msg":"a\nb"}"#,
        "null",
        r#"{"x":[1,{"b":1,"a":2}]}"#,
    ] {
        ann.send(text).await;
        relayed.push_str(&ann.text().await);
        relayed.push('\n');
    }
    let dir = site.shutdown().await;
    // More than one file if the test runs at midnight.
    let mut files: Vec<_> = std::fs::read_dir(dir.path().join("data/log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let lines: String = files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(lines, relayed);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(
        chrono::NaiveDate::parse_from_str(name, "%Y-%m-%d").is_ok(),
        "{name}"
    );
}

/// The log's lines, of all days.
fn log_lines(site: &Site) -> String {
    // More than one file if the test runs at midnight.
    let mut files: Vec<_> = std::fs::read_dir(site.dir.path().join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[tokio::test]
async fn an_echo_means_logged() {
    let with_log = |config: &mut Config| {
        config.log_dir = Some(config.data_dir.with_file_name("log"));
    };
    let site = Site::with(with_log).await;
    let mut ann = site.client().await;
    let mut relayed = String::new();
    for number in 0..20 {
        ann.say("ann", &number.to_string()).await;
        relayed.push_str(&ann.text().await);
        relayed.push('\n');
        assert_eq!(log_lines(&site), relayed);
    }
    // As after a crash of the whole machine, which has kept of the log what it liked.
    let dir = site.shutdown().await;
    let days = std::fs::read_dir(dir.path().join("log")).unwrap();
    let newest = days.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::write(newest, "{\"half a li").unwrap();
    let site = Site::again(dir, with_log).await;
    let mut ann = site.client().await;
    ann.say("ann", "last").await;
    relayed.push_str(&ann.text().await);
    relayed.push('\n');
    assert_eq!(log_lines(&site), relayed);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_delays_nobody() {
    let site =
        Site::with(|config| config.log_dir = Some(config.data_dir.with_file_name("log"))).await;
    let mut ann = site.client().await;
    let log = site.dir.path().join("log");
    std::fs::remove_dir(&log).unwrap();
    ann.say("ann", "one").await;
    let one = ann.text().await;
    std::fs::create_dir(&log).unwrap();
    ann.say("ann", "two").await;
    let two = ann.text().await;
    assert_eq!(log_lines(&site), format!("{one}\n{two}\n"));
}

#[tokio::test]
async fn each_mistake_at_the_start_has_its_kind() {
    let site = Site::start().await;
    let mut taken = config(&site.dir);
    taken.listen = site.addr();
    taken.data_dir = site.dir.path().join("other");
    assert_eq!(start_error(taken.clone()).await.kind(), ErrorKind::Conflict);
    taken.wschat_listen = Some(site.addr());
    taken.listen.set_port(0);
    assert_eq!(start_error(taken).await.kind(), ErrorKind::Conflict);

    assert_eq!(
        start_error(config(&site.dir)).await.kind(),
        ErrorKind::State,
        "locked by the first"
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    let with = |change: &dyn Fn(&mut Config, &Path)| {
        let mut config = config(&site.dir);
        config.data_dir = site.dir.path().join("third");
        change(&mut config, file.path());
        config
    };
    let unwritable = with(&|config, file| config.data_dir = file.join("data"));
    assert_eq!(start_error(unwritable).await.kind(), ErrorKind::Config);
    let no_log = with(&|config, file| config.log_dir = Some(file.join("log")));
    assert_eq!(start_error(no_log).await.kind(), ErrorKind::Config);
    let open = with(&|config, _| config.listen = ([0, 0, 0, 0], 0).into());
    assert_eq!(start_error(open).await.kind(), ErrorKind::Config);
    let no_secret =
        with(&|config, _| config.jwt_secret_env = Some("KAIWA_TEST_NEVER_SET".to_owned()));
    assert_eq!(start_error(no_secret).await.kind(), ErrorKind::Config);
    let no_tls = with(&|config, file| {
        config.tls_cert = Some(file.to_owned());
        config.tls_key = Some(file.to_owned());
    });
    assert_eq!(start_error(no_tls).await.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn newer_and_corrupt_databases_are_told_apart() {
    let dir = Site::start().await.shutdown().await;
    database(&dir)
        .execute_batch("PRAGMA user_version = 999")
        .unwrap();
    assert_eq!(start_error(config(&dir)).await.kind(), ErrorKind::Version);
    std::fs::write(dir.path().join("data/kaiwa.db"), "junk ".repeat(1000)).unwrap();
    assert_eq!(start_error(config(&dir)).await.kind(), ErrorKind::Storage);
    assert!(
        dir.path().join("data/kaiwa.db").exists(),
        "left for the operator"
    );
}

#[tokio::test]
async fn a_client_that_stays_open_does_not_keep_the_room() {
    let site = Site::start().await;
    let mut ann = site.client().await;
    bounded(ann.ws.close(None)).await.unwrap();
    while bounded(ann.ws.next()).await.is_some() {}
    // `ann` still holds its socket.
    site.shutdown().await;
}
