//! The pump: takes events from the client's queue and hands them to the caller's handler, on the caller's thread.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::future::Future as _;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use kaiwa_core::client::{ClientEvents, Event, TakenEvents};
use kaiwa_core::{ConnectionEvent, Error, ErrorKind};

use crate::intake::{Batch, Intake, Refusal, Source};
use crate::raw::Shown;
use crate::raw::call::Callback;
use crate::signal::Signal;
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
    intake: Intake<ClientEvents>,
    hands: Mutex<Hands>,
    /// The thread that pumps; 0 is none.
    thread: AtomicU64,
    pub(crate) signal: Arc<Signal>,
    handler: Mutex<Option<Arc<Handler>>>,
    /// Rises when the handler changes, so that a running pump need not lock for each event.
    changes: AtomicU64,
    /// What hangs on the accounts, by number.
    userdata: Mutex<BTreeMap<u64, Arc<Userdata>>>,
}

/// What belongs to whoever pumps.
struct Hands {
    /// The last event, whose memory is used again unless it was retained.
    shown: Arc<ShownEvent>,
    /// The account of the last event.
    account: (u64, Option<Arc<Userdata>>),
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").finish_non_exhaustive()
    }
}

impl Pump {
    pub(crate) fn new(events: ClientEvents) -> Self {
        let signal = Arc::default();
        Self {
            intake: Intake::new(events, &signal),
            hands: Mutex::new(Hands {
                shown: Arc::new(show(
                    Origin::NOWHERE,
                    kaiwa_core::StatusEvent::Overrun.into(),
                )),
                account: (0, None),
            }),
            thread: AtomicU64::new(0),
            signal,
            handler: Mutex::default(),
            changes: AtomicU64::new(0),
            userdata: Mutex::default(),
        }
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
        if self.is_here() {
            return Err(Error::new(
                ErrorKind::Reentrant,
                "the pump was called from its own handler; return first",
            ));
        }
        let mut turn = self.intake.enter().map_err(refused)?;
        if lock(&self.handler).is_none() {
            return Err(state(
                "no event handler is set; call kaiwa_client_set_event_handler",
            ));
        }
        let _inside = Inside::new(&self.thread);
        let mut hands = lock(&self.hands);
        turn.run(timeout, max, |batch| self.some(&mut hands, batch))
            .map_err(refused)
    }

    /// Whether this thread is within the pump.
    pub(crate) fn is_here(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == this_thread()
    }

    /// No handler is called any more, once the current one returns.
    pub(crate) fn close(&self) {
        self.intake.close();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.intake.is_closing()
    }

    /// Waits until nobody pumps, then gives up what waits.
    pub(crate) fn drain(&self) {
        self.intake.drain();
        self.set_handler(None);
    }

    fn some(&self, hands: &mut Hands, batch: &mut Batch<'_, ClientEvents>) {
        let mut changes = None;
        let mut handler = None;
        while batch.is_open() {
            let now = self.changes.load(Ordering::Acquire);
            if changes != Some(now) {
                changes = Some(now);
                handler.clone_from(&lock(&self.handler));
            }
            // It may have taken itself away.
            let Some(handler) = &handler else { break };
            let Some(event) = batch.take() else { break };
            self.one(hands, handler, event);
        }
    }

    fn one(&self, hands: &mut Hands, handler: &Handler, event: Event) {
        let account = event.account.get();
        if hands.account.0 != account {
            hands.account = (account, lock(&self.userdata).get(&account).cloned());
        }
        let origin = Origin {
            account,
            userdata: match &hands.account.1 {
                Some(userdata) => userdata.load(Ordering::Acquire),
                None => std::ptr::null_mut(),
            },
            seq: event.seq,
            request: event.request.map_or(0, kaiwa_core::RequestId::get),
        };
        match Arc::get_mut(&mut hands.shown) {
            Some(shown) => shown.replace(event.event, |shown, arena, event| {
                view::fill(shown, arena, origin, event);
            }),
            None => hands.shown = Arc::new(show(origin, event.event)),
        }
        handler.event(Shown::counted(&hands.shown));
    }
}

impl Source for ClientEvents {
    type Event = Event;
    type Taken = TakenEvents;

    fn try_some(&mut self) -> Self::Taken {
        self.try_recv_many(AT_ONCE)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        std::pin::pin!(self.recv()).poll(cx)
    }

    fn waiting(&self) -> usize {
        Self::waiting(self)
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

fn refused(refusal: Refusal) -> Error {
    state(match refusal {
        Refusal::Busy => "another thread pumps this client",
        Refusal::Ended => "the client is shut down, and all its events were handed out",
        Refusal::Closed => "the client was freed",
    })
}
