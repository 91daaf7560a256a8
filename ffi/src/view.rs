//! What C gets to read: plain structs, made by the library only.
//!
//! A member that does not apply is NULL, 0 or false. Members are only ever appended.

mod asset;
mod event;
mod message;
mod people;
mod place;

pub use asset::{
    kaiwa_asset, kaiwa_asset_kind, kaiwa_asset_source, kaiwa_capabilities, kaiwa_confirmation,
    kaiwa_error,
};
pub use event::kaiwa_event;
pub use message::{
    kaiwa_fragment, kaiwa_fragment_kind, kaiwa_message, kaiwa_message_status, kaiwa_message_type,
    kaiwa_style,
};
pub use people::{kaiwa_member, kaiwa_presence, kaiwa_profile, kaiwa_role};
pub use place::{kaiwa_channel, kaiwa_channel_type};

pub(crate) use asset::{asset, capabilities, error};
pub(crate) use event::{Origin, event, fill};
pub(crate) use message::{fragment_list, message};
pub(crate) use people::{member, presence, profile, role};
pub(crate) use place::{channel, channel_type_of};

use crate::raw::Arena;

/// An array of pointers to structs, which may grow with later versions.
pub(crate) fn list<T: Copy, I>(
    arena: &mut Arena,
    items: impl IntoIterator<Item = I, IntoIter: ExactSizeIterator>,
    mut make: impl FnMut(&mut Arena, I) -> T,
) -> *const *const T {
    arena.array(items.into_iter(), |arena, item| {
        let value = make(arena, item);
        arena.put(value)
    })
}
