//! Own messages on their way: echo, write, confirmation, failure (docs/events.md, promise 3).
//!
//! Sessions keep one for what they have accepted, the [`crate::Client`] keeps one per account for what waits for a
//! connection. It only keeps books and makes events; writing is the owner's.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::session::{Now, SessionEvent};
use crate::{ChatEvent, Id, Message, MessageStatus, MessageType, RequestId, StatusEvent};

/// Messages open at once, waiting or unconfirmed: far more than a person types while offline, and a bound for programs.
pub const OUTBOX_MESSAGES: usize = 1000;

/// How long a message may wait to be written. After ten minutes it would answer a conversation that has moved on.
pub const OUTBOX_AGE: Duration = Duration::from_secs(600);

/// Messages that were written and given up, remembered for a late confirmation.
const LATE_MESSAGES: usize = 256;

/// Own messages on their way.
#[derive(Debug, Default)]
pub struct Outbox {
    open: BTreeMap<RequestId, Entry>,
    /// Not yet written, in the order in which they were accepted.
    waiting: VecDeque<RequestId>,
    /// Given up though written, oldest first.
    late: VecDeque<(RequestId, Entry)>,
}

#[derive(Clone, Debug)]
struct Entry {
    channel_id: Option<Id>,
    message: Message,
    local_id: Id,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Waiting {
        since: Duration,
    },
    Written {
        at: Duration,
    },
    /// Written to a connection that has ended since.
    Cut,
}

/// A message that an [`Outbox`] holds.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    /// The request it was sent under.
    pub request: RequestId,
    /// Where it goes.
    pub channel_id: Option<&'a str>,
    /// The message as echoed.
    pub message: &'a Message,
}

impl Outbox {
    /// Nothing on its way.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message and gives its local echo.
    ///
    /// # Errors
    /// [`ErrorKind::Full`] when [`OUTBOX_MESSAGES`] are open.
    pub fn accept(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<Id>,
        mut message: Message,
    ) -> Result<SessionEvent, Error> {
        if self.open.len() >= OUTBOX_MESSAGES {
            return Err(Error::new(
                ErrorKind::Full,
                format!("{OUTBOX_MESSAGES} messages are waiting already"),
            ));
        }
        let local_id = message
            .id
            .get_or_insert_with(|| request.local_message_id())
            .clone();
        message.message_type = MessageType::CurrentUser;
        message.status = MessageStatus::Sent;
        message.timestamp = now.utc;
        let echo = ChatEvent::New {
            channel_id: channel_id.clone(),
            message: message.clone(),
        };
        let stage = Stage::Waiting { since: now.mono };
        let entry = Entry {
            channel_id,
            message,
            local_id,
            stage,
        };
        self.open.insert(request, entry);
        self.waiting.push_back(request);
        Ok(SessionEvent::caused(request, echo))
    }

