//! Invitations.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Invite, MAX_INVITES, NewInvite, RoomId, UserId};

use crate::site::{Site, at};

fn invite(room: RoomId, by: UserId, code: &str) -> NewInvite {
    NewInvite {
        code: code.to_owned(),
        room,
        by,
        user: None,
        expires: None,
        at: at(0),
    }
}

pub(crate) fn one_person_once_or_anybody_always(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let room = site.group(&[ann]);
    site.change(|store| {
        store.create_invite(&invite(room, ann, "open")).unwrap();
        let only = NewInvite {
            user: Some(bob),
            ..invite(room, ann, "bob's")
        };
        store.create_invite(&only).unwrap();
    });
    let expected = Invite { room, by: ann };
    site.refused(ErrorKind::NotFound, |store| {
        store.take_invite("bob's", eve, at(1))
    });
    for user in [eve, bob, bob] {
        let taken = site.change(|store| store.take_invite("open", user, at(1)).unwrap());
        assert_eq!(taken, expected);
    }
    let taken = site.change(|store| store.take_invite("bob's", bob, at(1)).unwrap());
    assert_eq!(taken, expected);
    site.refused(ErrorKind::NotFound, |store| {
        store.take_invite("bob's", bob, at(1))
    });
    assert_eq!(
        site.reader.membership(room, bob).unwrap(),
        None,
        "the caller lets them in"
    );
    site.change(|store| store.remove_room(room).unwrap());
    site.refused(ErrorKind::NotFound, |store| {
        store.take_invite("open", eve, at(1))
    });
}

pub(crate) fn expiry(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let until = |code: &str, seconds| NewInvite {
        expires: Some(at(seconds)),
        ..invite(room, ann, code)
    };
    site.change(|store| store.create_invite(&until("a", 10)).unwrap());
    site.change(|store| store.take_invite("a", ann, at(9)).unwrap());
    site.refused(ErrorKind::NotFound, |store| {
        store.take_invite("a", ann, at(10))
    });
    // An expired one is forgotten when the next is made.
    let later = NewInvite {
        at: at(10),
        ..until("b", 20)
    };
    site.change(|store| store.create_invite(&later).unwrap());
    site.change(|store| store.create_invite(&until("a", 30)).unwrap());
    site.change(|store| store.take_invite("a", ann, at(29)).unwrap());
}

pub(crate) fn the_most_that_are_open(site: &mut Site) {
    let ann = site.account("ann");
    let [room, other] = [site.group(&[ann]), site.group(&[ann])];
    let until = |number: usize| NewInvite {
        expires: Some(at(10)),
        ..invite(room, ann, &format!("code {number}"))
    };
    site.change(|store| {
        for number in 0..MAX_INVITES {
            store.create_invite(&until(number)).unwrap();
        }
        store.create_invite(&invite(other, ann, "other")).unwrap();
    });
    let more = |seconds| NewInvite {
        at: at(seconds),
        ..invite(room, ann, "one more")
    };
    site.refused(ErrorKind::Full, |store| store.create_invite(&more(9)));
    // Those that have expired are not open.
    site.change(|store| store.create_invite(&more(10)).unwrap());
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let nobody = UserId(99);
    site.change(|store| store.create_invite(&invite(room, ann, "a")).unwrap());
    let for_nobody = NewInvite {
        user: Some(nobody),
        ..invite(room, ann, "b")
    };
    for (refused, kind) in [
        (invite(room, ann, "a"), ErrorKind::Conflict),
        (invite(RoomId(99), ann, "b"), ErrorKind::NotFound),
        (invite(room, nobody, "b"), ErrorKind::NotFound),
        (for_nobody, ErrorKind::NotFound),
    ] {
        site.refused(kind, |store| store.create_invite(&refused));
    }
    site.refused(ErrorKind::NotFound, |store| {
        store.take_invite("b", ann, at(1))
    });
}
