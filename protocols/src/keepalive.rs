//! Signs of life for sessions over transports with pings: asks when it has been quiet, and tells when nobody answers.

use std::time::Duration;

/// Asks for a sign of life and judges silence. Owns no clock; times are [`kaiwa_core::session::Now::mono`].
#[derive(Debug)]
pub struct Keepalive {
    /// How long it may be quiet before a ping.
    interval: Duration,
    /// How long an answer to a ping may take.
    patience: Duration,
    state: State,
    paused: bool,
}

#[derive(Debug)]
enum State {
    Off,
    Quiet { since: Duration },
    Asked { at: Duration },
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing.
    Wait,
    /// Send a ping.
    Ping,
    /// The peer is dead.
    Silent,
}

impl Keepalive {
    /// Off until [`Keepalive::heard`] for the first time.
    #[must_use]
    pub fn new(interval: Duration, patience: Duration) -> Self {
        Self {
            interval,
            patience,
            state: State::Off,
            paused: false,
        }
    }

    /// Something came from the peer, or the connection has just been opened.
    pub fn heard(&mut self, now: Duration) {
        self.state = State::Quiet { since: now };
    }

    /// A ping is being sent for another reason: an answer is due to that one too.
    pub fn asked(&mut self, now: Duration) {
        if matches!(self.state, State::Quiet { .. }) {
            self.state = State::Asked { at: now };
        }
    }

    /// The connection is gone.
    pub fn stop(&mut self) {
        self.state = State::Off;
        self.paused = false;
    }

    /// Nobody reads for a while: pings go on, silence is not judged.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Reading goes on.
    pub fn resume(&mut self, now: Duration) {
        self.paused = false;
        if !matches!(self.state, State::Off) {
            self.heard(now);
        }
    }

    /// Whether silence is not judged now.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// When to call [`Keepalive::tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Off => None,
            State::Quiet { since } => Some(since + self.interval),
            State::Asked { at } if self.paused => Some(at + self.interval),
            State::Asked { at } => Some(at + self.patience),
        }
    }

    /// What to do now.
    pub fn tick(&mut self, now: Duration) -> Tick {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Tick::Wait;
        }
        match self.state {
            State::Asked { .. } if !self.paused => Tick::Silent,
            State::Off => Tick::Wait,
            State::Quiet { .. } | State::Asked { .. } => {
                self.state = State::Asked { at: now };
                Tick::Ping
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn asks_then_gives_up() {
        let mut keepalive = Keepalive::new(s(30), s(10));
        assert_eq!(keepalive.deadline(), None);
        keepalive.heard(s(0));
        assert_eq!(keepalive.tick(s(29)), Tick::Wait);
        assert_eq!(keepalive.tick(s(30)), Tick::Ping);
        assert_eq!(keepalive.tick(s(39)), Tick::Wait);
        assert_eq!(keepalive.tick(s(40)), Tick::Silent);
        keepalive.heard(s(40));
        assert_eq!(keepalive.deadline(), Some(s(70)));
    }

    #[test]
    fn a_pause_is_not_the_peers_silence() {
        let mut keepalive = Keepalive::new(s(30), s(10));
        keepalive.heard(s(0));
        keepalive.pause();
        assert_eq!(keepalive.tick(s(30)), Tick::Ping);
        assert_eq!(keepalive.tick(s(40)), Tick::Wait);
        assert_eq!(keepalive.tick(s(60)), Tick::Ping);
        keepalive.resume(s(300));
        assert_eq!(keepalive.tick(s(301)), Tick::Wait);
        assert_eq!(keepalive.deadline(), Some(s(330)));
    }
}
