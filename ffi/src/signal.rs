//! Whether events wait: the one fact behind the waiting pump, the descriptor and the wakeup handler.
//!
//! The queue wakes a waker once, when something comes into it after it was found empty. Each time it is found empty it gets a
//! waker of a new generation; one that is late, because its event was taken meanwhile, says nothing any more. So the
//! descriptor is readable exactly while events wait.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use kaiwa_core::Error;
use tokio::sync::Notify;

use descriptor::Descriptor;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
    /// For the wakeup handler's task.
    poked: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// Events wait, or the end of them.
    ready: bool,
    interrupted: bool,
    generation: u64,
    /// A pump waits.
    waiting: bool,
    /// Made when it is first asked for: most programs need one way of waking up.
    descriptor: Option<Descriptor>,
}

/// What is behind a waker.
#[derive(Debug)]
pub(crate) struct Generation {
    signal: Arc<Signal>,
    number: u64,
}

impl Wake for Generation {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let state = self.signal.lock();
        if state.generation == self.number {
            self.signal.ready(state);
        }
    }
}

impl Signal {
    /// Says that nothing waits, and gives the waker that says otherwise. To be called before the queue is found empty.
    #[cfg(test)]
    pub(crate) fn clear(self: &Arc<Self>) -> Waker {
        self.clear_again(&mut None)
    }

    /// Like [`Signal::clear`]; the waker has the memory of the last one, unless somebody still has that.
    pub(crate) fn clear_again(self: &Arc<Self>, last: &mut Option<Arc<Generation>>) -> Waker {
        let mut state = self.lock();
        state.generation += 1;
        state.ready = false;
        if let Some(descriptor) = &state.descriptor {
            descriptor.clear();
        }
        let number = state.generation;
        if let Some(generation) = last.as_mut().and_then(Arc::get_mut) {
            generation.number = number;
        } else {
            *last = None;
        }
        let generation = last.get_or_insert_with(|| {
            let signal = Arc::clone(self);
            Arc::new(Generation { signal, number })
        });
        Waker::from(Arc::clone(generation))
    }

    /// Whether something waits; if not, the last waker given will say when something does.
    pub(crate) fn is_ready(&self) -> bool {
        self.lock().ready
    }

    /// Says that something waits.
    pub(crate) fn set(&self) {
        self.ready(self.lock());
    }

    fn ready(&self, mut state: MutexGuard<'_, State>) {
        if state.ready {
            return;
        }
        state.ready = true;
        if let Some(descriptor) = &state.descriptor {
            descriptor.set();
        }
        let waiting = state.waiting;
        // Whoever is woken wants the lock: with it in our hands they would sleep again at once.
        drop(state);
        if waiting {
            self.changed.notify_all();
        }
        self.poked.notify_one();
    }

    /// Waits until something waits, somebody interrupts, or the time is over; `None` is without end. Says whether it is worth
    /// waiting on.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let mut state = self.lock();
        state.waiting = true;
        let idle = |state: &mut State| !state.ready && !state.interrupted;
        let mut state = match timeout {
            None => self
                .changed
                .wait_while(state, idle)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.changed.wait_timeout_while(state, timeout, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.waiting = false;
        state.ready && !state.interrupted
    }

    /// Ends the wait of a pump, or that of the next one.
    pub(crate) fn interrupt(&self) {
        self.lock().interrupted = true;
        self.changed.notify_all();
    }

    /// Whether somebody has interrupted since this was last asked.
    pub(crate) fn take_interrupt(&self) -> bool {
        std::mem::take(&mut self.lock().interrupted)
    }

    /// The descriptor that is readable while something waits.
    ///
    /// # Errors
    /// `Storage` where the system gives none, `Unsupported` where it has no such thing.
    pub(crate) fn descriptor(&self) -> Result<i32, Error> {
        let mut state = self.lock();
        if state.descriptor.is_none() {
            let descriptor = Descriptor::new()?;
            if state.ready {
                descriptor.set();
            }
            state.descriptor = Some(descriptor);
        }
        let descriptor = state.descriptor.as_ref();
        Ok(descriptor.map_or(-1, Descriptor::number))
    }

    /// What is notified when something waits.
    pub(crate) fn poked(&self) -> Arc<Notify> {
        Arc::clone(&self.poked)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
mod descriptor {
    use std::os::fd::{AsFd as _, AsRawFd as _};

    use kaiwa_core::{Error, ErrorKind};
    use nix::sys::eventfd::{EfdFlags, EventFd};

    #[derive(Debug)]
    pub(super) struct Descriptor(EventFd);

    impl Descriptor {
        pub(super) fn new() -> Result<Self, Error> {
            EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
                .map(Self)
                .map_err(|error| {
                    Error::new(ErrorKind::Storage, "no descriptor is left").with_source(error)
                })
        }

        // Neither can fail in a way that matters: what is written is 1 and what is read is thrown away.
        pub(super) fn set(&self) {
            let _ = self.0.write(1);
        }

        pub(super) fn clear(&self) {
            let _ = self.0.read();
        }

        pub(super) fn number(&self) -> i32 {
            self.0.as_fd().as_raw_fd()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod descriptor {
    use kaiwa_core::{Error, ErrorKind};

    #[derive(Debug)]
    pub(super) enum Descriptor {}

    impl Descriptor {
        pub(super) fn new() -> Result<Self, Error> {
            Err(Error::new(
                ErrorKind::Unsupported,
                "this system has no descriptor for it; use a wakeup handler",
            ))
        }

        pub(super) fn set(&self) {}

        pub(super) fn clear(&self) {}

        pub(super) fn number(&self) -> i32 {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::BorrowedFd;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[allow(clippy::unwrap_used, reason = "a test")]
    fn is_readable(signal: &Signal) -> bool {
        let number = signal.descriptor().unwrap();
        // SAFETY: the signal keeps it open.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let mut polled = [PollFd::new(descriptor, PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO).unwrap() == 1
    }

    #[test]
    fn the_descriptor_is_readable_while_something_waits() {
        let signal = Arc::new(Signal::default());
        assert!(!is_readable(&signal));
        signal.set();
        signal.set();
        assert!(is_readable(&signal));
        let waker = signal.clear();
        assert!(!is_readable(&signal));
        waker.wake();
        assert!(is_readable(&signal));
    }

    #[test]
    fn a_late_waker_says_nothing() {
        let signal = Arc::new(Signal::default());
        let late = signal.clear();
        let waker = signal.clear();
        late.wake();
        assert!(!is_readable(&signal));
        assert!(!signal.wait(Some(Duration::ZERO)));
        waker.wake();
        assert!(signal.wait(None));
    }

    #[test]
    fn an_interrupt_ends_one_wait() {
        let signal = Signal::default();
        signal.interrupt();
        assert!(!signal.wait(None));
        assert!(signal.take_interrupt());
        assert!(!signal.take_interrupt());
    }
}
