//! Who is connected: which connection follows which rooms, as whom.

mod rendered;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use self::rendered::{Answers, Rendered};
use super::receiver::{Batch, CloseReason, Receiver};
use super::{Counting, Network, NetworkId, Notice, Said, Submission};
use crate::store::writer::Done;
use crate::store::{Position, RoomId, UserId};

/// A connection's number, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SeatId(u64);

/// Messages to be shown, in order, those of one room that follow each other together.
type Run = Vec<(RoomId, Vec<Said>)>;

/// In a room with more connections than this, only those who come or go are told that they do: everybody would be told of
/// everybody.
const TALKATIVE_ROOM: usize = 100;

/// Who is connected. Changed in the order of what happens in the store, so that nobody misses what is said in a room from the
/// moment on in which they entered it.
pub(crate) struct Live {
    networks: BTreeMap<NetworkId, Arc<dyn Network>>,
    seats: BTreeMap<SeatId, Sitting>,
    /// Sorted by network, so that each renders a batch once.
    rooms: BTreeMap<RoomId, BTreeMap<(NetworkId, SeatId), Place>>,
    /// The seats that follow all rooms of somebody.
    people: BTreeMap<UserId, BTreeSet<SeatId>>,
    next: u64,
    closed: bool,
}

/// A connection that has a seat.
struct Sitting {
    network: NetworkId,
    user: Option<UserId>,
    receiver: Arc<Receiver>,
    rooms: BTreeSet<RoomId>,
}

/// A connection in a room.
struct Place {
    user: Option<UserId>,
    receiver: Arc<Receiver>,
}

impl Live {
    /// Gives a guest's connection a seat in one room.
    fn sit(&mut self, network: NetworkId, receiver: Arc<Receiver>, room: RoomId) -> SeatId {
        let seat = self.add(network, None, receiver);
        self.follow(seat, room);
        seat
    }

    /// Gives somebody's connection a seat in all their rooms, whichever these are. With `alone`, their earlier connections on
    /// this network lose theirs.
    fn sit_as(
        &mut self,
        network: NetworkId,
        user: UserId,
        receiver: Arc<Receiver>,
        rooms: &[RoomId],
        alone: bool,
    ) -> SeatId {
        if alone {
            for seat in self.seats_of(user, network) {
                self.leave(seat);
            }
        }
        let seat = self.add(network, Some(user), receiver);
        self.people.entry(user).or_default().insert(seat);
        for room in rooms {
            self.follow(seat, *room);
        }
        seat
    }

