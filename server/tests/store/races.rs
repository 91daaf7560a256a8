//! Two operations that meet. A store has one transaction at a time, so they come in one order or the other, in one transaction
//! or in two; each way must leave a state that is one of the two orders.

use std::fmt::Debug;

use kaiwa_server::store::{
    Ban, BanKind, BanTarget, Change, ContactStatus, DataScope, Edit, LOBBY, NewInvite, NewMessage,
    Reaction, Repeat, Role, RoomId, RoomKind, RoomPatch, Session, Transaction, UserId,
};
use kaiwa_server::{Error, ErrorKind};

use crate::site::{Site, at, new_account, new_room, new_stream, said, texts, token};

/// What became of an operation: something to compare, or why not.
type Outcome = Result<String, ErrorKind>;

/// An operation on what a test has set up.
type Operation<S> = fn(&mut dyn Transaction, &S) -> Outcome;

/// A state after the operations, and what became of each of the two.
type Check<S> = fn(&mut Site, &S, First, &Outcome, &Outcome);

/// Which of the two came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    One,
    Other,
}

fn told<T: Debug>(result: Result<T, Error>) -> Outcome {
    result
        .map(|value| format!("{value:?}"))
        .map_err(|error| error.kind())
}

/// Both orders, in one transaction and in two, each in a store of its own.
fn race<S>(
    site: &mut Site,
    set_up: fn(&mut Site) -> S,
    one: Operation<S>,
    other: Operation<S>,
    check: Check<S>,
) {
    for first in [First::One, First::Other] {
        for together in [true, false] {
            let mut site = site.another();
            let set = set_up(&mut site);
            let both = match first {
                First::One => [one, other],
                First::Other => [other, one],
            };
            let [a, b] = if together {
                site.change(|store| both.map(|operation| operation(store, &set)))
            } else {
                both.map(|operation| site.change(|store| operation(store, &set)))
            };
            let (one, other) = match first {
                First::One => (a, b),
                First::Other => (b, a),
            };
            check(&mut site, &set, first, &one, &other);
        }
    }
}

/// Whoever is first has it, the other is told `kind`.
fn one_wins(first: First, one: &Outcome, other: &Outcome, kind: ErrorKind) {
    let (winner, loser) = match first {
        First::One => (one, other),
        First::Other => (other, one),
    };
    assert!(winner.is_ok(), "{winner:?}");
    assert_eq!(loser, &Err(kind));
}

/// A room of ann and bob, in which ann has said something.
struct Room {
    ann: UserId,
    bob: UserId,
    room: RoomId,
}

fn room(site: &mut Site) -> Room {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    site.say(room, ann, "first");
    Room { ann, bob, room }
}

fn post_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(
        store
            .post(&said(set.room, set.bob, "second"), Repeat::Another)
            .map(|posted| posted.position.seq),
    )
}

fn remove_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.remove_members(set.room, &[set.bob]))
}

fn add_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.add_members(set.room, &[(set.bob, Role::Member)], at(2)))
}

fn remove_room(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.remove_room(set.room))
}

fn delete(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.edit(set.room, 1, &Edit::Delete, at(20)))
}

pub(crate) fn two_accounts_of_one_name(site: &mut Site) {
    race(
        site,
        |_| (),
        |store, ()| told(store.create_account(&new_account("Ann")).map(drop)),
        |store, ()| told(store.create_account(&new_account("aNN")).map(drop)),
        |site, (), first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            let (user, _) = site.reader.account("ann").unwrap().unwrap();
            let winner = if first == First::One { "Ann" } else { "aNN" };
            assert_eq!(user.name, winner);
        },
    );
}

pub(crate) fn two_rooms_of_one_pair(site: &mut Site) {
    race(
        site,
        |site| site.accounts::<2>(),
        |store, [ann, bob]| told(store.direct(*ann, *bob, at(1))),
        |store, [ann, bob]| told(store.direct(*bob, *ann, at(1))),
        |site, [ann, bob], first, one, other| {
            let room = site.reader.direct_room(*ann, *bob).unwrap().unwrap();
            let made = |new: bool| Ok(format!("{:?}", (room, new)));
            assert_eq!(*one, made(first == First::One));
            assert_eq!(*other, made(first == First::Other));
            assert_eq!(site.reader.room_ids_of(*ann).unwrap(), [room]);
        },
    );
}

