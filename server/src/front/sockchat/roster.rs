//! Who is shown where, as clients have been told. Changed in the delivering order only, but for who of other networks is online,
//! which has no other order than that in which it is told.

mod others;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use kaiwa_protocols::sockchat::wire::{ListedUser, Permissions, ServerPacket};

use self::others::Place;
pub(super) use self::others::Speaker;
use super::names::Names;
use super::packets::{frames, give};
use super::person::{Shown, one_word, plain_name};
use super::presence::SessionId;
use crate::names as accounts;
use crate::store::{RoomId, User, UserId};
use crate::world::Receiver;

/// Who is shown where.
#[derive(Default)]
pub(super) struct Roster {
    people: BTreeMap<UserId, Person>,
    places: BTreeMap<RoomId, Place>,
    names: Names,
    /// What rooms are called that somebody was told of, before their last change and after it.
    rooms: BTreeMap<RoomId, [String; 2]>,
    /// Who has a connection, on any network.
    online: BTreeSet<UserId>,
    /// How often somebody of another network has spoken.
    spoken: u64,
}

/// Somebody who is here.
pub(super) struct Person {
    pub(super) user: User,
    pub(super) permissions: Permissions,
    pub(super) shown: Shown,
    pub(super) room: RoomId,
    pub(super) sessions: BTreeMap<SessionId, Session>,
}

/// One of their connections.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) receiver: Arc<Receiver>,
    pub(super) peer: IpAddr,
}

impl Roster {
    /// Somebody who is here.
    pub(super) fn person(&self, user: UserId) -> Option<&Person> {
        self.people.get(&user)
    }

    /// All who are here.
    pub(super) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// All who are here and in a room.
    pub(super) fn people_in(&self, room: RoomId) -> impl Iterator<Item = &Person> {
        let place = self.places.get(&room);
        let people = place.into_iter().flat_map(|place| &place.people);
        people.filter_map(|user| self.people.get(user))
    }

    /// Whether two are here and in the same room.
    pub(super) fn are_together(&self, one: UserId, other: UserId) -> bool {
        let room = |user| self.person(user).map(|person| person.room);
        room(one).is_some() && room(one) == room(other)
    }

    /// Who is here and meant by a name: the one that is shown, with the tag of who is away or without it; a nick without its
    /// `~`; that of an account. Letter case does not matter.
    pub(super) fn named(&self, name: &str) -> Option<&Person> {
        let untagged = name
            .strip_prefix('<')
            .and_then(|rest| rest.split_once(">_"))
            .map_or(name, |(_, name)| name);
        let shown = self
            .names
            .holder(name)
            .or_else(|| self.names.holder(untagged));
        if let Some(person) = shown.and_then(|user| self.people.get(&user)) {
            return Some(person);
        }
        let key = accounts::key(name);
        let is_meant = |person: &&Person| {
            let nick = person.user.nick.as_deref();
            nick.is_some_and(|nick| one_word(nick).eq_ignore_ascii_case(name))
                || accounts::key(&person.user.name) == key
        };
        self.people.values().find(is_meant)
    }

    /// Whether somebody else than `user` is shown under this name.
    pub(super) fn is_taken(&self, name: &str, user: UserId) -> bool {
        self.names.holder(name).is_some_and(|holder| holder != user)
    }

    /// Somebody has a session more; if it is the first one, they are in `room` now. Tells whether it is.
    pub(super) fn arrive(
        &mut self,
        user: User,
        permissions: Permissions,
        room: RoomId,
        (id, session): (SessionId, Session),
    ) -> bool {
        if let Some(person) = self.people.get_mut(&user.id) {
            person.sessions.insert(id, session);
            return false;
        }
        let name = self.names.take(user.id, &plain_name(&user));
        let person = Person {
            shown: Shown::of(&user, &name, permissions),
            permissions,
            room,
            sessions: BTreeMap::from([(id, session)]),
            user,
        };
        let user = person.user.id;
        self.people.insert(user, person);
        self.put(user, room);
        true
    }

    /// A session has ended; gives its person if it was their last one.
    pub(super) fn depart(&mut self, user: UserId, session: SessionId) -> Option<Person> {
        let person = self.people.get_mut(&user)?;
        person.sessions.remove(&session)?;
        if person.sessions.is_empty() {
            return self.expel(user);
        }
        None
    }

