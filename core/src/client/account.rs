//! One account of a client, as the client and its supervisor share it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{AccountSnapshot, Event, StateClient};
use crate::outbox::{OUTBOX_MESSAGES, Outbox};
use crate::queue::{Mailbox, Pieces, Publisher, QueueLimits, Tagged, Weighed};
use crate::session::{Now, SessionEvent};
use crate::{
    Capabilities, ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Protocol,
    RequestId, StatusEvent,
};

/// One account of a [`super::Client`]; unique within it, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AccountId(pub(super) u64);

impl AccountId {
    /// The number, from 1.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

pub(super) struct Shared {
    pub(super) id: AccountId,
    /// The id under which the state is kept.
    state_id: String,
    pub(super) protocol: Arc<Protocol>,
    publisher: Publisher<Event>,
    /// Where the state is kept, if it is.
    states: Option<StateClient>,
    inner: Mutex<Inner>,
    /// Something was put into the queue of requests.
    pub(super) requested: Notify,
    origin: Instant,
}

/// What is behind the lock; under it there is one order of events for state and subscribers.
struct Inner {
    seq: u64,
    capabilities: Capabilities,
    /// The user wants it up: messages may wait for the connection.
    wanted: bool,
    /// How often the user has asked for that without the supervisor knowing yet.
    connects: usize,
    connected: bool,
    /// Where messages without a channel go.
    current_channel: Option<Id>,
    outbox: Outbox,
    queue: VecDeque<Queued>,
    /// Numbered, to be folded and queued before the lock is released.
    staged: Pieces<Weighed<Event>>,
}

/// What waits to be handed to the connection, in order.
pub(super) enum Queued {
    /// A message of the outbox.
    Message(RequestId),
    Other(RequestId, ConnectionEvent),
}

impl Inner {
    /// Keeps track of the current channel.
    fn follow(&mut self, event: &ChannelEvent) {
        let gone = match event {
            ChannelEvent::Switch { channel_id } => {
                self.current_channel = Some(channel_id.clone());
                return;
            }
            ChannelEvent::Remove { channel_id } | ChannelEvent::Leave { channel_id } => {
                Some(channel_id)
            }
            ChannelEvent::Kick { channel_id, .. } => channel_id.as_ref(),
            _ => return,
        };
        if gone.is_none() || gone == self.current_channel.as_ref() {
            self.current_channel = None;
        }
    }
}

impl Shared {
    pub(super) fn new(
        id: AccountId,
        protocol: Arc<Protocol>,
        capabilities: Capabilities,
        limits: QueueLimits,
        states: Option<StateClient>,
    ) -> Self {
        let state_id = id.to_string();
        if let Some(states) = &states {
            states.insert(&state_id, &protocol.name);
        }
        Self {
            id,
            state_id,
            protocol,
            publisher: Publisher::new(limits),
            states,
            inner: Mutex::new(Inner {
                seq: 0,
                capabilities,
                wanted: false,
                connects: 0,
                connected: false,
                current_channel: None,
                outbox: Outbox::new(),
                queue: VecDeque::new(),
                staged: Pieces::default(),
            }),
            requested: Notify::new(),
            origin: Instant::now(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publisher(&self) -> &Publisher<Event> {
        &self.publisher
    }

    fn now(&self) -> Now {
        Now {
            mono: self.origin.elapsed(),
            utc: Utc::now(),
        }
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        self.lock().capabilities.clone()
    }

    /// A new subscriber: everything from now on.
    pub(super) fn attach(&self, mailbox: &Arc<Mailbox<Event>>) {
        self.publisher.attach(mailbox);
    }

    /// Like [`Shared::attach`], and what came before it.
    pub(super) fn attach_with_state(
        &self,
        mailbox: &Arc<Mailbox<Event>>,
    ) -> Option<AccountSnapshot> {
        let inner = self.lock();
        self.publisher.attach(mailbox);
        Some(AccountSnapshot {
            account: self.id,
            seq: inner.seq,
            state: self.states.as_ref()?.snapshot(&self.state_id)?,
        })
    }

    /// Takes a request of the user's, or refuses it at once.
    pub(super) fn send(&self, event: ConnectionEvent) -> Result<RequestId, Error> {
        let mut inner = self.lock();
        inner.capabilities.check(&event)?;
        if !inner.wanted {
            return Err(Error::new(
                ErrorKind::State,
                "this account is not connected; call connect first",
            ));
        }
        if inner.queue.len() >= OUTBOX_MESSAGES || self.publisher.is_crowded() {
            return Err(Error::new(
                ErrorKind::Full,
                "too much is unsent or unread; take events and try again",
            ));
        }
        let request = RequestId::fresh();
        if self.take_back(&mut inner, request, &event) {
            return Ok(request);
        }
        if let ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    message,
                },
        } = event
        {
            let channel_id = channel_id.or_else(|| inner.current_channel.clone());
            let echo = inner
                .outbox
                .accept(self.now(), request, channel_id, message)?;
            self.publish(&mut inner, echo);
            inner.queue.push_back(Queued::Message(request));
        } else if inner.connected {
            inner.queue.push_back(Queued::Other(request, event));
        } else {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; only messages wait for a connection",
            ));
        }
        drop(inner);
        self.requested.notify_one();
        Ok(request)
    }

