//! What the server's silence means, and when there is more to do.

use std::time::Duration;

use kaiwa_core::session::Now;
use kaiwa_core::{Error, ErrorKind};

use super::calls::ANSWER_LIMIT;
use super::{OshiSession, Phase};
use crate::keepalive::Tick;

/// How long a sign-in may take once the transport stands: a server hashes a password slowly, a few at a time.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(30);

/// How long the answers to what was written are waited for when the user leaves: a round trip, and nobody waits longer.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);

impl OshiSession {
    /// Judges the server's silence.
    pub(super) fn watch(&mut self, now: Now) {
        let silent = || Error::new(ErrorKind::TimedOut, "the server has stopped answering");
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping => self.pings.want(None),
            Tick::Silent => return self.close(Some(silent())),
        }
        if self.answer_deadline().is_some_and(|due| due <= now.mono) {
            match self.phase {
                Phase::Leaving(_) => self.close(None),
                _ => self.close(Some(silent())),
            }
        }
    }

    /// When some answer is overdue.
    pub(super) fn answer_deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Leaving(since) => Some(since + LEAVE_LIMIT),
            _ if self.keepalive.is_paused() => None,
            Phase::SigningIn(since) => Some(since + SIGN_IN_LIMIT),
            Phase::Up => Some(self.calls.oldest()? + ANSWER_LIMIT),
            Phase::Down | Phase::Opening | Phase::Closing => None,
        }
    }

    /// When more may be said, if something waits for that.
    pub(super) fn pace_deadline(&self) -> Option<Duration> {
        let wanted = self.outgoing.has_waiting() || self.calls.has_paced() || self.uploads.wants();
        if self.phase != Phase::Up || !wanted {
            return None;
        }
        self.pace.wakes()
    }
}
