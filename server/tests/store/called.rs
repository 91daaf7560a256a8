//! By what names people are found, and which are taken.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{UserId, UserPatch};

use crate::site::{Site, at};

fn nick(name: Option<&str>) -> UserPatch {
    UserPatch {
        nick: Some(name.map(str::to_owned)),
        ..UserPatch::default()
    }
}

fn display(name: &str) -> UserPatch {
    UserPatch {
        display: Some(name.to_owned()),
        ..UserPatch::default()
    }
}

fn change(site: &mut Site, user: UserId, patch: &UserPatch) {
    site.change(|store| store.update_user(user, patch).unwrap());
}

fn called(site: &mut Site, name: &str) -> Vec<UserId> {
    site.reader.called(name, 100).unwrap()
}

pub(crate) fn by_any_of_their_names(site: &mut Site) {
    let [ann, bob] = ["ann", "bob"].map(|name| site.account(name));
    assert_eq!(called(site, "ANN"), [ann]);
    assert_eq!(called(site, "Ann, Shown"), [ann]);
    change(site, ann, &nick(Some("Straße")));
    assert_eq!(called(site, "STRASSE"), [ann]);
    change(site, bob, &display("strasse"));
    assert_eq!(called(site, "straße"), [ann, bob]);
    assert_eq!(site.reader.called("straße", 1).unwrap(), [ann]);
    assert_eq!(called(site, "bob, shown"), []);
    change(site, bob, &display("bob"));
    assert_eq!(called(site, "bob"), [bob], "once, by two names");
    change(site, ann, &nick(None));
    assert_eq!(called(site, "strasse"), []);
    change(site, bob, &display(""));
    assert_eq!(called(site, ""), []);
    site.change(|store| store.guest("zoe", at(1)).unwrap());
    let guest = site.change(|store| store.guest("eve", at(1)).unwrap());
    change(site, guest, &display("Eve"));
    assert_eq!(called(site, "zoe"), [], "anybody may say any name");
    assert_eq!(called(site, "eve"), []);
}

pub(crate) fn a_nick_is_nobody_elses_name(site: &mut Site) {
    let [ann, bob] = ["ann", "bob"].map(|name| site.account(name));
    change(site, bob, &nick(Some("Bobby")));
    for taken in ["bob", "BOB", "Bob, shown", "bobby"] {
        site.refused(ErrorKind::Conflict, |store| {
            store.update_user(ann, &nick(Some(taken)))
        });
        change(site, bob, &nick(Some(taken)));
        change(site, bob, &nick(Some("Bobby")));
    }
    change(site, bob, &nick(None));
    change(site, ann, &nick(Some("bobby")));
    site.refused(ErrorKind::Conflict, |store| {
        store.update_user(bob, &nick(Some("BOBBY")))
    });
    // Names of accounts are their own business.
    site.account("bobby");
    change(site, ann, &nick(Some("annie")));
    site.refused(ErrorKind::Conflict, |store| {
        store.update_user(ann, &nick(Some("bobby")))
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.update_user(UserId(99), &nick(Some("free")))
    });
}
