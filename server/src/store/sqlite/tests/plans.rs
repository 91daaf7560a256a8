//! How the statements find their rows: through an index, and in the order that they ask for.

use super::*;

/// What SQLite says it will do, one line per step.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    explain
        .raw_query()
        .mapped(|row| row.get(3))
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn no_hot_statement_looks_at_rows_that_it_does_not_want() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let topics = [
        bans::HOT,
        changes::HOT,
        channels::HOT,
        circles::HOT,
        contacts::HOT,
        conversations::HOT,
        data::HOT,
        db::HOT,
        direct::HOT,
        files::HOT,
        forget::HOT,
        invites::HOT,
        marks::HOT,
        members::HOT,
        messages::HOT,
        posts::HOT,
        removed::HOT,
        room_names::HOT,
        rooms::HOT,
        subscriptions::HOT,
        users::HOT,
    ];
    let mut bad = Vec::new();
    for sql in topics.concat() {
        for step in plan(&store.db.connection, sql) {
            if step.contains("SCAN") || step.contains("TEMP B-TREE") {
                bad.push(format!("{step}\n    of {sql}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The test above would pass if the plans were empty.
#[test]
fn a_slow_statement_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let steps = plan(
        &store.db.connection,
        "SELECT * FROM messages WHERE text = ?1 ORDER BY at",
    );
    assert!(steps.iter().any(|step| step.contains("SCAN")), "{steps:?}");
    assert!(
        steps.iter().any(|step| step.contains("TEMP B-TREE")),
        "{steps:?}"
    );
}
