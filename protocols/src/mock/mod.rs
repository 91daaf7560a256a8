//! A network without a network, for tests, demonstrations and benchmarks.
//!
//! [`MockConnection::new`] is a mirror: every event sent comes back. [`MockConnection::scripted`] is a whole network in
//! memory: the session ([`MockSession`]) and its packets ([`wire`]) are like any other network's, and a [`MockPeer`] at the
//! other end does what its [`Script`] says, or what a test asks of it. Files are really read, piece by piece, and counted at
//! the other end, which keeps none of their bytes: their addresses lead nowhere.
//!
//! It is the only network that can do everything the vocabulary has.

mod loopback;
mod peer;
mod requests;
mod roster;
mod script;
mod session;
mod typing;
mod uploads;
mod who;
pub mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use kaiwa_core::{
    AuthField, Capabilities, Connection, ConnectionEvent, Counters, Error, EventReceiver, Protocol,
    RequestId,
};

pub use peer::{MockPeer, Order, REORDER_PATIENCE, SILENCE};
pub use script::Script;
pub use session::{MockSession, NAME};

use crate::driver::Driver;
use loopback::Loopback;

/// Name and login form of the scripted mock.
#[must_use]
pub fn protocol() -> Protocol {
    MockSession::protocol()
}

/// What the scripted mock can do: everything that can be wanted.
#[must_use]
pub fn capabilities() -> Capabilities {
    MockSession::capabilities()
}

/// A connection to no network: a mirror, or a scripted peer in memory.
#[derive(Debug)]
pub struct MockConnection {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Loopback(Loopback),
    Scripted(Driver),
}

impl MockConnection {
    /// A mirror: open from birth, every event sent comes back exactly as it was sent, then its `Done`. A file that is to go
    /// along comes back as it was named; nothing is read.
    ///
    /// `connect` and `disconnect` succeed always and yield their status events. It is not a network: there is no echo that
    /// differs from what was sent and nothing to settle.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kind: Kind::Loopback(Loopback::new()),
        }
    }

    /// A connection to a peer in memory that does what `script` says. The login form may bring another script.
    #[must_use]
    pub fn scripted(script: Script) -> Self {
        MockPeer::new(script).connection()
    }

    fn over(driver: Driver) -> Self {
        Self {
            kind: Kind::Scripted(driver),
        }
    }

    fn inner(&self) -> &dyn Connection {
        match &self.kind {
            Kind::Loopback(connection) => connection,
            Kind::Scripted(connection) => connection,
        }
    }

    fn inner_mut(&mut self) -> &mut dyn Connection {
        match &mut self.kind {
            Kind::Loopback(connection) => connection,
            Kind::Scripted(connection) => connection,
        }
    }
}

impl Default for MockConnection {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Connection for MockConnection {
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error> {
        self.inner_mut().connect(auth).await
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        self.inner_mut().disconnect().await
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        self.inner_mut().submit(request, event).await
    }

    fn subscribe(&self) -> EventReceiver {
        self.inner().subscribe()
    }

    fn protocol_spec(&self) -> Protocol {
        self.inner().protocol_spec()
    }

    fn counters(&self) -> Arc<Counters> {
        self.inner().counters()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner().capabilities()
    }
}

#[cfg(test)]
mod tests;
