//! One connection's queue: bounded in messages and bytes, and in how long it may stay over the bound.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// How long a queue may stay over its bound: a client on a bad line gets through a burst, one that has stopped reading goes.
const SLOW_LIMIT: Duration = Duration::from_secs(5);

/// A queue of this many times its bound ends at once: memory must not depend on how much is said in [`SLOW_LIMIT`].
const HARD_FACTOR: usize = 4;

/// Rendered frames that travel together: the very bytes for the socket, shared by all receivers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    pub(crate) messages: usize,
}

/// The bound of a queue. A client with nothing waiting takes any batch, whatever its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The server stops; what is queued is sent first.
    Stopping,
    /// The client takes too little.
    TooSlow,
    /// Its message could not be kept.
    StoreFailed,
    /// Its person is kept out; what is queued is sent first.
    Banned,
    /// Its front end says so: the code and the reason of the close frame; what is queued is sent first.
    Ended(u16, &'static str),
}

/// What [`Receiver::poll_take`] gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Something was put into the caller's queue.
    Batches,
    /// The connection is to be closed now.
    Close(CloseReason),
}

/// The queue between the world and one connection's task.
#[derive(Debug)]
pub(crate) struct Receiver {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Bytes>,
    messages: usize,
    bytes: usize,
    over_since: Option<Instant>,
    closing: Option<CloseReason>,
    waker: Option<Waker>,
    /// Whether the task waits for batches; one that is still writing is woken only to be closed.
    wants_batches: bool,
    /// Whether batches wait for something that must come before them.
    held: bool,
}

