//! From the first version to the world: nothing of what was kept changes.

use rusqlite::params;

use super::*;
use crate::front::wschat;
use crate::log_dir::{LogDir, Render};
use crate::store::Change;

/// Names that are the same to some eye, or to some database.
const NAMES: &[Option<&str>] = &[
    Some("ann"),
    Some("Ann"),
    Some(" ann"),
    Some("ann\0"),
    Some(""),
    None,
    Some("e\u{301}"),
    Some("\u{e9}"),
    Some("'; DROP TABLE old_messages; --"),
    Some("<b>ann</b>"),
    Some("\u{202e}nna"),
    Some("NULL"),
    Some("1"),
    Some("01"),
];

/// Sequence, name, text and the rest of a message.
type Kept = (i64, Option<&'static str>, Option<String>, Option<String>);

/// A database of version 1: a thousand messages, of which some were removed by hand.
fn old_database(dir: &Path) -> Vec<Kept> {
    let connection = raw(dir);
    let mut old = connection.unchecked_transaction().unwrap();
    old.set_drop_behavior(rusqlite::DropBehavior::Commit);
    old.execute_batch(OLDEST).unwrap();
    old.execute_batch("DELETE FROM messages; UPDATE rooms SET last_seq = 1000")
        .unwrap();
    let mut kept = Vec::new();
    for seq in 1..=1000_i64 {
        if (300..310).contains(&seq) || seq == 1000 {
            continue;
        }
        let name = NAMES[usize::try_from(seq).unwrap() % NAMES.len()];
        let text = (seq % 7 != 0).then(|| format!("{seq} \0 ' \u{1f600} <i>"));
        let extra = (seq % 5 == 0).then(|| format!(r#"{{"x":{seq}}}"#));
        old.execute(
            "INSERT INTO messages (id, room, seq, at_ns, sender, text, extra) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6)",
            params![id(seq), seq, time(seq), name, text, extra],
        )
        .unwrap();
        kept.push((seq, name, text, extra));
    }
    // The newest was removed after others had been numbered.
    old.execute("UPDATE sqlite_sequence SET seq = 7777", [])
        .unwrap();
    kept
}

fn id(seq: i64) -> i64 {
    100 + seq * 3
}

fn time(seq: i64) -> i64 {
    1_795_160_142_285_165_360 + seq % 17 * 1_000_000_007 - seq
}

#[test]
fn ids_sequences_texts_and_names_are_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let kept = old_database(dir.path());
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let found = store.db.messages(LOBBY, 1, 1000).unwrap();
    assert_eq!(found.len(), kept.len());
    for (message, (seq, name, text, extra)) in found.iter().zip(&kept) {
        assert_eq!(message.position, position(id(*seq), *seq));
        assert_eq!(message.at, DateTime::from_timestamp_nanos(time(*seq)));
        assert_eq!(message.sender_name.as_deref(), *name);
        assert_eq!(message.sender.is_some(), name.is_some());
        assert_eq!((&message.text, &message.extra), (text, extra));
        assert!(!message.deleted && message.edited.is_none());
        assert_eq!(message.kind, MessageKind::Text);
    }
    let room = store.db.room(LOBBY).unwrap().unwrap();
    assert_eq!(room.last, position(id(999), 1000));
    // Who has the same name is the same guest, and goes on being it.
    for name in NAMES.iter().flatten() {
        let mine = found
            .iter()
            .filter(|message| message.sender_name.as_deref() == Some(name));
        let mut senders: Vec<UserId> = mine.filter_map(|message| message.sender).collect();
        senders.dedup();
        let next = NewMessage {
            sender: Sender::Guest(Some((*name).to_owned())),
            ..message("next")
        };
        let posted = post(&mut store, &next);
        assert_eq!(senders, [posted.sender.unwrap()], "{name:?}");
    }
    let guests: i64 = store
        .db
        .connection
        .query_row("SELECT count(*) FROM users WHERE guest = 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(guests, i64::try_from(NAMES.len() - 1).unwrap());
    let next = post(&mut store, &message("on"));
    assert_eq!(next.position, position(7777 + 14, 1014), "never used again");
}

/// As after a repair by hand: what was exported and read in again has no such count, or a lower one.
#[test]
fn numbers_go_on_after_the_newest_message_whatever_was_counted() {
    for repair in [
        "DELETE FROM sqlite_sequence",
        "UPDATE sqlite_sequence SET seq = 2",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let connection = raw(dir.path());
        connection.execute_batch(OLDEST).unwrap();
        connection.execute_batch(repair).unwrap();
        let mut store = SqliteStore::open(dir.path()).unwrap();
        let next = append(&mut store, &["next"]);
        assert_eq!(next, [position(6, 4)], "{repair}");
    }
}

fn post(store: &mut SqliteStore, message: &NewMessage) -> Posted {
    let mut posted = None;
    store
        .transaction(&mut |transaction| {
            posted = Some(transaction.post(message, Repeat::Another)?);
            Ok(())
        })
        .unwrap();
    posted.unwrap()
}

#[test]
fn references_hold_and_the_database_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let store = SqliteStore::open(dir.path()).unwrap();
    let ask = |sql: &str| -> Vec<String> {
        let mut select = store.db.connection.prepare(sql).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(ask("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(ask("PRAGMA foreign_key_check"), [""; 0]);
    let old = "SELECT name FROM sqlite_schema WHERE name LIKE 'old%' OR sql LIKE '%old_%'";
    assert_eq!(ask(old), [""; 0]);
    // A fresh database has the very same schema.
    let fresh = tempfile::tempdir().unwrap();
    let schema = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name";
    let migrated = ask(schema);
    let store = SqliteStore::open(fresh.path()).unwrap();
    let mut select = store.db.connection.prepare(schema).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    let new: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
    assert_eq!(migrated, new);
}

#[test]
fn the_log_says_what_it_said() {
    let dir = tempfile::tempdir().unwrap();
    let kept = old_database(dir.path());
    drop(SqliteStore::open(dir.path()).unwrap());
    let log = read_log(dir.path(), LOBBY, 5).unwrap();
    let expected: Vec<_> = kept[kept.len() - 5..]
        .iter()
        .map(|(seq, name, text, _)| (*seq, *name, text.as_deref()))
        .collect();
    let found: Vec<_> = log
        .iter()
        .map(|message| {
            (
                message.position.seq,
                message.sender_name.as_deref(),
                message.text.as_deref(),
            )
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        read_log(dir.path(), LOBBY, usize::MAX).unwrap().len(),
        kept.len()
    );

    // A log that the first version left, which lacks the newest lines.
    let store = SqliteStore::open(dir.path()).unwrap();
    let mut reader = store.reader().unwrap();
    append_to_log(dir.path(), &log[..3]);
    let render: Render = Box::new(|message| wschat::log_line(message, false));
    let newest = message("newest");
    let mut store = store;
    post(&mut store, &newest);
    LogDir::open(dir.path().join("log"), LOBBY, render, reader.as_mut()).unwrap();
    let lines = log_lines(dir.path());
    let rest: Vec<String> = log[..5]
        .iter()
        .map(|message| wschat::log_line(message, false))
        .collect();
    assert!(lines.starts_with(&rest), "{lines:#?}");
    assert_eq!(lines.len(), 6, "nothing twice, nothing missing");
}

fn append_to_log(dir: &Path, messages: &[StoredMessage]) {
    fs::create_dir(dir.join("log")).unwrap();
    for message in messages {
        let path = dir
            .join("log")
            .join(message.at.format("%Y-%m-%d").to_string());
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        text.push_str(&wschat::log_line(message, false));
        text.push('\n');
        fs::write(path, text).unwrap();
    }
}

fn log_lines(dir: &Path) -> Vec<String> {
    let mut days: Vec<_> = fs::read_dir(dir.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    days.sort();
    days.iter()
        .flat_map(|day| {
            let text = fs::read_to_string(day).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// What lacks its beginning cannot be told by changes.
#[test]
fn a_room_with_removed_messages_is_followed_from_where_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    raw(dir.path()).execute_batch(OLDEST).unwrap();
    let mut store = SqliteStore::open(dir.path()).unwrap();
    append(&mut store, &["4", "5"]);
    for (after, expected) in [
        (0, None),
        (1, None),
        (2, Some(vec![3, 4, 5])),
        (3, Some(vec![4, 5])),
        (4, Some(vec![5])),
        (5, Some(vec![])),
    ] {
        let changes = store.db.changes(LOBBY, after, 9).unwrap();
        let numbers = changes.map(|changes| {
            changes
                .iter()
                .map(|change| match change {
                    Change::Message(message) => message.change,
                    Change::Reaction { change, .. } => *change,
                })
                .collect::<Vec<_>>()
        });
        assert_eq!(numbers, expected, "after {after}");
    }
}
