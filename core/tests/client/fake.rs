//! A connection whose other side is the test.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use kaiwa_core::queue::{EventPublisher, QueueLimits};
use kaiwa_core::{
    AuthField, Capabilities, ChatEvent, Connection, ConnectionEvent, Error, ErrorKind, EventKind,
    EventReceiver, Protocol, RequestId, StatusEvent,
};
use tokio::sync::Notify;

use crate::rig::within;

/// How the next `connect` goes; it signs in where nothing is planned.
pub(crate) enum Attempt {
    /// With the events of it.
    Fails(Error),
    /// Without any event.
    FailsSilently(Error),
    Hangs,
    /// Signs in when [`Remote::go_on`] is called.
    Waits,
    Panics,
}

/// How the next `submit` goes; it is accepted where nothing is planned.
pub(crate) enum Taking {
    Refused(Error),
    Panics,
}

/// The other side of a [`Fake`].
pub(crate) struct Remote {
    shared: Arc<Shared>,
}

struct Shared {
    publisher: EventPublisher,
    state: Mutex<State>,
    changed: Notify,
    go_on: Notify,
    echoes: AtomicBool,
}

#[derive(Default)]
struct State {
    attempts: VecDeque<Attempt>,
    takings: VecDeque<Taking>,
    forms: Vec<Vec<AuthField>>,
    submitted: VecDeque<(RequestId, ConnectionEvent)>,
    up: bool,
    dropped: bool,
}

pub(crate) struct Fake {
    shared: Arc<Shared>,
}

pub(crate) fn fake() -> (Box<dyn Connection>, Remote) {
    let shared = Arc::new(Shared {
        publisher: EventPublisher::new(QueueLimits::default()),
        state: Mutex::default(),
        changed: Notify::new(),
        go_on: Notify::new(),
        echoes: AtomicBool::new(true),
    });
    let fake = Fake {
        shared: Arc::clone(&shared),
    };
    (Box::new(fake), Remote { shared })
}

impl Remote {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    pub(crate) fn plan(&self, attempt: Attempt) {
        self.lock().attempts.push_back(attempt);
    }

    pub(crate) fn plan_submit(&self, taking: Taking) {
        self.lock().takings.push_back(taking);
    }

    pub(crate) fn go_on(&self) {
        self.shared.go_on.notify_one();
    }

    /// From now on accepted messages are not echoed.
    pub(crate) fn mute(&self) {
        self.shared.echoes.store(false, Ordering::Relaxed);
    }

    pub(crate) fn publish(&self, event: impl Into<ConnectionEvent>) {
        self.shared.publisher.publish(None, event.into());
    }

    pub(crate) fn answer(&self, request: RequestId, event: impl Into<ConnectionEvent>) {
        self.shared.publisher.publish(Some(request), event.into());
    }

    pub(crate) fn done(&self, request: RequestId) {
        self.answer(request, StatusEvent::Done { request });
    }

    /// Whether the client takes the connection's events.
    pub(crate) fn has_room(&self) -> bool {
        self.shared.publisher.has_room()
    }

    /// The connection breaks.
    pub(crate) fn lose(&self, kind: ErrorKind) {
        self.lock().up = false;
        self.shared.lose(&kind.into());
    }

    /// The forms that `connect` was called with.
    pub(crate) fn forms(&self) -> Vec<Vec<AuthField>> {
        self.lock().forms.clone()
    }

    pub(crate) fn attempts(&self) -> usize {
        self.lock().forms.len()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.lock().up
    }

    /// What was submitted since the last look.
    pub(crate) fn submitted(&self) -> Vec<(RequestId, ConnectionEvent)> {
        self.lock().submitted.drain(..).collect()
    }

    pub(crate) async fn until_up(&self) {
        self.until(|state| state.up).await;
    }

    pub(crate) async fn until_dropped(&self) {
        self.until(|state| state.dropped).await;
    }

    pub(crate) async fn until_attempts(&self, count: usize) {
        self.until(|state| state.forms.len() >= count).await;
    }

    async fn until(&self, done: impl Fn(&State) -> bool) {
        within(async {
            loop {
                let changed = self.shared.changed.notified();
                if done(&self.lock()) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn happen(&self, event: impl Into<ConnectionEvent>) {
        self.publisher.publish(None, event.into());
    }

    fn lose(&self, error: &Error) {
        self.happen(StatusEvent::Lost {
            error: error.info(),
            retry_in_ms: None,
        });
        self.happen(StatusEvent::Disconnected { artifact: None });
    }
}

/// Says `Disconnected` when the future of `connect` is dropped.
struct Begun<'a>(Option<&'a Shared>);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.happen(StatusEvent::Disconnected { artifact: None });
        }
    }
}

#[async_trait]
impl Connection for Fake {
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error> {
        let attempt = {
            let mut state = self.shared.lock();
            state.forms.push(auth);
            state.attempts.pop_front()
        };
        self.shared.changed.notify_one();
        match attempt {
            Some(Attempt::FailsSilently(error)) => return Err(error),
            Some(Attempt::Panics) => panic!("planned: connect"),
            _ => {}
        }
        self.shared.happen(StatusEvent::Connecting);
        let mut begun = Begun(Some(&self.shared));
        match attempt {
            Some(Attempt::Fails(error)) => {
                begun.0 = None;
                self.shared.lose(&error);
                return Err(error);
            }
            Some(Attempt::Hangs) => std::future::pending().await,
            Some(Attempt::Waits) => self.shared.go_on.notified().await,
            _ => {}
        }
        begun.0 = None;
        self.shared.lock().up = true;
        self.shared
            .happen(StatusEvent::Connected { artifact: None });
        self.shared.changed.notify_one();
        Ok(())
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.shared.lock().up) {
            return Err(ErrorKind::State.into());
        }
        // A goodbye takes a moment.
        tokio::task::yield_now().await;
        self.shared
            .happen(StatusEvent::Disconnected { artifact: None });
        Ok(())
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        let taking = self.shared.lock().takings.pop_front();
        match taking {
            Some(Taking::Refused(error)) => return Err(error),
            Some(Taking::Panics) => panic!("planned: submit"),
            None => {}
        }
        assert!(self.shared.lock().up, "handed over while down");
        if let ConnectionEvent::Chat {
            event: ChatEvent::New { .. },
        } = &event
            && self.shared.echoes.load(Ordering::Relaxed)
        {
            self.shared.publisher.publish(Some(request), event.clone());
        }
        self.shared.lock().submitted.push_back((request, event));
        Ok(())
    }

    fn subscribe(&self) -> EventReceiver {
        self.shared.publisher.subscribe()
    }

    fn protocol_spec(&self) -> Protocol {
        Protocol {
            name: "fake".to_owned(),
            auth: None,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .sends(&[
                EventKind::ChatNew,
                EventKind::ChatRemove,
                EventKind::ChatRequestHistory,
                EventKind::UserRequest,
                EventKind::StatusPing,
            ])
            .max_text_bytes(100)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.lock().dropped = true;
        self.shared.changed.notify_one();
    }
}
