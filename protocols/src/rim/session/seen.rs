//! Which messages of a group have been shown.

use std::collections::BTreeSet;

/// Messages told apart one by one; older ones count as shown. A server works on one message after the other and tells each
/// connection in that order, so ids that come late are rare, and late by little.
const WINDOW: usize = 128;

/// The ids that were shown. Ids rise within a group.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Everything up to here was shown, or was never there for this user.
    floor: u64,
    above: BTreeSet<u64>,
}

impl Seen {
    pub(super) fn knows(&self, id: u64) -> bool {
        id <= self.floor || self.above.contains(&id)
    }

    /// Everything up to here is known.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// The newest one; 0 if there is none.
    pub(super) fn newest(&self) -> u64 {
        self.above.last().copied().unwrap_or(self.floor)
    }

    pub(super) fn note(&mut self, id: u64) {
        if id > self.floor {
            self.above.insert(id);
        }
        if self.above.len() > WINDOW
            && let Some(oldest) = self.above.pop_first()
        {
            self.floor = oldest;
        }
    }

    /// Nothing is missing up to here.
    pub(super) fn all_up_to(&mut self, id: u64) {
        self.floor = self.floor.max(id);
        let floor = self.floor;
        self.above.retain(|id| *id > floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_known_in_bounded_memory() {
        let mut seen = Seen::default();
        assert!(!seen.knows(1));
        seen.note(10);
        assert!(seen.knows(10) && !seen.knows(9), "9 may still come");
        assert_eq!((seen.floor(), seen.newest()), (0, 10));
        seen.all_up_to(10);
        assert!(seen.knows(9));
        for id in 100..10_000 {
            seen.note(id);
        }
        assert_eq!(seen.newest(), 9_999);
        assert!(seen.knows(11) && seen.above.len() <= WINDOW);
        seen.all_up_to(5);
        assert!(seen.floor() > 8_000);
    }
}
