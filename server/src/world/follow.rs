//! Hearing rooms by choice: what a front end asks the store for when a client subscribes to a room, or signs in.
//!
//! That nothing is missed and nothing comes twice rests on one order. [`subscribe`] runs as work of the store's thread: it keeps
//! the subscription, and reads what has changed up to the room's change N. Its [`crate::store::writer::Job::request`] is
//! completed by the delivering task after all that the store did before was shown, and before anything that it did later. There
//! the front end pushes the answer and the changes up to N into the connection's queue, and calls
//! [`super::SharedLive::follow`]: so everything from N + 1 on is delivered behind them, and nothing else is. A connection that
//! heard the room already may have got some of these changes before the answer; from the answer on each comes once.
//!
//! Reading changes on the store's thread keeps everybody waiting. Whoever is to be handed many of them reads most through
//! [`super::World::read`] before (from the client's change on), and has [`subscribe`] read only what came since.

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};

use super::live::Spot;
use super::{Notice, RoomView};
use crate::store::{
    BanKind, BanTarget, Change, Role, Room, RoomId, Subscription, Transaction, UserId, silenced,
};

/// Streams that a connection hears that hears all rooms of its person: others may make them be in many more, and each costs memory
/// and time at every sign-in.
pub(super) const MAX_STREAMS_HEARD: usize = 5000;

/// Up to where somebody knows a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    /// The newest change they have seen.
    pub(crate) change: i64,
    /// Of which numbering, if they say so.
    pub(crate) epoch: Option<i64>,
    /// More changes than these are not told.
    pub(crate) limit: usize,
}

/// A room that somebody has subscribed to, and what is to be handed to them.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) room: Room,
    pub(crate) subscription: Subscription,
    /// What they may see of what has changed since, in order; none if that cannot be told: too much has changed, or the
    /// numbering is another.
    pub(crate) changes: Option<Vec<Change>>,
}

/// Subscribes somebody to a room and reads what they have missed; all of it is up to [`Room::last_change`] of the answer.
///
/// # Errors
/// `NotFound` for somebody who is not in, `Invalid` for a circle, `Full` for somebody who has too many subscriptions.
pub(crate) fn subscribe(
    store: &mut dyn Transaction,
    user: UserId,
    room: RoomId,
    since: Option<Since>,
) -> Result<Followed, Error> {
    let (subscription, _) = store.subscribe(user, room)?;
    let room = store
        .room(room)?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such room"))?;
    let changes = match since {
        None => Some(Vec::new()),
        Some(since) if since.epoch.is_some_and(|epoch| epoch != room.epoch) => None,
        // Of a numbering that was lost, as after a backup was put in its place.
        Some(since) if since.change > room.last_change => None,
        Some(since) => store.changes(room.id, since.change, since.limit)?,
    };
    let changes = changes.map(|mut changes| {
        changes.retain(|change| seq_of(change) >= subscription.since);
        changes
    });
    Ok(Followed {
        room,
        subscription,
        changes,
    })
}

/// The message that a change is about.
fn seq_of(change: &Change) -> i64 {
    match change {
        Change::Message(message) => message.position.seq,
        Change::Reaction { seq, .. } => *seq,
    }
}

/// The room of two, with both of them in it and subscribed, for `one` who wants to speak there; notices tell what had to be done
/// for that.
///
/// # Errors
/// `NotFound` if either is not there, `Invalid` for oneself, `Forbidden` if `one` is silenced: nothing is done for what would be
/// refused after it.
pub(crate) fn talk(
    store: &mut dyn Transaction,
    notices: &mut Vec<Notice>,
    one: UserId,
    other: UserId,
    at: DateTime<Utc>,
) -> Result<RoomId, Error> {
    let known = store.direct_room(one, other)?;
    let speaker = BanTarget::User(one);
    if let Some(ban) = store.banned(BanKind::Speech, &speaker, known, at)? {
        return Err(silenced(ban.until));
    }
    let mut entered = Vec::new();
    for user in [one, other] {
        let is_in = match known {
            Some(room) => store.membership(room, user)?.is_some(),
            None => false,
        };
        if !is_in {
            entered.push(user);
        }
    }
    let (room, _) = store.direct(one, other, at)?;
    notices.extend(Notice::entered(store, room, &entered)?);
    for user in [one, other] {
        let subscribed = match store.subscribe(user, room) {
            // They have more than they can hear; what is said there waits for them.
            Err(error) if error.kind() == ErrorKind::Full => None,
            subscribed => Some(subscribed?),
        };
        if let Some((subscription, true)) = subscribed
            && let Some(room) = RoomView::of(store, room)?
        {
            notices.push(Notice::Subscribed {
                room,
                user,
                subscription,
            });
        }
    }
    Ok(room)
}

/// What somebody's connection is to hear and to be told of, read by the work after which it takes its seat.
#[derive(Debug)]
pub(crate) struct Seating {
    pub(super) user: UserId,
    /// The rooms with members of their own in which they are.
    pub(super) roles: Vec<(RoomId, Role)>,
    pub(super) hears: Hears,
}

/// Which rooms a connection hears.
#[derive(Debug)]
pub(super) enum Hears {
    /// All in which its person is, those streams among them.
    All(Vec<RoomId>),
    /// Chosen ones.
    Chosen(Vec<Subscription>),
    /// That in which it is, and those of two, each from a sequence on.
    Placed {
        spot: Option<Spot>,
        talks: Vec<(RoomId, i64)>,
    },
}

impl Seating {
    /// For a connection that hears all rooms of its person.
    pub(crate) fn all(store: &mut dyn Transaction, user: UserId) -> Result<Self, Error> {
        Ok(Self {
            user,
            roles: store.roles_of(user)?,
            hears: Hears::All(store.stream_ids_of(user, MAX_STREAMS_HEARD)?),
        })
    }

    /// For one that hears what its person is subscribed to.
    pub(crate) fn chosen(store: &mut dyn Transaction, user: UserId) -> Result<Self, Error> {
        Ok(Self {
            user,
            roles: store.roles_of(user)?,
            hears: Hears::Chosen(store.subscriptions(user)?),
        })
    }

    /// For one that is in one room at a time, and hears that and what is said to its person alone. It is in this room, whether
    /// its person is a member or not, or in none until it is put somewhere ([`super::SharedLive::put`]).
    pub(crate) fn placed(
        store: &mut dyn Transaction,
        user: UserId,
        room: Option<&Room>,
    ) -> Result<Self, Error> {
        Ok(Self {
            user,
            roles: store.roles_of(user)?,
            hears: Hears::Placed {
                spot: room.map(Spot::of),
                talks: store.direct_rooms(user)?,
            },
        })
    }

    /// What was chosen, by room: what the connection hears, whatever its person's others have chosen since.
    pub(crate) fn subscriptions(&self) -> &[Subscription] {
        match &self.hears {
            Hears::All(_) | Hears::Placed { .. } => &[],
            Hears::Chosen(chosen) => chosen,
        }
    }
}

#[cfg(test)]
mod tests;
