//! What the user has asked for and the server has not answered: messages, and everything else.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU64;
use std::time::Duration;

use kaiwa_core::outbox::{OUTBOX_MESSAGES, Outbox, Pending};
use kaiwa_core::session::{HttpResponse, HttpToken, Now, SessionEvent, Transmit};
use kaiwa_core::{
    ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, RequestId, StatusEvent,
};

use super::uploads::{End, Uploads, put_in_place};
use super::wire::{Accepted, ClientPacket, time};

/// A message that is not answered for this long is given up: the peer lives, but has lost it.
const CONFIRM_LIMIT: Duration = Duration::from_secs(60);

/// Requests other than messages that are open at once: as many as messages.
const OPEN_REQUESTS: usize = OUTBOX_MESSAGES;

/// Open requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    messages: Outbox,
    uploads: Uploads,
    /// Requests that are no messages, and those of them not yet written.
    others: BTreeSet<RequestId>,
    waiting: VecDeque<(RequestId, ConnectionEvent)>,
}

impl Requests {
    /// Takes a message and gives its local echo.
    pub(super) fn say(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Id,
        message: Message,
    ) -> Result<SessionEvent, Error> {
        Uploads::check(&message)?;
        let channel = channel_id.clone();
        let echo = self
            .messages
            .accept(now, request, Some(channel_id), message)?;
        if let Some(message) = self.messages.unconfirmed(request) {
            self.uploads.take(request, &channel, message);
        }
        Ok(echo)
    }

    /// The user takes a message back, if it is not written yet.
    pub(super) fn take_back(
        &mut self,
        request: RequestId,
        local_id: &str,
    ) -> Result<Vec<SessionEvent>, Error> {
        let message = self.messages.find(local_id);
        let mut events = self.messages.cancel(local_id)?;
        if let Some(message) = message {
            self.uploads.forget(message);
        }
        events.push(SessionEvent::caused(request, StatusEvent::Done { request }));
        Ok(events)
    }

    /// Whether a message was echoed under this id and has not ended.
    pub(super) fn has_echoed(&self, id: &str) -> bool {
        self.messages.find(id).is_some()
    }

    /// What to ask of HTTP next.
    pub(super) fn next_http(&mut self) -> Option<Transmit> {
        self.uploads.next()
    }

    /// How far a file is.
    pub(super) fn http_progress(
        &mut self,
        token: HttpToken,
        sent: u64,
        total: u64,
    ) -> Option<SessionEvent> {
        self.uploads.progress(token, (sent, total))
    }

    /// A file is there, or will never be.
    pub(super) fn http_ended(
        &mut self,
        token: HttpToken,
        result: Result<HttpResponse, Error>,
    ) -> Vec<SessionEvent> {
        match self.uploads.ended(token, result) {
            End::Nothing => Vec::new(),
            End::Ready(request, files) => {
                self.messages
                    .amend(request, |message| put_in_place(message, files));
                Vec::new()
            }
            End::Failed(request, error) => self.messages.fail(request, &error),
        }
    }

    /// Takes anything else.
    pub(super) fn want(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        if self.others.len() >= OPEN_REQUESTS {
            return Err(Error::new(
                ErrorKind::Full,
                format!("{OPEN_REQUESTS} requests are open already"),
            ));
        }
        self.others.insert(request);
        self.waiting.push_back((request, event));
        Ok(())
    }

    /// What to write next, in the order in which it was asked for.
    pub(super) fn next(&mut self, now: Now) -> Option<ClientPacket> {
        // A message waits for its files, and nothing else waits for it.
        let has_files = |pending: &Pending<'_>| !self.uploads.wants(pending.request);
        let message = self.messages.waiting().find(has_files);
        let said = message.map(|pending| pending.request);
        if let Some((other, _)) = self.waiting.front()
            && said.is_none_or(|said| *other < said)
        {
            let (request, event) = self.waiting.pop_front()?;
            let number = request.get();
            return Some(ClientPacket::Want { number, event });
        }
        let pending = message?;
        let request = pending.request;
        let event = ChatEvent::New {
            channel_id: pending.channel_id.map(Into::into),
            message: pending.message.clone(),
        };
        self.messages.written(now, request);
        Some(ClientPacket::Want {
            number: request.get(),
            event: event.into(),
        })
    }

