//! What a connection counts while it works.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a connection has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Packets and fields of the peer that were skipped: malformed, unknown, or over a limit. Each attempt to connect goes on
    /// counting.
    pub skipped: u64,
}

/// The same, while counting: a connection writes it, whoever holds a clone of its `Arc` reads it without asking the connection.
#[derive(Debug, Default)]
pub struct Counters {
    skipped: AtomicU64,
}

impl Counters {
    /// So much more was skipped.
    pub fn skip(&self, more: u64) {
        self.skipped.fetch_add(more, Ordering::Relaxed);
    }

    /// The counts now.
    #[must_use]
    pub fn read(&self) -> Statistics {
        Statistics {
            skipped: self.skipped.load(Ordering::Relaxed),
        }
    }
}
