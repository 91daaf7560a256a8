//! A place where messages go.

use serde::{Deserialize, Serialize};

use crate::Id;

/// A place where messages go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Channel {
    /// The network's id, unique within a connection.
    pub id: Id,
    /// The name to show; `id` where `None`.
    pub name: Option<String>,
    /// Who talks here.
    pub channel_type: ChannelType,
}

/// Who talks in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ChannelType {
    /// Many with many.
    #[default]
    Group,
    /// Two people.
    Direct,
    /// One place that everybody connected hears.
    Broadcast,
    /// Nobody: it holds other channels ([`crate::ChannelEvent::Parent`]).
    Space,
}
