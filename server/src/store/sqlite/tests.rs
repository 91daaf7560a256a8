//! Restarts, old, new, foreign and broken databases, and how the statements find their rows.

mod memory;
mod migration;
mod plans;
mod second;
mod wal;

use std::fs;

use chrono::{DateTime, Utc};
use kaiwa_core::ErrorKind;

use super::place::LOCK;
use super::*;
use crate::store::migrations::MIGRATIONS;
use crate::store::{
    LOBBY, MessageId, MessageKind, NewMessage, Position, Posted, ReadMessages as _, ReadRooms as _,
    Repeat, RoomId, Sender, StoredMessage, UserId,
};

/// The first schema, kept as it was released, with a message in it: later versions must take it over.
const OLDEST: &str = include_str!("oldest.sql");

fn message(text: &str) -> NewMessage {
    NewMessage {
        room: LOBBY,
        at: Utc::now(),
        sender: Sender::Guest(Some("ann".to_owned())),
        kind: MessageKind::Text,
        text: Some(text.to_owned()),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: None,
    }
}

fn append(store: &mut SqliteStore, texts: &[&str]) -> Vec<Position> {
    let mut positions = Vec::new();
    store
        .transaction(&mut |transaction| {
            for text in texts {
                let posted = transaction.post(&message(text), Repeat::Another)?;
                positions.push(posted.position);
            }
            Ok(())
        })
        .unwrap();
    positions
}

fn position(id: i64, seq: i64) -> Position {
    Position {
        id: MessageId(id),
        seq,
    }
}

fn texts(messages: Vec<StoredMessage>) -> Vec<String> {
    messages
        .into_iter()
        .filter_map(|message| message.text)
        .collect()
}

fn raw(dir: &Path) -> Connection {
    Connection::open(dir.join(DATABASE)).unwrap()
}

fn open_error(dir: &Path) -> Error {
    SqliteStore::open(dir).unwrap_err()
}

#[test]
fn one_server_per_directory() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(open_error(dir.path()).kind(), ErrorKind::State);
    drop(store);
    SqliteStore::open(dir.path()).unwrap();
}

#[test]
fn takes_over_the_oldest_schema() {
    let dir = tempfile::tempdir().unwrap();
    raw(dir.path()).execute_batch(OLDEST).unwrap();
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let version: i64 = store
        .db
        .connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, i64::try_from(MIGRATIONS.len()).unwrap());
    let old = store.db.messages(LOBBY, 1, 3).unwrap().pop().unwrap();
    assert_eq!(old.position, position(5, 3));
    assert_eq!(old.text.as_deref(), Some("from the first version"));
    assert_eq!(append(&mut store, &["next"]), [position(6, 4)]);
}

#[test]
fn refuses_a_newer_database() {
    let dir = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(dir.path()).unwrap());
    raw(dir.path())
        .execute_batch("PRAGMA user_version = 999")
        .unwrap();
    let error = open_error(dir.path());
    assert_eq!(error.kind(), ErrorKind::Version);
    assert!(error.to_string().contains("999"), "{error}");
}

#[test]
fn refuses_a_foreign_database() {
    let dir = tempfile::tempdir().unwrap();
    raw(dir.path())
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    assert_eq!(open_error(dir.path()).kind(), ErrorKind::Storage);
    let tables: i64 = raw(dir.path())
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1, "left alone");
}

#[test]
fn refuses_a_corrupt_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join(DATABASE),
        "no database at all, but long enough to look like one".repeat(100),
    )
    .unwrap();
    let error = open_error(dir.path());
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("corrupt"), "{error}");
}

#[test]
fn refuses_a_directory_below_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(
        open_error(&file.path().join("data")).kind(),
        ErrorKind::Config
    );
}