    /// Which open request caused something.
    pub(super) fn cause(&self, number: u64) -> Option<RequestId> {
        request(number).filter(|request| self.others.contains(request))
    }

    /// The server has carried it out.
    pub(super) fn acknowledge(
        &mut self,
        number: u64,
        sender: Option<&str>,
        accepted: Option<Accepted>,
    ) -> Vec<SessionEvent> {
        let Some(request) = request(number) else {
            return Vec::new();
        };
        if self.others.remove(&request) {
            return vec![SessionEvent::caused(request, StatusEvent::Done { request })];
        }
        self.messages.confirm(request, |message| {
            message.sender_id = sender.map(Into::into);
            if let Some(Accepted { id, at_ms }) = accepted {
                message.id = Some(id.into());
                message.timestamp = time(at_ms);
            }
        })
    }

    /// The server has refused it.
    pub(super) fn refuse(&mut self, number: u64, error: &Error) -> Vec<SessionEvent> {
        let Some(request) = request(number) else {
            return Vec::new();
        };
        if self.others.remove(&request) {
            return vec![failed(request, error)];
        }
        self.messages.fail(request, error)
    }

    /// After the greeting: nothing more will be learned of what was written to an earlier connection.
    pub(super) fn settle_cut(&mut self) -> Vec<SessionEvent> {
        self.messages.settle_cut()
    }

    /// The connection is gone; messages survive it unless the user has asked for it.
    pub(super) fn close(&mut self, asked: bool) -> Vec<SessionEvent> {
        let error = if asked {
            Error::new(ErrorKind::Cancelled, "disconnected before it was answered")
        } else {
            Error::new(
                ErrorKind::Lost,
                "the connection broke before it was answered",
            )
        };
        self.waiting.clear();
        self.uploads.cut();
        let mut events: Vec<SessionEvent> = std::mem::take(&mut self.others)
            .into_iter()
            .map(|request| failed(request, &error))
            .collect();
        if asked {
            events.extend(self.messages.end());
            self.uploads.keep(|_| false);
        } else {
            self.messages.cut();
        }
        events
    }

    /// Gives up on what has waited too long, for the connection or, if somebody is listening, for an answer.
    pub(super) fn expire(&mut self, now: Now, listening: bool) -> Vec<SessionEvent> {
        let mut events = self.messages.expire(now);
        let messages = &self.messages;
        self.uploads.keep(|request| messages.contains(request));
        if let Some(until) = now.mono.checked_sub(CONFIRM_LIMIT).filter(|_| listening) {
            let error = Error::new(
                ErrorKind::OutcomeUnknown,
                "the server did not confirm the message",
            );
            events.extend(self.messages.fail_written(until, &error));
        }
        events
    }

    /// Nobody was reading: the time to answer begins again.
    pub(super) fn restart_clocks(&mut self, now: Now) {
        self.messages.restart_clocks(now);
    }

    /// When to call [`Requests::expire`].
    pub(super) fn deadline(&self, listening: bool) -> Option<Duration> {
        let confirm = self
            .messages
            .oldest_written()
            .filter(|_| listening)
            .map(|(_, at)| at + CONFIRM_LIMIT);
        [confirm, self.messages.deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}

fn request(number: u64) -> Option<RequestId> {
    NonZeroU64::new(number).map(RequestId::from)
}

fn failed(request: RequestId, error: &Error) -> SessionEvent {
    let error = error.info();
    SessionEvent::caused(request, StatusEvent::Failed { request, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_nobody_reads_is_not_overdue() {
        let at = |mono| Now {
            mono,
            utc: chrono::DateTime::UNIX_EPOCH,
        };
        let mut requests = Requests::default();
        let message = Message::text("hi", chrono::DateTime::UNIX_EPOCH);
        requests
            .say(
                at(Duration::ZERO),
                RequestId::fresh(),
                Id::default(),
                message,
            )
            .unwrap();
        assert!(requests.next(at(Duration::ZERO)).is_some());
        let late = at(2 * CONFIRM_LIMIT);
        assert_eq!(requests.deadline(false), None);
        assert!(requests.expire(late, false).is_empty());
        requests.restart_clocks(late);
        assert_eq!(requests.deadline(true), Some(3 * CONFIRM_LIMIT));
        assert_eq!(requests.expire(at(3 * CONFIRM_LIMIT), true).len(), 2);
    }
}
