//! Events about channels.

use serde::{Deserialize, Serialize};

use crate::{Channel, Member};

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
    /// Received: this is its topic now. Sent: set it.
    Topic {
        /// Which channel.
        channel_id: String,
        /// What it is about; `None` is nothing.
        topic: Option<String>,
    },
    /// The channel lies in another one.
    Parent {
        /// Which channel.
        channel_id: String,
        /// The one around it; `None` is none.
        parent_id: Option<String>,
    },
    /// Received: these are in it and have these roles; an upsert, after their [`UserEvent::New`](crate::UserEvent::New).
    /// Sent: add them or give them these roles; an empty list asks for all who are in it.
    Members {
        /// Which channel.
        channel_id: String,
        /// Some or all of those in it.
        members: Vec<Member>,
    },
}