    /// The message to write next.
    #[must_use]
    pub fn next_waiting(&self) -> Option<Pending<'_>> {
        self.waiting().next()
    }

    /// Every message that waits to be written, in the order in which they were accepted.
    pub fn waiting(&self) -> impl Iterator<Item = Pending<'_>> {
        self.waiting.iter().filter_map(|request| {
            let entry = self.open.get(request)?;
            Some(Pending {
                request: *request,
                channel_id: entry.channel_id.as_deref(),
                message: &entry.message,
            })
        })
    }

    /// Changes a message that is open: what is written of it, and what its `Update` will tell. Its id stays.
    pub fn amend(&mut self, request: RequestId, change: impl FnOnce(&mut Message)) {
        if let Some(entry) = self.open.get_mut(&request) {
            change(&mut entry.message);
            entry.message.id = Some(entry.local_id.clone());
        }
    }

    /// The message given by [`Outbox::next_waiting`] or chosen from [`Outbox::waiting`] is being written.
    pub fn written(&mut self, now: Now, request: RequestId) {
        self.waiting.retain(|waiting| *waiting != request);
        if let Some(entry) = self.open.get_mut(&request) {
            entry.stage = Stage::Written { at: now.mono };
        }
    }

    /// Whether a message is open.
    #[must_use]
    pub fn contains(&self, request: RequestId) -> bool {
        self.open.contains_key(&request)
    }

    /// Where a message goes, and the message as echoed.
    #[must_use]
    pub fn get(&self, request: RequestId) -> Option<(Option<Id>, Message)> {
        let entry = self.open.get(&request)?;
        Some((entry.channel_id.clone(), entry.message.clone()))
    }

    /// Takes a message out without an event: somebody else answers for it from now on.
    pub fn hand_over(&mut self, request: RequestId) {
        self.remove(request);
    }

    /// A message that [`Outbox::confirm`] would confirm, as echoed: open, or given up after it was written.
    #[must_use]
    pub fn unconfirmed(&self, request: RequestId) -> Option<&Message> {
        let late = || self.late.iter().find(|(late, _)| *late == request);
        let entry = self
            .open
            .get(&request)
            .or_else(|| late().map(|(_, entry)| entry))?;
        Some(&entry.message)
    }

    /// The network confirmed a message: `change` puts in what the network says of it (id, time, content). Gives the `Update`
    /// and the `Done`; only the `Update` for one that was given up before; nothing for an unknown request.
    pub fn confirm(
        &mut self,
        request: RequestId,
        change: impl FnOnce(&mut Message),
    ) -> Vec<SessionEvent> {
        let done = SessionEvent::caused(request, StatusEvent::Done { request });
        if let Some(entry) = self.remove(request) {
            return vec![
                SessionEvent::caused(request, entry.update(MessageStatus::Delivered, change)),
                done,
            ];
        }
        let Some(at) = self.late.iter().position(|(late, _)| *late == request) else {
            return Vec::new();
        };
        self.late
            .remove(at)
            .map(|(_, entry)| {
                SessionEvent::caused(request, entry.update(MessageStatus::Delivered, change))
            })
            .into_iter()
            .collect()
    }

    /// A message will not arrive: gives the `Update` to `Failed` and the `Failed`.
    pub fn fail(&mut self, request: RequestId, error: &Error) -> Vec<SessionEvent> {
        let Some(entry) = self.remove(request) else {
            return Vec::new();
        };
        let update = entry.clone().update(MessageStatus::Failed, |_| {});
        if !matches!(entry.stage, Stage::Waiting { .. }) {
            if self.late.len() >= LATE_MESSAGES {
                self.late.pop_front();
            }
            self.late.push_back((request, entry));
        }
        let failed = StatusEvent::Failed {
            request,
            error: error.info(),
        };
        vec![
            SessionEvent::caused(request, update),
            SessionEvent::caused(request, failed),
        ]
    }

    /// The user has thought better of a message that waits to be written: gives the `Update` to `Failed` and the `Failed` of
    /// the request that it was sent under.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where no open message was echoed under this id; [`ErrorKind::State`] for one that was
    /// written: it can be deleted under the network's id, when there is one.
    pub fn cancel(&mut self, local_id: &str) -> Result<Vec<SessionEvent>, Error> {
        let Some(request) = self.find(local_id) else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "no message of this id waits to be sent",
            ));
        };
        let stage = self.open.get(&request).map(|entry| entry.stage);
        if !matches!(stage, Some(Stage::Waiting { .. })) {
            return Err(Error::new(
                ErrorKind::State,
                "the message is on its way already; delete it when it has arrived",
            ));
        }
        Ok(self.fail(
            request,
            &Error::new(ErrorKind::Cancelled, "taken back before it was sent"),
        ))
    }

    /// The open message that was echoed under this id.
    #[must_use]
    pub fn find(&self, local_id: &str) -> Option<RequestId> {
        let mut open = self.open.iter();
        let (request, _) = open.find(|(_, entry)| entry.local_id == local_id)?;
        Some(*request)
    }

    /// A channel is called otherwise from now on: what is on its way there goes, and is settled, under the new id.
    pub fn rename_channel(&mut self, old: &str, new: &str) {
        let late = self.late.iter_mut().map(|(_, entry)| entry);
        for entry in self.open.values_mut().chain(late) {
            if entry.channel_id.as_deref() == Some(old) {
                entry.channel_id = Some(new.into());
            }
        }
    }

    /// The connection has ended: what was written is of unknown outcome until [`Outbox::settle_cut`].
    pub fn cut(&mut self) {
        for entry in self.open.values_mut() {
            if matches!(entry.stage, Stage::Written { .. }) {
                entry.stage = Stage::Cut;
            }
        }
    }

    /// After the reconnect and its backlog: nothing more can be learned of messages written before.
    pub fn settle_cut(&mut self) -> Vec<SessionEvent> {
        self.fail_where(
            |entry| entry.stage == Stage::Cut,
            &Error::new(
                ErrorKind::OutcomeUnknown,
                "the connection broke before the message was confirmed",
            ),
        )
    }

    /// The user leaves: everything open ends now.
    pub fn end(&mut self) -> Vec<SessionEvent> {
        self.cut();
        let mut events = self.settle_cut();
        events.extend(self.fail_where(
            |_| true,
            &Error::new(ErrorKind::Cancelled, "disconnected before it was sent"),
        ));
        events
    }

    /// Gives up on what has waited for longer than [`OUTBOX_AGE`].
    pub fn expire(&mut self, now: Now) -> Vec<SessionEvent> {
        self.fail_where(
            |entry| matches!(entry.stage, Stage::Waiting { since } if since + OUTBOX_AGE <= now.mono),
            &Error::new(ErrorKind::TimedOut, "waited too long to be sent"),
        )
    }

    /// When to call [`Outbox::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.waiting
            .front()
            .and_then(|request| match self.open.get(request)?.stage {
                Stage::Waiting { since } => Some(since + OUTBOX_AGE),
                Stage::Written { .. } | Stage::Cut => None,
            })
    }

    /// The message that has been written and unconfirmed for longest, and since when.
    #[must_use]
    pub fn oldest_written(&self) -> Option<(RequestId, Duration)> {
        self.open
            .iter()
            .filter_map(|(request, entry)| match entry.stage {
                Stage::Written { at } => Some((*request, at)),
                Stage::Waiting { .. } | Stage::Cut => None,
            })
            .min_by_key(|(_, at)| *at)
    }

    /// Fails everything that was written up to `until` and is not confirmed.
    pub fn fail_written(&mut self, until: Duration, error: &Error) -> Vec<SessionEvent> {
        self.fail_where(
            |entry| matches!(entry.stage, Stage::Written { at } if at <= until),
            error,
        )
    }

    /// Counts the time from `now` again for everything unconfirmed: nobody was listening meanwhile.
    pub fn restart_clocks(&mut self, now: Now) {
        for entry in self.open.values_mut() {
            if let Stage::Written { at } = &mut entry.stage {
                *at = now.mono;
            }
        }
    }

    /// How many messages are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn remove(&mut self, request: RequestId) -> Option<Entry> {
        let entry = self.open.remove(&request)?;
        if matches!(entry.stage, Stage::Waiting { .. }) {
            self.waiting.retain(|waiting| *waiting != request);
        }
        Some(entry)
    }

    fn fail_where(&mut self, which: impl Fn(&Entry) -> bool, error: &Error) -> Vec<SessionEvent> {
        let requests: Vec<RequestId> = self
            .open
            .iter()
            .filter(|(_, entry)| which(entry))
            .map(|(request, _)| *request)
            .collect();
        requests
            .into_iter()
            .flat_map(|request| self.fail(request, error))
            .collect()
    }
}

