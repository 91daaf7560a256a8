//! The events of one connection on their way to the client's subscribers, and what they decide: when to try again.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Shared;
use super::backoff::Backoff;
use crate::queue::{EventReceiver, PIECE_ITEMS, RoomWait, Tagged, Weighed};
use crate::{ChatEvent, ConnectionEvent, ErrorInfo, ErrorKind, EventKind, RequestId, StatusEvent};

/// Events forwarded before commands and timers get their turn again, and before it is asked for room again.
const EVENTS_AT_ONCE: usize = PIECE_ITEMS;

/// Bytes of events forwarded before it is asked for room again: little beside the bound of a queue, 1 MiB.
const BYTES_AT_ONCE: usize = 64 * 1024;

/// A server that asks for more patience than this, other than by a ban, does not get it: it may be wrong, or not the one that
/// was meant.
const ASKED_CAP: Duration = Duration::from_secs(3600);

/// The connection's events on their way to the client's subscribers.
pub(super) struct Events {
    shared: Arc<Shared>,
    receiver: EventReceiver,
    room: RoomWait,
    /// Messages handed to the connection, whose echo the client has shown already.
    echoed: BTreeSet<RequestId>,
    pub(super) backoff: Backoff,
    up_since: Option<Instant>,
    /// When the next attempt begins, if one does.
    pub(super) retry_at: Option<Instant>,
    /// There is a form that has not been tried.
    renewed: bool,
    /// The user wants it down: there is no next attempt.
    pub(super) leaving: bool,
    /// The connection has said `Disconnected`, or has never been connected.
    pub(super) down: bool,
}

impl Events {
    pub(super) fn new(shared: Arc<Shared>, receiver: EventReceiver) -> Self {
        Self {
            shared,
            receiver,
            room: RoomWait::new(),
            echoed: BTreeSet::new(),
            backoff: Backoff::default(),
            up_since: None,
            retry_at: None,
            renewed: false,
            leaving: false,
            down: true,
        }
    }

    /// An attempt to connect begins.
    pub(super) fn begin(&mut self) {
        self.retry_at = None;
        self.renewed = false;
        self.down = false;
    }

    /// The user has filled the form anew: it is tried in any case, and at once.
    pub(super) fn renew(&mut self) {
        self.shared.connecting();
        self.renewed = true;
        self.hurry();
    }

    /// Things have changed: the next attempt, if there is to be one, begins at once.
    pub(super) fn hurry(&mut self) {
        self.backoff.reset();
        if let Some(retry_at) = &mut self.retry_at {
            *retry_at = Instant::now();
        }
    }

    /// A request is being handed to the connection; its echo, if it is to have one, has been shown already.
    pub(super) fn expect_echo(&mut self, request: RequestId, event: &ConnectionEvent) {
        if event.kind() == EventKind::ChatNew {
            self.echoed.insert(request);
        }
    }

    /// The connection has not taken it.
    pub(super) fn expect_no_echo(&mut self, request: RequestId) {
        self.echoed.remove(&request);
    }

    /// Waits for an event and for room, then forwards what is there. What tells how the connection and its requests are
    /// doing does not wait for room, up to twice the bound: else supervision would end with the application's attention.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn forward(&mut self) {
        if let Some(urgent) = self.room().await {
            let events = self.receiver.try_recv_many(urgent);
            self.many(events);
            return;
        }
        let received = self.receiver.recv_many(EVENTS_AT_ONCE, BYTES_AT_ONCE);
        let Some(events) = received.await else {
            // The connection never ends its events while it lives.
            return std::future::pending().await;
        };
        self.many(events);
    }

    /// Waits for room, or for something that must not wait: then how many events up to it.
    async fn room(&mut self) -> Option<usize> {
        let publisher = self.shared.publisher();
        let (room, receiver) = (&mut self.room, &mut self.receiver);
        poll_fn(|cx| {
            if room.poll(publisher, cx).is_ready() {
                return Poll::Ready(None);
            }
            if publisher.is_crowded() {
                return Poll::Pending;
            }
            receiver.poll_urgent(cx, is_urgent).map(Some)
        })
        .await
    }

    /// Forwards everything at once: the account goes down, and nothing may stay behind.
    pub(super) fn forward_all(&mut self) {
        let events = self.receiver.try_recv_many(usize::MAX);
        self.many(events);
    }

    /// The connection broke; unless it has told so itself, this does.
    pub(super) fn lost(&mut self, error: ErrorInfo) {
        self.forward_all();
        if !self.down {
            let retry_in_ms = None;
            self.one(StatusEvent::Lost { error, retry_in_ms });
        }
    }

    /// The connection is down; unless it has told so itself, this does.
    pub(super) fn fallen(&mut self) {
        self.forward_all();
        if !self.down {
            self.one(StatusEvent::Disconnected { artifact: None });
        }
    }

    /// Forwards what the connection should have said.
    fn one(&mut self, event: StatusEvent) {
        let (request, event) = (None, event.into());
        self.many(vec![Weighed::new(Tagged { request, event })]);
    }

    fn many(&mut self, mut events: Vec<Weighed<Tagged>>) {
        events.retain_mut(|event| self.heed(&mut event.item));
        self.shared.forward(events);
    }

    /// Learns from an event, and completes it; false for one that is not to be forwarded.
    fn heed(&mut self, Tagged { request, event }: &mut Tagged) -> bool {
        if let (
            Some(request),
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. },
            },
        ) = (request, &event)
            && self.echoed.remove(request)
        {
            return false;
        }
        if let ConnectionEvent::Status { event } = event {
            match event {
                StatusEvent::Connected { .. } => self.up_since = Some(Instant::now()),
                StatusEvent::Lost { error, retry_in_ms } => {
                    *retry_in_ms = self.decide(error).map(millis);
                }
                StatusEvent::Disconnected { .. } => self.down = true,
                // A connection that has shown no echo will not show one later.
                StatusEvent::Done { request } | StatusEvent::Failed { request, .. } => {
                    self.echoed.remove(request);
                }
                _ => {}
            }
        }
        true
    }

    /// Whether and when to try again after `error`.
    fn decide(&mut self, error: &ErrorInfo) -> Option<Duration> {
        let up = self.up_since.take().map(|since| since.elapsed());
        self.retry_at = None;
        if self.leaving {
            return None;
        }
        if self.renewed {
            self.retry_at = Some(Instant::now());
            return Some(Duration::ZERO);
        }
        let asked = error.retry_after_ms.map(Duration::from_millis);
        let asked = match (error.kind, asked) {
            (ErrorKind::Banned, Some(_)) => asked,
            (kind, _) if kind.is_final() => return None,
            (_, asked) => asked.map(|asked| asked.min(ASKED_CAP)),
        };
        let delay = self
            .backoff
            .next(up, random())
            .max(asked.unwrap_or_default());
        self.retry_at = Instant::now().checked_add(delay);
        self.retry_at.map(|_| delay)
    }
}

/// What does not wait for room (docs/events.md, promise 1).
fn is_urgent(event: &ConnectionEvent) -> bool {
    matches!(
        event.kind(),
        EventKind::StatusConnecting
            | EventKind::StatusConnected
            | EventKind::StatusLost
            | EventKind::StatusDisconnected
            | EventKind::StatusDone
            | EventKind::StatusFailed
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where the system gives no randomness, the middle will do: this spreads load, it keeps no secret.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