impl Receiver {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// Adds a batch, or gives up on a client that has been too slow for too long.
    pub(crate) fn push(&self, batch: &Batch, now: Instant) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        if self.is_lost(&mut state, now) {
            // Its memory goes at once; what it has not got, it will never get.
            state.queue = VecDeque::new();
            drop(state);
            self.close(CloseReason::TooSlow);
            return;
        }
        state.queue.push_back(batch.bytes.clone());
        state.messages += batch.messages;
        state.bytes += batch.bytes.len();
        if state.wants_batches {
            wake(state);
        }
    }

    /// Holds back what comes from now on.
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    /// Lets go of what was held back, behind what must come before it. Nothing happens to a connection that ends.
    pub(crate) fn release(&self, first: Vec<Bytes>) {
        let mut state = self.state();
        state.held = false;
        if state.closing.is_some() {
            return;
        }
        for bytes in first.into_iter().rev() {
            state.messages += 1;
            state.bytes += bytes.len();
            state.queue.push_front(bytes);
        }
        if state.wants_batches {
            wake(state);
        }
    }

    /// Asks the task to end the connection. The first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        let mut state = self.state();
        state.closing.get_or_insert(reason);
        wake(state);
    }

    /// Moves all that waits into `out` if `want` says so, or tells that the connection is to be closed. One task polls.
    pub(crate) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        want: bool,
        out: &mut VecDeque<Bytes>,
    ) -> Poll<Taken> {
        let mut state = self.state();
        match state.closing {
            Some(CloseReason::Stopping | CloseReason::Banned | CloseReason::Ended(..))
                if !state.queue.is_empty() && !state.held => {}
            Some(reason) => return Poll::Ready(Taken::Close(reason)),
            None => {}
        }
        if want && !state.queue.is_empty() && !state.held {
            out.append(&mut state.queue);
            state.messages = 0;
            state.bytes = 0;
            state.over_since = None;
            return Poll::Ready(Taken::Batches);
        }
        state.wants_batches = want;
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Whether the queue has been over its bound for too long. Called by the task now and then, as it may be that nothing
    /// is said that would make [`Self::push`] find out.
    pub(crate) fn check(&self, now: Instant) {
        let mut state = self.state();
        if state.closing.is_none() && self.is_lost(&mut state, now) {
            drop(state);
            self.close(CloseReason::TooSlow);
        }
    }

    fn is_lost(&self, state: &mut State, now: Instant) -> bool {
        let Limits { messages, bytes } = self.limits;
        if state.messages <= messages && state.bytes <= bytes {
            return false;
        }
        let since = *state.over_since.get_or_insert(now);
        now.duration_since(since) >= SLOW_LIMIT
            || state.messages > messages.saturating_mul(HARD_FACTOR)
            || state.bytes > bytes.saturating_mul(HARD_FACTOR)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn closing(&self) -> Option<CloseReason> {
        self.state().closing
    }
}

/// Wakes outside the lock, since the task's first act is to take it.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    const LIMITS: Limits = Limits {
        messages: 4,
        bytes: 1000,
    };

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Task {
        receiver: Receiver,
        wakes: Arc<Count>,
        now: Instant,
        out: VecDeque<Bytes>,
    }

    impl Task {
        fn new() -> Self {
            let receiver = Receiver::new(LIMITS);
            Self {
                receiver,
                wakes: Arc::default(),
                now: Instant::now(),
                out: VecDeque::new(),
            }
        }

        fn push(&mut self, bytes: usize, messages: usize) {
            let batch = Batch {
                bytes: Bytes::from(vec![0; bytes]),
                messages,
            };
            self.receiver.push(&batch, self.now);
        }

        fn take(&mut self, want: bool) -> Poll<Taken> {
            let waker = Waker::from(Arc::clone(&self.wakes));
            self.receiver
                .poll_take(&mut Context::from_waker(&waker), want, &mut self.out)
        }

        fn wakes(&self) -> usize {
            self.wakes.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn one_wake_for_many_batches() {
        let mut task = Task::new();
        assert_eq!(task.take(true), Poll::Pending);
        task.push(1, 1);
        task.push(1, 1);
        assert_eq!(task.wakes(), 1);
        assert_eq!(task.take(true), Poll::Ready(Taken::Batches));
        assert_eq!(task.out.len(), 2);
        assert_eq!(task.take(true), Poll::Pending);
    }

    #[test]
    fn a_writing_task_is_woken_only_to_be_closed() {
        let mut task = Task::new();
        assert_eq!(task.take(false), Poll::Pending);
        task.push(1, 1);
        assert_eq!(task.wakes(), 0);
        task.receiver.close(CloseReason::StoreFailed);
        assert_eq!(task.wakes(), 1);
        assert_eq!(
            task.take(false),
            Poll::Ready(Taken::Close(CloseReason::StoreFailed))
        );
    }

    #[test]
    fn over_the_bound_for_too_long_is_the_end() {
        let mut task = Task::new();
        task.push(1, 5);
        task.push(1, 1);
        task.now += SLOW_LIMIT;
        task.push(1, 1);
        assert_eq!(
            task.take(true),
            Poll::Ready(Taken::Close(CloseReason::TooSlow))
        );
        assert!(task.out.is_empty());
    }

    #[test]
    fn silence_does_not_save_the_slow() {
        let mut task = Task::new();
        task.push(1001, 1);
        task.push(1, 1);
        task.now += SLOW_LIMIT - Duration::from_millis(1);
        task.receiver.check(task.now);
        assert_eq!(task.receiver.closing(), None);
        task.now += Duration::from_millis(1);
        task.receiver.check(task.now);
        assert_eq!(task.receiver.closing(), Some(CloseReason::TooSlow));
    }

    #[test]
    fn taking_all_starts_afresh() {
        let mut task = Task::new();
        for _ in 0..10 {
            task.push(5000, 1);
            task.now += SLOW_LIMIT;
            assert_eq!(
                task.take(true),
                Poll::Ready(Taken::Batches),
                "nothing was waiting, so any size is taken"
            );
        }
    }

    #[test]
    fn memory_is_bounded_at_once() {
        let mut task = Task::new();
        for _ in 0..6 {
            task.push(1, 4);
        }
        assert_eq!(task.receiver.closing(), Some(CloseReason::TooSlow));
        let mut task = Task::new();
        task.push(4001, 1);
        task.push(1, 1);
        assert_eq!(task.receiver.closing(), Some(CloseReason::TooSlow));
    }

    #[test]
    fn what_is_held_back_comes_behind_what_is_first() {
        let mut task = Task::new();
        task.receiver.hold();
        assert_eq!(task.take(true), Poll::Pending);
        task.push(2, 1);
        assert_eq!(task.take(true), Poll::Pending);
        let wakes = task.wakes();
        task.receiver
            .release(vec![Bytes::from_static(b"1"), Bytes::from_static(b"2")]);
        assert_eq!(task.wakes(), wakes + 1);
        assert_eq!(task.take(true), Poll::Ready(Taken::Batches));
        assert_eq!(task.out, [&b"1"[..], b"2", b"\0\0"]);
        task.receiver.hold();
        task.push(1, 1);
        task.receiver.close(CloseReason::Stopping);
        assert_eq!(
            task.take(true),
            Poll::Ready(Taken::Close(CloseReason::Stopping)),
            "what would have come first will not come"
        );
    }

    #[test]
    fn stopping_delivers_first() {
        let mut task = Task::new();
        task.push(1, 1);
        task.receiver.close(CloseReason::Stopping);
        task.receiver.close(CloseReason::TooSlow);
        assert_eq!(task.take(true), Poll::Ready(Taken::Batches));
        assert_eq!(
            task.take(true),
            Poll::Ready(Taken::Close(CloseReason::Stopping))
        );
    }
}