#[cfg(unix)]
#[test]
fn only_this_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = ["kaiwa.db", "kaiwa.db-wal", "kaiwa.db-shm", LOCK];
    let parent = tempfile::tempdir().unwrap();
    let fresh = parent.path().join("a/b");
    let mut store = SqliteStore::open(&fresh).unwrap();
    append(&mut store, &["a"]);
    assert_eq!(mode(&fresh), 0o700);
    for file in files {
        assert_eq!(mode(&fresh.join(file)), 0o600, "{file}");
    }

    // A directory of the user's own making, with what a killed process left there, open to all.
    let old = parent.path().join("old");
    fs::create_dir(&old).unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    for file in ["kaiwa.db", "kaiwa.db-wal"] {
        fs::copy(fresh.join(file), old.join(file)).unwrap();
        fs::set_permissions(old.join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let mut store = SqliteStore::open(&old).unwrap();
    append(&mut store, &["b"]);
    for file in files {
        assert_eq!(mode(&old.join(file)), 0o600, "{file}");
    }
    assert_eq!(texts(store.db.messages(LOBBY, 1, 9).unwrap()), ["a", "b"]);
}

fn texts_kept(dir: &Path) -> Vec<String> {
    texts(read_log(dir, LOBBY, 2).unwrap())
}

#[test]
fn the_log_is_read_beside_a_server_after_one_and_after_a_killed_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path()).unwrap();
    assert!(texts_kept(dir.path()).is_empty());
    append(&mut store, &["a", "b", "c"]);
    assert_eq!(texts_kept(dir.path()), ["b", "c"]);
    append(&mut store, &["d"]);
    assert_eq!(texts_kept(dir.path()), ["c", "d"]);
    assert!(read_log(dir.path(), RoomId(7), 2).unwrap().is_empty());
    assert!(read_log(dir.path(), LOBBY, 0).unwrap().is_empty());

    // What a killed server leaves: everything is still in the write-ahead log.
    let killed = tempfile::tempdir().unwrap();
    for file in ["kaiwa.db", "kaiwa.db-wal"] {
        fs::copy(dir.path().join(file), killed.path().join(file)).unwrap();
    }
    assert_eq!(texts_kept(killed.path()), ["c", "d"]);
    assert_eq!(texts_kept(killed.path()), ["c", "d"]);
    let mut revived = SqliteStore::open(killed.path()).unwrap();
    assert_eq!(append(&mut revived, &["e"]), [position(5, 5)]);

    Box::new(store).close().unwrap();
    assert_eq!(texts_kept(dir.path()), ["c", "d"]);
    let mut again = SqliteStore::open(dir.path()).unwrap();
    append(&mut again, &["f"]);
    assert_eq!(texts_kept(dir.path()), ["d", "f"]);
}

#[test]
fn the_log_of_nothing_is_an_error_and_stays_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let kind = |dir: &Path| read_log(dir, LOBBY, 1).unwrap_err().kind();
    assert_eq!(kind(dir.path()), ErrorKind::NotFound);
    assert_eq!(kind(&dir.path().join("missing")), ErrorKind::NotFound);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let path = dir.path().join(DATABASE);
    fs::write(&path, "").unwrap();
    assert_eq!(kind(&path), ErrorKind::NotFound, "below a file");
    assert_eq!(
        kind(dir.path()),
        ErrorKind::NotFound,
        "a server that has just begun"
    );
    fs::write(&path, "junk ".repeat(1000)).unwrap();
    assert_eq!(kind(dir.path()), ErrorKind::Storage);
    fs::remove_file(&path).unwrap();
    raw(dir.path()).execute_batch(OLDEST).unwrap();
    assert_eq!(kind(dir.path()), ErrorKind::Version);
    drop(SqliteStore::open(dir.path()).unwrap());
    assert_eq!(texts_kept(dir.path()), ["from the first version"]);
    raw(dir.path())
        .execute_batch("PRAGMA user_version = 999")
        .unwrap();
    assert_eq!(kind(dir.path()), ErrorKind::Version);
}
