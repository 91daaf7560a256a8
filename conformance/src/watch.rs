//! A subscription that checks what it sees and can wait for something.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use kaiwa_core::{
    ChatEvent, Connection, ConnectionEvent, ErrorKind, EventReceiver, Id, MessageStatus, RequestId,
    StatusEvent,
};
use tokio::task::coop::unconstrained;
use tokio::time::timeout;

use crate::audit::Audit;

/// How long to wait for one thing before saying that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same where time is paused: longer than any limit of a network.
const PAUSED_PATIENCE: Duration = Duration::from_secs(1800);

/// Events told when something does not come.
const TOLD: usize = 20;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// It was not.
    Failed(ErrorKind),
}

/// A subscription of the suite: every event is checked against the promises.
#[derive(Debug)]
pub struct Watch {
    receiver: EventReceiver,
    audit: Audit,
    last: VecDeque<ConnectionEvent>,
    paused: bool,
}

impl Watch {
    /// Watches `connection`, which has never been connected.
    #[must_use]
    pub fn new(connection: &dyn Connection, paused: bool) -> Self {
        Self {
            receiver: connection.subscribe(),
            audit: Audit::default(),
            last: VecDeque::new(),
            paused,
        }
    }

    /// The next event; `None` at the end of the subscription.
    pub async fn next(&mut self) -> Option<ConnectionEvent> {
        self.next_tagged().await.map(|(_, event)| event)
    }

    /// The next event and the request that caused it.
    async fn next_tagged(&mut self) -> Option<(Option<RequestId>, ConnectionEvent)> {
        let patience = if self.paused {
            PAUSED_PATIENCE
        } else {
            PATIENCE
        };
        let Ok(next) = timeout(patience, self.receiver.recv_tagged()).await else {
            panic!("no event comes any more; the last were {:#?}", self.last);
        };
        let (request, event) = next?;
        self.note(request, &event);
        Some((request, event))
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<ConnectionEvent> {
        let mut context = Context::from_waker(Waker::noop());
        // Without tokio's budget, which would say "nothing" after many events.
        let polled = pin!(unconstrained(self.receiver.recv_tagged())).poll(&mut context);
        let Poll::Ready(Some((request, event))) = polled else {
            return None;
        };
        self.note(request, &event);
        Some(event)
    }

    /// The first event from now on for which `wanted` gives something.
    ///
    /// # Panics
    /// When the subscription ends or nothing more comes.
    pub async fn find<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&ConnectionEvent) -> Option<T>,
    ) -> T {
        loop {
            let Some(event) = self.next().await else {
                panic!(
                    "the events end before {what}; the last were {:#?}",
                    self.last
                );
            };
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    /// Waits for an event.
    ///
    /// # Panics
    /// As [`Watch::find`].
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&ConnectionEvent) -> bool) {
        self.find(what, |event| wanted(event).then_some(())).await;
    }

    /// Waits until somebody else says exactly `text`, as news.
    ///
    /// # Panics
    /// As [`Watch::find`].
    pub async fn until_said(&mut self, text: &str) {
        self.until(text, |event| said(event).as_deref() == Some(text))
            .await;
    }

    /// Waits for `Lost` and the `Disconnected` that must follow it at once; gives the kind of the error.
    ///
    /// # Panics
    /// As [`Watch::find`], and when something lies between.
    pub async fn until_lost(&mut self) -> ErrorKind {
        let kind = self
            .find("Lost", |event| match event {
                ConnectionEvent::Status {
                    event: StatusEvent::Lost { error, .. },
                } => Some(error.kind),
                _ => None,
            })
            .await;
        let next = self.next().await;
        assert!(
            next.as_ref().is_some_and(is_disconnected),
            "after Lost comes {next:?}"
        );
        kind
    }

    /// Waits until the request has ended.
    ///
    /// # Panics
    /// As [`Watch::find`].
    pub async fn outcome(&mut self, request: RequestId) -> Outcome {
        while self.audit.outcome(request).is_none() {
            if self.next().await.is_none() {
                panic!(
                    "the events end before request {request}; the last were {:#?}",
                    self.last
                );
            }
        }
        self.audit.outcome(request).expect("just seen")
    }

    /// What a request causes until it has ended.
    ///
    /// # Panics
    /// As [`Watch::find`], and when it fails.
    pub async fn answer(&mut self, request: RequestId) -> Vec<ConnectionEvent> {
        let mut caused = Vec::new();
        while self.audit.outcome(request).is_none() {
            let Some((cause, event)) = self.next_tagged().await else {
                panic!(
                    "the events end before request {request}; the last were {:#?}",
                    self.last
                );
            };
            if cause == Some(request) {
                caused.push(event);
            }
        }
        assert_eq!(self.audit.outcome(request), Some(Outcome::Done));
        caused
    }

    /// The user's own id.
    ///
    /// # Panics
    /// When it has not been said yet.
    #[must_use]
    pub fn me(&self) -> Id {
        let me = self.audit.me().expect("an account that is online");
        me.into()
    }

    /// What is known of a request without waiting.
    #[must_use]
    pub fn known_outcome(&self, request: RequestId) -> Option<Outcome> {
        self.audit.outcome(request)
    }

    /// How a message was settled, as far as has been seen.
    #[must_use]
    pub fn settled(&self, request: RequestId) -> Option<MessageStatus> {
        self.audit.settled(request)
    }

    /// Checks that every accepted request has ended.
    ///
    /// # Panics
    /// When one has not.
    pub fn finish(&self, accepted: &[RequestId]) {
        self.audit.finish(accepted);
    }

    fn note(&mut self, request: Option<RequestId>, event: &ConnectionEvent) {
        self.audit.note(request, event);
        if self.last.len() >= TOLD {
            self.last.pop_front();
        }
        self.last.push_back(event.clone());
    }
}

/// The text that somebody else says in this event, if it is that.
#[must_use]
pub(crate) fn said(event: &ConnectionEvent) -> Option<String> {
    match event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } if message.status != MessageStatus::Sent => Some(message.plain_text()),
        _ => None,
    }
}

pub(crate) fn is_disconnected(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Status {
            event: StatusEvent::Disconnected { .. }
        }
    )
}

pub(crate) fn is_lost(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Status {
            event: StatusEvent::Lost { .. }
        }
    )
}
