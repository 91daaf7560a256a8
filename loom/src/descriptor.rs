//! In the place of `ffi/src/descriptor.rs`: a descriptor that a thread can wait for as it would in `poll`.

use std::sync::Arc;

use crate::sync::{Condvar, Mutex};

/// What is readable or not. It stays so until it is cleared.
#[derive(Debug, Default)]
pub(crate) struct Level {
    readable: Mutex<bool>,
    changed: Condvar,
}

impl Level {
    pub(crate) fn set(&self) {
        *self.readable.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub(crate) fn clear(&self) {
        *self.readable.lock().unwrap() = false;
    }

    pub(crate) fn is_readable(&self) -> bool {
        *self.readable.lock().unwrap()
    }

    /// `poll` without a limit.
    pub(crate) fn wait(&self) {
        let readable = self.readable.lock().unwrap();
        drop(self.changed.wait_while(readable, |readable| !*readable));
    }

    /// Waits, and clears it in the same step: a loop that was poked.
    pub(crate) fn take(&self) {
        let readable = self.readable.lock().unwrap();
        *self
            .changed
            .wait_while(readable, |readable| !*readable)
            .unwrap() = false;
    }
}

/// The library's end.
#[derive(Debug)]
pub(crate) struct Descriptor(pub(crate) Arc<Level>);

impl Descriptor {
    pub(crate) fn set(&self) {
        self.0.set();
    }

    pub(crate) fn clear(&self) {
        self.0.clear();
    }

    pub(crate) fn number(&self) -> i32 {
        0
    }
}
