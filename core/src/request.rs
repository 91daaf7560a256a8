//! The id of something that an application asked for.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::Id;

/// How the ids of messages begin that have none of their network.
const LOCAL: &str = "local:";

/// The id of one request; unique in this process, never 0.
///
/// Every accepted request ends in exactly one `Status::Done` or `Status::Failed` with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RequestId(NonZeroU64);

impl RequestId {
    /// The next id of this process.
    #[must_use]
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // 2^64 requests do not happen; after a wrap-around 0 would be skipped.
        loop {
            if let Some(id) = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)) {
                return Self(id);
            }
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The id of the local echo of a message sent under this request: `local:<request>`.
    #[must_use]
    pub fn local_message_id(self) -> Id {
        format_args!("{LOCAL}{self}").into()
    }

    /// Whether a message's id has the form of [`Self::local_message_id`].
    #[must_use]
    pub fn is_local_message_id(id: &str) -> bool {
        id.starts_with(LOCAL)
    }
}

impl From<NonZeroU64> for RequestId {
    fn from(id: NonZeroU64) -> Self {
        Self(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
