//! Sign-ins that tokens resume.

use chrono::TimeDelta;
use kaiwa_server::ErrorKind;
use kaiwa_server::store::{LOBBY, MAX_SESSIONS, RoomId, Session, UserId};

use crate::site::{Site, at, token};

fn session(user: UserId) -> Session {
    Session {
        user,
        created: at(0),
        expires: at(100),
        room: None,
    }
}

pub(crate) fn a_token_resumes_until_it_ends(site: &mut Site) {
    let [ann, bob] = site.accounts();
    site.change(|store| {
        for (byte, user) in [(1, ann), (2, ann), (3, ann), (4, bob)] {
            store.create_session(&token(byte), &session(user)).unwrap();
        }
    });
    assert_eq!(site.reader.session(&token(1)).unwrap(), Some(session(ann)));
    assert_eq!(site.reader.session(&token(4)).unwrap(), Some(session(bob)));
    assert_eq!(site.reader.session(&token(5)).unwrap(), None);
    assert!(site.change(|store| store.end_session(&token(1)).unwrap()));
    assert!(!site.change(|store| store.end_session(&token(1)).unwrap()));
    assert_eq!(site.reader.session(&token(1)).unwrap(), None);
    assert_eq!(site.change(|store| store.end_sessions(ann).unwrap()), 2);
    assert_eq!(site.change(|store| store.end_sessions(ann).unwrap()), 0);
    assert_eq!(site.reader.session(&token(3)).unwrap(), None);
    assert_eq!(site.reader.session(&token(4)).unwrap(), Some(session(bob)));
}

pub(crate) fn expired_ones_are_forgotten_after_a_day(site: &mut Site) {
    let ann = site.account("ann");
    site.change(|store| store.create_session(&token(1), &session(ann)).unwrap());
    let later = |after: TimeDelta| Session {
        created: at(100) + after,
        expires: at(1_000_000),
        ..session(ann)
    };
    site.change(|store| {
        let day = later(TimeDelta::days(1));
        store.create_session(&token(2), &day).unwrap();
    });
    let known = site.reader.session(&token(1)).unwrap();
    assert_eq!(known, Some(session(ann)), "expired, and that can be told");
    site.change(|store| {
        let longer = later(TimeDelta::days(1) + TimeDelta::nanoseconds(1));
        store.create_session(&token(3), &longer).unwrap();
    });
    assert_eq!(site.reader.session(&token(1)).unwrap(), None);
    assert!(site.reader.session(&token(2)).unwrap().is_some());
}

pub(crate) fn the_oldest_of_many_are_forgotten(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let count = u8::try_from(MAX_SESSIONS).unwrap();
    // Newer ones first, and two of the same time.
    let began = |number: u8| Session {
        created: at(i64::from(count - number / 2)),
        expires: at(1000),
        ..session(ann)
    };
    site.change(|store| store.create_session(&token(255), &session(bob)).unwrap());
    site.change(|store| {
        for number in 0..count {
            store
                .create_session(&token(number), &began(number))
                .unwrap();
        }
    });
    for number in 0..count {
        let known = site.reader.session(&token(number)).unwrap();
        assert_eq!(known, Some(began(number)), "as many as there may be");
    }
    for added in 1..=3 {
        let newest = Session {
            created: at(500),
            ..began(0)
        };
        let token = token(count + added);
        site.change(|store| store.create_session(&token, &newest).unwrap());
        assert_eq!(site.reader.session(&token).unwrap(), Some(newest));
        let left = (0..count).filter(|number| {
            let known = site.reader.session(&crate::site::token(*number));
            known.unwrap().is_some()
        });
        assert_eq!(left.count(), usize::from(count - added));
    }
    for oldest in [count - 2, count - 1] {
        assert_eq!(site.reader.session(&token(oldest)).unwrap(), None);
    }
    assert!(site.reader.session(&token(255)).unwrap().is_some());
}

pub(crate) fn all_but_one_are_ended(site: &mut Site) {
    let [ann, bob] = site.accounts();
    site.change(|store| {
        for (number, user) in [(1, ann), (2, ann), (3, ann), (4, bob)] {
            store
                .create_session(&token(number), &session(user))
                .unwrap();
        }
        assert_eq!(store.end_other_sessions(ann, &token(2)).unwrap(), 2);
        assert_eq!(store.end_other_sessions(ann, &token(2)).unwrap(), 0);
    });
    let mut left = Vec::new();
    for number in 1..=4 {
        if site.reader.session(&token(number)).unwrap().is_some() {
            left.push(number);
        }
    }
    assert_eq!(left, [2, 4]);
    // A token of nobody's keeps nothing.
    let ended = site.change(|store| store.end_other_sessions(ann, &token(4)).unwrap());
    assert_eq!(ended, 1);
}

pub(crate) fn moving(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let there = Session {
        room: Some(LOBBY),
        ..session(ann)
    };
    site.change(|store| store.create_session(&token(1), &there).unwrap());
    assert_eq!(site.reader.session(&token(1)).unwrap(), Some(there));
    let mut move_to = |to| {
        site.change(|store| store.move_session(&token(1), to).unwrap());
        site.reader.session(&token(1)).unwrap().unwrap().room
    };
    assert_eq!(move_to(None), None);
    assert_eq!(move_to(Some(room)), Some(room));
    site.change(|store| store.remove_room(room).unwrap());
    let left = site.reader.session(&token(1)).unwrap();
    assert_eq!(left, Some(session(ann)), "signed in, and nowhere");
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    site.change(|store| store.create_session(&token(1), &session(ann)).unwrap());
    site.refused(ErrorKind::Conflict, |store| {
        store.create_session(&token(1), &session(ann))
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.create_session(&token(2), &session(UserId(99)))
    });
    let nowhere = Session {
        room: Some(RoomId(99)),
        ..session(ann)
    };
    site.refused(ErrorKind::NotFound, |store| {
        store.create_session(&token(2), &nowhere)
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.move_session(&token(2), None)
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.move_session(&token(1), Some(RoomId(99)))
    });
    assert_eq!(site.reader.session(&token(1)).unwrap(), Some(session(ann)));
    assert_eq!(site.reader.session(&token(2)).unwrap(), None);
}
