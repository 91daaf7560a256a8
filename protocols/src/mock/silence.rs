//! Notices that the peer has fallen silent, where it has promised to be heard.

use std::time::Duration;

use kaiwa_core::session::Now;

/// How long the peer may be silent, and since when it has been.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The peer's promise; `None`: it has made none.
    limit: Option<Duration>,
    since: Duration,
    asked: bool,
    /// Nobody listens: silence is not the peer's.
    paused: bool,
}

/// What to do at the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    /// Ask for a sign of life.
    Ask,
    /// It was asked and did not answer.
    Dead,
}

impl Silence {
    /// The peer promises to be heard once in `limit`.
    pub(super) fn begin(&mut self, now: Now, limit: Option<Duration>) {
        self.limit = limit;
        self.heard(now);
    }

    /// The peer was heard.
    pub(super) fn heard(&mut self, now: Now) {
        self.since = now.mono;
        self.asked = false;
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    pub(super) fn resume(&mut self, now: Now) {
        self.paused = false;
        self.heard(now);
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.limit
            .filter(|_| !self.paused)
            .and_then(|limit| self.since.checked_add(limit))
    }

    /// Called at the deadline; counts from `now` again if it asks.
    pub(super) fn judge(&mut self, now: Now) -> Verdict {
        match self.deadline() {
            Some(deadline) if deadline <= now.mono => {
                self.since = now.mono;
                if std::mem::replace(&mut self.asked, true) {
                    Verdict::Dead
                } else {
                    Verdict::Ask
                }
            }
            _ => Verdict::Wait,
        }
    }
}
