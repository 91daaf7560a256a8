//! Telling notices: to whom, and with which frames.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Live, Manner, SeatId, Sitting};
use crate::store::{Role, RoomId, UserId};
use crate::world::{Batch, CloseReason, Network, NetworkId, Notice, Receiver, RoomView};

/// A room with more connections than this is a crowd: there everybody would be told of everybody.
const TALKATIVE_ROOM: usize = 100;

/// Places that are looked at to find out with whom somebody is in a room: with more rooms than these fill, not all are told.
const MAX_LOOKED_AT: usize = 10_000;

impl Live {
    /// Makes true what a notice says, and tells it to whom it concerns, but not to `origin`.
    pub(super) fn notice(&mut self, notice: &Notice, origin: Option<&Arc<Receiver>>, now: Instant) {
        self.learn(notice);
        let mut telling = Telling::new(notice, origin, now);
        match notice {
            Notice::Entered { room, members } => {
                let users: Vec<UserId> = members.iter().map(|member| member.user.id).collect();
                for member in members {
                    self.enter(member.user.id, member.role, room);
                }
                self.tell_comers(&mut telling, room.id(), &users);
            }
            Notice::Left { room, people, .. } => {
                let users: Vec<UserId> = people.iter().map(|user| user.id).collect();
                for user in &users {
                    self.go(*user, room);
                }
                self.tell_comers(&mut telling, room.id(), &users);
            }
            Notice::Subscribed {
                room,
                user,
                subscription,
            } => {
                for seat in self.people.get(user).cloned().unwrap_or_default() {
                    if self.is(seat, Manner::Chosen) {
                        self.follow(seat, room.id(), subscription.since);
                    }
                }
                self.tell_person(&mut telling, *user);
            }
            Notice::Opened { room } => {
                self.open(room);
                self.tell_room(&mut telling, room.hall());
            }
            Notice::RoomChanged { room } => self.tell_room(&mut telling, room.hall()),
            Notice::RoomRemoved { room, .. } => {
                self.tell_room(&mut telling, room.hall());
                self.empty(room.id());
                for stream in &room.streams {
                    self.empty(stream.id);
                }
            }
            Notice::Role { room, member } => {
                for seat in self
                    .people
                    .get(&member.user.id)
                    .cloned()
                    .unwrap_or_default()
                {
                    self.set_role(seat, *room, member.role);
                }
                self.tell_comers(&mut telling, *room, &[member.user.id]);
            }
            Notice::Contacts { one, other } => {
                for user in BTreeSet::from([one, other]) {
                    self.tell_person(&mut telling, *user);
                }
            }
            Notice::Read { room, user, .. } => self.tell_comers(&mut telling, *room, &[*user]),
            Notice::Edited(message) => {
                let telling = Telling::new(notice, None, now);
                self.tell_followers(telling, message.room, message.position.seq);
            }
            Notice::Reacted { room, seq, .. } => {
                self.tell_followers(Telling::new(notice, None, now), *room, *seq);
            }
            Notice::Typing { room, .. } => self.tell_followers(telling, *room, i64::MAX),
            Notice::Profile(user) => {
                self.tell_person(&mut telling, user.id);
                self.tell_acquainted(&mut telling, user.id);
            }
            Notice::Presence { user, .. } => self.tell_acquainted(&mut telling, *user),
            Notice::Banned { user, .. } => {
                self.tell_person(&mut telling, *user);
                self.send_away(*user, origin, |how| how.farewell());
            }
            Notice::Doors(_) | Notice::Said(_) => debug_assert!(false, "for others to do"),
        }
    }

    /// Closes the connections of somebody but for one, with the reason that each network has.
    pub(super) fn send_away(
        &self,
        user: UserId,
        kept: Option<&Arc<Receiver>>,
        reason: impl Fn(&dyn Network) -> CloseReason,
    ) {
        let seats = self.people.get(&user).into_iter().flatten();
        for sitting in seats.filter_map(|seat| self.seats.get(seat)) {
            let is_kept = kept.is_some_and(|kept| Arc::ptr_eq(kept, &sitting.receiver));
            if let Some(how) = self.networks.get(&sitting.network)
                && !is_kept
            {
                sitting.receiver.close(reason(how.as_ref()));
            }
        }
    }

