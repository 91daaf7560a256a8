//! Whether a publisher may go on: open while none of its lanes is full.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use super::sync::{AtomicUsize, Mutex, MutexGuard};

/// Counts a publisher's full lanes and wakes the one who waits for none to be full.
#[derive(Debug, Default)]
pub(super) struct Gate {
    full: AtomicUsize,
    waiting: Mutex<Option<Waker>>,
}

impl Gate {
    pub(super) fn close_one(&self) {
        self.full.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn open_one(&self) {
        if self.full.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.wake();
        }
    }

    fn wake(&self) {
        let waker = lock(&self.waiting).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.full.load(Ordering::Acquire) == 0
    }

    /// Ready when it is open.
    pub(super) fn poll_open(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_open() {
            return Poll::Ready(());
        }
        *lock(&self.waiting) = Some(cx.waker().clone());
        // Again: a lane may have been emptied between the look and the wait.
        if self.is_open() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// The lock of a mutex; a panic elsewhere does not make queues unusable, since each change below is complete in itself.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
