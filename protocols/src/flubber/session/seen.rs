//! Messages that were told, so that an upsert is known for what it is.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use kaiwa_core::Id;

use crate::flubber::wire::Message;

/// Messages remembered. Older ones that change are told as if they were new, in the history.
const SEEN_MESSAGES: usize = 10_000;

/// Messages that were told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    messages: BTreeMap<Id, Told>,
    /// Oldest first.
    order: VecDeque<Id>,
}

#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) channel: Id,
    /// What it said; `None` as long as the backend has not repeated an own one.
    pub(super) digest: Option<u64>,
    pub(super) time: i64,
}

impl Seen {
    pub(super) fn get(&self, id: &str) -> Option<&Told> {
        self.messages.get(id)
    }

    pub(super) fn insert(&mut self, id: &str, told: Told) {
        let id = Id::from(id);
        if self.messages.insert(id.clone(), told).is_some() {
            return;
        }
        while self.order.len() >= SEEN_MESSAGES {
            if let Some(oldest) = self.order.pop_front() {
                self.messages.remove(&oldest);
            }
        }
        self.order.push_back(id);
    }

    pub(super) fn set_digest(&mut self, id: &str, digest: u64) {
        if let Some(told) = self.messages.get_mut(id) {
            told.digest = Some(digest);
        }
    }

    /// A message is gone; gives its channel.
    pub(super) fn remove(&mut self, id: &str) -> Option<Id> {
        let told = self.messages.remove(id)?;
        self.order.retain(|one| one != id);
        Some(told.channel)
    }
}

/// What a message says, as a number.
pub(super) fn digest(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.content.hash(&mut hasher);
    message.attachments.hash(&mut hasher);
    (message.edit_time != message.create_time)
        .then_some(message.edit_time)
        .hash(&mut hasher);
    if !message.extra.is_null() {
        message.extra.to_string().hash(&mut hasher);
    }
    hasher.finish()
}
