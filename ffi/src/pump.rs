//! The pump: takes events from the client's queue and hands them to the caller's handler, on the caller's thread.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::future::Future as _;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll};
use std::time::Duration;

use kaiwa_core::client::{ClientEvents, Event, TakenEvents};
use kaiwa_core::{ConnectionEvent, Error, ErrorKind};

use crate::raw::Shown;
use crate::raw::call::Callback;
use crate::signal::{Generation, Signal};
use crate::view::{self, Origin, kaiwa_event};

/// Events taken from the queue at once: many enough that the lock and the wake of those who wait for room do not show beside
/// them, few enough that the events of another account do not wait for long behind them.
const AT_ONCE: usize = 256;

/// An event as C sees it, and the event itself for whoever wants its JSON.
pub(crate) type ShownEvent = Shown<kaiwa_event, ConnectionEvent>;

/// What an application hangs on an account.
pub(crate) type Userdata = AtomicPtr<c_void>;

type Handler = Callback<unsafe extern "C" fn(*mut c_void, *const kaiwa_event)>;

/// One client's pump.
#[derive(Debug)]
pub(crate) struct Pump {
    queue: Mutex<Queue>,
    /// The thread that pumps; 0 is none.
    thread: AtomicU64,
    pub(crate) signal: Arc<Signal>,
    handler: Mutex<Option<Arc<Handler>>>,
    /// Rises when the handler changes, so that a running pump need not lock for each event.
    changes: AtomicU64,
    /// What hangs on the accounts, by number.
    userdata: Mutex<BTreeMap<u64, Arc<Userdata>>>,
    /// The client is being freed.
    closing: AtomicBool,
}

/// What belongs to whoever pumps.
struct Queue {
    /// `None` when the client is freed.
    events: Option<ClientEvents>,
    /// Taken from the queue to see whether it is empty; comes after `taken`.
    next: Option<Event>,
    /// Taken from the queue and not yet handed out.
    taken: TakenEvents,
    /// The waker that the queue was looked at with last.
    waker: Option<Arc<Generation>>,
    /// The client was shut down, and nothing waits any more.
    ended: bool,
    /// The last event, whose memory is used again unless it was retained.
    shown: Arc<ShownEvent>,
    /// The account of the last event.
    account: (u64, Option<Arc<Userdata>>),
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Pump {
    pub(crate) fn new(events: ClientEvents) -> Self {
        let pump = Self {
            queue: Mutex::new(Queue {
                events: Some(events),
                next: None,
                taken: TakenEvents::default(),
                waker: None,
                ended: false,
                shown: Arc::new(show(
                    Origin::NOWHERE,
                    kaiwa_core::StatusEvent::Overrun.into(),
                )),
                account: (0, None),
            }),
            thread: AtomicU64::new(0),
            signal: Arc::default(),
            handler: Mutex::default(),
            changes: AtomicU64::new(0),
            userdata: Mutex::default(),
            closing: AtomicBool::new(false),
        };
        // From now on the queue says when something comes.
        lock(&pump.queue).look(&pump.signal);
        pump
    }

    /// Replaces the handler; the old one is let go as soon as it does not run.
    pub(crate) fn set_handler(&self, handler: Option<Handler>) {
        let old = std::mem::replace(&mut *lock(&self.handler), handler.map(Arc::new));
        self.changes.fetch_add(1, Ordering::Release);
        drop(old);
    }

    /// What hangs on an account; made where there is nothing yet.
    pub(crate) fn userdata(&self, account: u64) -> Arc<Userdata> {
        Arc::clone(lock(&self.userdata).entry(account).or_default())
    }

    /// The account is freed: nothing hangs on it any more.
    pub(crate) fn forget(&self, account: u64) {
        let userdata = lock(&self.userdata).remove(&account);
        if let Some(userdata) = userdata {
            userdata.store(std::ptr::null_mut(), Ordering::Release);
        }
    }

    /// Waits for an event, then hands out those that are there, at most `max` (0: all that are there now).
    ///
    /// # Errors
    /// `Reentrant` from the handler, `State` while another thread pumps, without a handler, and when nothing will come.
    pub(crate) fn run(&self, timeout: Option<Duration>, max: usize) -> Result<usize, Error> {
        let mut queue = self.enter()?;
        if lock(&self.handler).is_none() {
            return Err(state(
                "no event handler is set; call kaiwa_client_set_event_handler",
            ));
        }
        let _inside = Inside::new(&self.thread);
        let idle = queue.waiting() == 0 && !self.signal.is_ready();
        let mut count = if idle { 0 } else { self.some(&mut queue, max) };
        if count == 0 && !queue.ended && !self.is_closing() && !self.signal.take_interrupt() {
            // What woke it is there, or is the end.
            if self.signal.wait(timeout) {
                count = self.some(&mut queue, max);
            }
            self.signal.take_interrupt();
        }
        if self.is_closing() {
            return Err(state("the client was freed"));
        }
        if queue.ended {
            if count == 0 {
                return Err(state(
                    "the client is shut down, and all its events were handed out",
                ));
            }
            // Whoever polls shall come once more, to be told of the end.
            self.signal.set();
        }
        Ok(count)
    }

    /// Whether this thread is within the pump.
    pub(crate) fn is_here(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == this_thread()
    }

    /// No handler is called any more, once the current one returns.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.signal.interrupt();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Waits until nobody pumps, then gives up what waits.
    pub(crate) fn drain(&self) {
        let mut queue = lock(&self.queue);
        let events = queue.events.take();
        let taken = std::mem::take(&mut queue.taken);
        let next = queue.next.take();
        queue.ended = true;
        drop(queue);
        drop((events, taken, next));
        self.set_handler(None);
    }

    fn enter(&self) -> Result<MutexGuard<'_, Queue>, Error> {
        if self.is_here() {
            return Err(Error::new(
                ErrorKind::Reentrant,
                "the pump was called from its own handler; return first",
            ));
        }
        match self.queue.try_lock() {
            Ok(queue) => Ok(queue),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(state("another thread pumps this client")),
        }
    }

