//! What those are called who are connected: a new name counts at once, on all connections of its owner.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::store::UserId;

/// Those who are connected.
#[derive(Default)]
pub(super) struct People {
    all: Mutex<BTreeMap<UserId, Weak<Person>>>,
}

/// Somebody who is connected, shared by all their connections.
pub(super) struct Person {
    pub(super) id: UserId,
    display: Mutex<Arc<str>>,
    all: Arc<People>,
}

impl People {
    /// Somebody, who is called `display` now.
    pub(super) fn enter(self: &Arc<Self>, id: UserId, display: &str) -> Arc<Person> {
        let mut all = self.all();
        if let Some(person) = all.get(&id).and_then(Weak::upgrade) {
            drop(all);
            person.rename(display);
            return person;
        }
        let person = Arc::new(Person {
            id,
            display: Mutex::new(display.into()),
            all: Arc::clone(self),
        });
        all.insert(id, Arc::downgrade(&person));
        person
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<UserId, Weak<Person>>> {
        // Nothing in here panics half-way through a change.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Person {
    /// What they are called.
    pub(super) fn display(&self) -> Arc<str> {
        Arc::clone(&self.lock())
    }

    /// They are called something else from now on.
    pub(super) fn rename(&self, display: &str) {
        *self.lock() = display.into();
    }

    fn lock(&self) -> MutexGuard<'_, Arc<str>> {
        // Nothing in here panics half-way through a change.
        self.display.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let mut all = self.all.all();
        // Somebody may have entered again while this went.
        if all
            .get(&self.id)
            .is_some_and(|known| known.strong_count() == 0)
        {
            all.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_share_a_name_and_nobody_is_kept() {
        let people = Arc::new(People::default());
        let ann = UserId(1);
        let one = people.enter(ann, "Ann");
        let other = people.enter(ann, "Ann");
        let bob = people.enter(UserId(2), "Bob");
        other.rename("Anne");
        assert_eq!((&*one.display(), &*bob.display()), ("Anne", "Bob"));
        drop(one);
        assert_eq!(&*people.enter(ann, "Annie").display(), "Annie");
        assert_eq!(&*other.display(), "Annie");
        drop((other, bob));
        assert!(people.all().is_empty());
    }
}
