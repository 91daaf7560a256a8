//! A person, as a network shows them.

use serde::{Deserialize, Serialize};

use crate::Id;

/// A person, as a network shows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The network's id, unique within a connection.
    pub id: Option<Id>,
    /// The name used to address them.
    pub username: Option<String>,
    /// The name to show, where it differs.
    pub display_name: Option<String>,
    /// Red, green, blue, alpha.
    pub color: Option<[u8; 4]>,
    /// Address of a picture.
    pub picture: Option<String>,
}