    /// Hands out what is there, then looks whether more has come.
    fn some(&self, queue: &mut Queue, max: usize) -> usize {
        let limit = match max {
            0 => queue.waiting(),
            max => max,
        };
        let mut count = 0;
        let mut changes = None;
        let mut handler = None;
        while count < limit && !self.is_closing() {
            let now = self.changes.load(Ordering::Acquire);
            if changes != Some(now) {
                changes = Some(now);
                handler.clone_from(&lock(&self.handler));
            }
            // It may have taken itself away.
            let Some(handler) = &handler else { break };
            let Some(event) = queue.take() else { break };
            self.one(queue, handler, event);
            count += 1;
        }
        if !self.is_closing() {
            queue.look(&self.signal);
        }
        count
    }

    fn one(&self, queue: &mut Queue, handler: &Handler, event: Event) {
        let account = event.account.get();
        if queue.account.0 != account {
            queue.account = (account, lock(&self.userdata).get(&account).cloned());
        }
        let origin = Origin {
            account,
            userdata: match &queue.account.1 {
                Some(userdata) => userdata.load(Ordering::Acquire),
                None => std::ptr::null_mut(),
            },
            seq: event.seq,
            request: event.request.map_or(0, kaiwa_core::RequestId::get),
        };
        match Arc::get_mut(&mut queue.shown) {
            Some(shown) => shown.replace(event.event, |arena, event| {
                view::event(arena, origin, event)
            }),
            None => queue.shown = Arc::new(show(origin, event.event)),
        }
        handler.event(Shown::counted(&queue.shown));
    }
}

impl Queue {
    fn take(&mut self) -> Option<Event> {
        if let Some(event) = self.taken.next() {
            return Some(event);
        }
        if let Some(event) = self.next.take() {
            return Some(event);
        }
        self.taken = self.events.as_mut()?.try_recv_many(AT_ONCE);
        self.taken.next()
    }

    fn waiting(&self) -> usize {
        let queued = self.events.as_ref().map_or(0, ClientEvents::waiting);
        queued + self.taken.len() + usize::from(self.next.is_some())
    }

    /// Clears the signal, then looks whether the queue is empty; if it is not, sets it again. The other way round an event
    /// that comes between the two would be lost.
    fn look(&mut self, signal: &Arc<Signal>) {
        let waker = signal.clear_again(&mut self.waker);
        if self.taken.len() == 0 && self.next.is_none() {
            let Some(events) = &mut self.events else {
                return;
            };
            let next = std::pin::pin!(events.recv());
            match next.poll(&mut Context::from_waker(&waker)) {
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

/// Shows an event of which C may keep a count.
pub(crate) fn show(origin: Origin, event: ConnectionEvent) -> ShownEvent {
    Shown::with(event, |arena, event| view::event(arena, origin, event))
}

/// Says which thread pumps, until it is dropped.
struct Inside<'a>(&'a AtomicU64);

impl<'a> Inside<'a> {
    fn new(thread: &'a AtomicU64) -> Self {
        thread.store(this_thread(), Ordering::Relaxed);
        Self(thread)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A number for each thread, never 0.
fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static OWN: Cell<u64> = const { Cell::new(0) };
    }
    OWN.with(|own| {
        if own.get() == 0 {
            own.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        own.get()
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn state(message: &'static str) -> Error {
    Error::new(ErrorKind::State, message)
}
