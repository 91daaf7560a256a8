//! Who the people are: rim tells a user with nearly everything, and names them by number elsewhere.

use std::collections::BTreeMap;

use kaiwa_core::{Id, Profile};

use crate::rim::wire::User;

/// People remembered, to name talks between two after the other one: as many as an application keeps of one list.
const PEOPLE: usize = 100_000;

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) account: String,
    pub(super) name: String,
    pub(super) avatar: String,
}

/// Everybody that was told of.
#[derive(Debug, Default)]
pub(super) struct People {
    known: BTreeMap<u64, Person>,
}

impl Person {
    /// The name to show.
    pub(super) fn shown(&self) -> &str {
        if self.name.is_empty() {
            &self.account
        } else {
            &self.name
        }
    }
}

impl People {
    /// Learns of somebody. Gives their id and whether anything is new; `None` for a record without an id.
    pub(super) fn learn(&mut self, user: &User<'_>) -> Option<(u64, bool)> {
        let uid = user.id.filter(|uid| *uid > 0)?;
        let person = Person {
            account: user.account.as_ref().to_owned(),
            name: user.name.as_ref().to_owned(),
            avatar: user.avatar.as_ref().to_owned(),
        };
        let is_new = self.known.get(&uid) != Some(&person);
        if is_new && (self.known.len() < PEOPLE || self.known.contains_key(&uid)) {
            self.known.insert(uid, person);
        }
        Some((uid, is_new))
    }

    pub(super) fn get(&self, uid: u64) -> Option<&Person> {
        self.known.get(&uid)
    }

    /// The one with this login name.
    pub(super) fn by_account(&self, account: &str) -> Option<u64> {
        let same = |(_, person): &(&u64, &Person)| person.account.eq_ignore_ascii_case(account);
        self.known.iter().find(same).map(|(uid, _)| *uid)
    }

    pub(super) fn profile(&self, uid: u64) -> Profile {
        let id = Some(Id::from(uid));
        let Some(person) = self.known.get(&uid) else {
            return Profile {
                id,
                ..Profile::default()
            };
        };
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Profile {
            id,
            username: filled(&person.account),
            display_name: filled(&person.name),
            color: None,
            picture: filled(&person.avatar),
        }
    }
}
