//! That no two are called the same, of those who are shown at a time.

use std::collections::BTreeMap;

use crate::names::key;
use crate::store::UserId;

/// The names that are shown.
#[derive(Default)]
pub(super) struct Names {
    /// By what makes two names the same ([`key`]).
    holders: BTreeMap<String, UserId>,
    held: BTreeMap<UserId, Held>,
}

struct Held {
    /// What they would be called.
    wanted: String,
    /// What they are called.
    name: String,
    /// In how many places.
    places: usize,
}

impl Names {
    /// Somebody is shown in one more place, and is to be called `wanted`; tells what they are called. If somebody else is
    /// called so, their number is appended.
    pub(super) fn take(&mut self, user: UserId, wanted: &str) -> String {
        let places = self.held.get(&user).map_or(0, |held| held.places);
        self.set(user, wanted, places + 1)
    }

    /// Somebody who is shown is to be called `wanted` from now on; tells what they are called.
    pub(super) fn rename(&mut self, user: UserId, wanted: &str) -> String {
        let places = self.held.get(&user).map_or(1, |held| held.places);
        self.set(user, wanted, places)
    }

    /// Somebody is shown in one place less.
    pub(super) fn give_back(&mut self, user: UserId) {
        let Some(held) = self.held.get_mut(&user) else {
            return;
        };
        held.places -= 1;
        if held.places == 0 {
            self.forget(user);
        }
    }

    /// Who is called so, in any case and form ([`key`]).
    pub(super) fn holder(&self, name: &str) -> Option<UserId> {
        self.holders.get(&key(name)).copied()
    }

    fn set(&mut self, user: UserId, wanted: &str, places: usize) -> String {
        if let Some(held) = self.held.get_mut(&user)
            && held.wanted == wanted
        {
            held.places = places;
            return held.name.clone();
        }
        self.forget(user);
        let mut name = wanted.to_owned();
        while self.holders.contains_key(&key(&name)) {
            name = format!("{name}_{}", user.0);
        }
        self.holders.insert(key(&name), user);
        let held = Held {
            wanted: wanted.to_owned(),
            name: name.clone(),
            places,
        };
        self.held.insert(user, held);
        name
    }

    fn forget(&mut self, user: UserId) {
        if let Some(held) = self.held.remove(&user) {
            self.holders.remove(&key(&held.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_two_gets_a_number() {
        let mut names = Names::default();
        let [ann, bob, eve] = [UserId(1), UserId(2), UserId(3)];
        assert_eq!(names.take(ann, "Ann"), "Ann");
        assert_eq!(names.take(bob, "ann"), "ann_2");
        assert_eq!(names.take(bob, "ann"), "ann_2");
        assert_eq!(names.take(eve, "ANN_2"), "ANN_2_3");
        assert_eq!(names.holder("aNN_2"), Some(bob));
        names.give_back(ann);
        assert_eq!(names.holder("ann"), None);
        assert_eq!(names.rename(bob, "~ann"), "~ann");
        assert_eq!(names.rename(bob, "ann"), "ann");
        names.give_back(bob);
        assert_eq!(names.holder("ann"), Some(bob), "still shown elsewhere");
        names.give_back(bob);
        names.give_back(eve);
        assert!(names.holders.is_empty() && names.held.is_empty());
    }
}
