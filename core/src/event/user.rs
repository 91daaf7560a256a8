//! Events about people.

use serde::{Deserialize, Serialize};

use crate::Profile;

/// Events about people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum UserEvent {
    /// Somebody is in a channel, or known on the network; after a reconnect an upsert.
    New {
        /// Where; `None` is the network as a whole.
        channel_id: Option<String>,
        /// Who.
        user: Profile,
    },
    /// Somebody has changed.
    Update {
        /// Where; `None` is the network as a whole.
        channel_id: Option<String>,
        /// The id they had until now.
        user_id: String,
        /// The whole profile as it is now.
        new_user: Profile,
    },
    /// Received: somebody has left. Sent: remove them from the channel.
    Remove {
        /// From where; `None` is the network as a whole.
        channel_id: Option<String>,
        /// Who.
        user_id: String,
    },
    /// All members of a channel are to be forgotten.
    ClearList {
        /// Where; `None` is the network as a whole.
        channel_id: Option<String>,
    },
    /// Who the user of this account is.
    Identify {
        /// The own id.
        user_id: String,
    },
}
