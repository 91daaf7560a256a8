//! The messages kept of one channel: in order, addressed by id, bounded, and O(1) to clone.

mod order;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::order::Order;
use crate::event::size;
use crate::{Message, MessageStatus};

/// How many messages are kept per channel: some screens of scroll-back. More is the network's history, on request.
pub const MESSAGES_PER_CHANNEL: usize = 1_000;

/// How many bytes of messages are kept per channel, 4 MiB: 4 KiB for each of [`MESSAGES_PER_CHANNEL`], ten times what
/// people write, so that only a peer that floods with huge messages meets it. The newest message is kept whatever its size.
pub const MESSAGE_BYTES_PER_CHANNEL: usize = 4 * 1024 * 1024;

/// The messages kept of one channel, oldest first.
///
/// Order: a live message stands behind everything there, whatever its clock says; history stands where its time
/// belongs; an update stays where the message was. No id is ever there twice. Beyond [`MESSAGES_PER_CHANNEL`] or
/// [`MESSAGE_BYTES_PER_CHANNEL`] the oldest go. A change compares O(log n) messages, and finding an id one, behind a look at
/// four bytes of each; a clone is O(1) and
/// never sees later changes.
#[derive(Clone)]
pub struct MessageLog {
    order: Order,
    bytes: usize,
    /// Arrival numbers: the next one to use behind, and the last one used in front.
    back: i64,
    front: i64,
}

impl MessageLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            order: Order::default(),
            bytes: 0,
            back: 0,
            front: 0,
        }
    }

    /// Adds a message that was said now, behind all others; one whose id is there is replaced where it is.
    pub fn push(&mut self, message: Message) {
        let key = message.id.as_deref().and_then(|id| self.order.find(id));
        let key = key.unwrap_or_else(|| self.live_key(&message));
        self.put(key, message);
        self.evict();
    }

    /// Adds messages from before now, each where its time belongs; those whose id is there are replaced where they are.
    /// What is older than all that a full log keeps is left out.
    pub fn insert_history(&mut self, messages: &[Message]) {
        let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        // At the same moment (some networks count in seconds) a batch stands before what is there if it reaches further
        // back than the log, or lies wholly at its beginning; any other stands behind it.
        let first = self.order.first().map(|entry| entry.key.time);
        let last = self.order.last().map(|entry| entry.key.time);
        let times = || messages.iter().map(|message| message.timestamp);
        let start = if times().min() < first || (times().max() == first && first < last) {
            self.front -= count;
            self.front
        } else {
            self.back += count;
            self.back - count
        };
        for (arrival, message) in (start..).zip(messages) {
            let known = message.id.as_deref().and_then(|id| self.order.find(id));
            let key = known.unwrap_or(Key {
                time: message.timestamp,
                arrival,
            });
            if !self.would_leave_out(key) {
                self.put(key, message.clone());
                self.evict();
            }
        }
    }

    /// Replaces the message called `id` where it stands, also when its id changes; says whether it was there.
    /// A new message without an id keeps this one.
    pub fn update(&mut self, id: &str, mut new_message: Message) -> bool {
        let Some(key) = self.order.find(id) else {
            return false;
        };
        let new_id = new_message.id.get_or_insert_with(|| id.into());
        if new_id != id {
            // The new id may have arrived by itself already, in a backlog for example.
            let double = self.order.find(new_id.as_str());
            if let Some(double) = double {
                self.take(double);
            }
        }
        self.put(key, new_message);
        self.evict();
        true
    }

    /// Takes out the message called `id`; says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        match self.order.find(id) {
            Some(key) => self.take(key),
            None => false,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The message called `id`. Messages without an id can only be reached by [`MessageLog::iter`].
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Message> {
        let key = self.order.find(id)?;
        self.order.get(key).map(AsRef::as_ref)
    }

    /// The oldest message.
    #[must_use]
    pub fn first(&self) -> Option<&Message> {
        self.order.first().map(|entry| entry.message.as_ref())
    }

    /// The newest message.
    #[must_use]
    pub fn last(&self) -> Option<&Message> {
        self.order.last().map(|entry| entry.message.as_ref())
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.len() == 0
    }

    /// The messages, oldest first.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            inner: self.order.iter(),
        }
    }

    /// A copy of every message, oldest first.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Message> {
        self.iter().cloned().collect()
    }

    /// The place behind all others. A local echo does not move time on: its clock is not the network's.
    fn live_key(&mut self, message: &Message) -> Key {
        let time = match self.order.last() {
            None => message.timestamp,
            Some(last) if message.status == MessageStatus::Sent => last.key.time,
            Some(last) => last.key.time.max(message.timestamp),
        };
        self.back += 1;
        Key {
            time,
            arrival: self.back - 1,
        }
    }

    /// Puts a message at a place, in stead of the one that stands there.
    fn put(&mut self, key: Key, message: Message) {
        self.bytes += bytes(&message);
        if let Some(old) = self.order.put(key, Arc::new(message)) {
            self.bytes -= bytes(&old);
        }
    }

    /// Empties a place; says whether it was taken.
    fn take(&mut self, key: Key) -> bool {
        let Some(message) = self.order.take(key) else {
            return false;
        };
        self.bytes -= bytes(&message);
        true
    }

    fn evict(&mut self) {
        while self.len() > MESSAGES_PER_CHANNEL
            || (self.bytes > MESSAGE_BYTES_PER_CHANNEL && self.len() > 1)
        {
            let Some(oldest) = self.order.first().map(|entry| entry.key) else {
                return;
            };
            self.take(oldest);
        }
    }

    /// Whether a message at this place would be evicted at once; saves copying it.
    fn would_leave_out(&self, key: Key) -> bool {
        self.len() >= MESSAGES_PER_CHANNEL
            && self.order.first().is_some_and(|first| key < first.key)
    }
}