    fn learn(&self, notice: &Notice) {
        for how in self.networks.values() {
            how.learn(notice);
        }
    }

    fn set_role(&mut self, seat: SeatId, room: RoomId, role: Role) {
        let network = self.seats.get(&seat).map(|sitting| sitting.network);
        let places = self.rooms.get_mut(&room);
        if let Some((network, places)) = network.zip(places)
            && let Some(place) = places.get_mut(&(network, seat))
        {
            place.role = Some(role);
        }
    }

    /// A stream is there: whoever hears all rooms of their person hears it.
    fn open(&mut self, stream: &RoomView) {
        let places = self.rooms.get(&stream.hall());
        let members = places.into_iter().flatten();
        let seats: Vec<SeatId> = members
            .filter(|(_, place)| place.role.is_some())
            .map(|((_, seat), _)| *seat)
            .filter(|seat| self.is(*seat, Manner::All))
            .collect();
        for seat in seats {
            self.hear(seat, stream.id());
        }
    }

    /// Tells who is online, or no longer.
    pub(super) fn tell_presence(&self, user: UserId, online: bool, now: Instant) {
        let notice = Notice::Presence { user, online };
        self.learn(&notice);
        let shown = |how: &Arc<dyn Network>| how.shared(&notice, None).is_some();
        if !self.closed && self.networks.values().any(shown) {
            self.tell_acquainted(&mut Telling::new(&notice, None, now), user);
        }
    }

    /// Tells that somebody types; false for a seat that does not hear the room.
    pub(super) fn typing(&self, seat: SeatId, room: RoomId, on: bool, now: Instant) -> bool {
        let Some(sitting) = self.seats.get(&seat) else {
            return false;
        };
        let Some(user) = sitting.user else {
            return false;
        };
        let places = self.rooms.get(&room);
        let place = places.and_then(|places| places.get(&(sitting.network, seat)));
        if !place.is_some_and(|place| place.hears) {
            return false;
        }
        let notice = Notice::Typing { room, user, on };
        let telling = Telling::new(&notice, Some(&sitting.receiver), now);
        self.tell_followers(telling, room, i64::MAX);
        true
    }

    /// Tells all who hear a room and know it from a sequence on that lies not behind `seq`.
    fn tell_followers(&self, mut telling: Telling<'_>, room: RoomId, seq: i64) {
        for ((network, _), place) in self.rooms.get(&room).into_iter().flatten() {
            if !place.hears || place.since > seq || telling.is_origin(&place.receiver) {
                continue;
            }
            if let Some(how) = self.networks.get(network)
                && let Some(bytes) = telling.shared(how.as_ref(), *network, None)
            {
                telling.give(&place.receiver, bytes);
            }
        }
    }

    /// Tells people, who may be in a room or not, and in a room that is no crowd all others who are there.
    fn tell_comers(&self, telling: &mut Telling<'_>, room: RoomId, users: &[UserId]) {
        telling.room = Some(room);
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        for user in &users {
            self.tell_person(telling, *user);
        }
        if !self.is_crowd(room) {
            for ((_, seat), place) in self.rooms.get(&room).into_iter().flatten() {
                let is_other = place.user.is_some_and(|user| !users.contains(&user));
                if is_other && place.attends {
                    self.tell(telling, *seat);
                }
            }
        }
    }

    /// Tells all of whom a room is, wherever they are.
    fn tell_room(&self, telling: &mut Telling<'_>, room: RoomId) {
        telling.room = Some(room);
        telling.crowd = self.is_crowd(room);
        for ((_, seat), place) in self.rooms.get(&room).into_iter().flatten() {
            if place.user.is_some() {
                self.tell(telling, *seat);
            }
        }
    }

    fn tell_person(&self, telling: &mut Telling<'_>, user: UserId) {
        for seat in self.people.get(&user).into_iter().flatten() {
            self.tell(telling, *seat);
        }
    }