pub(crate) fn two_channels_of_one_name(site: &mut Site) {
    fn make(store: &mut dyn Transaction, name: &str) -> Outcome {
        let room = new_room(RoomKind::Channel, name, &[]);
        told(store.create_room(&room).map(drop))
    }
    race(
        site,
        |_| (),
        |store, ()| make(store, "talk"),
        |store, ()| make(store, "TALK"),
        |site, (), first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            assert!(site.reader.channel("Talk").unwrap().is_some());
        },
    );
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

pub(crate) fn removing_and_joining(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.leave(set.room, set.bob);
            set
        },
        remove_room,
        add_bob,
        |site, set, first, remove, join| {
            assert!(remove.is_ok());
            assert_eq!(join.is_err(), first == First::One);
            assert_eq!(site.reader.room_ids_of(set.bob).unwrap(), []);
            assert_eq!(site.spans(set.room, set.bob), []);
        },
    );
}

pub(crate) fn removing_a_circle_and_making_a_stream(site: &mut Site) {
    race(
        site,
        |site| {
            let [ann, bob] = site.accounts();
            let room = site.circle(&[ann, bob]);
            Room { ann, bob, room }
        },
        remove_room,
        |store, set| told(store.create_room(&new_stream(set.room, "talk")).map(drop)),
        |site, set, first, remove, make| {
            assert!(remove.is_ok());
            match first {
                First::One => assert_eq!(make, &Err(ErrorKind::NotFound)),
                First::Other => assert!(make.is_ok()),
            }
            assert_eq!(site.reader.children(set.room).unwrap(), []);
            assert_eq!(site.reader.room_ids_of(set.ann).unwrap(), []);
        },
    );
}

pub(crate) fn removing_and_renaming(site: &mut Site) {
    race(
        site,
        room,
        remove_room,
        |store, set| {
            let patch = RoomPatch {
                name: Some("renamed".to_owned()),
                ..RoomPatch::default()
            };
            told(store.update_room(set.room, &patch))
        },
        |site, set, first, remove, rename| {
            assert!(remove.is_ok());
            assert_eq!(rename.is_err(), first == First::One);
            assert_eq!(site.reader.room(set.room).unwrap(), None);
        },
    );
}

fn invite(set: &Room) -> NewInvite {
    NewInvite {
        code: "code".to_owned(),
        room: set.room,
        by: set.ann,
        user: Some(set.bob),
        expires: None,
        at: at(1),
    }
}

pub(crate) fn removing_and_inviting(site: &mut Site) {
    race(
        site,
        room,
        remove_room,
        |store, set| told(store.create_invite(&invite(set))),
        |site, set, first, remove, make| {
            assert!(remove.is_ok());
            assert_eq!(make.is_err(), first == First::One);
            site.refused(ErrorKind::NotFound, |store| {
                store.take_invite("code", set.bob, at(2))
            });
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

fn plus(set: &Room) -> Reaction {
    Reaction {
        user: set.bob,
        emoji: "+".to_owned(),
    }
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

pub(crate) fn using_an_invitation_twice(site: &mut Site) {
    fn take(store: &mut dyn Transaction, set: &Room) -> Outcome {
        told(store.take_invite("code", set.bob, at(2)))
    }
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.create_invite(&invite(&set)).unwrap());
            set
        },
        take,
        take,
        |_, _, first, one, other| one_wins(first, one, other, ErrorKind::NotFound),
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

pub(crate) fn asking_and_answering(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.request_contact(set.ann, set.bob, at(1)).unwrap());
            set
        },
        |store, set| told(store.request_contact(set.ann, set.bob, at(2))),
        |store, set| told(store.set_contact(set.ann, set.bob, ContactStatus::Rejected, at(2))),
        |site, set, first, ask, reject| {
            assert!(ask.is_ok());
            assert_eq!(reject.as_deref(), Ok("true"));
            let status = site.reader.contacts(set.ann, None).unwrap()[0].status;
            match first {
                First::One => assert_eq!(status, ContactStatus::Rejected),
                First::Other => assert_eq!(status, ContactStatus::Applied, "asked again"),
            }
        },
    );
}

