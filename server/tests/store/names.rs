//! When two names are the same.

use kaiwa_server::names::key;
use kaiwa_server::{Error, ErrorKind};

use crate::site::{Site, at, guest, new_account, new_message};
use kaiwa_server::store::{LOBBY, Repeat};

pub(crate) fn one_name_in_any_case_and_form(site: &mut Site) {
    for (name, same) in [
        ("Ann", "aNN"),
        ("Straße", "STRASSE"),
        ("Jos\u{e9}", "JOSE\u{301}"),
        ("ｗｉｄｅ", "wide"),
        ("o'neil; DROP TABLE users", "O'NEIL; drop table users"),
    ] {
        let id = site.account(name);
        site.refused(ErrorKind::Conflict, |store| {
            store.create_account(&new_account(same))
        });
        let (user, _) = site.reader.account(&key(same)).unwrap().unwrap();
        assert_eq!((user.id, user.name.as_str()), (id, name));
    }
    site.account("anne");
}

pub(crate) fn guests_have_very_names(site: &mut Site) {
    let account = site.account("ann");
    let names = ["ann", "Ann", "", " ann", "ann\0", "e\u{301}", "\u{e9}"];
    let mut ask = || -> Result<Vec<_>, Error> {
        site.change(|store| names.iter().map(|name| store.guest(name, at(3))).collect())
    };
    let ids = ask().unwrap();
    assert_eq!(ask().unwrap(), ids, "known from then on");
    let mut different = ids.clone();
    different.push(account);
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), names.len() + 1, "each is somebody else");
    for (id, name) in ids.iter().zip(names) {
        let guest = site.reader.user(*id).unwrap().unwrap();
        assert!(guest.guest);
        assert_eq!((guest.name.as_str(), guest.display.as_str()), (name, name));
        assert_eq!(guest.created, at(3));
    }
    let (user, _) = site.reader.account("ann").unwrap().unwrap();
    assert_eq!(user.id, account, "a guest is no account");
    let posted = site.change(|store| {
        let message = new_message(LOBBY, guest("Ann"), "hello");
        store.post(&message, Repeat::Another).unwrap()
    });
    assert_eq!(posted.sender, Some(ids[1]));
}
