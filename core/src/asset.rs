//! What a user may put into messages besides text: emotes, stickers, sounds, commands.

use serde::{Deserialize, Serialize};

use crate::{Id, MessageFragment};

/// Something a user may put into a message besides text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Asset {
    /// A small picture within a line.
    Emote {
        /// The id used by [`MessageFragment::AssetId`].
        id: Option<Id>,
        /// What a user types for it.
        pattern: String,
        /// Address of its file.
        src: String,
        /// Who brought it.
        source: AssetSource,
    },
    /// A large picture that stands alone.
    Sticker {
        /// The id used by [`MessageFragment::AssetId`].
        id: Option<Id>,
        /// What a user types for it.
        pattern: String,
        /// Address of its file.
        src: String,
        /// Who brought it.
        source: AssetSource,
    },
    /// A sound.
    Audio {
        /// The id used by [`MessageFragment::AssetId`].
        id: Option<Id>,
        /// What a user types for it.
        pattern: String,
        /// Address of its file.
        src: String,
        /// Who brought it.
        source: AssetSource,
    },
    /// A command: a `Chat::New` whose first fragment is the `AssetId` of this runs it.
    Command {
        /// The id used by [`MessageFragment::AssetId`].
        id: Option<Id>,
        /// What a user types for it.
        pattern: String,
        /// Its arguments, with their defaults.
        args: Vec<MessageFragment>,
        /// Who brought it.
        source: AssetSource,
    },
}

impl Asset {
    /// The id of any asset.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Emote { id, .. }
            | Self::Sticker { id, .. }
            | Self::Audio { id, .. }
            | Self::Command { id, .. } => id.as_deref(),
        }
    }
}

/// Who brought an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum AssetSource {
    /// The user.
    User,
    /// The server.
    Server,
    /// The library.
    Meta,
}
