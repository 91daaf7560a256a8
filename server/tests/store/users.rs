//! Accounts and guests.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{NewAccount, User, UserId, UserPatch};

use crate::site::{Site, at, new_account};

pub(crate) fn everything_comes_back(site: &mut Site) {
    let account = NewAccount {
        display: "Ann".to_owned(),
        avatar: "https://example.org/a.png".to_owned(),
        email: "ann@example.org".to_owned(),
        password: Some("$argon2id$".to_owned()),
        rank: i64::MIN,
        ..new_account("ann")
    };
    let id = site.change(|store| store.create_account(&account).unwrap());
    let expected = User {
        id,
        guest: false,
        name: "ann".to_owned(),
        display: "Ann".to_owned(),
        avatar: account.avatar.clone(),
        email: account.email.clone(),
        color: None,
        rank: i64::MIN,
        nick: None,
        away: None,
        created: at(0),
    };
    assert_eq!(site.reader.user(id).unwrap().unwrap(), expected);
    let (user, credentials) = site.reader.account("ann").unwrap().unwrap();
    assert_eq!(user, expected);
    assert_eq!(credentials.user, id);
    assert_eq!(credentials.password.as_deref(), Some("$argon2id$"));
    let other = site.account("bob");
    assert!(other > id);
    let (_, credentials) = site.reader.account("bob").unwrap().unwrap();
    assert_eq!(credentials.password, None);
    assert!(site.reader.account("ANN").unwrap().is_none(), "not a key");
}

pub(crate) fn a_person_is_changed_in_part(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let before = site.reader.user(ann).unwrap().unwrap();
    let other = site.reader.user(bob).unwrap();
    let mut change = |patch: UserPatch| {
        site.change(|store| store.update_user(ann, &patch).unwrap());
        site.reader.user(ann).unwrap().unwrap()
    };
    assert_eq!(change(UserPatch::default()), before);
    let changed = change(UserPatch {
        display: Some(String::new()),
        avatar: Some("a".to_owned()),
        email: Some("e".to_owned()),
        password: Some("hash".to_owned()),
        color: Some(Some("#fff".to_owned())),
        rank: Some(7),
        nick: Some(Some("annie".to_owned())),
        away: Some(Some(String::new())),
    });
    let expected = User {
        display: String::new(),
        avatar: "a".to_owned(),
        email: "e".to_owned(),
        color: Some("#fff".to_owned()),
        rank: 7,
        nick: Some("annie".to_owned()),
        away: Some(String::new()),
        ..before
    };
    assert_eq!(changed, expected);
    let back = change(UserPatch {
        away: Some(None),
        nick: Some(None),
        ..UserPatch::default()
    });
    let expected = User {
        away: None,
        nick: None,
        ..expected
    };
    assert_eq!(back, expected, "what is not named stays");
    assert_eq!(site.reader.user(bob).unwrap(), other);
    let (_, credentials) = site.reader.account("person 0").unwrap().unwrap();
    assert_eq!(credentials.password.as_deref(), Some("hash"));
}

pub(crate) fn what_is_refused(site: &mut Site) {
    site.account("ann");
    site.refused(ErrorKind::Conflict, |store| {
        store.create_account(&new_account("ann"))
    });
    let patch = UserPatch {
        display: Some("x".to_owned()),
        ..UserPatch::default()
    };
    site.refused(ErrorKind::NotFound, |store| {
        store.update_user(UserId(99), &patch)
    });
    assert_eq!(site.reader.user(UserId(99)).unwrap(), None);
    assert!(site.reader.account("nobody").unwrap().is_none());
}
