//! Who may not speak, wherever they are connected.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    Ban, BanId, BanKind, BanTarget, Edit, LOBBY, NewMessage, Repeat, RoomId, UserId,
};

use crate::site::{Site, at, guest, new_message, said};
use crate::transactions::failing;

fn silence(user: UserId, room: Option<RoomId>, until: Option<i64>) -> Ban {
    Ban {
        kind: BanKind::Speech,
        target: BanTarget::User(user),
        room,
        until: until.map(at),
        reason: None,
        by: None,
        at: at(0),
    }
}

fn put(site: &mut Site, ban: &Ban) -> BanId {
    site.change(|store| store.ban(ban).unwrap())
}

/// Why somebody cannot speak in a room at a time; none if they can.
fn refusal(site: &mut Site, room: RoomId, user: UserId, second: i64) -> Option<String> {
    let message = NewMessage {
        at: at(second),
        ..said(room, user, "hm")
    };
    let before = site.picture();
    let posted = site.change(|store| store.post(&message, Repeat::Another));
    let error = posted.err()?;
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(site.picture(), before);
    Some(error.message().to_owned())
}

fn speaks(site: &mut Site, room: RoomId, user: UserId, second: i64) -> bool {
    refusal(site, room, user, second).is_none()
}

pub(crate) fn it_says_until_when(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    assert!(speaks(site, room, ann, 1));
    put(site, &silence(ann, None, Some(10)));
    let why = refusal(site, room, ann, 9).unwrap();
    assert_eq!(why, "silenced until 2026-11-20T07:35:52Z");
    assert!(speaks(site, room, ann, 10));
    assert!(speaks(site, room, bob, 9));
    put(site, &silence(ann, None, Some(30)));
    put(site, &silence(ann, Some(room), Some(20)));
    assert!(refusal(site, room, ann, 29).unwrap().contains(" until "));
    assert!(speaks(site, room, ann, 30));
    put(site, &silence(ann, None, None));
    assert_eq!(refusal(site, room, ann, 1_000_000).unwrap(), "silenced");
}

pub(crate) fn a_room_and_what_lies_in_it(site: &mut Site) {
    let ann = site.account("ann");
    let circle = site.circle(&[ann]);
    let streams = [site.stream(circle, "one"), site.stream(circle, "two")];
    let group = site.group(&[ann]);
    put(site, &silence(ann, Some(streams[0]), None));
    assert!(!speaks(site, streams[0], ann, 1));
    assert!(speaks(site, streams[1], ann, 1) && speaks(site, group, ann, 1));
    put(site, &silence(ann, Some(circle), None));
    assert!(!speaks(site, streams[1], ann, 1));
    assert!(speaks(site, group, ann, 1));
}

pub(crate) fn nothing_is_said_by_an_edit(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let room = site.stream(circle, "talk");
    for user in [ann, bob] {
        site.say(room, user, "hm");
    }
    put(site, &silence(ann, Some(circle), Some(10)));
    let text = Edit::Text("new".to_owned());
    site.refused(ErrorKind::Forbidden, |store| {
        store.edit(room, 1, &text, at(9))
    });
    site.change(|store| store.edit(room, 2, &text, at(9)).unwrap());
    site.change(|store| store.edit(room, 1, &text, at(10)).unwrap());
    put(site, &silence(ann, None, None));
    site.change(|store| store.edit(room, 1, &Edit::Delete, at(11)).unwrap());
}

pub(crate) fn only_accounts_are_silenced_and_only_by_this_kind(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let zoe = new_message(LOBBY, guest("zoe"), "hm");
    let posted = site.change(|store| store.post(&zoe, Repeat::Another).unwrap());
    put(site, &silence(posted.sender.unwrap(), None, None));
    site.change(|store| store.post(&zoe, Repeat::Another).unwrap());
    let entry = Ban {
        kind: BanKind::Entry,
        ..silence(ann, None, None)
    };
    put(site, &entry);
    assert!(speaks(site, room, ann, 1));
}

pub(crate) fn ending_it(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let id = put(site, &silence(ann, None, None));
    assert!(!speaks(site, room, ann, 1));
    assert!(site.change(|store| store.unban(id).unwrap()));
    assert!(speaks(site, room, ann, 1));
    for (place, until) in [(None, None), (None, Some(50)), (Some(room), None)] {
        put(site, &silence(ann, place, until));
        put(site, &silence(bob, place, until));
    }
    let target = BanTarget::User(ann);
    let mut lift = |kind, place| site.change(|store| store.lift(kind, &target, place).unwrap());
    assert_eq!(lift(BanKind::Entry, None), 0);
    assert_eq!(lift(BanKind::Speech, Some(LOBBY)), 0);
    assert_eq!(lift(BanKind::Speech, None), 2);
    assert_eq!(lift(BanKind::Speech, None), 0);
    assert!(!speaks(site, room, ann, 1), "that of the room stays");
    let lifted = site.change(|store| store.lift(BanKind::Speech, &target, Some(room)));
    assert_eq!(lifted.unwrap(), 1);
    assert!(speaks(site, room, ann, 1));
    assert!(!speaks(site, room, bob, 1));
}

pub(crate) fn what_was_kept_before_is_still_kept(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let message = NewMessage {
        client_id: Some("c1".to_owned()),
        ..said(room, ann, "hm")
    };
    let mut post = |silent: bool| {
        if silent {
            put(site, &silence(ann, None, None));
        }
        site.change(|store| store.post(&message, Repeat::Same).unwrap())
    };
    let first = post(false);
    let again = post(true);
    assert!(again.repeated);
    assert_eq!(again.position, first.position);
    assert!(!speaks(site, room, ann, 1));
}

pub(crate) fn a_failure_keeps_neither_it_nor_its_end(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let message = said(room, ann, "hm");
    assert!(speaks(site, room, ann, 1));
    failing(site, ErrorKind::Internal, |store| {
        store.ban(&silence(ann, None, None)).unwrap();
        store.post(&message, Repeat::Another).unwrap_err();
    });
    assert!(speaks(site, room, ann, 1));
    let id = put(site, &silence(ann, None, None));
    assert!(!speaks(site, room, ann, 1));
    failing(site, ErrorKind::Internal, |store| {
        store.unban(id).unwrap();
        store.post(&message, Repeat::Another).unwrap();
    });
    assert!(!speaks(site, room, ann, 1));
}
