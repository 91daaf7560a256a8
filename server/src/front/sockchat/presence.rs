//! Who is here, and where, as the store's thread decides it: asked and changed only by its work, so that what comes behind sees
//! what was done before. What clients have been told of it is the [`super::roster`]. None of it outlives the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{RoomId, UserId};

/// Sessions of one person at a time (SharpChat).
pub(super) const MAX_SESSIONS: usize = 5;

/// A session's number, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SessionId(u64);

/// Who is here.
#[derive(Debug, Default)]
pub(super) struct Presence {
    known: Mutex<Known>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct Known {
    people: BTreeMap<UserId, Here>,
    /// Sessions that came in and have not ended: that they end is true whatever becomes of the work that says it.
    alive: BTreeSet<SessionId>,
    /// What was changed since it was last taken.
    changes: Changes,
}

/// What a piece of work has changed: who it was, and how they were before.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<(UserId, Option<Here>)>);

#[derive(Clone, Debug)]
struct Here {
    sessions: BTreeSet<SessionId>,
    room: RoomId,
}

/// Whether somebody may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Nobody of them was here.
    First,
    /// Others of them are in this room.
    Further(RoomId),
    /// They have as many sessions as they may.
    TooMany,
}

impl Presence {
    /// A number for a session.
    pub(super) fn number(&self) -> SessionId {
        SessionId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody has a session more, in `first` if it is their only one.
    pub(super) fn arrive(&self, user: UserId, session: SessionId, first: RoomId) -> Arrival {
        let mut known = self.known();
        let here = known.people.get(&user);
        if here.is_some_and(|here| here.sessions.len() >= MAX_SESSIONS) {
            return Arrival::TooMany;
        }
        let arrival = here.map_or(Arrival::First, |here| Arrival::Further(here.room));
        known.note(user);
        known.alive.insert(session);
        let here = known.people.entry(user).or_insert_with(|| Here {
            sessions: BTreeSet::new(),
            room: first,
        });
        here.sessions.insert(session);
        arrival
    }

    /// A session has ended, which is not undone; tells whether it was somebody's last one.
    pub(super) fn depart(&self, user: UserId, session: SessionId) -> bool {
        let mut known = self.known();
        known.alive.remove(&session);
        let Some(here) = known.people.get_mut(&user) else {
            return false;
        };
        let was_there = here.sessions.remove(&session);
        let is_last = here.sessions.is_empty();
        if is_last {
            known.people.remove(&user);
        }
        was_there && is_last
    }

    /// Somebody has no sessions any more; tells whether they had some.
    pub(super) fn expel(&self, user: UserId) -> bool {
        let mut known = self.known();
        known.note(user);
        known.people.remove(&user).is_some()
    }

    /// Does something, and gives what it changed here.
    pub(super) fn track<T>(&self, work: impl FnOnce() -> T) -> (T, Changes) {
        self.known().changes = Changes::default();
        let done = work();
        (done, std::mem::take(&mut self.known().changes))
    }

    /// Takes changes back, behind which there were no others that stay: what was done for them could not be kept.
    pub(super) fn undo(&self, changes: &Changes) {
        let mut known = self.known();
        for (user, before) in changes.0.iter().rev() {
            known.restore(*user, before.clone());
        }
    }

    /// Where somebody is.
    pub(super) fn room(&self, user: UserId) -> Option<RoomId> {
        self.known().people.get(&user).map(|here| here.room)
    }

    /// Somebody goes to another room; tells from where, or nothing if they are not here.
    pub(super) fn go(&self, user: UserId, room: RoomId) -> Option<RoomId> {
        let mut known = self.known();
        known.note(user);
        let here = known.people.get_mut(&user)?;
        Some(std::mem::replace(&mut here.room, room))
    }

    /// Whether nobody else is in a room.
    pub(super) fn is_alone(&self, user: UserId, room: RoomId) -> bool {
        let known = self.known();
        !known
            .people
            .iter()
            .any(|(other, here)| *other != user && here.room == room)
    }

    /// Who is in a room.
    pub(super) fn people_in(&self, room: RoomId) -> Vec<UserId> {
        let known = self.known();
        let inside = known.people.iter().filter(|(_, here)| here.room == room);
        inside.map(|(user, _)| *user).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing in here panics half-way through a change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Somebody is about to be changed.
    fn note(&mut self, user: UserId) {
        let before = self.people.get(&user).cloned();
        self.changes.0.push((user, before));
    }

    /// Somebody is as they were before, but for sessions that have ended since. One that had come in since has not.
    fn restore(&mut self, user: UserId, before: Option<Here>) {
        let now = self.people.remove(&user);
        let sessions = now.map(|here| here.sessions).unwrap_or_default();
        let had = |session: &SessionId| {
            let before = before.as_ref();
            before.is_some_and(|before| before.sessions.contains(session))
        };
        for session in sessions.iter().filter(|session| !had(session)) {
            self.alive.remove(session);
        }
        if let Some(mut here) = before {
            here.sessions.retain(|session| self.alive.contains(session));
            if !here.sessions.is_empty() {
                self.people.insert(user, here);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sessions_of_somebody_are_in_one_place() {
        let presence = Presence::default();
        let ann = UserId(1);
        let [lobby, tea] = [RoomId(1), RoomId(2)];
        let sessions: Vec<SessionId> = (0..=MAX_SESSIONS).map(|_| presence.number()).collect();
        let arrive = |at: usize| presence.arrive(ann, sessions[at], lobby);
        assert_eq!(arrive(0), Arrival::First);
        assert_eq!(presence.go(ann, tea), Some(lobby));
        for at in 1..MAX_SESSIONS {
            assert_eq!(arrive(at), Arrival::Further(tea));
        }
        assert_eq!(arrive(MAX_SESSIONS), Arrival::TooMany);
        assert_eq!(presence.people_in(tea), [ann]);
        for session in &sessions[1..MAX_SESSIONS] {
            assert!(!presence.depart(ann, *session));
        }
        assert!(
            !presence.depart(ann, sessions[MAX_SESSIONS]),
            "it never came in"
        );
        assert!(presence.depart(ann, sessions[0]));
        assert!(!presence.depart(ann, sessions[0]));
        assert_eq!((presence.room(ann), presence.go(ann, lobby)), (None, None));
        arrive(0);
        assert!(presence.expel(ann) && !presence.expel(ann));
    }
    #[test]
    fn what_could_not_be_kept_is_undone() {
        let presence = Presence::default();
        let [ann, bob] = [UserId(1), UserId(2)];
        let [lobby, tea] = [RoomId(1), RoomId(2)];
        let [one, two, three, late] = [(); 4].map(|()| presence.number());
        presence.arrive(ann, one, lobby);
        presence.arrive(ann, two, lobby);
        presence.arrive(bob, three, lobby);
        let ((), first) = presence.track(|| {
            presence.go(ann, tea);
            presence.arrive(ann, late, lobby);
        });
        let ((), second) = presence.track(|| {
            presence.expel(ann);
            presence.go(bob, tea);
            presence.go(bob, RoomId(3));
        });
        // They end all the same.
        assert!(!presence.depart(ann, one));
        assert!(presence.depart(bob, three));
        presence.undo(&second);
        assert_eq!((presence.room(ann), presence.room(bob)), (Some(tea), None));
        presence.undo(&first);
        assert_eq!(presence.room(ann), Some(lobby));
        assert!(!presence.depart(ann, late), "it did not come in");
        assert!(presence.depart(ann, two));
        let known = presence.known();
        assert!(known.people.is_empty() && known.alive.is_empty());
    }
}
