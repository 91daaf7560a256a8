//! Two operations that meet: what is said, changed and read.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Change, Edit, NewMessage, Reaction, Repeat, Transaction};

use crate::race::{
    First, Outcome, Room, add_bob, post_bob, race, remove_bob, remove_room, room, told,
};
use crate::site::{Site, at, said, texts};

fn delete(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.edit(set.room, 1, &Edit::Delete, at(20)))
}

fn plus(set: &Room) -> Reaction {
    Reaction {
        user: set.bob,
        emoji: "+".to_owned(),
    }
}

pub(crate) fn joining_and_posting(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.leave(set.room, set.bob);
            set
        },
        add_bob,
        post_bob,
        |site, set, first, join, post| {
            assert!(join.is_ok());
            let spans = site.spans(set.room, set.bob);
            match first {
                First::One => {
                    assert_eq!(post.as_deref(), Ok("2"));
                    assert_eq!(spans, [(1, 2)]);
                }
                First::Other => {
                    assert_eq!(post, &Err(ErrorKind::Forbidden));
                    assert_eq!(spans, [(1, 1)]);
                }
            }
            let last = site.reader.room(set.room).unwrap().unwrap().last.seq;
            assert_eq!(site.standing(set.room, set.bob), Some((last, last, 0)));
        },
    );
}

pub(crate) fn leaving_and_posting(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        post_bob,
        |site, set, first, leave, post| {
            assert!(leave.is_ok());
            let messages = site.messages(set.room);
            let spans = site.spans(set.room, set.bob);
            match first {
                First::One => {
                    assert_eq!(post, &Err(ErrorKind::Forbidden));
                    assert_eq!(texts(&messages), ["first"]);
                    assert_eq!(spans, [(1, 1)]);
                }
                First::Other => {
                    assert_eq!(post.as_deref(), Ok("2"));
                    assert_eq!(texts(&messages), ["first", "second"]);
                    assert_eq!(spans, [(1, 2)]);
                }
            }
        },
    );
}

pub(crate) fn leaving_and_reading(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        |store, set| told(store.mark_read_to(set.room, set.bob, 1)),
        |site, set, first, leave, read| {
            assert!(leave.is_ok());
            match first {
                First::One => assert_eq!(read, &Err(ErrorKind::NotFound)),
                First::Other => assert_eq!(read.as_deref(), Ok("1")),
            }
            assert_eq!(site.standing(set.room, set.bob), None);
        },
    );
}

pub(crate) fn removing_and_posting(site: &mut Site) {
    race(
        site,
        room,
        remove_room,
        post_bob,
        |site, set, first, remove, post| {
            assert!(remove.is_ok());
            match first {
                First::One => assert_eq!(post, &Err(ErrorKind::NotFound)),
                First::Other => assert_eq!(post.as_deref(), Ok("2")),
            }
            assert_eq!(site.messages(set.room), []);
            assert_eq!(site.reader.conversations(set.bob, 0, 9).unwrap(), []);
        },
    );
}

pub(crate) fn posting_and_reading(site: &mut Site) {
    race(
        site,
        room,
        post_bob,
        |store, set| told(store.mark_read_to(set.room, set.ann, i64::MAX)),
        |site, set, first, post, read| {
            assert_eq!(post.as_deref(), Ok("2"));
            let (mark, unread) = match first {
                First::One => (2, 0),
                First::Other => (1, 1),
            };
            assert_eq!(read.as_deref(), Ok(mark.to_string().as_str()));
            assert_eq!(site.standing(set.room, set.ann), Some((mark, mark, unread)));
            assert_eq!(site.standing(set.room, set.bob), Some((0, 0, 1)));
        },
    );
}
pub(crate) fn one_client_id_twice(site: &mut Site) {
    fn post(store: &mut dyn Transaction, set: &Room, text: &str) -> Outcome {
        let message = NewMessage {
            client_id: Some("c1".to_owned()),
            ..said(set.room, set.bob, text)
        };
        let posted = store.post(&message, Repeat::Same);
        told(posted.map(|posted| (posted.position.seq, posted.repeated)))
    }
    race(
        site,
        room,
        |store, set| post(store, set, "one"),
        |store, set| post(store, set, "other"),
        |site, set, first, one, other| {
            let kept = |is_first: bool| Ok(format!("{:?}", (2, !is_first)));
            assert_eq!(*one, kept(first == First::One));
            assert_eq!(*other, kept(first == First::Other));
            let winner = if first == First::One { "one" } else { "other" };
            assert_eq!(texts(&site.messages(set.room)), ["first", winner]);
        },
    );
}

pub(crate) fn editing_and_deleting(site: &mut Site) {
    race(
        site,
        room,
        |store, set| {
            let edit = Edit::Text("edited".to_owned());
            told(store.edit(set.room, 1, &edit, at(19)))
        },
        delete,
        |site, set, first, edit, delete| {
            assert!(delete.is_ok());
            match first {
                First::One => assert_eq!(edit.as_deref(), Ok("2")),
                First::Other => assert_eq!(edit, &Err(ErrorKind::NotFound)),
            }
            let message = site.messages(set.room).pop().unwrap();
            assert!(message.deleted && message.text.is_none());
            let last = site.reader.room(set.room).unwrap().unwrap().last_change;
            assert_eq!(message.change, last);
        },
    );
}

pub(crate) fn deleting_and_reacting(site: &mut Site) {
    race(
        site,
        room,
        delete,
        |store, set| told(store.react(set.room, 1, &plus(set), true)),
        |site, set, first, delete, react| {
            assert!(delete.is_ok());
            assert_eq!(react.is_err(), first == First::One);
            let message = site.messages(set.room).pop().unwrap();
            assert!(message.deleted && message.reactions.is_empty());
            let changes = site.reader.changes(set.room, 0, 9).unwrap().unwrap();
            assert_eq!(changes, [Change::Message(message)]);
        },
    );
}

pub(crate) fn giving_and_taking_back(site: &mut Site) {
    race(
        site,
        room,
        |store, set| told(store.react(set.room, 1, &plus(set), true)),
        |store, set| told(store.react(set.room, 1, &plus(set), false)),
        |site, set, first, give, take| {
            assert_eq!(give.as_deref(), Ok("Some(2)"));
            let message = site.messages(set.room).pop().unwrap();
            match first {
                First::One => assert_eq!(take.as_deref(), Ok("Some(3)")),
                First::Other => assert_eq!(take.as_deref(), Ok("None")),
            }
            assert_eq!(message.reactions.is_empty(), first == First::One);
        },
    );
}
