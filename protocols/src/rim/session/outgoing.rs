//! Own messages on their way: written in order, confirmed by acknowledgements, and asked about in the history where those
//! stay away. Keeps books only; `super::sending` writes and asks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{Now, SessionEvent};
use kaiwa_core::{Error, Message, RequestId};

/// How often a message is written before it is given up: rim is silent about what it does not take, and a frame may get lost
/// with its connection.
const ATTEMPTS: u8 = 2;

/// Messages of unknown outcome that are remembered for a late acknowledgement; the outbox remembers as many.
const LATE: usize = 256;

/// Own messages.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    outbox: Outbox,
    open: BTreeMap<RequestId, Sent>,
    /// Not on this connection yet, in order.
    waiting: VecDeque<RequestId>,
    /// Written and not acknowledged, oldest first; those behind the first may be settled.
    written: VecDeque<(Duration, RequestId)>,
    /// Given up though they may have arrived.
    late: VecDeque<RequestId>,
}

#[derive(Debug)]
struct Sent {
    gid: u64,
    stage: Stage,
    attempts: u8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Waiting,
    Written(Duration),
    /// The history must tell; for one whose connection broke, when that was.
    Doubtful(Option<Duration>),
}

/// What to do about a message that the history does not have.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It goes out again.
    Again,
    /// The server may still take it from the broken connection: look again at that time.
    Later(Duration),
    /// It was written often enough; whether its connection broke.
    GiveUp { cut: bool },
}

impl Outgoing {
    /// Takes a message for a group and gives its local echo.
    pub(super) fn accept(
        &mut self,
        now: Now,
        request: RequestId,
        gid: u64,
        message: Message,
    ) -> Result<SessionEvent, Error> {
        let echo = self
            .outbox
            .accept(now, request, Some(gid.into()), message)?;
        let sent = Sent {
            gid,
            stage: Stage::Waiting,
            attempts: 0,
        };
        self.open.insert(request, sent);
        self.waiting.push_back(request);
        Ok(echo)
    }

    /// The first message that waits for a group that is `ready`; and where it goes.
    pub(super) fn next(&self, ready: impl Fn(u64) -> bool) -> Option<(RequestId, u64)> {
        self.waiting.iter().find_map(|request| {
            let gid = self.open.get(request)?.gid;
            ready(gid).then_some((*request, gid))
        })
    }

