//! The write-ahead log beside readers and backups.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

use super::*;

/// A log this long is begun anew: some fifty messages.
const LIMIT: u64 = 1024 * 1024;

/// More than any message of a test writes.
const COMMIT: u64 = 64 * 1024;

fn short_log(dir: &Path, tries: u32) -> SqliteStore {
    let mut store = SqliteStore::open(dir).unwrap();
    let log = store.log.as_mut().unwrap();
    (log.limit, log.tries) = (LIMIT, tries);
    store
}

fn log_bytes(store: &SqliteStore) -> u64 {
    store.log.as_ref().unwrap().bytes()
}

fn count(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
        .unwrap()
}

/// Keeps a snapshot until it is told to end it.
fn begin(connection: &Connection) {
    connection.execute_batch("BEGIN").unwrap();
    count(connection);
}

fn end(connection: &Connection) {
    connection.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn the_log_stays_short_though_somebody_always_reads() {
    let dir = tempfile::tempdir().unwrap();
    // However long this machine takes to switch readers.
    let mut store = short_log(dir.path(), 10_000);
    let text = "x".repeat(16 * 1024);
    let stop = AtomicBool::new(false);
    let (begun, reading) = mpsc::channel();
    let mut longest = 0;
    thread::scope(|scope| {
        let (dir, stop) = (dir.path(), &stop);
        scope.spawn(move || {
            let (one, two) = (raw(dir), raw(dir));
            begin(&one);
            begun.send(()).unwrap();
            while !stop.load(Ordering::Relaxed) {
                begin(&two);
                end(&one);
                begin(&one);
                end(&two);
            }
        });
        reading.recv().unwrap();
        for _ in 0..500 {
            append(&mut store, &[&text]);
            longest = longest.max(log_bytes(&store));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(longest <= LIMIT + COMMIT, "{longest}");
    assert_eq!(count(&raw(dir.path())), 500);
}

#[test]
fn one_who_reads_on_is_not_waited_for_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = short_log(dir.path(), 1);
    let text = "x".repeat(16 * 1024);
    let reader = raw(dir.path());
    begin(&reader);
    while log_bytes(&store) <= 2 * LIMIT {
        append(&mut store, &[&text]);
    }
    let timeout: i64 = store
        .db
        .connection
        .query_row("PRAGMA busy_timeout", [], |row| row.get(0))
        .unwrap();
    assert_eq!(u128::try_from(timeout).unwrap(), BUSY_TIMEOUT.as_millis());
    assert_eq!(count(&reader), 0, "sees what was there when it began");
    end(&reader);
    while log_bytes(&store) > LIMIT {
        append(&mut store, &[&text]);
        assert!(log_bytes(&store) < 8 * LIMIT, "it is tried again");
    }
}

#[test]
fn a_backup_is_whole_though_somebody_writes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = short_log(dir.path(), 1);
    append(&mut store, &["first"]);
    let stop = AtomicBool::new(false);
    let (begun, writing) = mpsc::channel();
    let copy = tempfile::tempdir().unwrap();
    let store = thread::scope(|scope| {
        let stop = &stop;
        let writer = scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                append(&mut store, &["on"]);
                // Nobody listens after the first time.
                begun.send(()).unwrap_or_default();
            }
            store
        });
        writing.recv().unwrap();
        let path = copy.path().join(DATABASE);
        raw(dir.path())
            .execute("VACUUM INTO ?1", [path.to_str().unwrap()])
            .unwrap();
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let mut restored = SqliteStore::open(copy.path()).unwrap();
    let kept = count(&restored.db.connection);
    assert!(kept >= 2 && kept <= count(&store.db.connection), "{kept}");
    assert_eq!(
        append(&mut restored, &["next"]),
        [position(kept + 1, kept + 1)]
    );
}
