//! Runs any [`Session`] over any [`Connector`]; the only code that waits.
//!
//! A [`Driver`] is a [`Connection`]. Requests go straight into the session, under its lock, so that they are accepted or
//! refused at once and their echoes never wait for the network; everything else happens in one task that lives from the
//! first `connect` until the driver is dropped, and runs the session's timers between connections too.

mod attempt;
mod exchanges;
mod link;
mod shared;
mod task;

use std::sync::Arc;

use async_trait::async_trait;
use kaiwa_core::queue::{CommandSender, EventPublisher, QueueLimits, commands};
use kaiwa_core::session::Session;
use kaiwa_core::{
    AuthField, Capabilities, Connection, ConnectionEvent, Counters, Error, ErrorKind,
    EventReceiver, Protocol, RequestId,
};
use tokio::sync::oneshot;

use self::shared::Shared;
use self::task::Command;
use crate::transport::Connector;

/// Makes the connector for one login form.
pub(crate) type MakeConnector =
    dyn Fn(&[AuthField]) -> Result<Box<dyn Connector>, Error> + Send + Sync;

/// A [`Connection`] made of a [`Session`] and the transports that a [`Connector`] opens.
pub struct Driver {
    shared: Arc<Shared>,
    make_connector: Arc<MakeConnector>,
    /// Makes the login fields that the connector reads; made when asked for, which is rare.
    fields: fn() -> Vec<AuthField>,
    /// The way to the task; `None` until the first `connect`.
    commands: Option<CommandSender<Command>>,
}

impl Driver {
    /// A connection that is not connected. `session` makes the network's session, again after a bug ended one in a panic;
    /// `connector` makes what opens its transports, once per attempt to connect.
    pub fn new<S: Session + 'static>(
        session: impl Fn() -> S + Send + Sync + 'static,
        connector: impl Fn(&[AuthField]) -> Result<Box<dyn Connector>, Error> + Send + Sync + 'static,
    ) -> Self {
        let publisher = EventPublisher::new(QueueLimits::default());
        Self {
            shared: Arc::new(Shared::new(
                Box::new(move || Box::new(session())),
                publisher,
            )),
            make_connector: Arc::new(connector),
            fields: Vec::new,
            commands: None,
        }
    }

    /// Adds login fields that the connector reads to the form of the session.
    #[must_use]
    pub fn with_fields(mut self, fields: fn() -> Vec<AuthField>) -> Self {
        self.fields = fields;
        self
    }

    /// The way to the task, which is started if there is none.
    fn task(&mut self) -> &CommandSender<Command> {
        let dead = self.commands.as_ref().is_none_or(CommandSender::is_closed);
        if dead {
            self.commands = None;
        }
        self.commands.get_or_insert_with(|| {
            let (sender, receiver) = commands();
            let shared = Arc::clone(&self.shared);
            let make_connector = Arc::clone(&self.make_connector);
            tokio::spawn(task::run(shared, make_connector, receiver));
            sender
        })
    }
}

#[async_trait]
impl Connection for Driver {
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let commands = self.task();
        let command = Command::Connect { auth, reply };
        commands.send(command).map_err(|_| gone())?;
        let mut waiting = Waiting(Some(commands));
        let connected = answer.await.map_err(|_| gone())?;
        waiting.0 = None;
        connected
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let Some(commands) = &self.commands else {
            return Err(not_connected());
        };
        commands
            .send(Command::Disconnect { reply })
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        self.shared.submit(request, event)
    }

    fn subscribe(&self) -> EventReceiver {
        self.shared.publisher.subscribe()
    }

    fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    fn protocol_spec(&self) -> Protocol {
        let mut protocol = self.shared.lock().session.protocol_spec();
        let fields = (self.fields)();
        if !fields.is_empty() {
            protocol.auth.get_or_insert_default().extend(fields);
        }
        protocol
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.lock().session.capabilities().clone()
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

/// Somebody who waits for `connect`. Dropped before the answer was taken, it takes the connection down: also one that stands
/// by then, for its user does not know.
struct Waiting<'a>(Option<&'a CommandSender<Command>>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(commands) = self.0 {
            let _ = commands.send(Command::Abandon);
        }
    }
}

fn not_connected() -> Error {
    Error::new(ErrorKind::State, "not connected; call connect first")
}

/// The task has ended, which it does only with its runtime.
fn gone() -> Error {
    Error::new(ErrorKind::State, "the runtime of this connection has ended")
}