/// What a message counts for in [`MESSAGE_BYTES_PER_CHANNEL`].
fn bytes(message: &Message) -> usize {
    size_of::<Message>() + size::message(message)
}

/// The place of a message: the time it counts for, then the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    time: DateTime<Utc>,
    arrival: i64,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        #[cfg(test)]
        tests::count();
        (self.time, self.arrival).cmp(&(other.time, other.arrival))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for MessageLog {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal where the same messages stand in the same order.
impl PartialEq for MessageLog {
    fn eq(&self, other: &Self) -> bool {
        self.order.is_same(&other.order) || self.iter().eq(other)
    }
}

impl fmt::Debug for MessageLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a MessageLog {
    type Item = &'a Message;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The messages of a [`MessageLog`], oldest first.
pub struct Iter<'a> {
    inner: order::Iter<'a>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Message;

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.next().map(|entry| entry.message.as_ref())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.inner.next_back().map(|entry| entry.message.as_ref())
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use super::*;

    thread_local! {
        static COMPARISONS: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts one comparison of keys or ids on this thread.
    pub(super) fn count() {
        COMPARISONS.set(COMPARISONS.get() + 1);
    }

    fn message(id: &str, second: i64) -> Message {
        let said = DateTime::from_timestamp(second, 0).unwrap();
        Message {
            id: Some(id.into()),
            status: MessageStatus::Delivered,
            ..Message::text(format!("text of {id}"), said)
        }
    }

    fn full_log() -> MessageLog {
        let mut log = MessageLog::new();
        for n in 0..MESSAGES_PER_CHANNEL {
            log.push(message(&format!("m{n:03}"), i64::try_from(n).unwrap()));
        }
        log
    }

    fn comparisons(change: impl FnOnce(&mut MessageLog)) -> usize {
        let mut log = full_log();
        COMPARISONS.set(0);
        change(&mut log);
        COMPARISONS.get()
    }

    /// No change searches more than ten times; one scan of the log would take five times as many comparisons.
    #[test]
    fn every_change_is_logarithmic() {
        let limit = 10 * 2 * (MESSAGES_PER_CHANNEL + 1).ilog2() as usize;
        assert!(limit * 5 < MESSAGES_PER_CHANNEL);
        for (name, count) in [
            ("push", comparisons(|log| log.push(message("new", 5_000)))),
            ("upsert", comparisons(|log| log.push(message("m500", 0)))),
            (
                "update",
                comparisons(|log| assert!(log.update("m500", message("m500", 0)))),
            ),
            (
                "new id",
                comparisons(|log| assert!(log.update("m500", message("new", 0)))),
            ),
            (
                "taken id",
                comparisons(|log| assert!(log.update("m500", message("m700", 0)))),
            ),
            (
                "unknown",
                comparisons(|log| assert!(!log.update("x", message("y", 0)))),
            ),
            ("remove", comparisons(|log| assert!(log.remove("m500")))),
            ("get", comparisons(|log| assert!(log.get("m500").is_some()))),
            (
                "history",
                comparisons(|log| log.insert_history(&[message("new", 500)])),
            ),
            ("clone", comparisons(|log| drop(log.clone()))),
        ] {
            assert!(count <= limit, "{name}: {count} comparisons");
        }
    }

    #[test]
    fn a_page_within_the_oldest_moment_stands_before_it() {
        let mut log = MessageLog::new();
        log.insert_history(&[message("c", 1), message("d", 1), message("e", 2)]);
        log.insert_history(&[message("a", 1), message("b", 1)]);
        log.insert_history(&[message("f", 2), message("g", 3)]);
        let ids: Vec<_> = log.iter().map(|message| message.id.as_deref()).collect();
        let expected = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(ids, expected.map(Some));
    }

    #[test]
    fn bytes_are_those_of_the_messages_kept() {
        let mut log = full_log();
        log.push(message("longer than the others", 1));
        log.push(message("m700", 1));
        log.update("m701", message("m702", 1));
        log.update("m703", message("another", 1));
        log.update("unknown", message("unknown", 1));
        log.remove("m704");
        log.remove("m704");
        log.insert_history(&[message("h", 0), message("m705", 0), message("i", 750)]);
        assert_eq!(log.bytes, log.iter().map(bytes).sum::<usize>());
        let ids: BTreeSet<_> = log.iter().map(|message| message.id.as_deref()).collect();
        assert_eq!(ids.len(), log.len());
    }

    #[test]
    fn no_replaced_message_is_kept_alive() {
        let mut log = MessageLog::new();
        log.push(message("a", 1));
        let old = Arc::downgrade(&log.order.first().unwrap().message);
        log.update("a", message("a", 1));
        assert!(old.upgrade().is_none());
    }
}
