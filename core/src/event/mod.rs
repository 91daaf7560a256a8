//! The vocabulary of events, one for both directions: what a subscriber gets is what happened; what `send` takes is what
//! the user wants. docs/events.md has a row per variant.

mod asset;
mod channel;
mod chat;
mod json;
mod kind;
#[cfg(feature = "schema")]
mod schema;
pub(crate) mod size;
mod status;
mod user;

pub use asset::AssetEvent;
pub use channel::ChannelEvent;
pub use chat::ChatEvent;
pub use json::JsonReader;
pub use kind::EventKind;
#[cfg(feature = "schema")]
pub use schema::json_schema;
pub use status::StatusEvent;
pub use user::UserEvent;

use serde::{Deserialize, Serialize};

/// Anything that happens on a connection, or that a user wants to happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// About messages.
    Chat {
        /// What happened.
        event: ChatEvent,
    },
    /// About people.
    User {
        /// What happened.
        event: UserEvent,
    },
    /// About channels.
    Channel {
        /// What happened.
        event: ChannelEvent,
    },
    /// About the connection itself.
    Status {
        /// What happened.
        event: StatusEvent,
    },
    /// About emotes, stickers, sounds and commands.
    Asset {
        /// What happened.
        event: AssetEvent,
    },
}

macro_rules! from_event {
    ($($variant:ident($inner:ty);)*) => {
        $(impl From<$inner> for ConnectionEvent {
            fn from(event: $inner) -> Self {
                Self::$variant { event }
            }
        })*
    };
}

from_event! {
    Chat(ChatEvent);
    User(UserEvent);
    Channel(ChannelEvent);
    Status(StatusEvent);
    Asset(AssetEvent);
}
