//! Events about channels.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Channel, Id, Member};

/// Events about channels.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
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
        channel_id: Id,
        /// The whole channel as it is now.
        new_channel: Channel,
    },
    /// Received: a channel is gone. Sent: delete it.
    Remove {
        /// Which.
        channel_id: Id,
    },
    /// Received: the user is in it now. Sent: join it.
    Join {
        /// Which.
        channel_id: Id,
    },
    /// Received: the user has left it. Sent: leave it.
    Leave {
        /// Which.
        channel_id: Id,
    },
    /// Received: it is the current channel now. Sent: make it so.
    Switch {
        /// Which.
        channel_id: Id,
    },
    /// The user of this account was removed.
    Kick {
        /// From where; `None` is the whole network.
        channel_id: Option<Id>,
        /// Why, in the network's words.
        reason: Option<String>,
        /// Whether coming back is refused.
        ban: bool,
    },
    /// All messages of a channel are to be forgotten; `None` is every channel.
    Wipe {
        /// Which.
        channel_id: Option<Id>,
    },
    /// All channels are to be forgotten.
    ClearList,
    /// Received: this is its topic now. Sent: set it.
    Topic {
        /// Which channel.
        channel_id: Id,
        /// What it is about; `None` is nothing.
        topic: Option<String>,
    },
    /// The channel lies in another one.
    Parent {
        /// Which channel.
        channel_id: Id,
        /// The one around it; `None` is none.
        parent_id: Option<Id>,
    },
    /// Received: these are in it and have these roles; an upsert, after their [`UserEvent::New`](crate::UserEvent::New).
    /// Sent: add them or give them these roles; an empty list asks for all who are in it.
    Members {
        /// Which channel.
        channel_id: Id,
        /// Some or all of those in it.
        members: Vec<Member>,
    },
    /// Sent only: create a channel, in another one or by itself. Answered by [`ChannelEvent::New`], then `Done`.
    Create {
        /// The channel around it; `None` is none.
        parent_id: Option<Id>,
        /// What it shall be; its id does not matter.
        channel: Channel,
        /// Whether anybody may find and join it.
        public: bool,
    },
    /// Sent only: join a channel that is not open to everybody.
    JoinWith {
        /// Which.
        channel_id: Id,
        /// A password or the code of an invitation; a secret, never shown by `Debug`.
        key: String,
    },
    /// Sent: make an invitation. Received: its code, caused by the request; or somebody invites the user.
    Invite {
        /// Into which channel.
        channel_id: Id,
        /// For whom; `None` when sent is for whoever has the code, when received without a request for the user.
        user_id: Option<Id>,
        /// What [`ChannelEvent::JoinWith`] takes; never shown by `Debug`. `None` when sent, or where none is needed.
        code: Option<String>,
    },
    /// Sent: which channels can be joined? Received: these, caused by the request.
    Directory {
        /// What to look for; `None` is all.
        query: Option<String>,
        /// Which there are; empty when sent.
        channels: Vec<Channel>,
    },
}

/// What `derive` would write, but for the fields after `hides`.
macro_rules! debug_without_secrets {
    ($self:ident, $f:ident; $($variant:ident { $($field:ident),* } $(hides $secret:ident)?;)*) => {
        match $self {
            $(Self::$variant { $($field,)* $($secret: _,)? } => $f
                .debug_struct(stringify!($variant))
                $(.field(stringify!($field), $field))*
                $(.field(stringify!($secret), &format_args!("***")))?
                .finish(),)*
        }
    };
}

impl fmt::Debug for ChannelEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_without_secrets! { self, f;
            New { channel };
            Update { channel_id, new_channel };
            Remove { channel_id };
            Join { channel_id };
            Leave { channel_id };
            Switch { channel_id };
            Kick { channel_id, reason, ban };
            Wipe { channel_id };
            ClearList {};
            Topic { channel_id, topic };
            Parent { channel_id, parent_id };
            Members { channel_id, members };
            Create { parent_id, channel, public };
            JoinWith { channel_id } hides key;
            Invite { channel_id, user_id } hides code;
            Directory { query, channels };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_codes_are_never_shown() {
        let join = ChannelEvent::JoinWith {
            channel_id: "den".into(),
            key: "hunter2".to_owned(),
        };
        let shown = r#"JoinWith { channel_id: "den", key: *** }"#;
        assert_eq!(format!("{join:?}"), shown);
        assert!(!format!("{join:#?}").contains("hunter2"));
        let invite = ChannelEvent::Invite {
            channel_id: "den".into(),
            user_id: None,
            code: Some("hunter2".to_owned()),
        };
        let shown = r#"Invite { channel_id: "den", user_id: None, code: *** }"#;
        assert_eq!(format!("{invite:?}"), shown);
        assert_eq!(format!("{:?}", ChannelEvent::ClearList), "ClearList");
    }
}