pub(crate) fn asking_each_other(site: &mut Site) {
    race(
        site,
        room,
        |store, set| told(store.request_contact(set.ann, set.bob, at(2))),
        |store, set| told(store.request_contact(set.bob, set.ann, at(2))),
        |site, set, _, one, other| {
            assert!(one.is_ok() && other.is_ok());
            for user in [set.ann, set.bob] {
                assert_eq!(site.reader.contacts(user, None).unwrap().len(), 1);
                assert_eq!(site.reader.incoming_contacts(user).unwrap().len(), 1);
            }
        },
    );
}

pub(crate) fn joining_and_leaving(site: &mut Site) {
    race(
        site,
        room,
        add_bob,
        remove_bob,
        |site, set, first, join, leave| {
            assert_eq!(leave.as_deref(), Ok(format!("{:?}", [set.bob]).as_str()));
            let new: &[UserId] = match first {
                First::One => &[],
                First::Other => &[set.bob],
            };
            assert_eq!(join.as_deref(), Ok(format!("{new:?}").as_str()));
            let is_in = site.standing(set.room, set.bob).is_some();
            assert_eq!(is_in, first == First::Other);
            assert_eq!(site.spans(set.room, set.bob), [(1, 1)]);
        },
    );
}

pub(crate) fn leaving_and_a_role(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        |store, set| told(store.set_role(set.room, set.bob, Role::Owner)),
        |site, set, first, leave, role| {
            assert!(leave.is_ok());
            assert_eq!(role.is_err(), first == First::One);
            site.join(set.room, set.bob);
            let found = site.reader.membership(set.room, set.bob).unwrap().unwrap();
            assert_eq!(found.role, Role::Member, "a role goes with its member");
        },
    );
}

pub(crate) fn leaving_and_data(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        |store, set| {
            let scope = DataScope::Member(set.room, set.bob);
            told(store.set_data(scope, "a", Some("1")))
        },
        |site, set, first, leave, data| {
            assert!(leave.is_ok());
            assert_eq!(data.is_err(), first == First::One);
            let scope = DataScope::Member(set.room, set.bob);
            assert_eq!(site.reader.data(scope, "a").unwrap(), None);
        },
    );
}

pub(crate) fn signing_out_and_moving(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            let session = Session {
                user: set.ann,
                created: at(0),
                expires: at(100),
                room: None,
            };
            site.change(|store| store.create_session(&token(1), &session).unwrap());
            set
        },
        |store, _| told(store.end_session(&token(1))),
        |store, set| told(store.move_session(&token(1), Some(set.room))),
        |site, _, first, end, moved| {
            assert_eq!(end.as_deref(), Ok("true"));
            assert_eq!(moved.is_err(), first == First::One);
            assert_eq!(site.reader.session(&token(1)).unwrap(), None);
        },
    );
}

pub(crate) fn banning_and_unbanning(site: &mut Site) {
    fn ban(set: &Room) -> Ban {
        Ban {
            kind: BanKind::Speech,
            target: BanTarget::User(set.bob),
            room: Some(LOBBY),
            until: None,
            reason: None,
            by: None,
            at: at(1),
        }
    }
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.ban(&ban(&set)).unwrap());
            set
        },
        |store, set| told(store.ban(&ban(set)).map(drop)),
        |store, _| {
            let bans = store.bans(at(1)).unwrap();
            bans.into_iter()
                .try_for_each(|(id, _)| store.unban(id).map(drop))
                .map(|()| String::new())
                .map_err(|error| error.kind())
        },
        |site, set, first, ban, unban| {
            assert!(ban.is_ok() && unban.is_ok());
            let target = BanTarget::User(set.bob);
            let banned = site
                .reader
                .banned(BanKind::Speech, &target, Some(LOBBY), at(2));
            assert_eq!(banned.unwrap().is_some(), first == First::Other);
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
