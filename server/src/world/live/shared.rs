//! Who is connected, shared between the connections and the delivery.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Live, SeatId, Spot};
use crate::store::writer::Done;
use crate::store::{Room, RoomId, Subscription, UserId};
use crate::world::doors::Doors;
use crate::world::receiver::{Batch, CloseReason, Receiver};
use crate::world::{Counting, Network, NetworkId, Notice, Said, Seating, Submission};

/// Messages to be shown, in order, those of one room that follow each other together.
type Run = Vec<(RoomId, Vec<Said>)>;

/// [`Live`], shared between the connections and the delivery.
pub(crate) struct SharedLive {
    live: Arc<Mutex<Live>>,
    clients: Arc<watch::Sender<usize>>,
    doors: Doors,
}

impl SharedLive {
    pub(in crate::world) fn new(networks: Vec<(NetworkId, Arc<dyn Network>)>) -> Self {
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
            doors: Doors::default(),
        }
    }

    /// A guest's connection takes a seat in a room: everything delivered there from now on comes to its receiver.
    pub(crate) fn sit(&self, network: NetworkId, receiver: Arc<Receiver>, room: RoomId) -> Seat {
        let mut live = self.lock();
        let id = live.sit(network, receiver, room);
        self.seat(&live, id)
    }

    /// Somebody's connection takes a seat: it is told what concerns its person, and hears the rooms of the seating, from now on.
    /// To be called when the work ends that read the seating. With `alone`, their earlier connections on this network lose
    /// theirs.
    pub(crate) fn sit_as(
        &self,
        network: NetworkId,
        receiver: Arc<Receiver>,
        seating: &Seating,
        alone: bool,
    ) -> Seat {
        let mut live = self.lock();
        let was_here = live.people.contains_key(&seating.user);
        let id = live.sit_as(network, receiver, seating, alone);
        if !was_here {
            live.tell_presence(seating.user, true, Instant::now());
        }
        self.seat(&live, id)
    }

    /// A connection hears a room from now on, until it or its person leaves it. To be called when the work ends that subscribed
    /// them ([`crate::world::subscribe`]). Other connections of theirs go on as they do.
    pub(crate) fn follow(&self, seat: SeatId, subscription: &Subscription) {
        let Subscription { room, since, .. } = *subscription;
        self.lock().follow(seat, room, since);
    }

    /// No longer; likewise.
    pub(crate) fn unfollow(&self, seat: SeatId, room: RoomId) {
        self.lock().unfollow(seat, room);
    }

    /// Tells all others who hear a room that a connection's person types there, or no longer. Tells whether the connection hears
    /// the room; if not, nobody is told.
    pub(crate) fn typing(&self, seat: SeatId, room: RoomId, on: bool) -> bool {
        self.lock().typing(seat, room, on, Instant::now())
    }

    /// Asks who has a connection, on any network. No presence changes, nor is a change told, until `look` returns: what it pushes
    /// is true where it stands in the queue. It must not ask for anything else here.
    pub(crate) fn online<T>(&self, look: impl FnOnce(&dyn Fn(UserId) -> bool) -> T) -> T {
        let live = self.lock();
        look(&|user| live.people.contains_key(&user))
    }

    /// Somebody's connections on a network are in this room from now on, or in none; it must be a network on which one is in one
    /// room at a time ([`Seating::placed`]). To be called when the work ends that read the room. Whoever leaves the room in which
    /// they are, or loses it, is nowhere until they are put elsewhere.
    pub(crate) fn put(&self, network: NetworkId, user: UserId, room: Option<&Room>) {
        self.lock().put_all(network, user, room.map(Spot::of));
    }

    #[cfg(test)]
    pub(super) fn whereabouts(&self, network: NetworkId, user: UserId) -> Option<RoomId> {
        self.lock().whereabouts(network, user)
    }

    /// Closes the connections of somebody, on all networks, but for one.
    pub(crate) fn send_away(&self, user: UserId, kept: &Arc<Receiver>, reason: CloseReason) {
        self.lock().send_away(user, Some(kept), |_| reason);
    }

    /// Whether nobody may connect from an address.
    pub(crate) fn is_closed_to(&self, peer: IpAddr, now: DateTime<Utc>) -> bool {
        self.doors.are_closed_to(peer, now)
    }

    /// How many seats are taken.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.clients.subscribe()
    }

    /// Shows what the store has done, in order.
    pub(in crate::world) fn deliver(&self, batch: Vec<Done>, counters: &Counting) {
        let now = Instant::now();
        let mut run = Run::new();
        for done in batch {
            match done {
                // What was kept before was shown before. Its answer stands behind those to earlier requests.
                Done::Said(said) if said.posted.repeated => {
                    self.show(&mut run, now);
                    answer_again(said, now);
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
                        self.show(&mut run, now);
                        let answer = answer(&submission.message, Err(&error));
                        give_answer(&submission.origin, answer, now);
                    }
                }
                Done::Failed(submission) => submission.origin.close(CloseReason::StoreFailed),
                Done::Work(mut work) => {
                    self.show(&mut run, now);
                    work.begin(self);
                    self.tell(work.notices(), work.origin(), now);
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

    /// Makes true what notices say, and tells them to whom they concern.
    fn tell(&self, notices: Vec<Notice>, origin: Option<&Arc<Receiver>>, now: Instant) {
        if notices.is_empty() {
            return;
        }
        let mut live = self.lock();
        for notice in notices {
            match notice {
                Notice::Said(said) if said.posted.repeated => answer_again(*said, now),
                Notice::Said(said) => {
                    let room = said.submission.message.room;
                    live.show(room, &mut [*said], now);
                }
                Notice::Doors(closed) => self.doors.set(closed),
                notice => live.notice(&notice, origin, now),
            }
        }
    }

    /// Sends everybody away, and whoever comes later.
    pub(in crate::world) fn close(&self) {
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

impl Seat {
    /// Its number, by which it is changed; means nothing any more when it is left.
    pub(crate) fn id(&self) -> SeatId {
        self.id
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut live = lock(&self.live);
        live.leave(self.id, Instant::now());
        self.clients.send_replace(live.seats.len());
    }
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    // Nothing in here panics half-way through a change.
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a message that had been kept before.
fn answer_again(said: Said, now: Instant) {
    let Said { posted, submission } = said;
    let Submission {
        message,
        origin,
        answer,
        ..
    } = *submission;
    if let Some(answer) = answer {
        give_answer(&origin, answer(&message, Ok(&posted)), now);
    }
}

fn give_answer(origin: &Receiver, answer: Option<Bytes>, now: Instant) {
    if let Some(bytes) = answer {
        origin.push(&Batch { bytes, messages: 1 }, now);
    }
}
