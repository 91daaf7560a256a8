//! No more than so many packets in so much time, so that a server's protection against floods never fires.

use std::collections::VecDeque;
use std::time::Duration;

/// Packets in [`WINDOW`]: servers warn from the 25th on and throw out at the 30th.
const PACKETS: usize = 20;

/// The time over which servers count.
const WINDOW: Duration = Duration::from_secs(10);

/// When the last packets were sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<Duration>,
}

impl Pace {
    /// When the next packet may go; in the past if it may go at once.
    pub(super) fn next(&self) -> Duration {
        match self.sent.front() {
            Some(oldest) if self.sent.len() >= PACKETS => *oldest + WINDOW,
            _ => Duration::ZERO,
        }
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
        for n in 0..PACKETS {
            assert_eq!(pace.next(), Duration::ZERO, "{n}");
            pace.sent(at(100));
        }
        assert_eq!(pace.next(), at(100) + WINDOW);
        pace.sent(at(100) + WINDOW);
        assert_eq!(pace.next(), at(100) + WINDOW);
    }

    #[test]
    fn in_no_window_are_more() {
        let mut pace = Pace::default();
        let mut sent: Vec<Duration> = Vec::new();
        let mut now = Duration::ZERO;
        for n in 0..500_u64 {
            now = (now + Duration::from_millis(n % 7 * 90)).max(pace.next());
            pace.sent(now);
            sent.push(now);
        }
        for window in sent.windows(PACKETS + 1) {
            assert!(*window.last().unwrap() - *window.first().unwrap() >= WINDOW);
        }
    }
}
