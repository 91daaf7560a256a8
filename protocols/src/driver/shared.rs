//! What a driver and its task share: the session under its lock, the subscribers, the open requests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::Utc;
use futures_util::task::AtomicWaker;
use kaiwa_core::queue::{EventBatch, EventPublisher};
use kaiwa_core::session::{Now, Seed, Session, SessionEvent};
use kaiwa_core::{
    ChatEvent, ConnectionEvent, Counters, Error, ErrorKind, Id, Message, MessageStatus, RequestId,
    StatusEvent,
};
use tokio::time::Instant;

/// Bytes of events that are gathered before they are published: little beside the bound of a queue, 1 MiB.
const BATCH_BYTES: usize = 64 * 1024;

/// Requests open at once per connection. A network that settles none of a thousand is not listening.
const OPEN_REQUESTS: usize = 4096;

/// Makes a network's session. Behind a pointer, so that what drives it is there once and not once per network.
type MakeSession = dyn Fn() -> Box<dyn Session> + Send + Sync;

pub(super) struct Shared {
    core: Mutex<Core>,
    make_session: Box<MakeSession>,
    pub(super) publisher: EventPublisher,
    pub(super) counters: Arc<Counters>,
    /// Wakes the task after a request, so that it writes what the session made of it.
    pub(super) waker: AtomicWaker,
    origin: Instant,
}

/// What is behind the lock.
pub(super) struct Core {
    pub(super) session: Box<dyn Session>,
    /// Accepted and not yet settled; for a message also what its echo showed, to fail it if the session cannot.
    open: BTreeMap<RequestId, Option<Echo>>,
    /// What the session has said and nobody was told yet.
    said: EventBatch,
    /// How many events were published last: likely there are as many the next time.
    usual: usize,
    /// The time of inputs that came together, as long as they are handled: until [`Shared::publish`] or another call, so that
    /// the session's clock never goes back.
    together: Option<Now>,
    /// The session has said `Connected` since the attempt to connect began.
    pub(super) connected: bool,
    /// A call into the session has panicked: it must be replaced.
    pub(super) broken: bool,
    /// What the session had skipped when that was last counted.
    skipped: u64,
}

struct Echo {
    channel_id: Option<Id>,
    message: Message,
}

impl Shared {
    pub(super) fn new(make_session: Box<MakeSession>, publisher: EventPublisher) -> Self {
        Self {
            core: Mutex::new(Core {
                session: make_session(),
                open: BTreeMap::new(),
                said: EventBatch::new(),
                usual: 0,
                together: None,
                connected: false,
                broken: false,
                skipped: 0,
            }),
            make_session,
            publisher,
            counters: Arc::default(),
            waker: AtomicWaker::new(),
            origin: Instant::now(),
        }
    }

    /// A panic under the lock leaves it usable: it sets `broken`, and the session is replaced.
    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time. To be taken under the lock, where it is given to the session.
    pub(super) fn now(&self) -> Now {
        Now {
            mono: self.origin.elapsed(),
            utc: Utc::now(),
        }
    }

    /// The moment `mono` of the session's clock.
    pub(super) fn instant(&self, mono: Duration) -> Instant {
        self.origin + mono
    }

    /// Calls into the session and publishes the events that come of it. `None` when it panics, now or before: then it is
    /// [`Core::broken`] until it has been replaced.
    pub(super) fn call<R>(&self, call: impl FnOnce(&mut dyn Session, Now) -> R) -> Option<R> {
        let mut core = self.lock();
        core.together = None;
        let now = self.now();
        self.guard(&mut core, |core| {
            let result = call(&mut *core.session, now);
            self.drain(core);
            result
        })
    }

    /// Like [`Shared::call`] for one of several inputs that came together: the events are published with those of the last,
    /// by [`Shared::publish`].
    pub(super) fn call_one_of(&self, call: impl FnOnce(&mut dyn Session, Now)) {
        let mut core = self.lock();
        let now = *core.together.get_or_insert_with(|| self.now());
        self.guard(&mut core, |core| {
            call(&mut *core.session, now);
            core.gather();
            if core.said.bytes() >= BATCH_BYTES {
                self.publish_said(core);
            }
        });
    }

    /// Publishes what has been gathered.
    pub(super) fn publish(&self) {
        let mut core = self.lock();
        core.together = None;
        self.publish_said(&mut core);
    }

