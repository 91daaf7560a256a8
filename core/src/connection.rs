//! One account on one network, as an application sees it. The events live here too, so that one `use` brings all.

use std::sync::Arc;

use async_trait::async_trait;

pub use crate::event::{
    AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, EventKind, StatusEvent, UserEvent,
};
pub use crate::queue::EventReceiver;
use crate::{AuthField, Capabilities, Counters, Error, Protocol, RequestId};

/// One account on one network.
///
/// Everything that happens comes out of [`Connection::subscribe`]; docs/events.md states the order and the promises.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Connects and signs in; `Ok` means signed in.
    ///
    /// # Errors
    /// The same error that the `Lost` event carries: of the transport, or the network's refusal; [`crate::ErrorKind::State`]
    /// when already connected, [`crate::ErrorKind::Invalid`] for a form that is not complete.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket, as soon as the network's goodbye is said; `Disconnected` follows.
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error>;

    /// Signs out and closes. Requests still open end in `Failed` first, then comes `Disconnected`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`] when not connected.
    ///
    /// # Cancel safety
    /// Dropping the future lets the closing go on by itself.
    async fn disconnect(&mut self) -> Result<(), Error>;

    /// Hands over what the user wants; `Ok` means accepted, what came of it are events.
    ///
    /// It answers without waiting for the network or for subscribers: a client hands over one request after the other and
    /// forwards no events meanwhile.
    ///
    /// # Errors
    /// `Unsupported`, `Invalid`, `TooLong`, `State` or `Full`; then no event follows.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the event accepted or not, never half.
    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error>;

    /// [`Connection::submit`] under a fresh id.
    ///
    /// # Errors
    /// As `submit`.
    async fn send(&mut self, event: ConnectionEvent) -> Result<RequestId, Error> {
        let request = RequestId::fresh();
        self.submit(request, event).await?;
        Ok(request)
    }

    /// Every event from now on; any number of subscribers.
    fn subscribe(&self) -> EventReceiver;

    /// The network's name and login form.
    fn protocol_spec(&self) -> Protocol;

    /// What the network can do, as far as is known now.
    fn capabilities(&self) -> Capabilities;

    /// What it counts; the same for as long as the connection is there. One that counts nothing leaves this out.
    fn counters(&self) -> Arc<Counters> {
        Arc::default()
    }
}
