//! Events about people.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Id, Presence, Profile};

/// Events about people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum UserEvent {
    /// Somebody is in a channel, or known on the network; after a reconnect an upsert.
    New {
        /// Where; `None` is the network as a whole.
        channel_id: Option<Id>,
        /// Who.
        user: Profile,
    },
    /// Somebody has changed.
    Update {
        /// Where; `None` is the network as a whole.
        channel_id: Option<Id>,
        /// The id they had until now.
        user_id: Id,
        /// The whole profile as it is now.
        new_user: Profile,
    },
    /// Received: somebody has left. Sent: remove them from the channel.
    Remove {
        /// From where; `None` is the network as a whole.
        channel_id: Option<Id>,
        /// Who.
        user_id: Id,
    },
    /// All members of a channel are to be forgotten.
    ClearList {
        /// Where; `None` is the network as a whole.
        channel_id: Option<Id>,
    },
    /// Who the user of this account is.
    Identify {
        /// The own id.
        user_id: Id,
    },
    /// Received: somebody can or cannot be reached now. Sent: be so.
    Presence {
        /// Who; `None` is the user of this account.
        user_id: Option<Id>,
        /// How they are.
        presence: Presence,
        /// What they say about it.
        text: Option<String>,
    },
    /// Received: contact is asked for and not answered yet. Sent: ask somebody for it.
    Request {
        /// The other person.
        user_id: Id,
        /// Received: whether the user of this account has asked; else the other person has. No matter when sent.
        own: bool,
        /// What was said with it.
        text: Option<String>,
    },
    /// Received: somebody is a contact (said at sign-in of each), or is none (refused, or no longer). Sent: answer their
    /// request, or end a contact.
    Respond {
        /// The other person.
        user_id: Id,
        /// Whether they are a contact from now on.
        accept: bool,
    },
    /// Received: a value that the user keeps on the network is this now. Sent: keep it.
    Data {
        /// In which channel it is kept; `None` is outside of all.
        channel_id: Option<Id>,
        /// What it is called.
        key: String,
        /// The value; `None` (the same as JSON's null) is none, and removes it when sent.
        value: Option<Value>,
    },
    /// Sent only: what is kept under this key? Answered by [`UserEvent::Data`], then `Done`.
    RequestData {
        /// In which channel it is kept; `None` is outside of all.
        channel_id: Option<Id>,
        /// What it is called.
        key: String,
    },
    /// Received: somebody is kept out from now on. Sent: remove them and keep them out.
    Ban {
        /// From where; `None` is the network as a whole.
        channel_id: Option<Id>,
        /// Who.
        user_id: Id,
        /// Until when; `None` is for ever.
        until: Option<DateTime<Utc>>,
        /// Why.
        reason: Option<String>,
    },
}
