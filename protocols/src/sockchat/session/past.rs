//! What was shown already, so that nothing is shown twice when a server tells it again.
//!
//! An id alone is not the message: one server counts from 0 again after a restart, and calls everything that it read from its
//! database the same. So time, sender and length belong to it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use foldhash::quality::FixedState;
use kaiwa_core::Id;

use crate::sockchat::wire::{RELOADED_ID, WELCOME_ID, action_text};

/// Messages remembered per channel: more than any known backlog holds.
const MESSAGES: usize = 128;

/// Channels and private talks of which messages are remembered.
const PLACES: usize = 100;

/// Ids of messages that a server has given out twice.
const RENAMED: usize = 1000;

/// What was shown, by channel.
#[derive(Debug, Default)]
pub(super) struct Past {
    places: BTreeMap<Id, Place>,
    /// What those are called here whose id was that of another message, by the server's id.
    renamed: BTreeMap<Id, Id>,
}

#[derive(Debug, Default)]
struct Place {
    /// [`Mark::whole`] of each, oldest first: looked through with every message.
    wholes: VecDeque<u64>,
    /// [`Mark::nameless`] of each, and whether it was reloaded.
    nameless: VecDeque<(u64, bool)>,
    has_reloaded: bool,
    /// What stands for the id of each.
    ids: VecDeque<u64>,
    /// So many of them are of connections before this one.
    old: usize,
    /// The greatest number that was ever an id here: most messages have a greater one, and are new without a look at others.
    greatest: Option<u64>,
    /// The id of the newest message that is no greeting.
    last: Id,
    /// Messages may have been missed since.
    is_left: bool,
}

/// A message, told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    whole: u64,
    /// Without the id, which a restart of the server changes.
    nameless: u64,
    /// The id, if it is a number.
    number: Option<u64>,
    is_reloaded: bool,
    is_greeting: bool,
}

impl Mark {
    pub(super) fn of(id: &str, time: Option<DateTime<Utc>>, user_id: &str, text: &str) -> Self {
        let time = time.map(|time| time.timestamp());
        // One server has the italics of an action in what is said now, and not in the backlog.
        let nameless = hash(&(time, user_id, action_text(text).len()));
        Self {
            whole: hash(&(nameless, id)),
            nameless,
            number: id.parse().ok(),
            is_reloaded: id == RELOADED_ID,
            is_greeting: id == WELCOME_ID,
        }
    }

    /// Whether it is what a server says to everybody who signs in.
    pub(super) fn is_greeting(&self) -> bool {
        self.is_greeting
    }
}

impl Past {
    /// A message is being shown. Returns whether it is new.
    pub(super) fn show(&mut self, place: &str, id: &str, mark: Mark) -> bool {
        if let Some(place) = self.places.get_mut(place) {
            return place.show(id, mark);
        }
        // Private talks sort before channels: they have no backlog.
        if self.places.len() >= PLACES {
            self.places.pop_first();
        }
        self.places.entry(place.into()).or_default().show(id, mark)
    }

    /// Calls a new message otherwise than the server does, where another one was called so before the server was restarted.
    pub(super) fn name(&mut self, place: &str, id: &mut Id, time: DateTime<Utc>, mark: &Mark) {
        let place = self.places.get(place);
        let was_another =
            |place: &Place| !place.is_next(mark) && place.had(id) && !place.knows(mark);
        if !place.is_some_and(was_another) {
            if !self.renamed.is_empty() {
                self.renamed.remove(id);
            }
            return;
        }
        let name = Id::from(format_args!("{id}-{}", time.timestamp()));
        if self.renamed.len() >= RENAMED {
            self.renamed.pop_first();
        }
        self.renamed
            .insert(std::mem::replace(id, name.clone()), name);
    }

    /// What the newest message with this id of the server's is called.
    pub(super) fn named<'a>(&'a self, id: &'a str) -> &'a str {
        self.renamed.get(id).map_or(id, Id::as_str)
    }

    /// Whether the server means another message by this id than the one that was shown there under it: it was restarted.
    pub(super) fn means_another(&self, place: Option<&str>, id: &str) -> bool {
        let had = |place: &str| self.places.get(place).is_some_and(|place| place.had(id));
        let mut places = self.places.values();
        self.renamed.contains_key(id) || place.is_some_and(had) && places.any(|place| place.has(id))
    }

    /// The server's id of a message.
    pub(super) fn id_of<'a>(&'a self, name: &'a str) -> &'a str {
        let mut renamed = self.renamed.iter();
        renamed
            .find(|(_, renamed)| *renamed == name)
            .map_or(name, |(id, _)| id)
    }

    /// Whether a message was shown.
    pub(super) fn knows(&self, place: &str, mark: &Mark) -> bool {
        self.places
            .get(place)
            .is_some_and(|place| place.knows(mark))
    }

    /// The user is not in the channel any more.
    pub(super) fn leave(&mut self, place: &str) {
        if let Some(place) = self.places.get_mut(place) {
            place.is_left = true;
        }
    }

    /// The user is in no channel any more.
    pub(super) fn leave_all(&mut self) {
        for place in self.places.values_mut() {
            place.is_left = true;
            place.old = place.ids.len();
        }
    }

    /// The user is back: the last message shown, if others may have followed.
    pub(super) fn come_back(&mut self, place: &str) -> Option<Id> {
        let place = self.places.get_mut(place)?;
        let was_left = std::mem::take(&mut place.is_left);
        let last = was_left.then(|| place.last.clone());
        last.filter(|last| !last.is_empty())
    }

