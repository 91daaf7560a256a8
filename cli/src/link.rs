//! One account of a client, from signing in to the last event.

use kaiwa_protocols::client::{AccountId, ClientEvents, Event};
use kaiwa_protocols::registry::Entry;
use kaiwa_protocols::{
    AuthField, Client, Connection, ConnectionEvent, Error, ErrorInfo, ErrorKind, StatusEvent,
};

use crate::exit::Code;
use crate::interrupt::Interrupt;

/// One account of a client.
///
/// Until it has been signed in once, any failure is the end: whoever has just typed an address wants to hear that it is
/// wrong, not to wait. From then on the client's supervision decides, unless no reconnects are wanted.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) account: AccountId,
    events: ClientEvents,
    reconnect: bool,
    signed_in: bool,
    ending: Ending,
}

/// How far its end is.
#[derive(Debug)]
enum Ending {
    No,
    /// It shall end, for this reason if it was not the user's wish.
    Wanted(Option<Error>),
    /// What is queued is still to be taken.
    Draining(Option<Error>),
}

impl Link {
    /// Begins to sign in. Needs a runtime.
    ///
    /// # Errors
    /// What [`Client::add`] and [`Client::connect`] say.
    pub(crate) fn start(
        entry: &Entry,
        auth: Vec<AuthField>,
        reconnect: bool,
    ) -> Result<Self, Error> {
        Self::over((entry.connect)(), auth, reconnect)
    }

    /// The same over a connection that is there already.
    ///
    /// # Errors
    /// As `start`.
    pub(crate) fn over(
        connection: Box<dyn Connection>,
        auth: Vec<AuthField>,
        reconnect: bool,
    ) -> Result<Self, Error> {
        let client = Client::new();
        let events = client.subscribe();
        let account = client.add(connection)?;
        client.connect(account, auth)?;
        Ok(Self {
            client,
            account,
            events,
            reconnect,
            signed_in: false,
            ending: Ending::No,
        })
    }

    /// Takes events until signed in; `Some` if a signal came first.
    ///
    /// # Errors
    /// Why signing in failed.
    pub(crate) async fn signed_in(
        &mut self,
        interrupt: &mut Interrupt,
    ) -> Result<Option<Code>, Error> {
        while !self.signed_in {
            tokio::select! {
                code = interrupt.wait() => return Ok(Some(code)),
                event = self.next() => if event?.is_none() {
                    return Err(Error::new(ErrorKind::Internal, "the client ended by itself"));
                },
            }
        }
        Ok(None)
    }

    /// The next event; `None` after [`Link::leave`] and all that came of it.
    ///
    /// # Errors
    /// Why the connection is over, after its last event.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Error> {
        if let Ending::Wanted(_) = self.ending {
            self.client.shutdown().await;
            if let Ending::Wanted(why) = std::mem::replace(&mut self.ending, Ending::No) {
                self.ending = Ending::Draining(why);
            }
        }
        match self.events.recv().await {
            Some(event) => {
                self.note(&event);
                Ok(Some(event))
            }
            None => match std::mem::replace(&mut self.ending, Ending::Draining(None)) {
                Ending::Draining(None) => Ok(None),
                Ending::Draining(Some(why)) | Ending::Wanted(Some(why)) => Err(why),
                Ending::No | Ending::Wanted(None) => Err(Error::new(
                    ErrorKind::Internal,
                    "the stream of events ended by itself",
                )),
            },
        }
    }

    /// The next event, if one waits already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        let event = self.events.try_recv()?;
        self.note(&event);
        Some(event)
    }

    /// Goes on with another login form from the next attempt, which is made at once if one is waited for. What was not
    /// written yet stays in the outbox.
    ///
    /// # Errors
    /// What [`Client::connect`] says.
    pub(crate) fn redirect(&self, auth: Vec<AuthField>) -> Result<(), Error> {
        self.client.connect(self.account, auth)
    }

    /// Whether it is over, but for what is still to be taken.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.ending, Ending::No)
    }

    /// Signs out; take events until there are none.
    pub(crate) fn leave(&mut self) {
        if let Ending::No = self.ending {
            self.ending = Ending::Wanted(None);
        }
    }

    /// Signs out and lets go of all events.
    pub(crate) async fn hang_up(self) {
        self.client.shutdown().await;
    }

    fn note(&mut self, event: &Event) {
        let ConnectionEvent::Status { event } = &event.event else {
            return;
        };
        match event {
            StatusEvent::Connected { .. } => self.signed_in = true,
            StatusEvent::Lost { error, retry_in_ms } => {
                let over = !self.signed_in || !self.reconnect || retry_in_ms.is_none();
                if over && let Ending::No = self.ending {
                    self.ending = Ending::Wanted(Some(without_delay(error)));
                }
            }
            StatusEvent::Overrun => {
                self.ending = Ending::Wanted(Some(Error::new(
                    ErrorKind::Internal,
                    "events came faster than they were taken",
                )));
            }
            _ => {}
        }
    }
}

fn without_delay(error: &ErrorInfo) -> Error {
    Error::new(error.kind, error.message.clone())
}
