//! Waiting for room in every subscriber's queue, and cutting off those who stall.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Sleep, sleep};

use super::STALL_LIMIT;
use super::lanes::Item;
use super::publisher::Publisher;

/// The state of one who waits for room; keep it between polls.
#[derive(Debug, Default)]
pub struct RoomWait {
    stall: Option<Stall>,
}

#[derive(Debug)]
struct Stall {
    timer: Pin<Box<Sleep>>,
    /// The full lanes when the timer was set, and what had been taken from each.
    marks: Vec<(u64, u64)>,
}

impl RoomWait {
    /// Not waiting.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn poll<T: Item>(
        &mut self,
        publisher: &Publisher<T>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if publisher.poll_room(cx).is_ready() {
                self.stall = None;
                return Poll::Ready(());
            }
            let stall = self.stall.get_or_insert_with(|| Stall {
                timer: Box::pin(sleep(STALL_LIMIT)),
                marks: publisher.full_lanes(),
            });
            if stall.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            publisher.cut_stalled(&stall.marks);
            self.stall = None;
        }
    }
}
