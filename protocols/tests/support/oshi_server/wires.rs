//! The ways from a client to the server, in memory: each stream passes a relay that may break it.

use std::sync::Arc;

use kaiwa_conformance::relay::Relay;
use tokio::io::DuplexStream;

use super::OshiServer;
use crate::support::memory::{STREAM_BYTES, Wires};

/// Streams to a server, through one relay for WebSockets and one for HTTP.
#[derive(Clone)]
pub(crate) struct OshiWires {
    pub(crate) server: OshiServer,
    pub(crate) sockets: Arc<Relay>,
    pub(crate) http_wires: Arc<Relay>,
}

impl OshiWires {
    pub(crate) fn new(server: OshiServer) -> Self {
        Self {
            server,
            sockets: Arc::new(Relay::new()),
            http_wires: Arc::new(Relay::new()),
        }
    }
}

impl Wires for OshiWires {
    fn socket(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.sockets)?;
        self.server.serve_socket(server);
        Some(client)
    }

    fn http(&self) -> Option<DuplexStream> {
        let (client, server) = through(&self.http_wires)?;
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
