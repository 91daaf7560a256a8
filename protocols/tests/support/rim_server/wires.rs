//! The ways from a client to the server, in memory: each stream passes a relay that may break it.

use std::sync::Arc;

use kaiwa_conformance::relay::Relay;
use tokio::io::DuplexStream;

use super::RimServer;
use crate::support::memory::{STREAM_BYTES, Wires};

/// Streams to a server, through one relay for WebSockets and one for REST.
#[derive(Clone)]
pub(crate) struct RimWires {
    pub(crate) server: RimServer,
    pub(crate) sockets: Arc<Relay>,
    pub(crate) rest: Arc<Relay>,
}

impl RimWires {
    pub(crate) fn new(server: RimServer) -> Self {
        Self {
            server,
            sockets: Arc::new(Relay::new()),
            rest: Arc::new(Relay::new()),
        }
    }
}

impl Wires for RimWires {
    fn socket(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.sockets)?;
        self.server.serve_socket(server);
        Some(client)
    }

    fn http(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.rest)?;
        self.server.serve_http(server);
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
