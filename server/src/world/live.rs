//! Who is connected: which connection hears which rooms, as whom.

mod placed;
mod rendered;
mod shared;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

pub(in crate::world) use self::placed::Spot;
use self::rendered::{Answers, Rendered};
pub(crate) use self::shared::{Seat, SharedLive};
use super::follow::{Hears, MAX_STREAMS_HEARD};
use super::receiver::{CloseReason, Receiver};
use super::{Network, NetworkId, RoomView, Said, Seating};
use crate::store::{Position, Role, RoomId, RoomKind, Subscription, UserId};

/// Places of a connection from which on no further streams are heard unasked.
const MAX_PLACES: usize = 2 * MAX_STREAMS_HEARD;

/// A connection's number, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeatId(u64);

/// Who is connected. Changed in the order of what happens in the store, so that nobody misses what is said in a room from the
/// moment on in which they entered or followed it.
pub(crate) struct Live {
    networks: BTreeMap<NetworkId, Arc<dyn Network>>,
    seats: BTreeMap<SeatId, Sitting>,
    /// Sorted by network, so that each renders a batch once.
    rooms: BTreeMap<RoomId, BTreeMap<(NetworkId, SeatId), Place>>,
    /// The seats of somebody.
    people: BTreeMap<UserId, BTreeSet<SeatId>>,
    next: u64,
    closed: bool,
}

/// A connection that has a seat.
struct Sitting {
    network: NetworkId,
    user: Option<UserId>,
    receiver: Arc<Receiver>,
    /// Where it has a place.
    rooms: BTreeSet<RoomId>,
    manner: Manner,
}

/// Which rooms of its person a connection hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// All of them.
    All,
    /// Chosen ones.
    Chosen,
    /// One at a time, and those of two; none while it is nowhere.
    Placed(Option<Spot>),
}

/// A connection in a room: in one with members of its own, because its person is in; in a stream, because it hears that.
struct Place {
    user: Option<UserId>,
    receiver: Arc<Receiver>,
    /// What its person is in the room, if the room has members of its own.
    role: Option<Role>,
    /// Whether what is said there comes to it.
    hears: bool,
    /// Whether it is told of others there. All are but those that are in another room ([`Manner::Placed`]).
    attends: bool,
    /// The first sequence of whose message it is told what becomes of it. Connections that hear all rooms are told of none: their
    /// networks do not show it.
    since: i64,
}

impl Live {
    /// Gives a guest's connection a seat in one room.
    fn sit(&mut self, network: NetworkId, receiver: Arc<Receiver>, room: RoomId) -> SeatId {
        let seat = self.add(network, None, receiver, Manner::All);
        self.follow(seat, room, i64::MAX);
        seat
    }

    /// Gives somebody's connection a seat. With `alone`, their earlier connections on this network lose theirs.
    fn sit_as(
        &mut self,
        network: NetworkId,
        receiver: Arc<Receiver>,
        seating: &Seating,
        alone: bool,
    ) -> SeatId {
        let user = seating.user;
        if alone {
            for seat in self.seats_of(user, network) {
                self.remove(seat);
            }
        }
        let manner = match seating.hears {
            Hears::All(_) => Manner::All,
            Hears::Chosen(_) => Manner::Chosen,
            Hears::Placed { .. } => Manner::Placed(None),
        };
        let seat = self.add(network, Some(user), receiver, manner);
        self.people.entry(user).or_default().insert(seat);
        for (room, role) in &seating.roles {
            self.place(seat, *room, |place| {
                place.role = Some(*role);
                place.hears = manner == Manner::All;
            });
        }
        match &seating.hears {
            Hears::All(streams) => {
                for room in streams {
                    self.follow(seat, *room, i64::MAX);
                }
            }
            Hears::Chosen(chosen) => {
                for Subscription { room, since, .. } in chosen {
                    self.follow(seat, *room, *since);
                }
            }
            Hears::Placed { spot, talks } => {
                for (room, since) in talks {
                    self.follow(seat, *room, *since);
                }
                self.put(seat, *spot);
            }
        }
        seat
    }

    fn add(
        &mut self,
        network: NetworkId,
        user: Option<UserId>,
        receiver: Arc<Receiver>,
        manner: Manner,
    ) -> SeatId {
        if self.closed {
            receiver.close(CloseReason::Stopping);
        }
        let seat = SeatId(self.next);
        self.next += 1;
        let sitting = Sitting {
            network,
            user,
            receiver,
            rooms: BTreeSet::new(),
            manner,
        };
        self.seats.insert(seat, sitting);
        seat
    }

    /// Changes a seat's place in a room; made if it has none.
    fn place(&mut self, seat: SeatId, room: RoomId, change: impl FnOnce(&mut Place)) {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        sitting.rooms.insert(room);
        let key = (sitting.network, seat);
        let places = self.rooms.entry(room).or_default();
        change(places.entry(key).or_insert_with(|| Place {
            user: sitting.user,
            receiver: Arc::clone(&sitting.receiver),
            role: None,
            hears: false,
            attends: !matches!(sitting.manner, Manner::Placed(_)),
            since: i64::MAX,
        }));
    }

