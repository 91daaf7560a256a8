//! How often somebody may say something, over all their connections: so many at once, and then again as time passes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::UserId;

/// People that are remembered before those are looked for who have paid off everything: a lookup stays cheap, and memory follows
/// the number of people who spoke just now.
const REMEMBERED: usize = 1024;

/// The rule, and who has used how much of it.
#[derive(Debug)]
pub(crate) struct Rate {
    /// What one costs; zero: nothing is counted.
    each: Duration,
    /// What may be owed.
    span: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When somebody will have paid off what they have used.
    paid_off: BTreeMap<UserId, Instant>,
    /// How many may be remembered before the next look for those who owe nothing.
    remembered: usize,
}

impl Rate {
    /// So many within a span; 0 of either: no limit.
    pub(crate) fn new(count: u32, span: Duration) -> Self {
        Self {
            each: span.checked_div(count).unwrap_or_default(),
            span,
            state: Mutex::new(State {
                paid_off: BTreeMap::new(),
                remembered: REMEMBERED,
            }),
        }
    }

    /// The limit as a client is told it, if there is one: how many, within how many milliseconds.
    pub(crate) fn told(&self) -> Option<(u32, u64)> {
        let count = self.span.as_nanos().checked_div(self.each.as_nanos())?;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let ms = u64::try_from(self.span.as_millis()).unwrap_or(u64::MAX);
        Some((count, ms))
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait, if it is too many; then it is not counted.
    pub(crate) fn take(&self, user: UserId, now: Instant) -> Result<(), Duration> {
        if self.each.is_zero() {
            return Ok(());
        }
        let mut state = self.state();
        let known = state.paid_off.get(&user).copied();
        let paid_off = known.map_or(now, |at| at.max(now)) + self.each;
        let owed = paid_off.duration_since(now);
        if owed > self.span {
            return Err(owed - self.span);
        }
        state.paid_off.insert(user, paid_off);
        if state.paid_off.len() > state.remembered {
            state.paid_off.retain(|_, at| *at > now);
            state.remembered = REMEMBERED.max(2 * state.paid_off.len());
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId(1);
    const SPAN: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_then_as_time_passes() {
        let rate = Rate::new(20, SPAN);
        assert_eq!(rate.told(), Some((20, 10_000)));
        let now = Instant::now();
        for _ in 0..20 {
            rate.take(ANN, now).unwrap();
        }
        let wait = Duration::from_millis(500);
        assert_eq!(rate.take(ANN, now), Err(wait));
        assert_eq!(rate.take(ANN, now), Err(wait), "a refusal costs nothing");
        rate.take(UserId(2), now).unwrap();
        rate.take(ANN, now + wait).unwrap();
        assert_eq!(rate.take(ANN, now + wait), Err(wait));
        let later = now + wait + SPAN;
        for _ in 0..20 {
            rate.take(ANN, later).unwrap();
        }
        assert_eq!(rate.take(ANN, later), Err(wait));
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit() {
        for rate in [Rate::new(0, SPAN), Rate::new(20, Duration::ZERO)] {
            assert_eq!(rate.told(), None);
            for _ in 0..1000 {
                rate.take(ANN, Instant::now()).unwrap();
            }
            assert!(rate.state().paid_off.is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_owes_nothing_is_forgotten() {
        let rate = Rate::new(1, SPAN);
        let mut now = Instant::now();
        for user in 0..10 * REMEMBERED as i64 {
            now += SPAN / 100;
            rate.take(UserId(user), now).unwrap();
        }
        assert!(rate.state().paid_off.len() <= REMEMBERED + 1);
        assert!(rate.take(UserId(10 * REMEMBERED as i64 - 1), now).is_err());
    }
}
