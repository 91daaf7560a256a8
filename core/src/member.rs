//! Somebody's place in a channel.

use serde::{Deserialize, Serialize};

use crate::Id;

/// Somebody's place in a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// [`crate::Profile::id`] of the person.
    pub user_id: Id,
    /// What they may do there.
    pub role: Role,
}

/// What somebody may do in a channel, as far as networks agree on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Role {
    /// Talk.
    #[default]
    Member,
    /// Keep order among those who talk.
    Moderator,
    /// Change the channel and who is in it.
    Admin,
    /// Everything; the channel is theirs.
    Owner,
}
