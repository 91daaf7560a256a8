//! So many at a time, in all and for each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places, some of which are taken. Nobody waits for one.
#[derive(Debug)]
pub(crate) struct Seats<K> {
    all: usize,
    each: usize,
    taken: Arc<Mutex<Taken<K>>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    each: BTreeMap<K, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSeat {
    /// All are taken.
    All,
    /// Whoever asks has all of theirs.
    Each,
}

/// A place; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat<K: Ord> {
    key: K,
    taken: Arc<Mutex<Taken<K>>>,
}

impl<K: Ord + Copy> Seats<K> {
    pub(crate) fn new(all: usize, each: usize) -> Self {
        let taken = Taken {
            all: 0,
            each: BTreeMap::new(),
        };
        Self {
            all,
            each,
            taken: Arc::new(Mutex::new(taken)),
        }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(crate) fn take(&self, key: K) -> Result<Seat<K>, NoSeat> {
        let mut taken = lock(&self.taken);
        let own = taken.each.get(&key).copied().unwrap_or_default();
        if own >= self.each {
            return Err(NoSeat::Each);
        }
        if taken.all >= self.all {
            return Err(NoSeat::All);
        }
        taken.all += 1;
        taken.each.insert(key, own + 1);
        Ok(Seat {
            key,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl<K: Ord> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        if let Some(own) = taken.each.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.each.remove(&self.key);
            }
        }
    }
}

fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    // Nothing in here panics half-way through a change.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_all_and_for_each() {
        let seats = Seats::new(3, 2);
        let one = seats.take('a').unwrap();
        let two = seats.take('a').unwrap();
        assert_eq!(seats.take('a').unwrap_err(), NoSeat::Each);
        let three = seats.take('b').unwrap();
        assert_eq!(seats.take('c').unwrap_err(), NoSeat::All);
        assert_eq!(seats.take('a').unwrap_err(), NoSeat::Each);
        drop(one);
        let four = seats.take('c').unwrap();
        assert_eq!(seats.take('a').unwrap_err(), NoSeat::All);
        drop((two, three, four));
        let taken = lock(&seats.taken);
        assert_eq!((taken.all, taken.each.len()), (0, 0));
    }
}
