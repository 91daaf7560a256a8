//! How fast may be said what the server counts.

use std::collections::VecDeque;
use std::time::Duration;

/// Times remembered at most: a server that allows more at once is not waited for.
const REMEMBERED: usize = 10_000;

/// So many in so much time, as `hello` says, and not before the server wants it again.
///
/// It is counted at the moment of sending and the server counts at that of arrival, so it may still refuse: then it says
/// how long to wait. What was counted stays counted over a reconnect, since the server counts per person.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// 0: no limit.
    count: usize,
    time: Duration,
    sent: VecDeque<Duration>,
    not_before: Duration,
    /// The last moment that it was told: what goes out then needs no waking.
    woken: Duration,
}

impl Pace {
    /// What the server allows.
    pub(super) fn set(&mut self, count: u64, ms: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.count = if count > REMEMBERED { 0 } else { count };
        self.time = Duration::from_millis(ms);
    }

    /// Whether one may go out now.
    pub(super) fn is_open(&self, now: Duration) -> bool {
        self.opens().is_none_or(|at| at <= now)
    }

    /// When the next one may go out; `None` if at any time.
    fn opens(&self) -> Option<Duration> {
        let full = self.count > 0 && self.sent.len() >= self.count;
        let by_count = self.sent.front().filter(|_| full);
        let by_count = by_count.map(|first| *first + self.time);
        by_count
            .max(Some(self.not_before))
            .filter(|at| !at.is_zero())
    }

    /// When to look again; `None` if it is open since the last time.
    pub(super) fn wakes(&self) -> Option<Duration> {
        self.opens().filter(|at| *at > self.woken)
    }

    /// It is `now`: what waits and does not go out waits for something else.
    pub(super) fn woken(&mut self, now: Duration) {
        self.woken = self.woken.max(now);
    }

    /// One goes out.
    pub(super) fn sent(&mut self, now: Duration) {
        if self.count == 0 {
            return;
        }
        self.sent.push_back(now);
        while self.sent.len() > self.count {
            self.sent.pop_front();
        }
    }

    /// The server wants nothing for so long.
    pub(super) fn wait(&mut self, now: Duration, for_ms: u64) {
        self.not_before = self.not_before.max(now + Duration::from_millis(for_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn no_more_than_the_server_allows() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert!(pace.is_open(ms(0)));
            pace.sent(ms(0));
        }
        pace.set(2, 1000);
        for at in [0, 400] {
            assert!(pace.is_open(ms(at)));
            pace.sent(ms(at));
        }
        assert!(!pace.is_open(ms(999)));
        assert_eq!(pace.opens(), Some(ms(1000)));
        pace.sent(ms(1000));
        assert_eq!(pace.opens(), Some(ms(1400)));
        pace.wait(ms(1000), 5000);
        assert!(!pace.is_open(ms(5999)));
        assert!(pace.is_open(ms(6000)));
        pace.set(u64::MAX, u64::MAX);
        assert!(pace.is_open(ms(6000)));
    }
}
