//! The queues of core.

#[path = "../../../core/src/queue/commands.rs"]
mod commands;
#[path = "../../../core/src/queue/gate.rs"]
mod gate;
#[path = "../../../core/src/queue/lanes.rs"]
mod lanes;
#[path = "../../../core/src/queue/limits.rs"]
mod limits;
#[path = "../../../core/src/queue/pieces.rs"]
#[allow(dead_code, reason = "a client asks for more")]
mod pieces;
#[path = "../../../core/src/queue/publisher.rs"]
#[allow(dead_code, reason = "a connection asks for more")]
mod publisher;

mod models;

use std::future::poll_fn;
use std::sync::Arc;

use loom::future::block_on;

pub(crate) use lanes::{Item, Mailbox, Receiver};
pub(crate) use limits::QueueLimits;
pub(crate) use publisher::Publisher;

/// In the place of `core/src/queue/sync.rs`.
mod sync {
    pub(super) use loom::sync::atomic::AtomicUsize;
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

/// What travels: who sent it, and which of theirs it is.
pub(crate) type Letter = (u8, u8);

/// The number of the `Overrun` of a queue that was cut off.
pub(crate) const OVERRUN: u8 = u8::MAX;

impl Item for Letter {
    fn size(&self) -> usize {
        1
    }

    fn overrun_after(last: &Self) -> Self {
        (last.0, OVERRUN)
    }
}

/// A publisher with room for so many.
pub(crate) fn publisher(events: usize) -> Publisher<Letter> {
    Publisher::new(QueueLimits {
        events,
        bytes: usize::MAX,
    })
}

/// Somebody who hears all of one publisher.
pub(crate) fn subscribe(publisher: &Publisher<Letter>) -> Receiver<Letter> {
    let mailbox = Mailbox::sealed();
    let receiver = Receiver::new(&mailbox);
    publisher.attach(&mailbox);
    receiver
}

/// Somebody who hears all of some publishers.
pub(crate) fn merge(publishers: &[&Publisher<Letter>]) -> (Arc<Mailbox<Letter>>, Receiver<Letter>) {
    let mailbox = Mailbox::sealed();
    for publisher in publishers {
        publisher.attach(&mailbox);
    }
    let receiver = Receiver::new(&mailbox);
    (mailbox, receiver)
}

/// Waits for room as the one does who reads a socket.
pub(crate) fn wait_for_room(publisher: &Publisher<Letter>) {
    block_on(poll_fn(|cx| publisher.poll_room(cx)));
}

/// What one sent of what was heard.
pub(crate) fn from(sender: u8, heard: &[Letter]) -> Vec<u8> {
    let theirs = heard.iter().filter(|letter| letter.0 == sender);
    theirs.map(|letter| letter.1).collect()
}