    /// Tells those who are in a room with somebody that is no crowd.
    fn tell_acquainted(&self, telling: &mut Telling<'_>, user: UserId) {
        for seat in self.acquainted(user) {
            self.tell(telling, seat);
        }
    }

    fn acquainted(&self, user: UserId) -> BTreeSet<SeatId> {
        let mut found = BTreeSet::new();
        // Any of their seats: all are in the same rooms.
        let seat = self.people.get(&user).and_then(BTreeSet::first);
        let Some((seat, sitting)) = seat.and_then(|seat| Some((seat, self.seats.get(seat)?)))
        else {
            return found;
        };
        let mut looked_at = 0;
        for room in &sitting.rooms {
            let Some(places) = self.rooms.get(room) else {
                continue;
            };
            let own = places.get(&(sitting.network, *seat));
            if places.len() > TALKATIVE_ROOM || own.is_none_or(|own| own.role.is_none()) {
                continue;
            }
            looked_at += places.len();
            if looked_at > MAX_LOOKED_AT {
                break;
            }
            let others = places.iter().filter(|(_, place)| {
                place.role.is_some() && place.attends && place.user != Some(user)
            });
            found.extend(others.map(|((_, seat), _)| *seat));
        }
        found
    }

    fn is_crowd(&self, room: RoomId) -> bool {
        self.rooms
            .get(&room)
            .is_some_and(|places| places.len() > TALKATIVE_ROOM)
    }

    /// Tells one connection.
    fn tell(&self, telling: &mut Telling<'_>, seat: SeatId) {
        let Some(sitting) = self.seats.get(&seat) else {
            return;
        };
        let Sitting {
            network,
            user: Some(user),
            receiver,
            ..
        } = sitting
        else {
            return;
        };
        let Some(how) = self.networks.get(network) else {
            return;
        };
        if telling.is_origin(receiver) {
            return;
        }
        let places = telling.room.and_then(|room| self.rooms.get(&room));
        let place = places.and_then(|places| places.get(&(*network, seat)));
        let role = place.and_then(|place| place.role);
        let bytes = telling
            .shared(how.as_ref(), *network, role)
            .or_else(|| telling.personal(how.as_ref(), *user));
        if let Some(bytes) = bytes {
            telling.give(receiver, bytes);
        }
    }
}

/// A notice that is being told.
struct Telling<'n> {
    notice: &'n Notice,
    /// Who is not told.
    origin: Option<&'n Arc<Receiver>>,
    /// Whose roles matter.
    room: Option<RoomId>,
    /// Whether that room is a crowd.
    crowd: bool,
    /// Shared frames that were asked for: one for each network, and role that is met.
    frames: Vec<(NetworkId, Option<Role>, Option<Bytes>)>,
    now: Instant,
}

impl<'n> Telling<'n> {
    fn new(notice: &'n Notice, origin: Option<&'n Arc<Receiver>>, now: Instant) -> Self {
        Self {
            notice,
            origin,
            room: None,
            crowd: false,
            frames: Vec::new(),
            now,
        }
    }

    fn is_origin(&self, receiver: &Arc<Receiver>) -> bool {
        self.origin
            .is_some_and(|origin| Arc::ptr_eq(origin, receiver))
    }

    /// The frame for all of this role on a network; made once.
    fn shared(
        &mut self,
        how: &dyn Network,
        network: NetworkId,
        role: Option<Role>,
    ) -> Option<Bytes> {
        let mut known = self.frames.iter();
        if let Some((.., bytes)) = known.find(|(of, to, _)| (*of, *to) == (network, role)) {
            return bytes.clone();
        }
        let bytes = how.shared(self.notice, role);
        self.frames.push((network, role, bytes.clone()));
        bytes
    }

    /// The frame for somebody alone.
    fn personal(&self, how: &dyn Network, user: UserId) -> Option<Bytes> {
        if self.crowd {
            return None;
        }
        how.notice(self.notice, user)
    }

    fn give(&self, receiver: &Receiver, bytes: Bytes) {
        receiver.push(&Batch { bytes, messages: 1 }, self.now);
    }
}
