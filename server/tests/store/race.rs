//! Two operations that meet. A store has one transaction at a time, so they come in one order or the other, in one transaction
//! or in two; each way must leave a state that is one of the two orders.

use std::fmt::Debug;

use kaiwa_server::store::{Repeat, Role, RoomId, Transaction, UserId};
use kaiwa_server::{Error, ErrorKind};

use crate::site::{Site, at, said};

/// What became of an operation: something to compare, or why not.
pub(crate) type Outcome = Result<String, ErrorKind>;

/// An operation on what a test has set up.
pub(crate) type Operation<S> = fn(&mut dyn Transaction, &S) -> Outcome;

/// A state after the operations, and what became of each of the two.
pub(crate) type Check<S> = fn(&mut Site, &S, First, &Outcome, &Outcome);

/// Which of the two came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    One,
    Other,
}

pub(crate) fn told<T: Debug>(result: Result<T, Error>) -> Outcome {
    result
        .map(|value| format!("{value:?}"))
        .map_err(|error| error.kind())
}

/// Both orders, in one transaction and in two, each in a store of its own.
pub(crate) fn race<S>(
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
pub(crate) fn one_wins(first: First, one: &Outcome, other: &Outcome, kind: ErrorKind) {
    let (winner, loser) = match first {
        First::One => (one, other),
        First::Other => (other, one),
    };
    assert!(winner.is_ok(), "{winner:?}");
    assert_eq!(loser, &Err(kind));
}

/// A room of ann and bob, in which ann has said something.
pub(crate) struct Room {
    pub(crate) ann: UserId,
    pub(crate) bob: UserId,
    pub(crate) room: RoomId,
}

pub(crate) fn room(site: &mut Site) -> Room {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    site.say(room, ann, "first");
    Room { ann, bob, room }
}

pub(crate) fn post_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(
        store
            .post(&said(set.room, set.bob, "second"), Repeat::Another)
            .map(|posted| posted.position.seq),
    )
}

pub(crate) fn remove_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.remove_members(set.room, &[set.bob]))
}

pub(crate) fn add_bob(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.add_members(set.room, &[(set.bob, Role::Member)], at(2)))
}

pub(crate) fn remove_room(store: &mut dyn Transaction, set: &Room) -> Outcome {
    told(store.remove_room(set.room))
}
