//! Whether a publisher may go on: open while none of its lanes is full.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

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

    pub(super) fn wait(&self, cx: &Context<'_>) {
        *lock(&self.waiting) = Some(cx.waker().clone());
    }
}

/// The lock of a mutex; a panic elsewhere does not make queues unusable, since each change below is complete in itself.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