    /// Somebody is not here any more.
    pub(super) fn expel(&mut self, user: UserId) -> Option<Person> {
        let person = self.people.remove(&user)?;
        self.take_from(user, person.room);
        self.names.give_back(user);
        Some(person)
    }

    /// Somebody goes to another room; gives the one they were in.
    pub(super) fn go(&mut self, user: UserId, room: RoomId) -> Option<RoomId> {
        let person = self.people.get_mut(&user)?;
        let from = std::mem::replace(&mut person.room, room);
        self.take_from(user, from);
        self.put(user, room);
        Some(from)
    }

    /// Somebody is as they are now; tells in which rooms that is seen, and how.
    pub(super) fn update(&mut self, user: &User, permissions: Permissions) -> Vec<(RoomId, Shown)> {
        let mut seen = Vec::new();
        self.update_member(user);
        let is_shown = |place: &Place| place.others.contains_key(&user.id);
        if !self.people.contains_key(&user.id) && !self.places.values().any(is_shown) {
            return seen;
        }
        let name = self.names.rename(user.id, &plain_name(user));
        let shown = Shown::of(user, &name, permissions);
        if let Some(person) = self.people.get_mut(&user.id) {
            person.user = user.clone();
            person.permissions = permissions;
            if person.shown != shown {
                person.shown = shown.clone();
                seen.push((person.room, shown.clone()));
            }
        }
        for (room, place) in &mut self.places {
            if let Some(other) = place.others.get_mut(&user.id)
                && other.shown != shown
            {
                other.shown = shown.clone();
                seen.push((*room, shown.clone()));
            }
        }
        seen
    }

    /// A room is called so from now on, for those who see it.
    pub(super) fn rename_room(&mut self, room: RoomId, name: &str) {
        let known = self.rooms.remove(&room);
        let former = known.map_or_else(|| name.to_owned(), |[_, name]| name);
        self.rooms.insert(room, [former, name.to_owned()]);
    }

    /// Somebody is told of a room, which is called so.
    pub(super) fn see_room(&mut self, room: RoomId, name: &str) {
        let known = || [name.to_owned(), name.to_owned()];
        self.rooms.entry(room).or_insert_with(known);
    }

    /// A room is no more.
    pub(super) fn forget_room(&mut self, room: RoomId) {
        self.rooms.remove(&room);
    }

    /// What a room was called before its last change.
    pub(super) fn former_name(&self, room: RoomId) -> Option<&str> {
        self.rooms.get(&room).map(|[former, _]| former.as_str())
    }

    /// Whether somebody is shown in a room.
    pub(super) fn is_shown(&self, room: RoomId, user: UserId) -> bool {
        self.places
            .get(&room)
            .is_some_and(|place| place.people.contains(&user) || place.others.contains_key(&user))
    }

    /// All who are shown in a room.
    pub(super) fn shown_in(&self, room: RoomId) -> impl Iterator<Item = (UserId, &Shown)> {
        let place = self.places.get(&room);
        let others = place.into_iter().flat_map(|place| &place.others);
        self.people_in(room)
            .map(|person| (person.user.id, &person.shown))
            .chain(others.map(|(user, other)| (*user, &other.shown)))
    }

    /// The same but one, as a packet for that one.
    pub(super) fn listed(&self, room: RoomId, but: UserId) -> Bytes {
        let shown = self.shown_in(room).filter(|(user, _)| *user != but);
        let users = shown.map(|(_, shown)| ListedUser {
            user: shown.packed(),
            visible: true,
        });
        frames(&[ServerPacket::Users {
            users: users.collect(),
            missing: 0,
        }])
    }

    /// Sends frames to all sessions of somebody.
    pub(super) fn give(&self, user: UserId, bytes: &Bytes) {
        if let Some(person) = self.people.get(&user) {
            person.give(bytes);
        }
    }

    /// Sends frames to all in a room, but to one.
    pub(super) fn give_room(&self, room: RoomId, bytes: &Bytes, but: Option<UserId>) {
        for person in self.people_in(room) {
            if Some(person.user.id) != but {
                person.give(bytes);
            }
        }
    }
}

impl Person {
    /// Sends frames to all their sessions.
    pub(super) fn give(&self, bytes: &Bytes) {
        for session in self.sessions.values() {
            give(&session.receiver, bytes.clone());
        }
    }
}
