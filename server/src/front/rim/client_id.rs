//! The id that a message's sender gave it, which rim always has and other networks may not.

use std::borrow::Cow;

use crate::store::MessageId;

/// The longest id taken, in bytes: four UUIDs. The acknowledgement and each receiver's copy repeat it.
pub(super) const MAX_BYTES: usize = 144;

/// The sender's id of a message, or one made of the server's, since an empty one is no rim.
pub(super) fn shown(client_id: Option<&str>, id: MessageId) -> Cow<'_, str> {
    match client_id {
        Some(client_id) if !client_id.is_empty() => Cow::Borrowed(client_id),
        _ => Cow::Owned(format!("m{}", id.0)),
    }
}
