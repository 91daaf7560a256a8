//! When to try again: exponential backoff with full jitter and a cap.

use std::time::Duration;

/// The first delay is between nothing and this.
const BASE: Duration = Duration::from_secs(1);

/// No delay is longer. Five minutes keep ten thousand clients of a dead server at some thirty attempts a second.
const CAP: Duration = Duration::from_secs(300);

/// A connection that held this long was a good one: the next failure counts as the first.
const STABLE: Duration = Duration::from_secs(60);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The delay before the next attempt: uniform between 0 and an exponentially growing bound, so that clients of one
    /// server do not come back all at once. `up` is how long the connection held, `random` is uniform.
    pub(crate) fn next(&mut self, up: Option<Duration>, random: u32) -> Duration {
        if up.is_some_and(|up| up >= STABLE) {
            self.reset();
        }
        let bound = BASE
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(CAP);
        self.failures = self.failures.saturating_add(1).min(31);
        bound.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// The user or the network says that things have changed.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_to_the_cap_and_start_again() {
        let mut backoff = Backoff::default();
        let bounds: Vec<u64> = (0..11)
            .map(|_| backoff.next(None, u32::MAX).as_secs())
            .collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.next(Some(STABLE), u32::MAX), BASE);
        assert_eq!(backoff.next(Some(STABLE / 2), 0), Duration::ZERO);
        (0..100).for_each(|_| {
            backoff.next(None, 7);
        });
        assert_eq!(backoff.next(None, u32::MAX), CAP);
    }
}
