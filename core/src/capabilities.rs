//! What a network can do, as data.

mod check;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::EventKind;

/// What a network can do: the events `send` takes, and its limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The events that `send` takes; anything else gives [`Unsupported`](crate::ErrorKind::Unsupported).
    #[serde(deserialize_with = "known_kinds")]
    pub sends: BTreeSet<EventKind>,
    /// The longest text of one message, in bytes of UTF-8; `None`: no limit is known.
    pub max_text_bytes: Option<u64>,
    /// The largest file that can be sent along, in bytes; `None`: files cannot be sent along.
    // Left out where there is none: what was written before the field came stays as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
    /// How `Delivered` is known.
    pub confirmation: Confirmation,
}

/// Reads a list of kinds and leaves out those of a newer version.
fn known_kinds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<EventKind>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names
        .into_iter()
        .filter_map(|name| EventKind::deserialize(serde_json::Value::String(name)).ok())
        .collect())
}

/// How a network confirms an own message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Confirmation {
    /// The server answers the request.
    #[default]
    Acknowledged,
    /// The server sends the message back to its sender too.
    Echo,
}

impl Capabilities {
    /// Nothing can be sent and no limit is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds events that `send` takes.
    #[must_use]
    pub fn sends(mut self, kinds: &[EventKind]) -> Self {
        self.sends.extend(kinds);
        self
    }

    /// Sets the longest text of one message, in bytes.
    #[must_use]
    pub fn max_text_bytes(mut self, bytes: u64) -> Self {
        self.max_text_bytes = Some(bytes);
        self
    }

    /// Sets the largest file that can be sent along, in bytes; `u64::MAX` where no limit is known.
    #[must_use]
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.max_file_bytes = Some(bytes);
        self
    }

    /// Sets how `Delivered` is known.
    #[must_use]
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.confirmation = confirmation;
        self
    }

    /// Whether `send` takes events of this kind.
    #[must_use]
    pub fn can_send(&self, kind: EventKind) -> bool {
        self.sends.contains(&kind)
    }

    pub(crate) fn size(&self) -> usize {
        self.sends.len() * size_of::<EventKind>()
    }
}