    /// The user removes a message that still waits here: it is not handed to the connection. Says whether it is so.
    fn take_back(&self, inner: &mut Inner, request: RequestId, event: &ConnectionEvent) -> bool {
        let ConnectionEvent::Chat {
            event: ChatEvent::Remove { message_id, .. },
        } = event
        else {
            return false;
        };
        // One that is being handed over is in the outbox and not in the queue; the connection will know what became of it.
        let Some(at) = inner.outbox.find(message_id).and_then(|message| {
            let queued = |queued: &Queued| matches!(queued, Queued::Message(of) if *of == message);
            inner.queue.iter().position(queued)
        }) else {
            return false;
        };
        let Ok(mut events) = inner.outbox.cancel(message_id) else {
            return false;
        };
        inner.queue.remove(at);
        events.push(SessionEvent::caused(request, StatusEvent::Done { request }));
        for event in events {
            self.publish(inner, event);
        }
        true
    }

    /// Folds an event into the state, then queues it for every subscriber.
    fn publish(&self, inner: &mut Inner, event: SessionEvent) {
        let SessionEvent { request, event } = event;
        self.stage(inner, Weighed::new(Tagged { request, event }));
        self.publish_staged(inner);
    }

    /// Numbers an event, to be published with others.
    fn stage(&self, inner: &mut Inner, event: Weighed<Tagged>) {
        let Weighed { item, bytes } = event;
        inner.seq += 1;
        let item = Event {
            account: self.id,
            seq: inner.seq,
            request: item.request,
            event: item.event,
        };
        inner.staged.push(Weighed { item, bytes });
    }

    /// Folds what was staged into the state, then queues it for every subscriber.
    fn publish_staged(&self, inner: &mut Inner) {
        let staged = std::mem::take(&mut inner.staged);
        if let Some(states) = &self.states {
            let events = staged.iter().map(|one| &one.item.event);
            states.apply_all(&self.state_id, events);
        }
        self.publisher.publish_all(staged);
    }

    /// Events of the connection, on their way to the subscribers.
    pub(super) fn forward(&self, events: Vec<Weighed<Tagged>>) {
        let mut inner = self.lock();
        inner.staged.reserve(events.len());
        for event in events {
            self.note(&mut inner, &event.item.event);
            self.stage(&mut inner, event);
        }
        self.publish_staged(&mut inner);
    }

