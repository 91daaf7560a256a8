//! No more than so many packets in so much time, so that a server's protection against floods never fires.

use std::collections::VecDeque;
use std::time::Duration;

/// Packets in [`WINDOW`]: servers warn from the 25th on and throw out at the 30th.
const PACKETS: usize = 20;

/// The time over which servers count.
const WINDOW: Duration = Duration::from_secs(10);

/// Packets in [`WINDOW`] that are kept for pings: whoever talks must not be taken for dead.
const KEPT: usize = 1;

/// When the last packets were sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<Duration>,
}

impl Pace {
    /// When the next packet may go that is no ping; in the past if it may go at once.
    pub(super) fn next(&self) -> Duration {
        self.after(PACKETS - KEPT)
    }

    /// When the next ping may go.
    pub(super) fn next_ping(&self) -> Duration {
        self.after(PACKETS)
    }

    /// When fewer than so many were sent in the time before.
    fn after(&self, packets: usize) -> Duration {
        let at = self.sent.len().checked_sub(packets);
        let oldest = at.and_then(|at| self.sent.get(at));
        oldest.map_or(Duration::ZERO, |oldest| *oldest + WINDOW)
    }

    /// A packet goes.
    pub(super) fn sent(&mut self, now: Duration) {
        if self.sent.len() >= PACKETS {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }

    /// A new connection is counted anew.
    pub(super) fn clear(&mut self) {
        self.sent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_waits() {
        let at = Duration::from_millis;
        let mut pace = Pace::default();
        for n in 1..PACKETS {
            assert_eq!(pace.next(), Duration::ZERO, "{n}");
            pace.sent(at(100));
        }
        assert_eq!(pace.next(), at(100) + WINDOW);
        assert_eq!(pace.next_ping(), Duration::ZERO, "kept for it");
        pace.sent(at(200));
        assert_eq!(pace.next_ping(), at(100) + WINDOW);
        assert_eq!(pace.next(), at(100) + WINDOW);
    }

    #[test]
    fn in_no_window_are_more() {
        let mut pace = Pace::default();
        let mut sent: Vec<Duration> = Vec::new();
        let mut now = Duration::ZERO;
        for n in 0..500_u64 {
            let next = if n % 5 == 0 {
                pace.next_ping()
            } else {
                pace.next()
            };
            now = (now + Duration::from_millis(n % 7 * 90)).max(next);
            pace.sent(now);
            sent.push(now);
        }
        for window in sent.windows(PACKETS + 1) {
            assert!(*window.last().unwrap() - *window.first().unwrap() >= WINDOW);
        }
    }
}
