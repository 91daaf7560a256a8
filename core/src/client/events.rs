//! The merged stream of a client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use super::{AccountId, ConnectionState};
use crate::queue::{Item, Receiver, Weighed};
use crate::{ConnectionEvent, RequestId, StatusEvent};

/// Something that happened on one of many accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Where.
    pub account: AccountId,
    /// Rises by one with each event of the account.
    pub seq: u64,
    /// The request that caused it, if one did.
    pub request: Option<RequestId>,
    /// What happened.
    pub event: ConnectionEvent,
}

impl Item for Event {
    fn size(&self) -> usize {
        self.event.size()
    }

    fn overrun_after(last: &Self) -> Self {
        Self {
            account: last.account,
            seq: last.seq + 1,
            request: None,
            event: StatusEvent::Overrun.into(),
        }
    }
}

/// What an account had come to when a stream began: the first event of the stream follows on it without a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSnapshot {
    /// Whose.
    pub account: AccountId,
    /// The last [`Event::seq`] that is in the state; 0 if nothing has happened.
    pub seq: u64,
    /// The state.
    pub state: ConnectionState,
}

/// Every event of every account, merged: each account has a queue of its own and is served in turn.
///
/// Dropping it ends the subscription. It is also a [`Stream`].
#[derive(Debug)]
pub struct ClientEvents {
    pub(super) receiver: Receiver<Event>,
}

impl ClientEvents {
    /// The next event; `None` when the client has shut down or this subscriber was cut off (after an `Overrun`).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.receiver.poll_recv(cx)).await
    }

    /// The next event if one waits.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.receiver.try_recv()
    }

    /// Waits for an event, then gives some of those that are there, at most `limit` (but one at least): one look into the queue
    /// for all of them. Accounts are served in turn; what comes while they are handled waits behind them.
    ///
    /// `None` when the client has shut down or this subscriber was cut off (after an `Overrun`).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv_many(&mut self, limit: usize) -> Option<TakenEvents> {
        let limit = limit.max(1);
        std::future::poll_fn(|cx| self.receiver.poll_recv_many(cx, limit, usize::MAX))
            .await
            .map(TakenEvents::new)
    }

    /// Some of the events that are there, at most `limit`, none only if there are none; see [`ClientEvents::recv_many`].
    pub fn try_recv_many(&mut self, limit: usize) -> TakenEvents {
        TakenEvents::new(self.receiver.try_recv_some(limit))
    }

    /// How many events wait, of all accounts.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.receiver.waiting()
    }
}

/// Events that were taken together, in their order.
#[derive(Debug, Default)]
pub struct TakenEvents {
    events: vec::IntoIter<Weighed<Event>>,
}

impl TakenEvents {
    fn new(events: Vec<Weighed<Event>>) -> Self {
        Self {
            events: events.into_iter(),
        }
    }
}

impl Iterator for TakenEvents {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.events.next().map(|one| one.item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.events.size_hint()
    }
}

impl ExactSizeIterator for TakenEvents {}

impl Stream for ClientEvents {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.receiver.poll_recv(cx)
    }
}