    /// Learns from an event of the connection.
    fn note(&self, inner: &mut Inner, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Status { event } => match event {
                StatusEvent::Connected { .. } => inner.connected = true,
                StatusEvent::Disconnected { .. } => self.fall(inner),
                StatusEvent::Capabilities { capabilities } => {
                    inner.capabilities = capabilities.clone();
                }
                _ => {}
            },
            ConnectionEvent::Channel { event } => inner.follow(event),
            _ => {}
        }
    }

    /// The connection is down: messages go on waiting, other requests have failed, which is staged.
    fn fall(&self, inner: &mut Inner) {
        inner.connected = false;
        let error = Error::new(ErrorKind::Lost, "the connection ended first").info();
        let queue = std::mem::take(&mut inner.queue);
        for queued in queue {
            match queued {
                Queued::Message(_) => inner.queue.push_back(queued),
                Queued::Other(request, _) => {
                    let error = error.clone();
                    let failed = StatusEvent::Failed { request, error };
                    let failed = Tagged {
                        request: Some(request),
                        event: failed.into(),
                    };
                    self.stage(inner, Weighed::new(failed));
                }
            }
        }
    }

    /// The user wants it up from now on.
    pub(super) fn want(&self) {
        let mut inner = self.lock();
        inner.wanted = true;
        inner.connects += 1;
    }

    /// The supervisor has heard what [`Shared::want`] says.
    pub(super) fn connecting(&self) {
        let mut inner = self.lock();
        inner.connects = inner.connects.saturating_sub(1);
    }

    /// It stays down from now on: what waits will not be sent. Unless the user wants it up again by now.
    pub(super) fn stop(&self) {
        let mut inner = self.lock();
        self.fall(&mut inner);
        self.publish_staged(&mut inner);
        if inner.connects > 0 {
            return;
        }
        inner.wanted = false;
        let ended = inner.outbox.end();
        for event in ended {
            self.publish(&mut inner, event);
        }
        inner.queue.clear();
    }

    /// The next request to hand to the connection, if it is up.
    pub(super) fn next_request(&self) -> Option<(RequestId, ConnectionEvent)> {
        let mut inner = self.lock();
        if !inner.connected {
            return None;
        }
        loop {
            match inner.queue.pop_front()? {
                Queued::Other(request, event) => return Some((request, event)),
                Queued::Message(request) => {
                    if let Some((channel_id, message)) = inner.outbox.get(request) {
                        let event = ChatEvent::New {
                            channel_id,
                            message,
                        };
                        return Some((request, event.into()));
                    }
                }
            }
        }
    }

    /// The connection has taken a request: it answers for it from now on.
    pub(super) fn taken(&self, request: RequestId) {
        self.lock().outbox.hand_over(request);
    }

    /// The connection cannot take it now.
    pub(super) fn put_back(&self, request: RequestId, event: ConnectionEvent) {
        let queued = match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. },
            } => Queued::Message(request),
            other => Queued::Other(request, other),
        };
        self.lock().queue.push_front(queued);
    }

    /// The connection refuses a request that was accepted here.
    pub(super) fn refused(&self, request: RequestId, error: &Error) {
        let mut inner = self.lock();
        let mut events = inner.outbox.fail(request, error);
        if events.is_empty() {
            let error = error.info();
            let failed = StatusEvent::Failed { request, error };
            events.push(SessionEvent::caused(request, failed));
        }
        for event in events {
            self.publish(&mut inner, event);
        }
    }

    /// Gives up on messages that have waited for too long.
    pub(super) fn expire(&self) {
        let mut inner = self.lock();
        let expired = inner.outbox.expire(self.now());
        if expired.is_empty() {
            return;
        }
        for event in expired {
            self.publish(&mut inner, event);
        }
        let Inner { outbox, queue, .. } = &mut *inner;
        queue.retain(|queued| match queued {
            Queued::Message(request) => outbox.contains(*request),
            Queued::Other(..) => true,
        });
    }

    /// When to call [`Shared::expire`].
    pub(super) fn expiry(&self) -> Option<Instant> {
        let deadline = self.lock().outbox.deadline()?;
        Some(self.origin + deadline)
    }

    /// The account is gone.
    pub(super) fn forget_state(&self) {
        if let Some(states) = &self.states {
            states.forget(&self.state_id);
        }
    }
}
