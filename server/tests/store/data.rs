//! Small values that clients keep.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{DataScope, LOBBY, MAX_KEYS, RoomId, UserId};

use crate::site::Site;
use DataScope::{Member, Room, User};

fn set(site: &mut Site, scope: DataScope, key: &str, value: Option<&str>) {
    site.change(|store| store.set_data(scope, key, value).unwrap());
}

fn all(site: &mut Site, scope: DataScope) -> Vec<(String, String)> {
    site.reader.all_data(scope).unwrap()
}

pub(crate) fn each_scope_has_its_own(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let scopes = [
        User(ann),
        User(bob),
        Room(room),
        Room(LOBBY),
        Member(room, ann),
        Member(room, bob),
    ];
    for (number, scope) in scopes.iter().enumerate() {
        set(site, *scope, "b", Some(&number.to_string()));
        set(site, *scope, "a", Some("{}"));
        set(site, *scope, "", Some(""));
    }
    for (number, scope) in scopes.iter().enumerate() {
        let number = number.to_string();
        let found = site.reader.data(*scope, "b").unwrap();
        assert_eq!(found, Some(number.clone()));
        assert_eq!(site.reader.data(*scope, "B").unwrap(), None);
        let expected = [("", ""), ("a", "{}"), ("b", &number)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(all(site, *scope), expected, "by key");
    }
    set(site, User(ann), "b", Some("new"));
    set(site, User(ann), "a", None);
    set(site, User(ann), "a", None);
    let expected = [("", ""), ("b", "new")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(all(site, User(ann)), expected);
}

pub(crate) fn leaving_and_removing_forget(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let stream = site.stream(circle, "talk");
    let scopes = [
        Member(circle, ann),
        Member(stream, ann),
        Member(circle, bob),
        Room(circle),
        Room(stream),
        User(ann),
    ];
    for scope in scopes {
        set(site, scope, "a", Some("1"));
    }
    let left = |site: &mut Site| scopes.map(|scope| all(site, scope).len());
    site.leave(circle, ann);
    assert_eq!(left(site), [0, 0, 1, 1, 1, 1]);
    site.join(circle, ann);
    assert_eq!(left(site), [0, 0, 1, 1, 1, 1]);
    site.change(|store| store.remove_room(circle).unwrap());
    assert_eq!(left(site), [0, 0, 0, 0, 0, 1]);
}

pub(crate) fn the_most_keys(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    for scope in [User(ann), Room(room), Member(room, ann)] {
        for number in 0..MAX_KEYS {
            set(site, scope, &number.to_string(), Some("1"));
        }
        site.refused(ErrorKind::Full, |store| {
            store.set_data(scope, "one more", Some("1"))
        });
        set(site, scope, "one more", None);
        set(site, scope, "0", Some("2"));
        set(site, scope, "1", None);
        set(site, scope, "one more", Some("1"));
        assert_eq!(all(site, scope).len(), MAX_KEYS);
    }
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    for scope in [
        User(UserId(99)),
        User(UserId(0)),
        Room(RoomId(99)),
        Room(RoomId(0)),
        Member(room, bob),
        Member(RoomId(99), ann),
        Member(RoomId(0), ann),
        Member(room, UserId(0)),
    ] {
        for value in [Some("1"), None] {
            site.refused(ErrorKind::NotFound, |store| {
                store.set_data(scope, "a", value)
            });
        }
        set(site, User(ann), "a", Some("own"));
        set(site, Room(room), "a", Some("own"));
        assert_eq!(site.reader.data(scope, "a").unwrap(), None);
        assert_eq!(all(site, scope), []);
    }
}
