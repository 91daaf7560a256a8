//! Bans and silence.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Ban, BanKind, BanTarget, LOBBY, RoomId, UserId};

use crate::site::{Site, at};
use BanKind::{Entry, Speech};

fn ban(kind: BanKind, target: &BanTarget, room: Option<RoomId>, until: Option<i64>) -> Ban {
    Ban {
        kind,
        target: target.clone(),
        room,
        until: until.map(at),
        reason: Some("spam".to_owned()),
        by: None,
        at: at(0),
    }
}

fn address(text: &str) -> BanTarget {
    BanTarget::Address(text.parse::<IpAddr>().unwrap())
}

fn put(site: &mut Site, ban: &Ban) {
    site.change(|store| store.ban(ban).unwrap());
}

fn hits(
    site: &mut Site,
    kind: BanKind,
    target: &BanTarget,
    room: Option<RoomId>,
    now: DateTime<Utc>,
) -> bool {
    site.reader
        .banned(kind, target, room, now)
        .unwrap()
        .is_some()
}

pub(crate) fn who_is_banned_where_and_how_long(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    let targets = [
        BanTarget::User(ann),
        BanTarget::User(bob),
        address("192.0.2.1"),
        address("192.0.2.2"),
        address("2001:db8::1"),
    ];
    for (number, target) in targets.iter().enumerate() {
        if number % 2 == 0 {
            put(site, &ban(Entry, target, Some(room), Some(10)));
        }
    }
    for (number, target) in targets.iter().enumerate() {
        let banned = number % 2 == 0;
        assert_eq!(hits(site, Entry, target, Some(room), at(9)), banned);
        assert!(!hits(site, Entry, target, Some(room), at(10)), "over");
        assert!(!hits(site, Entry, target, Some(LOBBY), at(9)), "elsewhere");
        assert!(!hits(site, Entry, target, None, at(9)));
        assert!(!hits(site, Speech, target, Some(room), at(9)));
    }
    put(site, &ban(Speech, &targets[1], None, None));
    for place in [None, Some(room), Some(LOBBY), Some(RoomId(99))] {
        assert!(hits(site, Speech, &targets[1], place, at(1_000_000)));
    }
    let all = site.reader.bans(at(1)).unwrap();
    let found: Vec<_> = all.iter().map(|(_, ban)| ban.target.clone()).collect();
    let expected = [0, 2, 4, 1].map(|number: usize| targets[number].clone());
    assert_eq!(found, expected, "oldest first");
    assert_eq!(all[0].1, ban(Entry, &targets[0], Some(room), Some(10)));
    let last = site.reader.bans(at(10)).unwrap();
    assert_eq!(last, all[3..]);
    let id = last[0].0;
    assert!(site.change(|store| store.unban(id).unwrap()));
    assert!(!site.change(|store| store.unban(id).unwrap()));
    assert!(!hits(site, Speech, &targets[1], None, at(9)));
}

pub(crate) fn the_longest_ban_counts(site: &mut Site) {
    let ann = site.account("ann");
    let target = BanTarget::User(ann);
    let mut longest = None;
    for (room, until) in [
        (None, Some(5)),
        (Some(LOBBY), Some(9)),
        (None, Some(7)),
        (Some(LOBBY), None),
        (None, Some(20)),
    ] {
        put(site, &ban(Entry, &target, room, until));
        longest = match (longest, until) {
            (None, until) => Some(until),
            (Some(None), _) | (_, None) => Some(None),
            (Some(Some(known)), Some(until)) => Some(Some(until.max(known))),
        };
        let found = site.reader.banned(Entry, &target, Some(LOBBY), at(1));
        let until = found.unwrap().unwrap().until;
        assert_eq!(Some(until), longest.map(|longest| longest.map(at)));
    }
    let on_server = site.reader.banned(Entry, &target, None, at(1)).unwrap();
    assert_eq!(on_server.unwrap().until, Some(at(20)));
}

pub(crate) fn an_address_is_the_same_in_both_forms(site: &mut Site) {
    let (short, long) = (address("192.0.2.1"), address("::ffff:192.0.2.1"));
    put(site, &ban(Entry, &long, None, Some(10)));
    assert!(hits(site, Entry, &short, None, at(1)));
    assert!(hits(site, Entry, &long, None, at(1)));
    assert!(!hits(site, Entry, &address("::192.0.2.1"), None, at(1)));
}

pub(crate) fn ended_bans_are_forgotten(site: &mut Site) {
    let ann = site.account("ann");
    let target = BanTarget::User(ann);
    put(site, &ban(Entry, &target, None, Some(10)));
    put(site, &ban(Entry, &target, None, Some(11)));
    let next = Ban {
        at: at(10),
        ..ban(Speech, &target, None, Some(20))
    };
    put(site, &next);
    // As if the clock had been set back: what is forgotten stays so.
    let left = site.reader.bans(at(0)).unwrap();
    let ends: Vec<_> = left.into_iter().map(|(_, ban)| ban.until).collect();
    assert_eq!(ends, [Some(at(11)), Some(at(20))]);
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    let target = BanTarget::User(ann);
    put(site, &ban(Entry, &target, None, Some(1)));
    let nobody = UserId(99);
    let by_nobody = Ban {
        by: Some(nobody),
        ..ban(Entry, &target, None, None)
    };
    for refused in [
        ban(Entry, &BanTarget::User(nobody), None, None),
        ban(Entry, &target, Some(RoomId(99)), None),
        by_nobody,
    ] {
        // Late enough for the first one to be forgotten, if this were done.
        let refused = Ban {
            at: at(9),
            ..refused
        };
        site.refused(ErrorKind::NotFound, |store| store.ban(&refused));
    }
}
