//! Whether events wait: the one fact behind the waiting pump, the descriptor and the wakeup handler.
//!
//! The queue wakes a waker once, when something comes into it after it was found empty. Each time it is found empty it gets a
//! waker of a new generation; one that is late, because its event was taken meanwhile, says nothing any more. So the
//! descriptor is readable exactly while events wait.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::descriptor::Descriptor;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
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
    /// How often something began to wait.
    turns: u64,
    /// The number of the one who listens; nobody has 0.
    listener: u64,
    listening: Option<Waker>,
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
    #[cfg(all(test, not(kaiwa_loom)))]
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
        state.turns += 1;
        if let Some(descriptor) = &state.descriptor {
            descriptor.set();
        }
        let waiting = state.waiting;
        let listening = state.listening.take();
        // Whoever is woken wants the lock: with it in our hands they would sleep again at once.
        drop(state);
        if waiting {
            self.changed.notify_all();
        }
        wake(listening);
    }

    /// Waits until something waits, somebody interrupts, or the time is over; `None` is without end. Says whether something
    /// waits; not after an interrupt, which is over then.
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
        !std::mem::take(&mut state.interrupted) && state.ready
    }

    /// Ends the wait of a pump, or that of the next one.
    pub(crate) fn interrupt(&self) {
        self.lock().interrupted = true;
        self.changed.notify_all();
    }

    /// The number of the descriptor that is readable while something waits.
    ///
    /// # Errors
    /// Those of making it.
    pub(crate) fn descriptor<E>(
        &self,
        make: impl FnOnce() -> Result<Descriptor, E>,
    ) -> Result<i32, E> {
        let mut state = self.lock();
        if state.descriptor.is_none() {
            let descriptor = make()?;
            if state.ready {
                descriptor.set();
            }
            state.descriptor = Some(descriptor);
        }
        let descriptor = state.descriptor.as_ref();
        Ok(descriptor.map_or(-1, Descriptor::number))
    }

    /// Listens in the place of whoever does: for something that waits already, and each time that something begins to wait.
    pub(crate) fn listen(self: &Arc<Self>) -> Listener {
        let mut state = self.lock();
        let last = state.listening.take();
        state.listener += 1;
        let listener = Listener {
            signal: Arc::clone(self),
            number: state.listener,
            heard: state.turns - u64::from(state.ready),
        };
        drop(state);
        wake(last);
        listener
    }

    /// The one of this number listens no more.
    pub(crate) fn unlisten(&self, listener: u64) {
        let mut state = self.lock();
        if state.listener != listener {
            return;
        }
        state.listener += 1;
        let last = state.listening.take();
        drop(state);
        wake(last);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one who listens for something that begins to wait.
#[derive(Debug)]
pub(crate) struct Listener {
    signal: Arc<Signal>,
    number: u64,
    /// The turns that it knows of.
    heard: u64,
}

impl Listener {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Ready with true when something has begun to wait since the last time, once however often; with false when it is not the
    /// one who listens any more.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.signal.lock();
        if state.listener != self.number {
            return Poll::Ready(false);
        }
        if state.turns != self.heard {
            self.heard = state.turns;
            return Poll::Ready(true);
        }
        state.listening = Some(cx.waker().clone());
        Poll::Pending
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(all(test, target_os = "linux", not(kaiwa_loom)))]
mod tests {
    use std::os::fd::BorrowedFd;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[allow(clippy::unwrap_used, reason = "a test")]
    fn is_readable(signal: &Signal) -> bool {
        let number = signal.descriptor(Descriptor::new).unwrap();
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
        signal.set();
        assert!(!signal.wait(None));
        assert!(signal.wait(None));
    }

    #[test]
    fn one_who_begins_to_listen_hears_of_what_waits() {
        let cx = Context::from_waker(Waker::noop());
        let signal = Arc::new(Signal::default());
        let mut early = signal.listen();
        assert_eq!(early.poll(&cx), Poll::Pending);
        signal.set();
        assert_eq!(early.poll(&cx), Poll::Ready(true));
        let mut late = signal.listen();
        assert_eq!(early.poll(&cx), Poll::Ready(false));
        assert_eq!(late.poll(&cx), Poll::Ready(true));
        assert_eq!(late.poll(&cx), Poll::Pending);
        drop(signal.clear());
        let mut idle = signal.listen();
        assert_eq!(idle.poll(&cx), Poll::Pending);
        signal.unlisten(early.number());
        assert_eq!(idle.poll(&cx), Poll::Pending);
        signal.unlisten(idle.number());
        assert_eq!(idle.poll(&cx), Poll::Ready(false));
    }
}