    /// From now on a seat hears a room.
    fn follow(&mut self, seat: SeatId, room: RoomId, since: i64) {
        self.place(seat, room, |place| {
            place.hears = true;
            place.since = since;
        });
    }

    /// Likewise, of a connection that hears all rooms of its person, as far as may be.
    fn hear(&mut self, seat: SeatId, stream: RoomId) {
        let sitting = self.seats.get(&seat);
        if sitting.is_some_and(|sitting| sitting.rooms.len() < MAX_PLACES) {
            self.follow(seat, stream, i64::MAX);
        }
    }

    /// No longer.
    fn unfollow(&mut self, seat: SeatId, room: RoomId) {
        let Some(sitting) = self.seats.get(&seat) else {
            return;
        };
        let place = self.rooms.get_mut(&room);
        match place.and_then(|places| places.get_mut(&(sitting.network, seat))) {
            Some(place) if place.role.is_some() => place.hears = false,
            Some(_) => self.take_place(seat, room),
            None => {}
        }
    }

    /// Somebody has come into a room.
    fn enter(&mut self, user: UserId, role: Role, view: &RoomView) {
        let kind = view.room.kind;
        let next = view.room.last.seq.saturating_add(1);
        for seat in self.people.get(&user).cloned().unwrap_or_default() {
            let Some(manner) = self.seats.get(&seat).map(|sitting| sitting.manner) else {
                continue;
            };
            self.place(seat, view.id(), |place| {
                place.role = Some(role);
                (place.hears, place.since) = match manner {
                    Manner::All => (true, i64::MAX),
                    Manner::Chosen => (kind != RoomKind::Circle, next),
                    Manner::Placed(_) if kind == RoomKind::Direct => (true, next),
                    // It hears this one if it is there.
                    Manner::Placed(_) => (place.hears, place.since),
                };
            });
            if manner == Manner::All {
                for stream in &view.streams {
                    self.hear(seat, stream.id);
                }
            }
        }
    }

    /// Somebody has left a room, and with it the streams in it.
    fn go(&mut self, user: UserId, view: &RoomView) {
        for seat in self.people.get(&user).cloned().unwrap_or_default() {
            self.take_place(seat, view.id());
            for stream in &view.streams {
                self.take_place(seat, stream.id);
            }
        }
    }

    /// Takes everybody out of a room.
    fn empty(&mut self, room: RoomId) {
        for (_, seat) in self.rooms.remove(&room).unwrap_or_default().into_keys() {
            if let Some(sitting) = self.seats.get_mut(&seat) {
                sitting.rooms.remove(&room);
            }
            self.displace_from(seat, room);
        }
    }

    fn is(&self, seat: SeatId, manner: Manner) -> bool {
        let sitting = self.seats.get(&seat);
        sitting.is_some_and(|sitting| sitting.manner == manner)
    }

    /// A connection has gone.
    fn leave(&mut self, seat: SeatId, now: Instant) {
        let user = self.seats.get(&seat).and_then(|sitting| sitting.user);
        if let Some(user) = user
            && self.people.get(&user).is_some_and(|seats| seats.len() == 1)
        {
            self.tell_presence(user, false, now);
        }
        self.remove(seat);
    }

    fn remove(&mut self, seat: SeatId) {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        let user = sitting.user;
        for room in std::mem::take(&mut sitting.rooms) {
            self.take_place(seat, room);
        }
        self.seats.remove(&seat);
        if let Some(user) = user
            && let Some(seats) = self.people.get_mut(&user)
        {
            seats.remove(&seat);
            if seats.is_empty() {
                self.people.remove(&user);
            }
        }
    }

    fn take_place(&mut self, seat: SeatId, room: RoomId) {
        self.displace_from(seat, room);
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        sitting.rooms.remove(&room);
        if let Some(places) = self.rooms.get_mut(&room) {
            places.remove(&(sitting.network, seat));
            if places.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }

    fn seats_of(&self, user: UserId, network: NetworkId) -> Vec<SeatId> {
        let seats = self.people.get(&user).into_iter().flatten();
        seats
            .filter(|seat| {
                self.seats
                    .get(seat)
                    .is_some_and(|sitting| sitting.network == network)
            })
            .copied()
            .collect()
    }

    /// Shows messages of one room, in order, to all who hear it, and gives their senders the answers.
    fn show(&self, room: RoomId, said: &mut [Said], now: Instant) {
        if let Some(last) = said.last() {
            let Position { id, seq } = last.posted.position;
            tracing::trace!(
                room = room.0,
                id = id.0,
                seq,
                messages = said.len(),
                "delivered up to"
            );
        }
        let mut answers = Answers::take(said);
        let mut rendered: Option<(NetworkId, Rendered)> = None;
        for ((network, _), place) in self.rooms.get(&room).into_iter().flatten() {
            if !place.hears {
                continue;
            }
            if rendered.as_ref().is_none_or(|(of, _)| of != network) {
                let Some(how) = self.networks.get(network) else {
                    continue;
                };
                rendered = Some((*network, Rendered::new(how.as_ref(), said)));
            }
            if let Some((_, rendered)) = &rendered {
                rendered.give(place, &mut answers, now);
            }
        }
        answers.give_rest(now);
    }
}

#[cfg(test)]
mod tests;