    /// Runs what calls into the session; see [`Shared::call`].
    pub(super) fn guard<R>(&self, core: &mut Core, call: impl FnOnce(&mut Core) -> R) -> Option<R> {
        if core.broken {
            return None;
        }
        let result = catch_unwind(AssertUnwindSafe(|| call(core)));
        core.broken = result.is_err();
        result.ok()
    }

    /// When the session wants [`Session::handle_timeout`].
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.guard(&mut self.lock(), |core| core.session.deadline())?
    }

    pub(super) fn is_broken(&self) -> bool {
        self.lock().broken
    }

    pub(super) fn submit(&self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        let mut core = self.lock();
        core.together = None;
        let now = self.now();
        if core.broken {
            return Err(Error::new(
                ErrorKind::State,
                "this connection is restarting",
            ));
        }
        core.session.capabilities().check(&event)?;
        if core.open.len() >= OPEN_REQUESTS || self.publisher.is_crowded() {
            return Err(Error::new(
                ErrorKind::Full,
                "too much is unsettled or unread; take events and try again",
            ));
        }
        if core.open.contains_key(&request) {
            return Err(Error::new(ErrorKind::Invalid, "this request id is in use"));
        }
        let mut accepted = false;
        let sent = self.guard(&mut core, |core| {
            core.session.handle_send(now, request, event)?;
            accepted = true;
            core.open.insert(request, None);
            self.drain(core);
            Ok(())
        });
        drop(core);
        self.waker.wake();
        match sent {
            Some(result) => result,
            // Its end comes as an event when the session is replaced.
            None if accepted => Ok(()),
            None => Err(bug()),
        }
    }

    /// Publishes what the session has to say. Under the lock, so that there is one order for all.
    pub(super) fn drain(&self, core: &mut Core) {
        core.gather();
        self.publish_said(core);
    }

    fn publish_said(&self, core: &mut Core) {
        if !core.said.is_empty() {
            core.usual = core.said.len();
        }
        self.publisher.publish_all(std::mem::take(&mut core.said));
        let skipped = core.session.skipped();
        if skipped > core.skipped {
            self.counters.skip(skipped - core.skipped);
            core.skipped = skipped;
            tracing::debug!(skipped, "packets or fields were not understood so far");
        }
    }

    /// Puts a new session in the place of one that panicked and fails what that one had accepted.
    pub(super) fn mend(&self, core: &mut Core) {
        if !core.broken {
            return;
        }
        self.publish_said(core);
        core.session = (self.make_session)();
        core.broken = false;
        core.skipped = 0;
        let error = bug().info();
        for (request, echo) in std::mem::take(&mut core.open) {
            if let Some(Echo {
                channel_id,
                message,
            }) = echo
            {
                let update = ChatEvent::Update {
                    channel_id,
                    message_id: message.id.clone().unwrap_or_default(),
                    new_message: Message {
                        status: MessageStatus::Failed,
                        ..message
                    },
                };
                self.publisher.publish(Some(request), update.into());
            }
            let failed = StatusEvent::Failed {
                request,
                error: error.clone(),
            };
            self.publisher.publish(Some(request), failed.into());
        }
    }
}

impl Core {
    /// Takes what the session has to say.
    fn gather(&mut self) {
        while let Some(SessionEvent { request, event }) = self.session.poll_event() {
            self.note(request, &event);
            if self.said.is_empty() {
                self.said.reserve(self.usual);
            }
            self.said.push(request, event);
        }
    }

    /// Keeps the books of open requests and of `Connected`.
    fn note(&mut self, request: Option<RequestId>, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Status { event } => match event {
                StatusEvent::Connected { .. } => self.connected = true,
                StatusEvent::Done { request } | StatusEvent::Failed { request, .. } => {
                    self.open.remove(request);
                }
                _ => {}
            },
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => {
                let Some(slot) = request.and_then(|request| self.open.get_mut(&request)) else {
                    return;
                };
                *slot = Some(Echo {
                    channel_id: channel_id.clone(),
                    message: message.clone(),
                });
            }
            _ => {}
        }
    }
}

/// What is said of a panic.
pub(super) fn bug() -> Error {
    Error::new(ErrorKind::Internal, "a bug ended the connection")
}

/// Fresh random bytes for one attempt to connect.
pub(super) fn seed() -> Result<Seed, Error> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed)
        .map_err(|e| Error::new(ErrorKind::Internal, "no randomness").with_source(e))?;
    Ok(seed)
}
