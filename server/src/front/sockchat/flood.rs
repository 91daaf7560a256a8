//! How much somebody sends, over all their sessions: who sends too much is warned, then put out for a while.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use kaiwa_protocols::sockchat::wire::{LeaveReason, Removal};
use tokio::time::Instant;

use super::call::Call;
use crate::store::{Ban, BanKind, BanTarget, UserId};

/// As many packets within [`SPAN`] are too many: more than anybody types, and than clients send that heed it.
const MAX_PACKETS: usize = 30;

/// From so many on, each is answered by a warning.
const WARNED_PACKETS: usize = 25;

/// The span in which packets are counted.
const SPAN: Duration = Duration::from_secs(10);

/// How long who sent too much is kept out (SharpChat).
const KEPT_OUT: TimeDelta = TimeDelta::seconds(30);

/// The lowest rank that may send as much as it likes.
const EXEMPT_RANK: i64 = 9;

/// When those who are here have sent something.
#[derive(Default)]
pub(super) struct Flood {
    sent: Mutex<BTreeMap<UserId, VecDeque<Instant>>>,
}

/// What is to be done about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    Warn,
    PutOut,
}

impl Flood {
    /// Somebody of this rank sends a packet.
    pub(super) fn count(&self, user: UserId, rank: i64, now: Instant) -> Verdict {
        if rank >= EXEMPT_RANK {
            return Verdict::Fine;
        }
        let mut sent = self.sent();
        let times = sent.entry(user).or_default();
        while times
            .front()
            .is_some_and(|at| now.duration_since(*at) >= SPAN)
        {
            times.pop_front();
        }
        if times.len() < MAX_PACKETS {
            times.push_back(now);
        }
        match times.len() {
            MAX_PACKETS.. => Verdict::PutOut,
            WARNED_PACKETS.. => Verdict::Warn,
            _ => Verdict::Fine,
        }
    }

    /// Somebody has gone.
    pub(super) fn forget(&self, user: UserId) {
        self.sent().remove(&user);
    }

    fn sent(&self) -> MutexGuard<'_, BTreeMap<UserId, VecDeque<Instant>>> {
        // Nothing in here panics half-way through a change.
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts somebody out who has sent too much. Other networks are not their concern: they go on there, but cannot come in.
pub(super) async fn put_out(call: Call) {
    let user = call.user;
    let at = Utc::now();
    let until = at + KEPT_OUT;
    let done = call.change(
        move |deciding| {
            deciding.store.ban(&Ban {
                kind: BanKind::Entry,
                target: BanTarget::User(user),
                room: None,
                until: Some(until),
                reason: Some("flood".to_owned()),
                by: None,
                at,
            })?;
            Ok(deciding.expel(user)?)
        },
        move |telling, closed| {
            if let Some(closed) = closed {
                let removal = Removal::Banned { until: Some(until) };
                telling.put_out(user, removal, LeaveReason::Flood, closed);
            }
        },
    );
    if let Err(refusal) = done.await {
        tracing::debug!(?refusal, "somebody floods on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_warning_before_the_end() {
        let flood = Flood::default();
        let (ann, bob) = (UserId(1), UserId(2));
        let now = Instant::now();
        let count = |user, at| flood.count(user, 1, at);
        for _ in 1..WARNED_PACKETS {
            assert_eq!(count(ann, now), Verdict::Fine);
        }
        for _ in WARNED_PACKETS..MAX_PACKETS {
            assert_eq!(count(ann, now), Verdict::Warn);
        }
        assert_eq!(count(bob, now), Verdict::Fine);
        assert_eq!(count(ann, now), Verdict::PutOut);
        assert_eq!(count(ann, now), Verdict::PutOut);
        assert_eq!(count(ann, now + SPAN), Verdict::Fine);
        for _ in 0..2 * MAX_PACKETS {
            assert_eq!(flood.count(bob, EXEMPT_RANK, now), Verdict::Fine);
        }
        flood.forget(ann);
        flood.forget(bob);
        assert!(flood.sent().is_empty());
    }
}