    fn add(&mut self, network: NetworkId, user: Option<UserId>, receiver: Arc<Receiver>) -> SeatId {
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
        };
        self.seats.insert(seat, sitting);
        seat
    }

    fn follow(&mut self, seat: SeatId, room: RoomId) {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        sitting.rooms.insert(room);
        let place = Place {
            user: sitting.user,
            receiver: Arc::clone(&sitting.receiver),
        };
        let key = (sitting.network, seat);
        self.rooms.entry(room).or_default().insert(key, place);
    }

    fn unfollow(&mut self, seat: SeatId, room: RoomId) {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return;
        };
        sitting.rooms.remove(&room);
        let key = (sitting.network, seat);
        self.take_place(key, room);
    }

    fn leave(&mut self, seat: SeatId) {
        let Some(sitting) = self.seats.remove(&seat) else {
            return;
        };
        for room in &sitting.rooms {
            self.take_place((sitting.network, seat), *room);
        }
        if let Some(user) = sitting.user
            && let Some(seats) = self.people.get_mut(&user)
        {
            seats.remove(&seat);
            if seats.is_empty() {
                self.people.remove(&user);
            }
        }
    }

    fn take_place(&mut self, key: (NetworkId, SeatId), room: RoomId) {
        if let Some(places) = self.rooms.get_mut(&room) {
            places.remove(&key);
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

    /// Makes true what a notice says, and tells it to whom it concerns.
    fn notice(&mut self, notice: &Notice, now: Instant) {
        let mut concerned: BTreeSet<UserId> = BTreeSet::new();
        let mut room_of = None;
        match notice {
            Notice::Entered { room, users } => {
                for user in users {
                    for seat in self.people.get(user).cloned().unwrap_or_default() {
                        self.follow(seat, *room);
                    }
                }
                concerned.extend(users);
                room_of = Some(*room);
            }
            Notice::Left { room, users, .. } => {
                for user in users {
                    for seat in self.people.get(user).cloned().unwrap_or_default() {
                        self.unfollow(seat, *room);
                    }
                }
                concerned.extend(users);
                room_of = Some(*room);
            }
            Notice::RoomChanged { room } | Notice::Read { room, .. } => room_of = Some(*room),
            Notice::Contacts { one, other } => concerned.extend([one, other]),
        }
        let places = room_of
            .and_then(|room| self.rooms.get(&room))
            .filter(|places| places.len() <= TALKATIVE_ROOM);
        concerned.extend(
            places
                .into_iter()
                .flat_map(|places| places.values())
                .filter_map(|place| place.user),
        );
        for user in concerned {
            self.tell(user, notice, now);
        }
    }

    fn tell(&self, user: UserId, notice: &Notice, now: Instant) {
        for seat in self.people.get(&user).into_iter().flatten() {
            let sitting = self.seats.get(seat);
            let network = sitting.and_then(|sitting| self.networks.get(&sitting.network));
            if let (Some(sitting), Some(network)) = (sitting, network)
                && let Some(bytes) = network.notice(notice, user)
            {
                sitting.receiver.push(&Batch { bytes, messages: 1 }, now);
            }
        }
    }

    /// Shows messages of one room, in order, to all in it, and gives their senders the answers.
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

/// [`Live`], shared between the connections and the delivery.
pub(crate) struct SharedLive {
    live: Arc<Mutex<Live>>,
    clients: Arc<watch::Sender<usize>>,
}

impl SharedLive {
    pub(super) fn new(networks: Vec<(NetworkId, Arc<dyn Network>)>) -> Self {
        let live = Live {
            networks: networks.into_iter().collect(),
            seats: BTreeMap::new(),
            rooms: BTreeMap::new(),
            people: BTreeMap::new(),
            next: 0,
            closed: false,
        };
        Self {
            live: Arc::new(Mutex::new(live)),
            clients: Arc::new(watch::Sender::new(0)),
        }
    }

    /// A guest's connection takes a seat in a room: everything delivered there from now on comes to its receiver.
    pub(crate) fn sit(&self, network: NetworkId, receiver: Arc<Receiver>, room: RoomId) -> Seat {
        let mut live = self.lock();
        let id = live.sit(network, receiver, room);
        self.seat(&live, id)
    }

    /// Somebody's connection takes a seat in all their rooms, now and when they enter or leave one. `rooms` must be read by the
    /// work after which this is called. With `alone`, their earlier connections on this network lose theirs.
    pub(crate) fn sit_as(
        &self,
        network: NetworkId,
        user: UserId,
        receiver: Arc<Receiver>,
        rooms: &[RoomId],
        alone: bool,
    ) -> Seat {
        let mut live = self.lock();
        let id = live.sit_as(network, user, receiver, rooms, alone);
        self.seat(&live, id)
    }

    /// How many seats are taken.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.clients.subscribe()
    }

    /// Shows what the store has done, in order.
    pub(super) fn deliver(&self, batch: Vec<Done>, counters: &Counting) {
        let now = Instant::now();
        let mut run = Run::new();
        for done in batch {
            match done {
                // What was kept before was shown before.
                Done::Said(said) if said.posted.repeated => {
                    let Submission {
                        message,
                        origin,
                        answer,
                        ..
                    } = *said.submission;
                    if let Some(answer) = answer {
                        give_answer(&origin, answer(&message, Ok(&said.posted)), now);
                    }
                }
                Done::Said(said) => {
                    let room = said.submission.message.room;
                    match run.last_mut() {
                        Some((last, group)) if *last == room => group.push(said),
                        _ => run.push((room, vec![said])),
                    }
                }
                Done::Refused(submission, error) => {
                    Counting::add(&counters.refused);
                    tracing::debug!(room = submission.message.room.0, %error, "message refused");
                    if let Some(answer) = submission.answer {
                        let answer = answer(&submission.message, Err(&error));
                        give_answer(&submission.origin, answer, now);
                    }
                }
                Done::Failed(submission) => submission.origin.close(CloseReason::StoreFailed),
                Done::Work(mut work) => {
                    self.show(&mut run, now);
                    let notices = work.notices();
                    if !notices.is_empty() {
                        let mut live = self.lock();
                        for notice in &notices {
                            live.notice(notice, now);
                        }
                    }
                    work.finish(self);
                }
            }
        }
        self.show(&mut run, now);
    }

    /// Shows a run of messages.
    fn show(&self, run: &mut Run, now: Instant) {
        if run.is_empty() {
            return;
        }
        let live = self.lock();
        for (room, mut said) in std::mem::take(run) {
            live.show(room, &mut said, now);
        }
    }

    /// Sends everybody away, and whoever comes later.
    pub(super) fn close(&self) {
        let mut live = self.lock();
        live.closed = true;
        for sitting in live.seats.values() {
            sitting.receiver.close(CloseReason::Stopping);
        }
    }

    fn seat(&self, live: &Live, id: SeatId) -> Seat {
        self.clients.send_replace(live.seats.len());
        Seat {
            live: Arc::clone(&self.live),
            clients: Arc::clone(&self.clients),
            id,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        lock(&self.live)
    }
}

impl fmt::Debug for SharedLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLive").finish_non_exhaustive()
    }
}

/// A connection's seat; left when this is dropped.
pub(crate) struct Seat {
    live: Arc<Mutex<Live>>,
    clients: Arc<watch::Sender<usize>>,
    id: SeatId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut live = lock(&self.live);
        live.leave(self.id);
        self.clients.send_replace(live.seats.len());
    }
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    // Nothing in here panics half-way through a change.
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give_answer(origin: &Receiver, answer: Option<Bytes>, now: Instant) {
    if let Some(bytes) = answer {
        origin.push(&Batch { bytes, messages: 1 }, now);
    }
}

#[cfg(test)]
mod tests;
