//! Messages in order, found by their ids: a list of short lists, whose clone is O(1).
//!
//! What a log does all day is to take one more behind and to give up its oldest: that touches a short list at either end, and
//! nothing has to be kept in balance. An id is looked for by four bytes of its hash, which lie side by side; for as few
//! messages as a log keeps that is quicker than any tree of ids, and there is no second order to keep.

use std::collections::{VecDeque, vec_deque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::Key;
use crate::Message;

/// Messages per short list: as many as are copied where a clone shares the list. Two neighbours hold more than half as many,
/// or they are joined.
const CHUNK_MESSAGES: usize = 64;

/// Messages by key, each key once.
#[derive(Clone, Default)]
pub(super) struct Order {
    /// None is empty.
    chunks: Arc<VecDeque<Arc<Chunk>>>,
    len: usize,
}

#[derive(Clone, Default)]
struct Chunk {
    entries: VecDeque<Entry>,
    /// Those of the entries' ids, in the same order.
    hashes: VecDeque<u32>,
}

/// A message and where it stands.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) message: Arc<Message>,
}

impl Order {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Entry> {
        self.chunks.front()?.entries.front()
    }

    pub(super) fn last(&self) -> Option<&Entry> {
        self.chunks.back()?.entries.back()
    }

    pub(super) fn get(&self, key: Key) -> Option<&Arc<Message>> {
        let chunk = self.chunks.get(self.chunk_of(key))?;
        let at = chunk.place(key).ok()?;
        chunk.entries.get(at).map(|entry| &entry.message)
    }

    /// Where the message called `id` stands.
    pub(super) fn find(&self, id: &str) -> Option<Key> {
        let hash = hash(Some(id));
        let mut chunks = self.chunks.iter();
        chunks.find_map(|chunk| chunk.find(id, hash))
    }

    /// Puts a message at a place, and gives back the one that stood there.
    pub(super) fn put(&mut self, key: Key, message: Arc<Message>) -> Option<Arc<Message>> {
        let at = self.chunk_of(key);
        let hash = hash(message.id.as_deref());
        let entry = Entry { key, message };
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(chunk) = chunks.get_mut(at) else {
            self.len += 1;
            let last = chunks.back_mut();
            match last.filter(|chunk| chunk.entries.len() < CHUNK_MESSAGES) {
                Some(chunk) => Arc::make_mut(chunk).push(entry, hash),
                None => {
                    let mut chunk = Chunk::default();
                    chunk.push(entry, hash);
                    chunks.push_back(Arc::new(chunk));
                }
            }
            return None;
        };
        let chunk = Arc::make_mut(chunk);
        match chunk.place(key) {
            Ok(there) => chunk.replace(there, entry, hash),
            Err(there) => {
                self.len += 1;
                chunk.entries.insert(there, entry);
                chunk.hashes.insert(there, hash);
                if chunk.entries.len() > CHUNK_MESSAGES {
                    let rest = chunk.split();
                    chunks.insert(at + 1, Arc::new(rest));
                }
                None
            }
        }
    }

    /// Takes out what stands at a place.
    pub(super) fn take(&mut self, key: Key) -> Option<Arc<Message>> {
        let at = self.chunk_of(key);
        let there = self.chunks.get(at)?.place(key).ok()?;
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Arc::make_mut(chunks.get_mut(at)?);
        let entry = chunk.entries.remove(there)?;
        chunk.hashes.remove(there);
        self.len -= 1;
        if chunk.entries.is_empty() {
            chunks.remove(at);
        } else {
            join(chunks, at);
        }
        if let Some(before) = at.checked_sub(1) {
            join(chunks, before);
        }
        Some(entry.message)
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        let entries: fn(&Arc<Chunk>) -> vec_deque::Iter<'_, Entry> = |chunk| chunk.entries.iter();
        Iter {
            inner: self.chunks.iter().flat_map(entries),
            left: self.len,
        }
    }

    /// Whether both are clones of one another that nobody has changed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks)
    }

    /// The first chunk that ends at the key or behind it.
    fn chunk_of(&self, key: Key) -> usize {
        // Nearly every message comes behind all others.
        if self.last().is_none_or(|last| last.key < key) {
            return self.chunks.len();
        }
        let ends_before =
            |chunk: &Arc<Chunk>| chunk.entries.back().is_some_and(|last| last.key < key);
        self.chunks.partition_point(ends_before)
    }
}

impl Chunk {
    fn push(&mut self, entry: Entry, hash: u32) {
        self.entries.push_back(entry);
        self.hashes.push_back(hash);
    }

    fn replace(&mut self, at: usize, entry: Entry, hash: u32) -> Option<Arc<Message>> {
        *self.hashes.get_mut(at)? = hash;
        let old = std::mem::replace(self.entries.get_mut(at)?, entry);
        Some(old.message)
    }

