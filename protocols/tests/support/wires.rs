//! The ways from a client to the server, in memory: each stream passes a relay that may break it.

use std::sync::Arc;

use kaiwa_conformance::relay::Relay;
use tokio::io::DuplexStream;

use super::memory::{STREAM_BYTES, Wires};

/// A server that talks over WebSockets and HTTP.
pub(crate) trait Serve: Send + Sync {
    /// Serves a WebSocket client until it ends.
    fn socket(&self, stream: DuplexStream);

    /// Serves HTTP requests until they end.
    fn http(&self, stream: DuplexStream);
}

/// Streams to a server, through one relay for WebSockets and one for HTTP.
#[derive(Clone)]
pub(crate) struct Relayed<S> {
    pub(crate) server: S,
    pub(crate) sockets: Arc<Relay>,
    pub(crate) rest: Arc<Relay>,
}

impl<S> Relayed<S> {
    pub(crate) fn new(server: S) -> Self {
        Self {
            server,
            sockets: Arc::new(Relay::new()),
            rest: Arc::new(Relay::new()),
        }
    }
}

impl<S: Serve> Wires for Relayed<S> {
    fn socket(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.sockets)?;
        self.server.socket(server);
        Some(client)
    }

    fn http(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.rest)?;
        self.server.http(server);
        Some(client)
    }
}

/// The ends of a way through a relay; `None` where it lets nobody through.
fn through(relay: &Relay) -> Option<(DuplexStream, DuplexStream)> {
    let (client, far_client) = tokio::io::duplex(STREAM_BYTES);
    let (server, far_server) = tokio::io::duplex(STREAM_BYTES);
    relay
        .join(far_client, far_server)
        .then_some((client, server))
}
