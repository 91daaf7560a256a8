//! Whether the server lives, and whether it wants what is sent: pings, and asking for overdue echoes.

use std::borrow::Cow;
use std::time::Duration;

use kaiwa_core::session::{Frame, Now, SessionEvent, Transmit};
use kaiwa_core::{Error, ErrorKind, StatusEvent};

use super::{ECHO_LIMIT, Login, PONG_LIMIT, Phase, WschatSession};
use crate::keepalive::Tick;

/// An echo is overdue: the server is being asked whether it lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    asked: Duration,
    /// The number of the ping.
    ping: u64,
}

impl WschatSession {
    /// Judges the server's silence and asks it for signs of life.
    pub(super) fn watch(&mut self, now: Now) {
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping => {
                self.ping(now);
            }
            Tick::Silent => self.give_up(),
        }
        let is_due = |deadline: Option<Duration>| deadline.is_some_and(|due| due <= now.mono);
        if is_due(self.echo_deadline()) {
            let ping = self.ping(now);
            self.probe = Some(Probe {
                asked: now.mono,
                ping,
            });
        }
        if is_due(self.probe_deadline()) {
            self.give_up();
        }
    }

    /// Sends a ping and gives its number. An answer to it is one to all before, so one that is not yet written takes the
    /// new number: with a transport that takes nothing they must not pile up.
    pub(super) fn ping(&mut self, now: Now) -> u64 {
        self.keepalive.asked(now.mono);
        self.pings_sent += 1;
        let ping = Frame::Ping(Cow::Owned(self.pings_sent.to_string().into_bytes()));
        let unwritten = self.transmits.iter_mut().find_map(|wish| match wish {
            Transmit::Frame(frame @ Frame::Ping(_)) => Some(frame),
            _ => None,
        });
        match unwritten {
            Some(frame) => *frame = ping,
            None => self.transmits.push_back(Transmit::Frame(ping)),
        }
        self.pings_sent
    }

    /// An answer to all pings up to `number`.
    pub(super) fn pong(&mut self, number: u64) {
        self.event(StatusEvent::Ping { artifact: None });
        let answered: Vec<_> = self
            .pings
            .extract_if(.., |(ping, _)| *ping <= number)
            .collect();
        for (_, request) in answered {
            let done = StatusEvent::Done { request };
            self.events.push_back(SessionEvent::caused(request, done));
        }
        if let Some(probe) = self.probe.take_if(|probe| probe.ping <= number) {
            self.refused(probe);
        }
    }

    /// The server answers, so it has read the messages whose echo is overdue. It does not want them, or takes very long; a
    /// late echo still counts.
    fn refused(&mut self, probe: Probe) {
        let has_token = self.login.as_ref().is_some_and(Login::has_token);
        let refused = if has_token {
            Error::new(
                ErrorKind::Auth,
                "the server answers but does not relay the message: check the login field `jwt`",
            )
        } else {
            Error::new(
                ErrorKind::OutcomeUnknown,
                "the server answers but has not relayed the message; if it demands a token, fill in the login field `jwt`",
            )
        };
        let failed = self
            .outbox
            .fail_written(probe.asked.saturating_sub(ECHO_LIMIT), &refused);
        self.events.extend(failed);
    }

    /// When an echo is overdue, unless the server is being asked about it already.
    pub(super) fn echo_deadline(&self) -> Option<Duration> {
        if self.phase != Phase::Open || self.probe.is_some() || self.keepalive.is_paused() {
            return None;
        }
        self.outbox
            .oldest_written()
            .map(|(_, written)| written + ECHO_LIMIT)
    }

    /// When the server has been asked in vain. Others may be heard all the while: wschat's task for this client can die
    /// alone.
    pub(super) fn probe_deadline(&self) -> Option<Duration> {
        if self.phase != Phase::Open || self.keepalive.is_paused() {
            return None;
        }
        self.probe.map(|probe| probe.asked + PONG_LIMIT)
    }

    /// What the server was being asked about has come.
    pub(super) fn drop_answered_probe(&mut self) {
        let oldest = self.outbox.oldest_written();
        self.probe = self
            .probe
            .filter(|probe| oldest.is_some_and(|(_, at)| at + ECHO_LIMIT <= probe.asked));
    }

    fn give_up(&mut self) {
        self.keepalive.stop();
        if self.phase == Phase::Closing {
            return;
        }
        let error = Error::new(ErrorKind::TimedOut, "the server has stopped answering");
        self.phase = Phase::Closing;
        self.transmits.push_back(Transmit::Close {
            code: Some(1001),
            reason: String::new(),
            error: Some(error),
        });
    }
}
