//! Bounded event queues between a connection and its subscribers; and [`commands`], the other way.
//!
//! A publisher has one queue per subscriber, bounded in events and in bytes. Publishing never waits and never drops: the
//! one who reads the socket asks [`EventPublisher::poll_room`] before reading more. See docs/events.md, promise 1.

mod commands;
mod gate;
mod lanes;
mod limits;
mod pieces;
mod publisher;
mod room;
mod sync;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

pub use commands::{CommandReceiver, CommandSender, commands};
pub(crate) use lanes::{Item, Mailbox, Receiver, Weighed};
pub use limits::QueueLimits;
pub(crate) use pieces::{PIECE_ITEMS, Pieces};
pub(crate) use publisher::Publisher;
pub use room::RoomWait;

use crate::{ConnectionEvent, RequestId, StatusEvent};

/// A subscriber that took nothing for this long while another one waits is cut off: the one must not starve the other for
/// ever. 30 s is longer than any pause of a healthy program and shorter than most servers' patience with a stopped reader.
pub const STALL_LIMIT: Duration = Duration::from_secs(30);

/// An event and the request that caused it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tagged {
    pub(crate) request: Option<RequestId>,
    pub(crate) event: ConnectionEvent,
}

impl Item for Tagged {
    fn size(&self) -> usize {
        self.event.size()
    }

    fn overrun_after(_last: &Self) -> Self {
        Self {
            request: None,
            event: StatusEvent::Overrun.into(),
        }
    }
}

/// Events that are published together, which costs less than one after the other.
#[derive(Debug, Default)]
pub struct EventBatch {
    events: Pieces<Weighed<Tagged>>,
    bytes: usize,
}

impl EventBatch {
    /// No events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event behind the others.
    pub fn push(&mut self, request: Option<RequestId>, event: ConnectionEvent) {
        let event = Weighed::new(Tagged { request, event });
        self.bytes += event.bytes;
        self.events.push(event);
    }

    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Makes room for so many more events.
    pub fn reserve(&mut self, events: usize) {
        self.events.reserve(events);
    }

    /// Bytes that the events hold; see [`ConnectionEvent::size`].
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The publishing end: one per connection. Clones share it; when the last is dropped, subscribers get what is queued and
/// then the end.
#[derive(Clone, Debug)]
pub struct EventPublisher {
    publisher: Publisher<Tagged>,
}

impl EventPublisher {
    /// A publisher without subscribers.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            publisher: Publisher::new(limits),
        }
    }

    /// Queues an event for every subscriber; the last one gets it moved, not cloned. Never waits, never drops.
    pub fn publish(&self, request: Option<RequestId>, event: ConnectionEvent) {
        self.publisher.publish(Tagged { request, event });
    }

    /// [`EventPublisher::publish`] for many events, in their order; a subscriber that waits is woken once.
    pub fn publish_all(&self, batch: EventBatch) {
        self.publisher.publish_all(batch.events);
    }

    /// A new subscriber: every event from now on.
    #[must_use]
    pub fn subscribe(&self) -> EventReceiver {
        let mailbox = Mailbox::sealed();
        let receiver = Receiver::new(&mailbox);
        self.publisher.attach(&mailbox);
        EventReceiver { receiver }
    }

    /// Whether every queue has room, so that reading may go on.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.publisher.has_room()
    }

    /// Ready when every queue has room; cuts off stalled subscribers meanwhile ([`STALL_LIMIT`]).
    pub fn poll_room(&self, wait: &mut RoomWait, cx: &mut Context<'_>) -> Poll<()> {
        wait.poll(&self.publisher, cx)
    }

    /// Whether some queue holds twice its bound, which only happens to a user who sends without reading: then `submit` says
    /// [`crate::ErrorKind::Full`].
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.publisher.is_crowded()
    }
}

/// A subscriber's end of a connection's events.
///
/// Dropping it ends the subscription. It is also a [`Stream`].
#[derive(Debug)]
pub struct EventReceiver {
    receiver: Receiver<Tagged>,
}

impl EventReceiver {
    /// The next event; `None` when the connection is gone or this subscriber was cut off (after an `Overrun`).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<ConnectionEvent> {
        self.recv_tagged().await.map(|(_, event)| event)
    }

    /// Like [`EventReceiver::recv`], with the request that caused the event.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv_tagged(&mut self) -> Option<(Option<RequestId>, ConnectionEvent)> {
        std::future::poll_fn(|cx| self.receiver.poll_recv(cx))
            .await
            .map(|tagged| (tagged.request, tagged.event))
    }

    /// Ready with the number of events up to the last one that `is_urgent`.
    pub(crate) fn poll_urgent(
        &mut self,
        cx: &Context<'_>,
        is_urgent: impl Fn(&ConnectionEvent) -> bool,
    ) -> Poll<usize> {
        self.receiver
            .poll_urgent(cx, |tagged| is_urgent(&tagged.event))
    }

    /// Waits for an event, then gives those that are there together, up to a number and up to the first that makes so many bytes.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn recv_many(
        &mut self,
        events: usize,
        bytes: usize,
    ) -> Option<Vec<Weighed<Tagged>>> {
        std::future::poll_fn(|cx| self.receiver.poll_recv_many(cx, events, bytes)).await
    }

    /// The events that are there, up to a number.
    pub(crate) fn try_recv_many(&mut self, events: usize) -> Vec<Weighed<Tagged>> {
        self.receiver.try_recv_many(events)
    }

    /// The next event if one waits.
    pub fn try_recv(&mut self) -> Option<ConnectionEvent> {
        self.receiver.try_recv().map(|tagged| tagged.event)
    }
}

impl Stream for EventReceiver {
    type Item = ConnectionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionEvent>> {
        self.receiver
            .poll_recv(cx)
            .map(|tagged| tagged.map(|tagged| tagged.event))
    }
}

#[cfg(test)]
mod tests;
