//! Whether somebody can be reached.

use serde::{Deserialize, Serialize};

/// Whether somebody can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Presence {
    /// They are there.
    Online,
    /// They are signed in but not at it.
    Away,
    /// They are there and do not want to be disturbed.
    Busy,
    /// They are not signed in, or want to seem so.
    Offline,
}
