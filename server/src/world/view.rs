//! One network's view of one room: a batch is rendered once and handed to each receiver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::receiver::{CloseReason, Limits, Receiver};
use crate::store::Position;
use crate::store::writer::Committed;

/// Rendered messages that travel together: the very bytes for the socket, shared by all receivers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    pub(crate) messages: usize,
}

/// Who sees a room through one network.
#[derive(Debug)]
pub(crate) struct View {
    render: fn(&[Committed]) -> Batch,
    limits: Limits,
    seats: Mutex<Seats>,
    clients: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: BTreeMap<u64, Arc<Receiver>>,
    next: u64,
    closed: bool,
}

impl View {
    pub(crate) fn new(render: fn(&[Committed]) -> Batch, limits: Limits) -> Self {
        Self {
            render,
            limits,
            seats: Mutex::default(),
            clients: watch::Sender::new(0),
        }
    }

    /// Takes a seat: everything delivered from now on comes to its receiver. Left when the seat is dropped.
    pub(crate) fn join(self: &Arc<Self>) -> Seat {
        let receiver = Arc::new(Receiver::new(self.limits));
        let mut seats = self.seats();
        if seats.closed {
            receiver.close(CloseReason::Stopping);
        }
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(&receiver));
        self.clients.send_replace(seats.taken.len());
        drop(seats);
        Seat {
            view: Arc::clone(self),
            number,
            receiver,
        }
    }

    /// How many seats are taken.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.clients.subscribe()
    }

    /// Renders once, hands to each.
    pub(crate) fn deliver(&self, committed: &[Committed]) {
        let batch = (self.render)(committed);
        if let Some(last) = committed.last() {
            let Position { id, seq } = last.position;
            tracing::trace!(
                id,
                seq,
                messages = batch.messages,
                bytes = batch.bytes.len(),
                "delivered up to"
            );
        }
        let now = Instant::now();
        for receiver in self.seats().taken.values() {
            receiver.push(&batch, now);
        }
    }

    /// Sends everybody away, and whoever comes later.
    pub(crate) fn close(&self) {
        let mut seats = self.seats();
        seats.closed = true;
        for receiver in seats.taken.values() {
            receiver.close(CloseReason::Stopping);
        }
    }

    fn seats(&self) -> std::sync::MutexGuard<'_, Seats> {
        // Nothing in here panics half-way through a change.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a view.
#[derive(Debug)]
pub(crate) struct Seat {
    view: Arc<View>,
    number: u64,
    receiver: Arc<Receiver>,
}

impl Seat {
    /// Where the room's messages come out.
    pub(crate) fn receiver(&self) -> &Arc<Receiver> {
        &self.receiver
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.view.seats();
        seats.taken.remove(&self.number);
        self.view.clients.send_replace(seats.taken.len());
    }
}
