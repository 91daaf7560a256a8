//! What the server has seen, in order.

use kaiwa_protocols::rim::wire::{Endpoint, Event};

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Over WebSockets, with the number of the connection.
    pub(crate) frames: Vec<(u64, Seen)>,
    /// REST requests, as they came.
    pub(crate) calls: Vec<Call>,
    /// The texts of the messages that came from clients.
    pub(crate) said: Vec<String>,
}

/// Something that came over a WebSocket, or its beginning or end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The handshake is done.
    Open,
    /// A packet.
    Packet {
        event: Event,
        gid: Option<u64>,
        client_msg_id: String,
        msg_id: Option<u64>,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Binary,
    /// Text that is no packet.
    Nonsense(String),
    /// A goodbye.
    Close,
    /// The connection is over.
    End,
}

/// A REST request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// `None` for a path that is none of rim's.
    pub(crate) endpoint: Option<Endpoint>,
    /// By whom, if it carried a valid token.
    pub(crate) uid: Option<u64>,
    /// What was answered; 0 for nothing.
    pub(crate) status: u16,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: String,
}

impl Journal {
    pub(super) fn see(&mut self, connection: u64, seen: Seen) {
        self.frames.push((connection, seen));
    }

    /// The packets of one kind, in order.
    pub(crate) fn packets(&self, wanted: Event) -> impl Iterator<Item = &Seen> {
        self.frames
            .iter()
            .map(|(_, seen)| seen)
            .filter(move |seen| matches!(seen, Seen::Packet { event, .. } if *event == wanted))
    }

    /// How often an endpoint was called.
    pub(crate) fn calls_of(&self, endpoint: Endpoint) -> usize {
        let calls = self.calls.iter();
        calls.filter(|call| call.endpoint == Some(endpoint)).count()
    }

    /// Of every connection that is over: whether its last packet was `Logout`.
    pub(crate) fn logouts(&self) -> Vec<bool> {
        let ended = self.frames.iter().filter(|(_, seen)| *seen == Seen::End);
        ended
            .map(|(connection, _)| {
                let mut own = self
                    .frames
                    .iter()
                    .filter(|(other, _)| other == connection)
                    .rev();
                own.find_map(|(_, seen)| match seen {
                    Seen::Packet { event, .. } => Some(*event == Event::Logout),
                    _ => None,
                })
                .unwrap_or(false)
            })
            .collect()
    }
}
