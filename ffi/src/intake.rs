//! Taking events from a queue: one thread at a time, waiting while there are none, and leaving the signal as it must be.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, TryLockError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::signal::{Generation, Signal};
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// Where events come from.
pub(crate) trait Source {
    /// What is taken.
    type Event;

    /// Events that are taken together.
    type Taken: ExactSizeIterator<Item = Self::Event>;

    /// Some of the events that wait, none only if there are none.
    fn try_some(&mut self) -> Self::Taken;

    /// The next event, `None` after the last; pending until the waker is woken.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Self::Event>>;

    /// How many events wait.
    fn waiting(&self) -> usize;
}

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another thread takes.
    Busy,
    /// Nothing will come any more.
    Ended,
    /// It was closed.
    Closed,
}

/// The taking end of a queue.
#[derive(Debug)]
pub(crate) struct Intake<S: Source> {
    queue: Mutex<Queue<S>>,
    signal: Arc<Signal>,
    closing: AtomicBool,
}

/// What belongs to whoever takes.
struct Queue<S: Source> {
    /// `None` when it is drained.
    source: Option<S>,
    /// Taken from the source and not yet handed out.
    taken: Option<S::Taken>,
    /// Taken from the source to see whether it is empty, when nothing was left of `taken`.
    next: Option<S::Event>,
    /// The waker that the source was looked at with last.
    waker: Option<Arc<Generation>>,
    /// The source has ended, and nothing waits any more.
    ended: bool,
}

impl<S: Source> std::fmt::Debug for Queue<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl<S: Source> Intake<S> {
    /// From now on the signal says when something comes.
    pub(crate) fn new(source: S, signal: &Arc<Signal>) -> Self {
        let mut queue = Queue {
            source: Some(source),
            taken: None,
            next: None,
            waker: None,
            ended: false,
        };
        queue.look(signal);
        Self {
            queue: Mutex::new(queue),
            signal: Arc::clone(signal),
            closing: AtomicBool::new(false),
        }
    }

    /// Takes part: nobody else may until the turn is dropped.
    ///
    /// # Errors
    /// `Busy` if somebody else does.
    pub(crate) fn enter(&self) -> Result<Turn<'_, S>, Refusal> {
        let queue = match self.queue.try_lock() {
            Ok(queue) => queue,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Refusal::Busy),
        };
        Ok(Turn {
            intake: self,
            queue,
        })
    }

    /// No event is taken any more, and nobody waits.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.signal.interrupt();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Waits until nobody takes, then gives up what waits.
    pub(crate) fn drain(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let source = queue.source.take();
        let waiting = (queue.taken.take(), queue.next.take());
        queue.ended = true;
        drop(queue);
        drop((source, waiting));
    }
}

/// The one who takes.
#[derive(Debug)]
pub(crate) struct Turn<'a, S: Source> {
    intake: &'a Intake<S>,
    queue: MutexGuard<'a, Queue<S>>,
}

impl<S: Source> Turn<'_, S> {
    /// Waits for an event, then hands out those that are there, at most `max` (0: all that are there now). Says how many.
    ///
    /// # Errors
    /// `Ended` and `Closed`.
    pub(crate) fn run(
        &mut self,
        timeout: Option<Duration>,
        max: usize,
        mut hand_out: impl FnMut(&mut Batch<'_, S>),
    ) -> Result<usize, Refusal> {
        let intake = self.intake;
        let idle = self.queue.waiting() == 0 && !intake.signal.is_ready();
        let mut count = if idle {
            0
        } else {
            self.some(max, &mut hand_out)
        };
        // What woke it is there, or is the end.
        if count == 0 && !self.queue.ended && !intake.is_closing() && intake.signal.wait(timeout) {
            count = self.some(max, &mut hand_out);
        }
        if intake.is_closing() {
            return Err(Refusal::Closed);
        }
        if self.queue.ended {
            if count == 0 {
                return Err(Refusal::Ended);
            }
            // Whoever polls shall come once more, to be told of the end.
            intake.signal.set();
        }
        Ok(count)
    }

    /// Hands out what is there, then looks whether more has come.
    fn some(&mut self, max: usize, hand_out: &mut impl FnMut(&mut Batch<'_, S>)) -> usize {
        let queue = &mut *self.queue;
        let mut batch = Batch {
            limit: match max {
                0 => queue.waiting(),
                max => max,
            },
            count: 0,
            queue,
            intake: self.intake,
        };
        hand_out(&mut batch);
        let count = batch.count;
        if !self.intake.is_closing() {
            self.queue.look(&self.intake.signal);
        }
        count
    }
}

/// Events to be handed out.
#[derive(Debug)]
pub(crate) struct Batch<'a, S: Source> {
    queue: &'a mut Queue<S>,
    intake: &'a Intake<S>,
    limit: usize,
    count: usize,
}

impl<S: Source> Batch<'_, S> {
    /// Whether another event may be taken; there need not be one.
    pub(crate) fn is_open(&self) -> bool {
        self.count < self.limit && !self.intake.is_closing()
    }

    /// Takes an event, which counts as handed out.
    pub(crate) fn take(&mut self) -> Option<S::Event> {
        let event = self.queue.take()?;
        self.count += 1;
        Some(event)
    }
}

impl<S: Source> Queue<S> {
    fn take(&mut self) -> Option<S::Event> {
        if let Some(event) = self.taken.as_mut().and_then(Iterator::next) {
            return Some(event);
        }
        if let Some(event) = self.next.take() {
            return Some(event);
        }
        let taken = self.source.as_mut()?.try_some();
        self.taken.insert(taken).next()
    }

    fn waiting(&self) -> usize {
        let queued = self.source.as_ref().map_or(0, S::waiting);
        queued + self.taken() + usize::from(self.next.is_some())
    }

    fn taken(&self) -> usize {
        self.taken.as_ref().map_or(0, ExactSizeIterator::len)
    }

    /// Clears the signal, then looks whether the queue is empty; if it is not, sets it again. The other way round an event
    /// that comes between the two would be lost.
    fn look(&mut self, signal: &Arc<Signal>) {
        let waker = signal.clear_again(&mut self.waker);
        if self.taken() == 0 && self.next.is_none() {
            // With the memory of the last burst.
            self.taken = None;
            let Some(source) = &mut self.source else {
                return;
            };
            match source.poll_next(&mut Context::from_waker(&waker)) {
                Poll::Pending => return,
                Poll::Ready(Some(event)) => self.next = Some(event),
                Poll::Ready(None) => {
                    self.ended = true;
                    return;
                }
            }
        }
        signal.set();
    }
}
