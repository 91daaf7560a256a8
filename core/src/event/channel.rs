//! Events about channels.

use serde::{Deserialize, Serialize};

use crate::Channel;

/// Events about channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ChannelEvent {
    /// Received: a channel is there; after a reconnect an upsert. Sent: create it.
    New {
        /// The channel.
        channel: Channel,
    },
    /// Received: a channel has changed. Sent: change it.
    Update {
        /// The id it had until now.
        channel_id: String,
        /// The whole channel as it is now.
        new_channel: Channel,
    },
    /// Received: a channel is gone. Sent: delete it.
    Remove {
        /// Which.
        channel_id: String,
    },
    /// Received: the user is in it now. Sent: join it.
    Join {
        /// Which.
        channel_id: String,
    },
    /// Received: the user has left it. Sent: leave it.
    Leave {
        /// Which.
        channel_id: String,
    },
    /// Received: it is the current channel now. Sent: make it so.
    Switch {
        /// Which.
        channel_id: String,
    },
    /// The user of this account was removed.
    Kick {
        /// From where; `None` is the whole network.
        channel_id: Option<String>,
        /// Why, in the network's words.
        reason: Option<String>,
        /// Whether coming back is refused.
        ban: bool,
    },
    /// All messages of a channel are to be forgotten; `None` is every channel.
    Wipe {
        /// Which.
        channel_id: Option<String>,
    },
    /// All channels are to be forgotten.
    ClearList,
}
