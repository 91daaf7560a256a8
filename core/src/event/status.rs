//! Events about the connection and about requests.

use serde::{Deserialize, Serialize};

use crate::{Capabilities, ErrorInfo, RequestId};

/// Events about the connection and about requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum StatusEvent {
    /// Received: the peer gave a sign of life. Sent: ask it for one.
    Ping {
        /// The network's words, if any.
        artifact: Option<String>,
    },
    /// Signed in.
    Connected {
        /// The network's words, if any.
        artifact: Option<String>,
    },
    /// The connection is down. One that the user did not ask for follows a `Lost`.
    Disconnected {
        /// The network's words, if any.
        artifact: Option<String>,
    },
    /// An attempt to connect begins.
    Connecting,
    /// The connection broke or could not be made.
    Lost {
        /// Why.
        error: ErrorInfo,
        /// When the next attempt begins, in milliseconds from now; `None`: it stays down.
        retry_in_ms: Option<u64>,
    },
    /// A request is carried out.
    Done {
        /// Which.
        request: RequestId,
    },
    /// A request was not carried out.
    Failed {
        /// Which.
        request: RequestId,
        /// Why.
        error: ErrorInfo,
    },
    /// This subscriber took nothing for too long while others waited; nothing follows.
    Overrun,
    /// What the network can do has been learned or has changed.
    Capabilities {
        /// All of it.
        capabilities: Capabilities,
    },
}
