//! What has reached somebody, and what they have read.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Edit, RoomId, UserId};

use crate::site::{Site, at};

fn read(site: &mut Site, room: RoomId, user: UserId, seq: i64) -> i64 {
    site.change(|store| store.mark_read(room, user, seq).unwrap())
}

fn read_to(site: &mut Site, room: RoomId, user: UserId, seq: i64) -> i64 {
    site.change(|store| store.mark_read_to(room, user, seq).unwrap())
}

fn deliver(site: &mut Site, room: RoomId, user: UserId, seq: i64) {
    site.change(|store| store.mark_delivered(room, user, seq).unwrap());
}

/// A room of two in which these have spoken, in this order.
fn talk(site: &mut Site, order: &str) -> (RoomId, UserId, UserId) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    for who in order.chars() {
        site.say(room, if who == 'a' { ann } else { bob }, "hm");
    }
    (room, ann, bob)
}

pub(crate) fn posting_reads_what_was_read(site: &mut Site) {
    let (room, ann, bob) = talk(site, "aa");
    assert_eq!(site.standing(room, ann), Some((2, 2, 0)));
    assert_eq!(site.standing(room, bob), Some((0, 0, 2)));
    site.say(room, bob, "answer");
    assert_eq!(
        site.standing(room, bob),
        Some((0, 0, 2)),
        "their own is read, those before it are not"
    );
    assert_eq!(site.standing(room, ann), Some((2, 2, 1)));
    assert_eq!(read_to(site, room, bob, 2), 3, "over their own");
    assert_eq!(site.standing(room, bob), Some((3, 3, 0)));
}

pub(crate) fn reading_moves_over_what_is_read(site: &mut Site) {
    let (room, _, bob) = talk(site, "aabaabaa");
    assert_eq!(site.standing(room, bob), Some((0, 0, 6)));
    assert_eq!(read(site, room, bob, 4), 0);
    assert_eq!(site.standing(room, bob), Some((0, 4, 5)));
    assert_eq!(read(site, room, bob, 4), 0, "again");
    assert_eq!(read(site, room, bob, 3), 0, "their own");
    assert_eq!(site.standing(room, bob), Some((0, 4, 5)));
    assert_eq!(read(site, room, bob, 2), 0);
    assert_eq!(read(site, room, bob, 7), 0);
    assert_eq!(site.standing(room, bob), Some((0, 7, 3)));
    assert_eq!(read(site, room, bob, 1), 4, "over 2, their own 3, and 4");
    assert_eq!(site.standing(room, bob), Some((4, 7, 2)));
    assert_eq!(read_to(site, room, bob, 5), 7);
    assert_eq!(site.standing(room, bob), Some((7, 7, 1)));
    assert_eq!(read_to(site, room, bob, 8), 8);
    assert_eq!(site.standing(room, bob), Some((8, 8, 0)));
}

pub(crate) fn marks_never_go_back(site: &mut Site) {
    let (room, _, bob) = talk(site, "aaaa");
    deliver(site, room, bob, 3);
    assert_eq!(site.standing(room, bob), Some((0, 3, 4)));
    deliver(site, room, bob, 1);
    assert_eq!(site.standing(room, bob), Some((0, 3, 4)));
    assert_eq!(read_to(site, room, bob, 2), 2);
    assert_eq!(site.standing(room, bob), Some((2, 3, 2)));
    for seq in [1, 0, -1, i64::MIN] {
        assert_eq!(read_to(site, room, bob, seq), 2);
        assert_eq!(read(site, room, bob, seq), 2);
        deliver(site, room, bob, seq);
    }
    assert_eq!(site.standing(room, bob), Some((2, 3, 2)));
    for seq in [5, i64::MAX] {
        assert_eq!(read(site, room, bob, seq), 2, "there is no such message");
    }
    assert_eq!(site.standing(room, bob), Some((2, 3, 2)));
    deliver(site, room, bob, i64::MAX);
    assert_eq!(site.standing(room, bob), Some((2, 4, 2)), "up to the last");
    assert_eq!(read_to(site, room, bob, i64::MAX), 4);
    assert_eq!(site.standing(room, bob), Some((4, 4, 0)));
}

pub(crate) fn what_came_before_is_read(site: &mut Site) {
    let (room, ann, bob) = talk(site, "aabaa");
    assert_eq!(read(site, room, bob, 4), 0);
    site.leave(room, bob);
    assert_eq!(site.standing(room, bob), None);
    site.say(room, ann, "meanwhile");
    site.join(room, bob);
    assert_eq!(site.standing(room, bob), Some((6, 6, 0)));
    site.say(room, ann, "welcome");
    assert_eq!(site.standing(room, bob), Some((6, 6, 1)));
    let eve = site.account("eve");
    site.join(room, eve);
    assert_eq!(site.standing(room, eve), Some((7, 7, 0)));
    site.say(room, eve, "hello");
    assert_eq!(site.standing(room, eve), Some((8, 8, 0)));
    assert_eq!(site.standing(room, bob), Some((6, 6, 2)));
}

pub(crate) fn deleted_messages_count_like_others(site: &mut Site) {
    let (room, ann, bob) = talk(site, "aba");
    for seq in 1..=3 {
        site.change(|store| store.edit(room, seq, &Edit::Delete, at(20)).unwrap());
    }
    assert_eq!(site.standing(room, ann), Some((1, 1, 1)));
    assert_eq!(site.standing(room, bob), Some((0, 0, 2)));
    assert_eq!(read(site, room, bob, 1), 2, "over their own");
    assert_eq!(site.standing(room, bob), Some((2, 2, 1)));
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let (room, ann, bob) = talk(site, "ab");
    site.leave(room, bob);
    for (room, user) in [(room, bob), (room, UserId(99)), (RoomId(99), ann)] {
        site.refused(ErrorKind::NotFound, |store| {
            store.mark_delivered(room, user, 1)
        });
        site.refused(ErrorKind::NotFound, |store| {
            store.mark_read_to(room, user, 1)
        });
        site.refused(ErrorKind::NotFound, |store| store.mark_read(room, user, 1));
    }
}