    /// Where the key is, or would be.
    fn place(&self, key: Key) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |entry| entry.key)
    }

    fn find(&self, id: &str, hash: u32) -> Option<Key> {
        let (front, back) = self.hashes.as_slices();
        // Without a way out in the middle, many are compared at once.
        let is_in = |part: &[u32]| part.iter().fold(false, |found, one| found | (*one == hash));
        if !is_in(front) & !is_in(back) {
            return None;
        }
        let both = self.hashes.iter().zip(&self.entries);
        let mut same = both
            .filter(|(one, _)| **one == hash)
            .map(|(_, entry)| entry);
        same.find(|entry| is_called(&entry.message, id))
            .map(|entry| entry.key)
    }

    /// Gives away the second half.
    fn split(&mut self) -> Self {
        let middle = self.entries.len() / 2;
        Self {
            entries: self.entries.split_off(middle),
            hashes: self.hashes.split_off(middle),
        }
    }
}

/// Joins a chunk and the next one if they are short.
fn join(chunks: &mut VecDeque<Arc<Chunk>>, at: usize) {
    let len = |at: usize| chunks.get(at).map(|chunk| chunk.entries.len());
    let is_short = |(one, next)| one + next <= CHUNK_MESSAGES / 2;
    if !len(at).zip(len(at + 1)).is_some_and(is_short) {
        return;
    }
    if let Some(next) = chunks.remove(at + 1)
        && let Some(chunk) = chunks.get_mut(at)
    {
        let chunk = Arc::make_mut(chunk);
        chunk.entries.extend(next.entries.iter().cloned());
        chunk.hashes.extend(&next.hashes);
    }
}

fn is_called(message: &Message, id: &str) -> bool {
    #[cfg(test)]
    super::tests::count();
    message.id.as_deref() == Some(id)
}

/// Whoever makes ids that have the same only makes finding them slower, by as much as comparing the ids of a log takes.
fn hash(id: Option<&str>) -> u32 {
    let Some(id) = id else {
        return 0;
    };
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

type Flat<'a> = std::iter::FlatMap<
    vec_deque::Iter<'a, Arc<Chunk>>,
    vec_deque::Iter<'a, Entry>,
    fn(&'a Arc<Chunk>) -> vec_deque::Iter<'a, Entry>,
>;

/// The entries of an [`Order`].
pub(super) struct Iter<'a> {
    inner: Flat<'a>,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.inner.next()?;
        self.left -= 1;
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = self.inner.next_back()?;
        self.left -= 1;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    fn key(number: i64) -> Key {
        Key {
            time: DateTime::<Utc>::UNIX_EPOCH,
            arrival: number,
        }
    }

    fn message(id: &str) -> Arc<Message> {
        let mut message = Message::text(id, DateTime::<Utc>::UNIX_EPOCH);
        message.id = Some(id.into());
        Arc::new(message)
    }

    fn check(order: &Order, model: &BTreeMap<i64, Arc<Message>>) {
        let of = |entry: &Entry| (entry.key.arrival, Arc::clone(&entry.message));
        let all: Vec<_> = order.iter().map(of).collect();
        let expected: Vec<_> = model
            .iter()
            .map(|(at, one)| (*at, Arc::clone(one)))
            .collect();
        assert_eq!(all, expected);
        let mut back: Vec<_> = order.iter().rev().map(of).collect();
        back.reverse();
        assert_eq!(back, expected);
        assert_eq!(order.len(), model.len());
        assert_eq!(order.iter().size_hint(), (model.len(), Some(model.len())));
        let ends = [order.first(), order.last()].map(|entry| entry.map(of));
        assert_eq!(ends, [expected.first().cloned(), expected.last().cloned()]);
        for chunk in order.chunks.iter() {
            assert!((1..=CHUNK_MESSAGES).contains(&chunk.entries.len()));
            let ids = chunk
                .entries
                .iter()
                .map(|entry| entry.message.id.as_deref());
            assert!(ids.map(hash).eq(chunk.hashes.iter().copied()));
        }
        for (one, next) in order.chunks.iter().zip(order.chunks.iter().skip(1)) {
            assert!(one.entries.len() + next.entries.len() > CHUNK_MESSAGES / 2);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// It is a map by key, whatever is done to it, and clones never see later changes.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0..3_u8, 0..300_i64), 0..600)) {
            let mut order = Order::default();
            let mut model = BTreeMap::new();
            let mut clones = Vec::new();
            for (number, (kind, at)) in steps.into_iter().enumerate() {
                match kind {
                    0 => prop_assert_eq!(order.take(key(at)), model.remove(&at)),
                    _ => {
                        let new = message(&format!("{number}"));
                        let old = model.insert(at, Arc::clone(&new));
                        prop_assert_eq!(order.put(key(at), new), old);
                    }
                }
                if number % 100 == 0 {
                    clones.push((order.clone(), model.clone()));
                }
                prop_assert_eq!(order.get(key(at)), model.get(&at));
            }
            for (order, model) in clones.iter().chain([&(order, model)]) {
                check(order, model);
                for (at, message) in model {
                    let id = message.id.as_deref().unwrap_or_default();
                    prop_assert_eq!(order.find(id), Some(key(*at)));
                }
                prop_assert_eq!(order.find("x"), None);
            }
        }
    }

    #[test]
    fn a_flood_makes_full_chunks() {
        let mut order = Order::default();
        for number in 0..1_000 {
            order.put(key(number), message(&number.to_string()));
        }
        assert_eq!(order.chunks.len(), 1_000_usize.div_ceil(CHUNK_MESSAGES));
        for number in 0..1_000 {
            assert!(order.take(key(number)).is_some());
        }
        assert!(order.chunks.is_empty());
    }
}
