//! What was asked of the backend: numbers, time limits, tries.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::{Id, RequestId};

use super::ANSWER_LIMIT;
use crate::flubber::wire::{Request, RequestBody};

/// Questions open at once: more than a person asks, and a bound for what a backend must keep.
const OPEN_ASKS: usize = 256;

/// How often a question is asked that the backend calls worth it.
const MAX_TRIES: u32 = 10;

/// How long to wait before the second try; each further wait is twice as long.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Messages whose time limit has passed, remembered for a late answer.
const LATE_ANSWERS: usize = 256;

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) body: RequestBody,
    pub(super) why: Why,
    /// How often it was asked.
    pub(super) tries: u32,
}

/// What is to become of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    /// A message of the outbox.
    Say(RequestId),
    /// The room of this name is to be joined.
    Find {
        request: Option<RequestId>,
        name: Id,
    },
    /// A room is to be known.
    Get {
        request: Option<RequestId>,
        id: Id,
        then: Then,
    },
    Join {
        request: Option<RequestId>,
        id: Id,
    },
    Leave {
        request: RequestId,
        id: Id,
    },
    Create {
        request: RequestId,
    },
    /// Older messages; the page is known by the request.
    Older(RequestId),
    /// Anything, by the extension.
    Kaiwa(RequestId),
    /// A message of the outbox, by the extension.
    KaiwaSay(RequestId),
}

/// Why a room is to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It was joined.
    Joined,
    /// It was created.
    Created,
    /// It was known before the reconnect.
    Again,
    /// A message went there, to a room or to a person.
    Recipient,
}

impl Why {
    pub(super) fn request(&self) -> Option<RequestId> {
        match self {
            Self::Say(request)
            | Self::Older(request)
            | Self::Kaiwa(request)
            | Self::KaiwaSay(request) => Some(*request),
            Self::Leave { request, .. } | Self::Create { request } => Some(*request),
            Self::Find { request, .. } | Self::Get { request, .. } | Self::Join { request, .. } => {
                *request
            }
        }
    }

    /// Whether it is part of the sign-in.
    pub(super) fn is_sign_in(&self) -> bool {
        match self {
            Self::Get { then, .. } if *then == Then::Recipient => false,
            other => other.request().is_none(),
        }
    }
}

/// What was asked and what is to be asked.
#[derive(Debug, Default)]
pub(super) struct Asks {
    next: u32,
    open: BTreeMap<u32, Open>,
    waiting: VecDeque<Ask>,
    /// To be asked again then.
    again: Vec<(Duration, Ask)>,
    late: VecDeque<(u32, RequestId)>,
}

#[derive(Debug)]
struct Open {
    ask: Ask,
    since: Duration,
    /// The backend has taken it, and its end comes as an update.
    is_accepted: bool,
}

impl Asks {
    pub(super) fn push(&mut self, body: RequestBody, why: Why) {
        let tries = 0;
        self.waiting.push_back(Ask { body, why, tries });
    }

    /// Whether one more may be asked now.
    pub(super) fn has_room(&self) -> bool {
        self.open.len() < OPEN_ASKS
    }

    /// What is to be asked now, but for messages.
    pub(super) fn next(&mut self) -> Option<Ask> {
        if self.has_room() {
            self.waiting.pop_front()
        } else {
            None
        }
    }

    /// What is due to be asked again waits from now on with the rest.
    pub(super) fn wake(&mut self, now: Duration) {
        self.again.sort_by_key(|(at, _)| *at);
        let due = self.again.partition_point(|(at, _)| *at <= now);
        self.waiting
            .extend(self.again.drain(..due).map(|(_, ask)| ask));
    }

    /// It is being asked: gives the bytes.
    pub(super) fn ask(&mut self, now: Duration, mut ask: Ask) -> Vec<u8> {
        while self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let sequence_number = self.next;
        self.next = self.next.wrapping_add(1);
        let body = ask.body.clone();
        let mut bytes = Vec::new();
        Request {
            body,
            sequence_number,
        }
        .encode(&mut bytes);
        ask.tries += 1;
        let open = Open {
            ask,
            since: now,
            is_accepted: false,
        };
        self.open.insert(sequence_number, open);
        bytes
    }

    /// What was asked last is not written after all.
    pub(super) fn take_back(&mut self) {
        self.next = self.next.wrapping_sub(1);
        self.open.remove(&self.next);
    }

