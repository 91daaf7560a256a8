//! What the server has seen, in order.

use kaiwa_protocols::oshi::wire::StreamId;
use serde_json::Value;

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Over WebSockets, with the number of the connection.
    pub(crate) frames: Vec<(u64, Seen)>,
    /// The texts of the messages that came from clients and were kept.
    pub(crate) said: Vec<String>,
    /// Where somebody had missed more than is replayed, or came for the first time, and the last message there then.
    pub(crate) beyond: Vec<(StreamId, i64)>,
    /// Names and lengths of uploads that came, taken or not.
    pub(crate) uploads: Vec<(String, usize)>,
}

/// Something that came over a WebSocket, or its beginning or end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// The handshake is done.
    Open,
    /// A JSON object.
    Request(Value),
    Ping,
    Pong,
    Binary,
    /// Text that is no object.
    Nonsense(String),
    /// A goodbye.
    Close,
    /// The connection is over.
    End,
}

impl Journal {
    pub(super) fn see(&mut self, connection: u64, seen: Seen) {
        self.frames.push((connection, seen));
    }

    /// The requests of one `op`, in order.
    pub(crate) fn requests(&self, op: &str) -> Vec<&Value> {
        let requests = self.frames.iter().filter_map(|(_, seen)| match seen {
            Seen::Request(request) => Some(request),
            _ => None,
        });
        requests.filter(|request| request["op"] == op).collect()
    }
}
