//! What a transaction keeps, and when others see it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use kaiwa_server::store::{DataScope, LOBBY, NewAccount, Repeat, Role, RoomId, Transaction};
use kaiwa_server::{Error, ErrorKind};

use crate::site::{Site, at, guest, new_account, new_message, said, texts, token};

/// A transaction that fails after this work.
pub(crate) fn failing(site: &mut Site, kind: ErrorKind, work: impl FnOnce(&mut dyn Transaction)) {
    let mut work = Some(work);
    let error = site
        .store
        .transaction(&mut |transaction| {
            if let Some(work) = work.take() {
                work(transaction);
            }
            Err(Error::new(kind, "told to fail"))
        })
        .unwrap_err();
    assert_eq!(error.kind(), kind);
}

pub(crate) fn a_failure_keeps_nothing(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    site.say(room, ann, "1");
    let before = site.picture();
    for kind in [ErrorKind::Storage, ErrorKind::Internal, ErrorKind::NotFound] {
        failing(site, kind, |store| {
            let eve = store.create_account(&new_account("eve")).unwrap();
            store
                .add_members(room, &[(eve, Role::Admin)], at(2))
                .unwrap();
            store.post(&said(room, eve, "2"), Repeat::Same).unwrap();
            store
                .post(&new_message(LOBBY, guest("zoe"), "hi"), Repeat::Same)
                .unwrap();
            store.mark_read_to(room, bob, 1).unwrap();
            store.remove_members(room, &[ann]).unwrap();
            store
                .set_data(DataScope::Room(room), "a", Some("1"))
                .unwrap();
            store.request_contact(ann, eve, at(2)).unwrap();
            store.remove_room(room).unwrap();
            assert!(store.room(room).unwrap().is_none(), "seen from within");
        });
        assert_eq!(site.picture(), before);
        assert!(site.reader.account("eve").unwrap().is_none());
    }
    site.account("eve");
}

pub(crate) fn numbers_go_on_after_a_failure(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let first = site.say(room, ann, "1");
    failing(site, ErrorKind::Internal, |store| {
        for _ in 0..3 {
            store.post(&said(room, ann, "lost"), Repeat::Same).unwrap();
            let lost = new_message(LOBBY, guest("lost"), "lost");
            store.post(&lost, Repeat::Same).unwrap();
        }
    });
    let second = site.say(room, ann, "2");
    assert_eq!(second.position.seq, first.position.seq + 1, "no hole");
    assert!(second.position.id > first.position.id);
    let lobby = site.change(|store| {
        let message = new_message(LOBBY, guest("lost"), "found");
        store.post(&message, Repeat::Same).unwrap()
    });
    assert_eq!(lobby.position.seq, 1);
    let sender = site.reader.user(lobby.sender.unwrap()).unwrap().unwrap();
    assert_eq!(sender.name, "lost");
}

pub(crate) fn a_refusal_does_not_stop_the_others(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    site.change(|store| {
        store.post(&said(room, ann, "1"), Repeat::Another).unwrap();
        store
            .post(&said(room, bob, "no"), Repeat::Another)
            .unwrap_err();
        store.create_account(&new_account("PERSON 0")).unwrap_err();
        store
            .post(&said(RoomId(99), ann, "no"), Repeat::Another)
            .unwrap_err();
        store.post(&said(room, ann, "2"), Repeat::Another).unwrap();
    });
    assert_eq!(texts(&site.messages(room)), ["1", "2"]);
}

pub(crate) fn readers_see_what_is_committed_and_nothing_else(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let mut second = site.store.reader().unwrap();
    for number in 1..=5 {
        let text = number.to_string();
        site.change(|store| {
            store
                .post(&said(room, ann, &text), Repeat::Another)
                .unwrap();
            let inside = store.room(room).unwrap().unwrap().last.seq;
            assert_eq!(inside, number, "seen from within");
        });
        for reader in [&mut site.reader, &mut second] {
            let last = reader.room(room).unwrap().unwrap().last;
            assert_eq!(last.seq, number);
            assert!(reader.message(last.id).unwrap().is_some());
        }
    }
    failing(site, ErrorKind::Internal, |store| {
        store
            .post(&said(room, ann, "lost"), Repeat::Another)
            .unwrap();
    });
    assert_eq!(site.messages(room).len(), 5);
}

/// Whatever a reader asks while somebody writes, it is answered, from one state.
pub(crate) fn readers_beside_a_writer(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let done = AtomicBool::new(false);
    let readers = [(); 2].map(|()| site.store.reader().unwrap());
    thread::scope(|scope| {
        for mut reader in readers {
            let done = &done;
            scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    for conversation in reader.conversations(bob, 0, 9).unwrap() {
                        let seq = conversation.message.position.seq;
                        assert_eq!(conversation.room.last.seq, seq);
                        assert_eq!(conversation.unread, seq);
                        assert!(seq >= last, "never back");
                        last = seq;
                    }
                }
            });
        }
        for _ in 0..200 {
            site.say(room, ann, "hm");
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(site.messages(room).len(), 200);
}

pub(crate) fn a_panic_keeps_nothing(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let before = site.picture();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        site.change(|store| {
            store
                .post(&said(room, ann, "lost"), Repeat::Another)
                .unwrap();
            let account = NewAccount {
                rank: 1,
                ..new_account("eve")
            };
            store.create_account(&account).unwrap();
            store.end_session(&token(1)).unwrap();
            std::panic::resume_unwind(Box::new("told to"));
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(site.picture(), before);
    assert_eq!(site.say(room, ann, "1").position.seq, 1);
    assert!(site.reader.account("eve").unwrap().is_none());
}