    /// Takes out what has this number; one that was accepted is answered otherwise.
    pub(super) fn answered(&mut self, number: u32) -> Option<Ask> {
        if self.open.get(&number).is_none_or(|open| open.is_accepted) {
            return None;
        }
        self.open.remove(&number).map(|open| open.ask)
    }

    /// The question is answered with "try again": gives it back if that was the last try.
    pub(super) fn retry(&mut self, now: Duration, ask: Ask) -> Option<Ask> {
        if ask.tries >= MAX_TRIES {
            return Some(ask);
        }
        let delay = RETRY_DELAY * 2_u32.saturating_pow(ask.tries.saturating_sub(1));
        self.again.push((now + delay, ask));
        None
    }

    /// The backend has taken it; what comes of it are updates.
    pub(super) fn accept(&mut self, number: u32) -> bool {
        match self.open.get_mut(&number) {
            Some(open)
                if !open.is_accepted
                    && matches!(open.ask.why, Why::Kaiwa(_) | Why::KaiwaSay(_)) =>
            {
                open.is_accepted = true;
                true
            }
            _ => false,
        }
    }

    /// The request behind a number, also of a message that was given up.
    pub(super) fn request(&self, number: u32) -> Option<RequestId> {
        let open = self
            .open
            .get(&number)
            .and_then(|open| open.ask.why.request());
        let late = || self.late.iter().find(|(late, _)| *late == number);
        open.or_else(|| late().map(|(_, request)| *request))
    }

    /// What is behind a number has ended.
    pub(super) fn end(&mut self, number: u32) -> Option<Why> {
        let why = self.open.remove(&number)?.ask.why;
        self.keep_late(number, &why);
        Some(why)
    }

    /// Messages that were given up may still arrive.
    fn keep_late(&mut self, number: u32, why: &Why) {
        let (Why::Say(request) | Why::KaiwaSay(request)) = why else {
            return;
        };
        if self.late.len() >= LATE_ANSWERS {
            self.late.pop_front();
        }
        self.late.push_back((number, *request));
    }

    /// A message that was given up, if that was its number.
    pub(super) fn take_late(&mut self, number: u32) -> Option<RequestId> {
        let at = self.late.iter().position(|(late, _)| *late == number)?;
        self.late.remove(at).map(|(_, request)| request)
    }

    /// Takes out what has been open for too long.
    pub(super) fn give_up(&mut self, now: Duration) -> Vec<Ask> {
        let late: Vec<u32> = self
            .open
            .iter()
            .filter(|(_, open)| !open.is_accepted && open.since + ANSWER_LIMIT <= now)
            .map(|(number, _)| *number)
            .collect();
        let mut given_up = Vec::new();
        for number in late {
            let Some(Open { ask, .. }) = self.open.remove(&number) else {
                continue;
            };
            self.keep_late(number, &ask.why);
            given_up.push(ask);
        }
        given_up
    }

    /// Messages whose ids are on their way.
    pub(super) fn says(&self) -> impl Iterator<Item = RequestId> {
        let again = self.again.iter().map(|(_, ask)| ask);
        let open = self.open.values().map(|open| &open.ask);
        let all = open.chain(again).chain(&self.waiting);
        all.filter_map(|ask| match ask.why {
            Why::Say(request) => Some(request),
            _ => None,
        })
    }

    /// Whether something of the sign-in is open.
    pub(super) fn is_signing_in(&self) -> bool {
        let again = self.again.iter().map(|(_, ask)| ask);
        let open = self.open.values().map(|open| &open.ask);
        let mut all = open.chain(again).chain(&self.waiting);
        all.any(|ask| ask.why.is_sign_in())
    }

    /// Nothing will be answered any more: gives what was to become of the answers.
    pub(super) fn cut(&mut self) -> Vec<Why> {
        self.late.clear();
        let open = std::mem::take(&mut self.open)
            .into_values()
            .map(|open| open.ask);
        let again = self.again.drain(..).map(|(_, ask)| ask);
        let all = open.chain(again).chain(self.waiting.drain(..));
        all.map(|ask| ask.why).collect()
    }

    /// Counts the time from now again: nobody was listening meanwhile.
    pub(super) fn restart_clocks(&mut self, now: Duration) {
        for open in self.open.values_mut() {
            open.since = now;
        }
    }

    pub(super) fn deadline(&self, is_paused: bool) -> Option<Duration> {
        let open = self
            .open
            .values()
            .filter(|open| !open.is_accepted && !is_paused);
        let limits = open.map(|open| open.since + ANSWER_LIMIT);
        limits.chain(self.again.iter().map(|(at, _)| *at)).min()
    }
}