impl Entry {
    fn update(self, status: MessageStatus, change: impl FnOnce(&mut Message)) -> ChatEvent {
        let mut message = self.message;
        message.status = status;
        change(&mut message);
        ChatEvent::Update {
            channel_id: self.channel_id,
            message_id: self.local_id,
            new_message: message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnectionEvent;
    use chrono::DateTime;

    fn at(seconds: u64) -> Now {
        Now {
            mono: Duration::from_secs(seconds),
            utc: DateTime::UNIX_EPOCH,
        }
    }

    fn send(outbox: &mut Outbox, now: Now) -> RequestId {
        let request = RequestId::fresh();
        let message = Message::text("hi", DateTime::UNIX_EPOCH);
        outbox.accept(now, request, None, message).unwrap();
        request
    }

    fn kinds(events: &[SessionEvent]) -> Vec<String> {
        events
            .iter()
            .map(|event| match &event.event {
                ConnectionEvent::Chat {
                    event: ChatEvent::Update { new_message, .. },
                } => format!("{:?}", new_message.status),
                ConnectionEvent::Status {
                    event: StatusEvent::Failed { error, .. },
                } => format!("{:?}", error.kind),
                other => other.kind().variant().to_owned(),
            })
            .collect()
    }

    #[test]
    fn each_message_is_settled_once() {
        let mut outbox = Outbox::new();
        let one = send(&mut outbox, at(0));
        outbox.written(at(1), one);
        let events = outbox.confirm(one, |message| message.id = Some("7".into()));
        assert_eq!(kinds(&events), ["Delivered", "Done"]);
        assert!(outbox.confirm(one, |_| {}).is_empty());
        assert!(outbox.fail(one, &ErrorKind::Lost.into()).is_empty());
        assert!(outbox.is_empty());
    }

    #[test]
    fn unconfirmed_is_unknown_and_may_still_arrive() {
        let mut outbox = Outbox::new();
        let written = send(&mut outbox, at(0));
        let waiting = send(&mut outbox, at(0));
        outbox.written(at(1), written);
        outbox.cut();
        assert_eq!(kinds(&outbox.settle_cut()), ["Failed", "OutcomeUnknown"]);
        assert_eq!(outbox.next_waiting().unwrap().request, waiting);
        assert_eq!(kinds(&outbox.confirm(written, |_| {})), ["Delivered"]);
        assert!(outbox.confirm(written, |_| {}).is_empty());
    }

    #[test]
    fn only_what_waits_can_be_taken_back() {
        let mut outbox = Outbox::new();
        let written = send(&mut outbox, at(0));
        let waiting = send(&mut outbox, at(0));
        outbox.written(at(1), written);
        let cancel = |outbox: &mut Outbox, id: &str| {
            let cancelled = outbox.cancel(id);
            cancelled.map(|events| kinds(&events)).map_err(|e| e.kind())
        };
        let late = cancel(&mut outbox, &written.local_message_id());
        assert_eq!(late, Err(ErrorKind::State));
        let both = ["Failed".to_owned(), "Cancelled".to_owned()].into();
        let id = waiting.local_message_id();
        assert_eq!(cancel(&mut outbox, &id), Ok(both));
        assert_eq!(cancel(&mut outbox, &id), Err(ErrorKind::NotFound));
        assert!(outbox.next_waiting().is_none());
        assert_eq!(outbox.len(), 1, "the written one is still open");
    }

    #[test]
    fn one_that_waits_may_be_changed_and_overtaken() {
        let mut outbox = Outbox::new();
        let slow = send(&mut outbox, at(0));
        let quick = send(&mut outbox, at(0));
        let waiting: Vec<_> = outbox.waiting().map(|pending| pending.request).collect();
        assert_eq!(waiting, [slow, quick]);
        outbox.written(at(1), quick);
        outbox.amend(slow, |message| {
            *message = Message::text("changed", DateTime::UNIX_EPOCH);
        });
        let pending = outbox.next_waiting().unwrap();
        assert_eq!(pending.message.plain_text(), "changed");
        assert_eq!(pending.message.id, Some(slow.local_message_id()));
        outbox.written(at(1), slow);
        assert!(outbox.next_waiting().is_none());
        let events = outbox.confirm(slow, |_| {});
        let ConnectionEvent::Chat {
            event: ChatEvent::Update { new_message, .. },
        } = &events[0].event
        else {
            panic!("an update")
        };
        assert_eq!(new_message.plain_text(), "changed");
    }

    #[test]
    fn waiting_is_bounded_in_age_and_count() {
        let mut outbox = Outbox::new();
        send(&mut outbox, at(0));
        assert_eq!(outbox.deadline(), Some(OUTBOX_AGE));
        assert!(outbox.expire(at(OUTBOX_AGE.as_secs() - 1)).is_empty());
        let events = outbox.expire(at(OUTBOX_AGE.as_secs()));
        assert_eq!(kinds(&events), ["Failed", "TimedOut"]);
        assert_eq!(outbox.deadline(), None);
        for _ in 0..OUTBOX_MESSAGES {
            send(&mut outbox, at(0));
        }
        let message = Message::text("x", DateTime::UNIX_EPOCH);
        let refused = outbox.accept(at(0), RequestId::fresh(), None, message);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Full);
        assert_eq!(outbox.end().len(), 2 * OUTBOX_MESSAGES);
    }
}