    /// The groups for which messages wait, in the order of the first one of each.
    pub(super) fn wanted(&self) -> Vec<u64> {
        let mut wanted = Vec::new();
        for gid in self.waiting.iter().filter_map(|request| self.gid(*request)) {
            if !wanted.contains(&gid) {
                wanted.push(gid);
            }
        }
        wanted
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A message as echoed: open, or given up though it may have arrived.
    pub(super) fn message(&self, request: RequestId) -> Option<&Message> {
        self.outbox.unconfirmed(request)
    }

    pub(super) fn gid(&self, request: RequestId) -> Option<u64> {
        self.open.get(&request).map(|sent| sent.gid)
    }

    /// A message is being written.
    pub(super) fn written(&mut self, now: Now, request: RequestId) {
        self.waiting.retain(|waiting| *waiting != request);
        if let Some(sent) = self.open.get_mut(&request) {
            sent.stage = Stage::Written(now.mono);
            sent.attempts = sent.attempts.saturating_add(1);
            self.written.push_back((now.mono, request));
        }
        self.outbox.written(now, request);
    }

    /// The server has it: now, or as the history shows.
    pub(super) fn confirm(
        &mut self,
        request: RequestId,
        change: impl FnOnce(&mut Message),
    ) -> Vec<SessionEvent> {
        let known = self.open.remove(&request).is_some();
        let late = self.late.iter().position(|late| *late == request);
        if let Some(at) = late {
            self.late.remove(at);
        }
        if !known && late.is_none() {
            return Vec::new();
        }
        self.waiting.retain(|waiting| *waiting != request);
        self.forget_written();
        self.outbox.confirm(request, change)
    }

    /// It will not arrive.
    pub(super) fn fail(&mut self, request: RequestId, error: &Error) -> Vec<SessionEvent> {
        self.open.remove(&request);
        self.waiting.retain(|waiting| *waiting != request);
        self.forget_written();
        self.outbox.fail(request, error)
    }

    /// Nobody can tell whether it has arrived; a late acknowledgement still may.
    pub(super) fn lose(&mut self, request: RequestId, error: &Error) -> Vec<SessionEvent> {
        if self.late.len() >= LATE {
            self.late.pop_front();
        }
        self.late.push_back(request);
        self.fail(request, error)
    }

    /// When the oldest written message was written.
    pub(super) fn oldest_written(&self) -> Option<Duration> {
        self.written.front().map(|(at, _)| *at)
    }

    /// The group of the oldest written message.
    pub(super) fn first_written(&self) -> Option<u64> {
        let (_, request) = self.written.front()?;
        self.gid(*request)
    }

    /// What was written up to `until` and is not acknowledged: from now on the history must tell. Gives the groups.
    pub(super) fn doubt_written(&mut self, until: Duration) -> Vec<u64> {
        let mut groups = Vec::new();
        for sent in self.open.values_mut() {
            if matches!(sent.stage, Stage::Written(at) if at <= until) {
                sent.stage = Stage::Doubtful(None);
                if !groups.contains(&sent.gid) {
                    groups.push(sent.gid);
                }
            }
        }
        self.forget_written();
        groups
    }

    /// The connection broke: the history must tell of what was written.
    pub(super) fn cut(&mut self, now: Now) {
        for sent in self.open.values_mut() {
            if matches!(sent.stage, Stage::Written(_) | Stage::Doubtful(None)) {
                sent.stage = Stage::Doubtful(Some(now.mono));
            }
        }
        self.forget_written();
        self.outbox.cut();
    }

    /// Whether the history of a group must be asked about something.
    pub(super) fn doubts(&self, gid: u64) -> bool {
        let mut sent = self.open.values();
        sent.any(|sent| sent.gid == gid && matches!(sent.stage, Stage::Doubtful(_)))
    }

    /// The groups whose history must be asked about something.
    pub(super) fn doubtful_groups(&self) -> BTreeSet<u64> {
        let doubtful = |sent: &&Sent| matches!(sent.stage, Stage::Doubtful(_));
        self.open
            .values()
            .filter(doubtful)
            .map(|sent| sent.gid)
            .collect()
    }

    /// The messages of a group that the history must tell of, in order.
    pub(super) fn doubtful(&self, gid: u64) -> Vec<RequestId> {
        let doubtful = |(_, sent): &(&RequestId, &Sent)| {
            sent.gid == gid && matches!(sent.stage, Stage::Doubtful(_))
        };
        let found = self.open.iter().filter(doubtful);
        found.map(|(request, _)| *request).collect()
    }

    /// What to do about a doubtful message that the history does not have. The server may still read from a broken
    /// connection for `grace`.
    pub(super) fn judge(&self, now: Now, request: RequestId, grace: Duration) -> Verdict {
        let Some(sent) = self.open.get(&request) else {
            return Verdict::GiveUp { cut: true };
        };
        let cut_at = match sent.stage {
            Stage::Doubtful(cut_at) => cut_at,
            Stage::Waiting | Stage::Written(_) => None,
        };
        match cut_at {
            Some(cut_at) if cut_at + grace > now.mono => Verdict::Later(cut_at + grace),
            _ if sent.attempts >= ATTEMPTS => Verdict::GiveUp {
                cut: cut_at.is_some(),
            },
            _ => Verdict::Again,
        }
    }

    /// These go out again, before everything else that waits, in this order.
    pub(super) fn again(&mut self, requests: &[RequestId]) {
        for request in requests.iter().rev() {
            if let Some(sent) = self.open.get_mut(request) {
                sent.stage = Stage::Waiting;
                self.waiting.push_front(*request);
            }
        }
    }

    /// The user leaves: everything open ends now.
    pub(super) fn end(&mut self) -> Vec<SessionEvent> {
        self.open.clear();
        self.waiting.clear();
        self.written.clear();
        self.outbox.end()
    }

    /// Gives up on what has waited for too long.
    pub(super) fn expire(&mut self, now: Now) -> Vec<SessionEvent> {
        let expired = self.outbox.expire(now);
        if !expired.is_empty() {
            let outbox = &self.outbox;
            self.open.retain(|request, _| outbox.contains(*request));
            self.waiting.retain(|request| outbox.contains(*request));
        }
        expired
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.outbox.deadline()
    }

    /// Counts the time from `now` again for everything unconfirmed: nobody was listening meanwhile.
    pub(super) fn restart_clocks(&mut self, now: Now) {
        self.written.clear();
        for (request, sent) in &mut self.open {
            if let Stage::Written(at) = &mut sent.stage {
                *at = now.mono;
                self.written.push_back((now.mono, *request));
            }
        }
        self.outbox.restart_clocks(now);
    }

    /// The front of `written` is always one that counts.
    fn forget_written(&mut self) {
        while let Some((at, request)) = self.written.front() {
            let sent = self.open.get(request);
            if sent.is_some_and(|sent| sent.stage == Stage::Written(*at)) {
                return;
            }
            self.written.pop_front();
        }
    }
}
