//! Who wants to be told more than the original's clients understand. A user has one connection that is delivered to, so the
//! wish of its `Login` is the user's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::UserId;

/// The users whose newest `Login` said `notify`.
#[derive(Default)]
pub(super) struct Notified {
    wishes: Mutex<Wishes>,
}

#[derive(Default)]
struct Wishes {
    /// Each with its number, never used again.
    of: BTreeMap<UserId, u64>,
    next: u64,
}

impl Notified {
    /// Keeps what somebody's new connection wants, instead of what their former one wanted.
    pub(super) fn set(self: &Arc<Self>, user: UserId, notify: bool) -> Option<Wish> {
        let mut wishes = self.wishes();
        if !notify {
            wishes.of.remove(&user);
            return None;
        }
        let number = wishes.next;
        wishes.next += 1;
        wishes.of.insert(user, number);
        Some(Wish {
            all: Arc::clone(self),
            user,
            number,
        })
    }

    /// Whether somebody wants to be told.
    pub(super) fn wants(&self, user: UserId) -> bool {
        self.wishes().of.contains_key(&user)
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        // Nothing in here panics half-way through a change.
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's wish; ends when this is dropped, unless a newer connection has decided since.
pub(super) struct Wish {
    all: Arc<Notified>,
    user: UserId,
    number: u64,
}

impl Drop for Wish {
    fn drop(&mut self) {
        let mut wishes = self.all.wishes();
        if wishes.of.get(&self.user) == Some(&self.number) {
            wishes.of.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_connection_decides() {
        let all = Arc::new(Notified::default());
        let ann = UserId(1);
        let first = all.set(ann, true);
        assert!(all.wants(ann) && !all.wants(UserId(2)));
        let second = all.set(ann, true);
        drop(first);
        assert!(all.wants(ann), "the first had no say any more");
        let third = all.set(ann, false);
        assert!(third.is_none() && !all.wants(ann));
        drop(second);
        let fourth = all.set(ann, true);
        drop(fourth);
        assert!(!all.wants(ann));
    }
}
