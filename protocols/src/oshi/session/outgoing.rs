//! Own messages on their way: where each one is. What is told of them is the [`Outbox`]'s.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::outbox::{OUTBOX_AGE, Outbox};
use kaiwa_core::session::{Now, SessionEvent};
use kaiwa_core::{Error, ErrorKind, Id, Message, MessageFragment, RequestId};

use crate::oshi::wire::{FileId, StreamId, limit};

/// Messages of one stream that are written and not confirmed. A server knows a sender's last [`limit::NONCES`] nonces again,
/// so that all of these can be sent a second time; half of them leaves room for what the user says elsewhere.
const UNCONFIRMED: usize = limit::NONCES / 2;

/// Own messages on their way.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    outbox: Outbox,
    open: BTreeMap<RequestId, Sent>,
    /// What is to be written, in this order.
    waiting: VecDeque<RequestId>,
}

#[derive(Debug)]
struct Sent {
    stream: StreamId,
    stage: Stage,
    /// Files that the server has, in the order of the message, and how they are shown.
    files: Vec<(FileId, MessageFragment)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Its files are being sent, or wait for that since then.
    Uploading(Option<Duration>),
    Waiting {
        /// Since when, if that is for another reason than that it was not its turn yet.
        since: Option<Duration>,
        /// It was written to an earlier connection, and may have arrived.
        doubtful: bool,
    },
    /// Written; `since` and `doubtful` are as they were before.
    Written {
        since: Option<Duration>,
        doubtful: bool,
    },
}

impl Stage {
    fn is_doubtful(self) -> bool {
        matches!(
            self,
            Self::Waiting { doubtful: true, .. } | Self::Written { doubtful: true, .. }
        )
    }
}

impl Sent {
    /// Since when it has waited for another reason than that it is not its turn; the outbox knows the others.
    fn ages_since(&self) -> Option<Duration> {
        match self.stage {
            Stage::Waiting { since, .. } | Stage::Uploading(since) => since,
            Stage::Written { .. } => None,
        }
    }
}

impl Outgoing {
    /// Takes a message and gives its local echo.
    pub(super) fn accept(
        &mut self,
        now: Now,
        request: RequestId,
        stream: StreamId,
        message: Message,
        has_files: bool,
    ) -> Result<SessionEvent, Error> {
        let channel = Some(Id::from(stream));
        let echo = self.outbox.accept(now, request, channel, message)?;
        let stage = if has_files {
            Stage::Uploading(Some(now.mono))
        } else {
            self.waiting.push_back(request);
            Stage::Waiting {
                since: None,
                doubtful: false,
            }
        };
        let sent = Sent {
            stream,
            stage,
            files: Vec::new(),
        };
        self.open.insert(request, sent);
        Ok(echo)
    }

    /// A message as echoed: open, or given up though it may have arrived.
    pub(super) fn message(&self, request: RequestId) -> Option<&Message> {
        self.outbox.unconfirmed(request)
    }

    /// The stream of an open message.
    pub(super) fn stream(&self, request: RequestId) -> Option<StreamId> {
        self.open.get(&request).map(|sent| sent.stream)
    }

