//! How much somebody sends, over all their sessions: who sends too much is warned, then put out for a while.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::{LeaveReason, Removal};
use tokio::time::Instant;

use super::call::Call;
use super::stage::Deciding;
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

/// When people have sent something; whoever goes is not forgotten by that, or they would only have to come again.
#[derive(Default)]
pub(super) struct Flood {
    sent: Mutex<Sent>,
}

#[derive(Default)]
struct Sent {
    times: BTreeMap<UserId, VecDeque<Instant>>,
    /// When those are forgotten who have sent nothing for [`SPAN`].
    sweep: Option<Instant>,
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
        sent.sweep(now);
        let times = sent.times.entry(user).or_default();
        while times.front().is_some_and(|at| is_over(*at, now)) {
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

    fn sent(&self) -> MutexGuard<'_, Sent> {
        // Nothing in here panics half-way through a change.
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent {
    /// Forgets whom it is time to forget; all are looked at once in a [`SPAN`].
    fn sweep(&mut self, now: Instant) {
        if self.sweep.is_some_and(|at| now < at) {
            return;
        }
        self.sweep = Some(now + SPAN);
        self.times
            .retain(|_, times| times.back().is_some_and(|at| !is_over(*at, now)));
    }
}

fn is_over(at: Instant, now: Instant) -> bool {
    now.duration_since(at) >= SPAN
}

/// Puts somebody out who has sent too much. Other networks are not their concern: they go on there, but cannot come in.
pub(super) async fn put_out(call: Call) {
    let user = call.user;
    let done = call.change(
        move |deciding| {
            let until = deciding.keep_out_for_flood(user)?;
            Ok((until, deciding.expel(user)?))
        },
        move |telling, (until, closed)| {
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

impl Deciding<'_> {
    /// Somebody has sent too much; gives until when they cannot come in.
    pub(super) fn keep_out_for_flood(&mut self, user: UserId) -> Result<DateTime<Utc>, Error> {
        let at = Utc::now();
        let until = at + KEPT_OUT;
        self.store.ban(&Ban {
            kind: BanKind::Entry,
            target: BanTarget::User(user),
            room: None,
            until: Some(until),
            reason: Some("flood".to_owned()),
            by: None,
            at,
        })?;
        Ok(until)
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
        // Whoever sends nothing is forgotten in the end.
        assert_eq!(count(bob, now + 2 * SPAN), Verdict::Fine);
        let sent = flood.sent();
        assert_eq!(sent.times.keys().collect::<Vec<_>>(), [&bob]);
    }
}
