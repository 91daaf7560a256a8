//! In the place of `ffi/src/sync.rs`: what loom has of it, and what it lacks.

use std::sync::LockResult;
use std::time::Duration;

pub(crate) use loom::sync::atomic::AtomicBool;
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// A condition variable with the waits that loom's has not. There is no time in a model: a wait with a limit is over at once.
#[derive(Debug, Default)]
pub(crate) struct Condvar(loom::sync::Condvar);

impl Condvar {
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut idle: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while idle(&mut guard) {
            guard = self.0.wait(guard)?;
        }
        Ok(guard)
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut idle: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        assert_eq!(timeout, Duration::ZERO);
        let over = idle(&mut guard);
        Ok((guard, over))
    }
}