    /// The streams of all open messages.
    pub(super) fn streams(&self) -> Vec<StreamId> {
        let mut streams: Vec<_> = self.open.values().map(|sent| sent.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// The open message that was echoed under this id.
    pub(super) fn by_local_id(&self, id: &str) -> Option<RequestId> {
        let echoed = |request: &&RequestId| {
            let message = self.outbox.unconfirmed(**request);
            message.and_then(|message| message.id.as_deref()) == Some(id)
        };
        self.open.keys().find(echoed).copied()
    }

    /// Whether a message is not written yet, also not to an earlier connection.
    pub(super) fn is_unwritten(&self, request: RequestId) -> bool {
        let sent = self.open.get(&request);
        sent.is_some_and(|sent| match sent.stage {
            Stage::Uploading(_) => true,
            Stage::Waiting { doubtful, .. } => !doubtful,
            Stage::Written { .. } => false,
        })
    }

    /// The next message that may be written.
    pub(super) fn next(&self) -> Option<RequestId> {
        let mut full = Vec::new();
        for request in &self.waiting {
            let Some(sent) = self.open.get(request) else {
                continue;
            };
            if full.contains(&sent.stream) {
                continue;
            }
            if self.unconfirmed(sent.stream) < UNCONFIRMED {
                return Some(*request);
            }
            full.push(sent.stream);
        }
        None
    }

    /// What was written to this connection and is not confirmed.
    fn unconfirmed(&self, stream: StreamId) -> usize {
        let written =
            |sent: &&Sent| sent.stream == stream && matches!(sent.stage, Stage::Written { .. });
        self.open.values().filter(written).count()
    }

    /// Whether something is to be written.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A message is being written.
    pub(super) fn written(&mut self, now: Now, request: RequestId) {
        self.waiting.retain(|waiting| *waiting != request);
        if let Some(sent) = self.open.get_mut(&request)
            && let Stage::Waiting { since, doubtful } = sent.stage
        {
            sent.stage = Stage::Written { since, doubtful };
        }
        self.outbox.written(now, request);
    }

    /// The server does not take messages so fast: these go out again, before everything else that waits.
    pub(super) fn again(&mut self, now: Now, request: RequestId) {
        let Some(sent) = self.open.get_mut(&request) else {
            return;
        };
        let Stage::Written { since, doubtful } = sent.stage else {
            return;
        };
        let since = since.or(Some(now.mono));
        sent.stage = Stage::Waiting { since, doubtful };
        // Others may be on their way back too: they stay in the order in which they were said.
        let later = |waiting: &RequestId| *waiting > request;
        let at = self.waiting.iter().position(later);
        self.waiting
            .insert(at.unwrap_or(self.waiting.len()), request);
    }

    /// A file of a message is being sent: that may take as long as it takes.
    pub(super) fn uploading(&mut self, now: Now, request: RequestId) {
        if let Some(sent) = self.open.get_mut(&request) {
            sent.stage = Stage::Uploading(None);
        }
        self.outbox.written(now, request);
    }

    /// The server has the next file of a message; gives how many it has.
    pub(super) fn add_file(
        &mut self,
        request: RequestId,
        file: FileId,
        shown: MessageFragment,
    ) -> usize {
        let Some(sent) = self.open.get_mut(&request) else {
            return 0;
        };
        sent.files.push((file, shown));
        sent.files.len()
    }

    /// The files of an open message that the server has.
    pub(super) fn files(&self, request: RequestId) -> Option<&[(FileId, MessageFragment)]> {
        self.open.get(&request).map(|sent| sent.files.as_slice())
    }

    /// The server has all files of a message.
    pub(super) fn uploaded(&mut self, now: Now, request: RequestId) {
        if let Some(sent) = self.open.get_mut(&request)
            && matches!(sent.stage, Stage::Uploading(_))
        {
            sent.stage = Stage::Waiting {
                since: Some(now.mono),
                doubtful: false,
            };
            self.waiting.push_back(request);
        }
    }

    /// The server has it: now, or as the history shows.
    pub(super) fn confirm(
        &mut self,
        request: RequestId,
        change: impl FnOnce(&mut Message),
    ) -> Vec<SessionEvent> {
        self.forget(request);
        self.outbox.confirm(request, change)
    }

    /// It will not arrive.
    pub(super) fn fail(&mut self, request: RequestId, error: &Error) -> Vec<SessionEvent> {
        self.forget(request);
        self.outbox.fail(request, error)
    }

    /// Nothing more of a stream arrives.
    pub(super) fn fail_stream(&mut self, stream: StreamId, error: &Error) -> Vec<SessionEvent> {
        let there = |(_, sent): &(&RequestId, &Sent)| sent.stream == stream;
        let found = self.open.iter().filter(there);
        let found: Vec<_> = found
            .map(|(request, sent)| (*request, sent.stage.is_doubtful()))
            .collect();
        let mut events = Vec::new();
        for (request, doubtful) in found {
            events.extend(if doubtful {
                self.fail(request, &unknown())
            } else {
                self.fail(request, error)
            });
        }
        events
    }

    /// The connection broke: what was written goes out again under its nonce, before everything else, in order.
    pub(super) fn cut(&mut self, now: Now) {
        let mut again = Vec::new();
        for (request, sent) in &mut self.open {
            match sent.stage {
                Stage::Written { .. } => {
                    sent.stage = Stage::Waiting {
                        since: Some(now.mono),
                        doubtful: true,
                    };
                }
                Stage::Waiting { doubtful: true, .. } => {}
                Stage::Uploading(idle) => {
                    sent.stage = Stage::Uploading(idle.or(Some(now.mono)));
                    continue;
                }
                Stage::Waiting { .. } => continue,
            }
            again.push(*request);
        }
        self.waiting.retain(|waiting| !again.contains(waiting));
        for request in again.into_iter().rev() {
            self.waiting.push_front(request);
        }
        self.outbox.cut();
    }

    /// The user leaves: everything open ends now.
    pub(super) fn end(&mut self) -> Vec<SessionEvent> {
        let error = Error::new(ErrorKind::Cancelled, "disconnected before it was sent");
        let unwritten = self
            .open
            .keys()
            .filter(|request| self.is_unwritten(**request));
        let unwritten: Vec<_> = unwritten.copied().collect();
        let mut events = Vec::new();
        for request in unwritten {
            events.extend(self.outbox.fail(request, &error));
        }
        self.open.clear();
        self.waiting.clear();
        events.extend(self.outbox.end());
        events
    }

    /// Gives up on what has waited for too long: also on what was written so long ago that the server may have forgotten
    /// its nonce.
    pub(super) fn expire(&mut self, now: Now) -> Vec<SessionEvent> {
        let mut expired = self.outbox.expire(now);
        if !expired.is_empty() {
            let outbox = &self.outbox;
            self.open.retain(|request, _| outbox.contains(*request));
            self.waiting.retain(|request| outbox.contains(*request));
        }
        let old = self.open.iter().filter_map(|(request, sent)| {
            let is_old = sent
                .ages_since()
                .is_some_and(|at| at + OUTBOX_AGE <= now.mono);
            is_old.then_some((*request, sent.stage))
        });
        let old: Vec<_> = old.collect();
        for (request, stage) in old {
            let error = if stage.is_doubtful() {
                unknown()
            } else {
                Error::new(ErrorKind::TimedOut, "waited too long to be sent")
            };
            expired.extend(self.fail(request, &error));
        }
        expired
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let ages = self.open.values().filter_map(Sent::ages_since);
        ages.map(|at| at + OUTBOX_AGE)
            .chain(self.outbox.deadline())
            .min()
    }

    fn forget(&mut self, request: RequestId) {
        if self.open.remove(&request).is_some() {
            self.waiting.retain(|waiting| *waiting != request);
        }
    }
}

fn unknown() -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        "the connection broke before the message was confirmed",
    )
}
