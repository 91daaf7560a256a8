//! What a store in memory forgets.

use super::*;
use crate::names::Name;
use crate::store::{Edit, NewAccount, Role};

fn account(store: &mut SqliteStore, name: &str) -> UserId {
    let account = NewAccount {
        name: Name::parse(name).unwrap(),
        display: name.to_owned(),
        avatar: String::new(),
        email: String::new(),
        password: None,
        rank: 0,
        at: Utc::now(),
    };
    let mut id = UserId(0);
    store
        .transaction(&mut |transaction| {
            id = transaction.create_account(&account)?;
            transaction.add_members(LOBBY, &[(id, Role::Member)], Utc::now())?;
            Ok(())
        })
        .unwrap();
    id
}

#[test]
fn the_newest_thousand_are_kept() {
    let mut store = SqliteStore::in_memory().unwrap();
    let (ann, bob) = (account(&mut store, "ann"), account(&mut store, "bob"));
    for _ in 0..1099 {
        append(&mut store, &["hm"]);
    }
    let kept = |store: &mut SqliteStore| {
        let messages = store.db.messages(LOBBY, 1, i64::MAX).unwrap();
        let first = messages.first().unwrap().position.seq;
        let last = messages.last().unwrap().position.seq;
        assert_eq!(messages.len(), usize::try_from(last + 1 - first).unwrap());
        (first, last)
    };
    assert_eq!(kept(&mut store), (1, 1099), "removed in batches");
    store
        .transaction(&mut |transaction| {
            transaction.mark_read(LOBBY, ann, 50)?;
            transaction.mark_read(LOBBY, ann, 150)?;
            transaction.mark_read_to(LOBBY, bob, 120)?;
            Ok(())
        })
        .unwrap();
    assert_eq!(append(&mut store, &["hm"]), [position(1100, 1100)]);
    assert_eq!(kept(&mut store), (101, 1100));
    // What is gone counts as read.
    let standing = |store: &mut SqliteStore, user| {
        let found = store.db.membership(LOBBY, user).unwrap().unwrap();
        (found.read, found.unread)
    };
    assert_eq!(standing(&mut store, ann), (100, 999));
    assert_eq!(standing(&mut store, bob), (120, 980));
    let error = store
        .transaction(&mut |transaction| {
            transaction
                .edit(LOBBY, 100, &Edit::Delete, Utc::now())
                .map(drop)
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(store.db.changes(LOBBY, 99, 9999).unwrap(), None);
    let changes = store.db.changes(LOBBY, 100, 9999).unwrap().unwrap();
    assert_eq!(changes.len(), 1000);
}

#[test]
fn each_store_is_its_own_and_gone_with_its_end() {
    let mut one = SqliteStore::in_memory().unwrap();
    let mut other = SqliteStore::in_memory().unwrap();
    append(&mut one, &["one"]);
    append(&mut other, &["other"]);
    let mut reader = one.reader().unwrap();
    let found = texts(reader.messages(LOBBY, 1, 9).unwrap());
    assert_eq!(found, ["one"]);
    Box::new(one).close().unwrap();
    let found = texts(reader.messages(LOBBY, 1, 9).unwrap());
    assert_eq!(found, ["one"], "as long as somebody reads");
}
