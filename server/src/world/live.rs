//! Who is connected: which connection follows which rooms, as whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::receiver::{Batch, CloseReason, Receiver};
use super::{Counting, Network, NetworkId, Notice, Said};
use crate::store::writer::Done;
use crate::store::{RoomId, UserId};

/// A connection's number, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SeatId(u64);

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
            Notice::RoomRemoved { room } => {
                let places = self.rooms.remove(room).unwrap_or_default();
                for ((_, seat), place) in places {
                    if let Some(sitting) = self.seats.get_mut(&seat) {
                        sitting.rooms.remove(room);
                    }
                    concerned.extend(place.user);
                }
            }
            Notice::RoomChanged { room } | Notice::Read { room, .. } => room_of = Some(*room),
            Notice::Contacts { one, other } => concerned.extend([one, other]),
        }
        let places = room_of.and_then(|room| self.rooms.get(&room));
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

    /// Shows messages of one room, in order, to all in it.
    fn show(&self, room: RoomId, said: &[&Said], now: Instant) {
        let mut rendered: Option<(NetworkId, Rendered)> = None;
        for ((network, _), place) in self.rooms.get(&room).into_iter().flatten() {
            if rendered.as_ref().is_none_or(|(of, _)| of != network) {
                let Some(how) = self.networks.get(network) else {
                    continue;
                };
                rendered = Some((*network, Rendered::new(how.as_ref(), said)));
            }
            if let Some((_, rendered)) = &rendered {
                rendered.give(place, now);
            }
        }
    }
}

/// Messages of one room as one network shows them.
struct Rendered {
    all: Bytes,
    /// Each frame's end in `all`, and whose it is if that one does not get it.
    frames: Vec<(usize, Option<UserId>)>,
}

impl Rendered {
    fn new(network: &dyn Network, said: &[&Said]) -> Self {
        let mut all = Vec::new();
        let frame = |said: &&Said| {
            network.message(said, &mut all);
            let hidden = if network.echoes() {
                None
            } else {
                said.posted.sender
            };
            (all.len(), hidden)
        };
        let frames = said.iter().map(frame).collect();
        Self {
            all: all.into(),
            frames,
        }
    }

    fn give(&self, place: &Place, now: Instant) {
        let own = |(_, hidden): &(usize, Option<UserId>)| hidden.is_some() && *hidden == place.user;
        if !self.frames.iter().any(own) {
            let batch = Batch {
                bytes: self.all.clone(),
                messages: self.frames.len(),
            };
            place.receiver.push(&batch, now);
            return;
        }
        let mut start = 0;
        for frame in &self.frames {
            let (end, _) = *frame;
            if !own(frame) {
                let bytes = self.all.slice(start..end);
                place.receiver.push(&Batch { bytes, messages: 1 }, now);
            }
            start = end;
        }
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
        self.seat(live, id)
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
        self.seat(live, id)
    }

    /// How many seats are taken.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.clients.subscribe()
    }

    /// Whether somebody is connected.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.lock().people.contains_key(&user)
    }

    /// Shows what the store has done, in order.
    pub(super) fn deliver(&self, batch: Vec<Done>, counters: &Counting) {
        let now = Instant::now();
        let mut run: Vec<Said> = Vec::new();
        for done in batch {
            match done {
                Done::Said(mut said) => {
                    if let Some(answer) = said.submission.answer.take() {
                        let answer = answer(&said.submission.message, Ok(&said.posted));
                        give_answer(&said.submission.origin, answer, now);
                    }
                    // What was kept before was shown before.
                    if !said.posted.repeated {
                        run.push(said);
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

    /// Shows a run of messages, room by room: between rooms no order is promised.
    fn show(&self, run: &mut Vec<Said>, now: Instant) {
        if run.is_empty() {
            return;
        }
        let mut rooms: BTreeMap<RoomId, Vec<&Said>> = BTreeMap::new();
        for said in run.iter() {
            let room = said.submission.message.room;
            rooms.entry(room).or_default().push(said);
        }
        let live = self.lock();
        for (room, said) in &rooms {
            live.show(*room, said, now);
        }
        drop(live);
        run.clear();
    }

    /// Sends everybody away, and whoever comes later.
    pub(super) fn close(&self) {
        let mut live = self.lock();
        live.closed = true;
        for sitting in live.seats.values() {
            sitting.receiver.close(CloseReason::Stopping);
        }
    }

    fn seat(&self, live: MutexGuard<'_, Live>, id: SeatId) -> Seat {
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
