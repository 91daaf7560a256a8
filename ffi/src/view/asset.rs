//! Assets, capabilities, errors.

use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::{Asset, AssetSource, Capabilities, ErrorInfo};

use super::{fragment_list, kaiwa_fragment};
use crate::kinds::kaiwa_event_kind;
use crate::raw::Arena;
use crate::status::kaiwa_status;
use crate::text::kaiwa_str;

/// An error: of the last call that failed on this thread, or within an event.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_error {
    /// What went wrong.
    pub status: kaiwa_status,
    /// One line for a person, with the reason.
    pub message: kaiwa_str,
    /// Whether `retry_after_ms` is known.
    pub has_retry_after: bool,
    /// How long the other side asks to wait.
    pub retry_after_ms: u64,
}

/// What a network can do.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_capabilities {
    /// The events that can be sent; anything else gives `KAIWA_ERR_UNSUPPORTED`.
    pub sends: *const kaiwa_event_kind,
    /// How many `sends` there are.
    pub sends_len: usize,
    /// Whether there is a limit to texts that is known.
    pub has_max_text: bool,
    /// The longest text of one message, in bytes of UTF-8.
    pub max_text_bytes: u64,
    /// Whether files can be sent along.
    pub has_max_file: bool,
    /// The largest file that can be sent along; `UINT64_MAX` where no limit is known.
    pub max_file_bytes: u64,
    /// How it is known that an own message has arrived.
    pub confirmation: kaiwa_confirmation,
}

/// How a network confirms an own message.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_confirmation {
    /// This version has no number for it.
    KAIWA_CONFIRMATION_NONE = 0,
    /// The server answers the request.
    KAIWA_CONFIRMATION_ACKNOWLEDGED = 1,
    /// The server sends the message back to its sender too.
    KAIWA_CONFIRMATION_ECHO = 2,
}

/// Something that a user may put into a message besides text.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_asset {
    /// What it is.
    pub kind: kaiwa_asset_kind,
    /// The id that a fragment uses for it.
    pub id: kaiwa_str,
    /// What a user types for it.
    pub pattern: kaiwa_str,
    /// Address of its file; none for a command.
    pub src: kaiwa_str,
    /// Who brought it.
    pub source: kaiwa_asset_source,
    /// The arguments of a command, with their defaults.
    pub args: *const *const kaiwa_fragment,
    /// How many `args` there are.
    pub args_len: usize,
}

/// What an asset is.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_asset_kind {
    /// This version has no number for it.
    KAIWA_ASSET_NONE = 0,
    /// A small picture within a line.
    KAIWA_ASSET_EMOTE = 1,
    /// A large picture that stands alone.
    KAIWA_ASSET_STICKER = 2,
    /// A sound.
    KAIWA_ASSET_AUDIO = 3,
    /// A command: a message whose first fragment is the id of this runs it.
    KAIWA_ASSET_COMMAND = 4,
}

/// Who brought an asset.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_asset_source {
    /// This version has no number for it.
    KAIWA_ASSET_SOURCE_NONE = 0,
    /// The user.
    KAIWA_ASSET_SOURCE_USER = 1,
    /// The server.
    KAIWA_ASSET_SOURCE_SERVER = 2,
    /// The library.
    KAIWA_ASSET_SOURCE_META = 3,
}

pub(crate) fn error(arena: &mut Arena, error: &ErrorInfo) -> kaiwa_error {
    let ErrorInfo {
        kind,
        message,
        retry_after_ms,
    } = error;
    kaiwa_error {
        status: kaiwa_status::of(*kind),
        message: arena.text(message),
        has_retry_after: retry_after_ms.is_some(),
        retry_after_ms: retry_after_ms.unwrap_or_default(),
    }
}

pub(crate) fn capabilities(arena: &mut Arena, can: &Capabilities) -> kaiwa_capabilities {
    kaiwa_capabilities {
        sends: arena.array(can.sends.iter(), |_, kind| kaiwa_event_kind::of(*kind)),
        sends_len: can.sends.len(),
        has_max_text: can.max_text_bytes.is_some(),
        max_text_bytes: can.max_text_bytes.unwrap_or_default(),
        has_max_file: can.max_file_bytes.is_some(),
        max_file_bytes: can.max_file_bytes.unwrap_or_default(),
        confirmation: match can.confirmation {
            Confirmation::Acknowledged => kaiwa_confirmation::KAIWA_CONFIRMATION_ACKNOWLEDGED,
            Confirmation::Echo => kaiwa_confirmation::KAIWA_CONFIRMATION_ECHO,
            _ => kaiwa_confirmation::KAIWA_CONFIRMATION_NONE,
        },
    }
}

pub(crate) fn asset(arena: &mut Arena, asset: &Asset) -> kaiwa_asset {
    let kind = match asset {
        Asset::Emote { .. } => kaiwa_asset_kind::KAIWA_ASSET_EMOTE,
        Asset::Sticker { .. } => kaiwa_asset_kind::KAIWA_ASSET_STICKER,
        Asset::Audio { .. } => kaiwa_asset_kind::KAIWA_ASSET_AUDIO,
        Asset::Command { .. } => kaiwa_asset_kind::KAIWA_ASSET_COMMAND,
        _ => kaiwa_asset_kind::KAIWA_ASSET_NONE,
    };
    let mut shown = kaiwa_asset {
        kind,
        id: arena.optional(asset.id()),
        pattern: kaiwa_str::NONE,
        src: kaiwa_str::NONE,
        source: kaiwa_asset_source::KAIWA_ASSET_SOURCE_NONE,
        args: std::ptr::null(),
        args_len: 0,
    };
    match asset {
        Asset::Emote {
            id: _,
            pattern,
            src,
            source,
        }
        | Asset::Sticker {
            id: _,
            pattern,
            src,
            source,
        }
        | Asset::Audio {
            id: _,
            pattern,
            src,
            source,
        } => {
            shown.pattern = arena.text(pattern);
            shown.src = arena.text(src);
            shown.source = brought_by(*source);
        }
        Asset::Command {
            id: _,
            pattern,
            args,
            source,
        } => {
            shown.pattern = arena.text(pattern);
            shown.source = brought_by(*source);
            shown.args = fragment_list(arena, args);
            shown.args_len = args.len();
        }
        _ => {}
    }
    shown
}

fn brought_by(source: AssetSource) -> kaiwa_asset_source {
    match source {
        AssetSource::User => kaiwa_asset_source::KAIWA_ASSET_SOURCE_USER,
        AssetSource::Server => kaiwa_asset_source::KAIWA_ASSET_SOURCE_SERVER,
        AssetSource::Meta => kaiwa_asset_source::KAIWA_ASSET_SOURCE_META,
        _ => kaiwa_asset_source::KAIWA_ASSET_SOURCE_NONE,
    }
}
