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
    people: Mutex<BTreeMap<UserId, Here>>,
    next: AtomicU64,
}

#[derive(Debug)]
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
        let mut people = self.people();
        let Some(here) = people.get_mut(&user) else {
            let sessions = BTreeSet::from([session]);
            people.insert(
                user,
                Here {
                    sessions,
                    room: first,
                },
            );
            return Arrival::First;
        };
        if here.sessions.len() >= MAX_SESSIONS {
            return Arrival::TooMany;
        }
        here.sessions.insert(session);
        Arrival::Further(here.room)
    }

    /// A session has ended; tells whether it was somebody's last one.
    pub(super) fn depart(&self, user: UserId, session: SessionId) -> bool {
        let mut people = self.people();
        let Some(here) = people.get_mut(&user) else {
            return false;
        };
        let was_there = here.sessions.remove(&session);
        let is_last = here.sessions.is_empty();
        if is_last {
            people.remove(&user);
        }
        was_there && is_last
    }

    /// A session did not come in after all.
    pub(super) fn forget(&self, session: SessionId) {
        self.people().retain(|_, here| {
            here.sessions.remove(&session);
            !here.sessions.is_empty()
        });
    }

    /// Somebody has no sessions any more; tells whether they had some.
    pub(super) fn expel(&self, user: UserId) -> bool {
        self.people().remove(&user).is_some()
    }

    /// Where somebody is.
    pub(super) fn room(&self, user: UserId) -> Option<RoomId> {
        self.people().get(&user).map(|here| here.room)
    }

    /// Somebody goes to another room; tells from where, or nothing if they are not here.
    pub(super) fn go(&self, user: UserId, room: RoomId) -> Option<RoomId> {
        let mut people = self.people();
        let here = people.get_mut(&user)?;
        Some(std::mem::replace(&mut here.room, room))
    }

    /// Whether nobody else is in a room.
    pub(super) fn is_alone(&self, user: UserId, room: RoomId) -> bool {
        let people = self.people();
        !people
            .iter()
            .any(|(other, here)| *other != user && here.room == room)
    }

    /// Who is in a room.
    pub(super) fn people_in(&self, room: RoomId) -> Vec<UserId> {
        let people = self.people();
        let inside = people.iter().filter(|(_, here)| here.room == room);
        inside.map(|(user, _)| *user).collect()
    }

    fn people(&self) -> MutexGuard<'_, BTreeMap<UserId, Here>> {
        // Nothing in here panics half-way through a change.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
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
}
