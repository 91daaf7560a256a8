//! Events about emotes, stickers, sounds and commands.

use serde::{Deserialize, Serialize};

use crate::{Asset, ErrorInfo, Id};

/// Events about emotes, stickers, sounds and commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum AssetEvent {
    /// An asset may be used.
    New {
        /// Where; `None` is everywhere.
        channel_id: Option<Id>,
        /// Which.
        asset: Asset,
    },
    /// An asset has changed.
    Update {
        /// Where; `None` is everywhere.
        channel_id: Option<Id>,
        /// The id it had until now.
        asset_id: Id,
        /// The whole asset as it is now.
        new_asset: Asset,
    },
    /// An asset is gone.
    Remove {
        /// Where; `None` is everywhere.
        channel_id: Option<Id>,
        /// Which.
        asset_id: Id,
    },
    /// All assets are to be forgotten.
    ClearList {
        /// Where; `None` is everywhere.
        channel_id: Option<Id>,
    },
    /// The network's list of assets could not be had; what was known of it stays.
    Unavailable {
        /// Where; `None` is everywhere.
        channel_id: Option<Id>,
        /// Why.
        error: ErrorInfo,
    },
}
