//! Requests to the server: what waits to be written, and what each answer means.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::RequestId;

use super::tasks::Step;
use crate::oshi::wire::{Request, StreamId, Tag, UserId, request::Place};

/// How long an answer may take: the server works on a connection's requests in order, and each takes it less than a second.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// What an answer is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// An own message.
    Pub(RequestId),
    /// The subscription to a stream; asked for by the user or not.
    Sub {
        stream: StreamId,
        by: Option<RequestId>,
    },
    /// The newest page of a stream.
    Page { stream: StreamId },
    /// Whether the replay of a stream is over.
    Replayed { stream: StreamId },
    /// Who is somewhere; not asked for by the user.
    Members { place: Place, found: Vec<UserId> },
    /// Who somebody is.
    Person,
    /// A step of a request of the user.
    Task { request: RequestId, step: Step },
}

/// Requests that wait to be written, or for their answers.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last: i64,
    frames: VecDeque<(i64, String)>,
    /// The same of what the server counts.
    paced: VecDeque<(i64, String)>,
    open: BTreeMap<i64, Call>,
}

#[derive(Debug)]
struct Call {
    purpose: Purpose,
    /// The frame of what the server counts: it goes out again when that was too fast.
    frame: Option<String>,
    /// Since when the answer is waited for.
    written: Option<Duration>,
}

impl Calls {
    /// Asks as soon as something can be written.
    pub(super) fn ask(&mut self, request: &Request<'_>, purpose: Purpose) {
        let (tag, frame) = self.open(request, purpose);
        self.frames.push_back((tag, frame));
    }

    /// Asks what the server counts.
    pub(super) fn ask_paced(&mut self, request: &Request<'_>, purpose: Purpose) {
        let (tag, frame) = self.open(request, purpose);
        self.paced.push_back((tag, frame));
    }

    /// The frame of something that is written at once.
    pub(super) fn write(
        &mut self,
        now: Duration,
        request: &Request<'_>,
        purpose: Purpose,
    ) -> String {
        let (tag, frame) = self.open(request, purpose);
        self.note_written(now, tag);
        frame
    }

    fn open(&mut self, request: &Request<'_>, purpose: Purpose) -> (i64, String) {
        self.last += 1;
        let call = Call {
            purpose,
            frame: None,
            written: None,
        };
        self.open.insert(self.last, call);
        (self.last, request.encode(Some(&Tag::Number(self.last))))
    }

    /// The next frame to write, of what the server does not count.
    pub(super) fn next(&mut self, now: Duration) -> Option<String> {
        let (tag, frame) = self.frames.pop_front()?;
        self.note_written(now, tag);
        Some(frame)
    }

    /// The next frame to write of what the server counts, own messages aside.
    pub(super) fn next_paced(&mut self, now: Duration) -> Option<String> {
        let (tag, frame) = self.paced.pop_front()?;
        if let Some(call) = self.open.get_mut(&tag) {
            call.frame = Some(frame.clone());
        }
        self.note_written(now, tag);
        Some(frame)
    }

    /// Whether something waits that the server counts, own messages aside.
    pub(super) fn has_paced(&self) -> bool {
        !self.paced.is_empty()
    }

    fn note_written(&mut self, now: Duration, tag: i64) {
        if let Some(call) = self.open.get_mut(&tag) {
            call.written = Some(now);
        }
    }

    /// What an answer is for; it is no longer waited for.
    pub(super) fn take(&mut self, tag: &Tag<'_>) -> Option<Purpose> {
        let Tag::Number(tag) = tag else {
            return None;
        };
        self.open.remove(tag).map(|call| call.purpose)
    }

    /// The server wants it later: writes it again then. False if it is no such request.
    pub(super) fn again(&mut self, tag: &Tag<'_>) -> bool {
        let Tag::Number(tag) = tag else {
            return false;
        };
        let Some(call) = self.open.get_mut(tag) else {
            return false;
        };
        call.written = None;
        let Some(frame) = call.frame.take() else {
            return false;
        };
        self.paced.push_front((*tag, frame));
        true
    }

    /// Whether nothing is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many people are asked for.
    pub(super) fn people(&self) -> usize {
        let person = |call: &&Call| matches!(call.purpose, Purpose::Person);
        self.open.values().filter(person).count()
    }

    /// Since when the oldest answer is waited for.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.open.values().filter_map(|call| call.written).min()
    }

    /// Counts the time from `now` again: nobody was listening meanwhile.
    pub(super) fn restart_clocks(&mut self, now: Duration) {
        for written in self
            .open
            .values_mut()
            .filter_map(|call| call.written.as_mut())
        {
            *written = now;
        }
    }

    /// The connection is gone. Answers to its requests are never taken for others'.
    pub(super) fn end(&mut self) -> impl Iterator<Item = Purpose> + use<> {
        self.frames.clear();
        self.paced.clear();
        let open = std::mem::take(&mut self.open);
        open.into_values().map(|call| call.purpose)
    }
}