    /// What was shown there is wiped: if it comes again it is shown again.
    pub(super) fn forget(&mut self, place: &str) {
        self.places.remove(place);
    }

    /// Another account signs in.
    pub(super) fn forget_all(&mut self) {
        self.places.clear();
        self.renamed.clear();
    }

    /// The channel is called otherwise.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(place) = self.places.remove(old) {
            self.places.insert(new.into(), place);
        }
    }
}

impl Place {
    fn show(&mut self, id: &str, mark: Mark) -> bool {
        if self.knows(&mark) {
            return false;
        }
        if self.wholes.len() >= MESSAGES {
            self.wholes.pop_front();
            self.nameless.pop_front();
            self.ids.pop_front();
            self.old = self.old.saturating_sub(1);
        }
        self.ids.push_back(hash(&id));
        self.wholes.push_back(mark.whole);
        self.nameless.push_back((mark.nameless, mark.is_reloaded));
        self.has_reloaded |= mark.is_reloaded;
        self.greatest = self.greatest.max(mark.number);
        if !mark.is_greeting {
            self.last = id.into();
        }
        true
    }

    /// Whether a message of a connection before had this id.
    fn had(&self, id: &str) -> bool {
        self.old > 0 && {
            let id = hash(&id);
            self.ids.iter().take(self.old).any(|old| *old == id)
        }
    }

    /// Whether a message of this connection has this id.
    fn has(&self, id: &str) -> bool {
        let id = hash(&id);
        self.ids.iter().skip(self.old).any(|new| *new == id)
    }

    fn knows(&self, mark: &Mark) -> bool {
        // One that was reloaded may be known by its id, and one with an id as reloaded.
        let other = (mark.nameless, !mark.is_reloaded);
        let may_be_other = mark.is_reloaded || self.has_reloaded;
        !self.is_next(mark) && self.wholes.contains(&mark.whole)
            || may_be_other && self.nameless.contains(&other)
    }

    /// Whether its id is a number above all that were ids here.
    fn is_next(&self, mark: &Mark) -> bool {
        mark.number > self.greatest
    }
}

fn hash(of: &impl Hash) -> u64 {
    FixedState::default().hash_one(of)
}

/// An id for a message that has none of its own, the same whenever it comes again.
pub(super) fn made_id(kind: &str, time: Option<DateTime<Utc>>, user_id: &str, text: &str) -> Id {
    let mut hasher = DefaultHasher::new();
    (time, user_id, text).hash(&mut hasher);
    format_args!("{kind}-{:016x}", hasher.finish()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(id: &str, seconds: i64) -> Mark {
        Mark::of(id, DateTime::from_timestamp(seconds, 0), "2", "hi")
    }

    #[test]
    fn what_comes_again_is_known() {
        let mut past = Past::default();
        assert!(past.show("Lobby", "7", mark("7", 1)));
        assert!(!past.show("Lobby", "7", mark("7", 1)));
        assert!(past.show("Tea", "7", mark("7", 1)), "elsewhere");
        assert!(past.show("Lobby", "7", mark("7", 9)), "after a restart");
        assert!(past.knows("Lobby", &mark(RELOADED_ID, 9)));
        assert!(!past.knows("Lobby", &mark(RELOADED_ID, 8)));
        assert!(
            past.show("Lobby", "8", mark("8", 9)),
            "the same words again"
        );
    }

    #[test]
    fn what_followed_may_be_missing() {
        let mut past = Past::default();
        past.show("Lobby", "7", mark("7", 1));
        assert_eq!(past.come_back("Lobby"), None);
        past.leave("Lobby");
        assert_eq!(past.come_back("Lobby").as_deref(), Some("7"));
        assert_eq!(past.come_back("Lobby"), None);
        past.leave_all();
        past.rename("Lobby", "Hall");
        assert_eq!(past.come_back("Hall").as_deref(), Some("7"));
        assert_eq!(past.come_back("Tea"), None);
    }

    #[test]
    fn an_id_that_was_given_out_twice_is_made_another() {
        let mut past = Past::default();
        let time = DateTime::from_timestamp(9, 0).unwrap();
        let named = |past: &mut Past, place: &str, id: &str| {
            let mut name = Id::from(id);
            past.name(place, &mut name, time, &mark(id, 9));
            name
        };
        past.show("Lobby", "7", mark("7", 1));
        assert_eq!(named(&mut past, "Lobby", "7"), "7", "the same connection");
        past.leave_all();
        assert_eq!(named(&mut past, "Tea", "7"), "7");
        assert_eq!(named(&mut past, "Lobby", "8"), "8");
        assert_eq!(named(&mut past, "Lobby", "7"), "7-9");
        assert_eq!((past.named("7"), past.named("8")), ("7-9", "8"));
        assert_eq!((past.id_of("7-9"), past.id_of("8")), ("7", "8"));
    }

    #[test]
    fn no_more_is_remembered_than_a_limit() {
        let mut past = Past::default();
        for n in 0..2 * MESSAGES {
            let id = n.to_string();
            past.show(&format!("place {}", n % 2 * n), &id, mark(&id, 1));
        }
        assert!(past.places.len() <= PLACES);
        assert!(
            past.places
                .values()
                .all(|place| place.wholes.len() <= MESSAGES)
        );
    }
}
