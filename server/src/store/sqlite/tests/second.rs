//! From the second version on: whoever is in a room without streams has chosen to hear it.

use super::*;
use crate::store::{ReadRooms as _, ReadSubscriptions as _, ReadUsers as _, Role, UserPatch};

/// The second schema, kept as it was released: ann (1) and bob (2) in the lobby (1, ann only), a group (5), a room of two (6), a
/// circle (7) with a stream (8); ann in a channel (9).
const SECOND: &str = include_str!("../second.sql");

fn second() -> (tempfile::TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    raw(dir.path()).execute_batch(SECOND).unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    (dir, store)
}

/// Room, first sequence that is told of, and read mark of each subscription.
fn subscriptions(store: &mut SqliteStore, user: i64) -> Vec<(i64, i64, i64)> {
    let found = store.db.subscriptions(UserId(user)).unwrap();
    let shown = |found: crate::store::Subscription| (found.room.0, found.since, found.read);
    found.into_iter().map(shown).collect()
}

#[test]
fn members_hear_what_they_are_in_but_for_circles() {
    let (_dir, mut store) = second();
    assert_eq!(
        subscriptions(&mut store, 1),
        [(1, 1, 0), (5, 1, 2), (6, 1, 0)]
    );
    assert_eq!(subscriptions(&mut store, 2), [(5, 2, 1), (6, 1, 0)]);
    assert_eq!(subscriptions(&mut store, 3), [], "guests are in no room");
}

#[test]
fn accounts_are_found_by_the_names_that_are_shown() {
    let (_dir, mut store) = second();
    append(&mut store, &["hm"]);
    let mut called = |name| store.db.called(name, 9).unwrap();
    assert_eq!(called("ANN"), [UserId(1)]);
    let patch = UserPatch {
        display: Some("Robin".to_owned()),
        ..UserPatch::default()
    };
    store
        .transaction(&mut |store| store.update_user(UserId(2), &patch))
        .unwrap();
    let mut called = |name| store.db.called(name, 9).unwrap();
    assert_eq!(called("robin"), [UserId(2)]);
    assert_eq!(called("zoe"), [], "a guest");
    let keys: Vec<Option<String>> = store
        .db
        .connection
        .prepare("SELECT display_key FROM users ORDER BY id LIMIT 3")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(keys, [Some("ann".into()), Some("robin".into()), None]);
}

#[test]
fn nothing_else_has_changed() {
    let (_dir, mut store) = second();
    let room = |store: &mut SqliteStore, id| store.db.room(RoomId(id)).unwrap().unwrap();
    assert_eq!(room(&mut store, 6).two, Some([UserId(1), UserId(2)]));
    assert_eq!(room(&mut store, 8).parent, Some(RoomId(7)));
    assert_eq!(
        texts(store.db.messages(RoomId(5), 1, 9).unwrap()),
        ["edited", "hello"]
    );
    assert_eq!(
        texts(store.db.messages(RoomId(8), 1, 9).unwrap()),
        ["in a stream"]
    );
    let member = store.db.membership(RoomId(5), UserId(1)).unwrap().unwrap();
    assert_eq!(
        (member.role, member.read, member.unread),
        (Role::Owner, 2, 0)
    );
    assert_eq!(append(&mut store, &["next"]), [position(4, 1)]);
}

#[test]
fn a_database_of_the_second_version_becomes_what_a_fresh_one_is() {
    let (_dir, store) = second();
    let fresh = tempfile::tempdir().unwrap();
    let fresh = SqliteStore::open(fresh.path()).unwrap();
    let ask = |store: &SqliteStore, sql: &str| -> Vec<String> {
        let mut select = store.db.connection.prepare(sql).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(ask(&store, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(ask(&store, "PRAGMA foreign_key_check"), [""; 0]);
    let schema = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name";
    assert_eq!(ask(&store, schema), ask(&fresh, schema));
}
