//! Drafts: messages of several fragments, put together piece by piece.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind, MAX_STYLE_DEPTH, Message, MessageFragment, Style};

use crate::raw::handle::{self, Handle};
use crate::raw::text::{owned, owned_optional, read};
use crate::raw::{input, invalid};
use crate::status::{guard, kaiwa_status};
use crate::text::kaiwa_str;

/// A message that is being put together. Several threads may use one, but what comes of their order is theirs to know.
#[derive(Debug)]
pub struct kaiwa_draft {
    _opaque: [u8; 0],
}

/// What is behind a draft's handle.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    parts: Mutex<Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    done: Vec<MessageFragment>,
    /// Styles and links that were begun, each with what came before it on its level.
    open: Vec<(Around, Vec<MessageFragment>)>,
    /// Not shown, and so behind what is.
    about: Vec<MessageFragment>,
}

#[derive(Debug)]
enum Around {
    Style(Style),
    Link(String),
}

impl Handle for Draft {
    type Opaque = kaiwa_draft;
    const TAG: u64 = u64::from_le_bytes(*b"kwdraft\x01");
    const NAME: &'static str = "draft";
}

/// Makes an empty draft. Free it with `kaiwa_draft_free`.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_new(draft_out: *mut *mut kaiwa_draft) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a handle, or NULL.
        unsafe { input::clear(draft_out, "draft_out") }?;
        // SAFETY: as above.
        unsafe { input::put(draft_out, handle::give(Draft::default())) };
        Ok(())
    })
}

/// Frees a draft; what was sent of it goes its way. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_free(draft: *mut kaiwa_draft) {
    guard(|| {
        // SAFETY: a handle that the caller does not use any more, or NULL.
        drop(unsafe { handle::take::<Draft>(draft) }?);
        Ok(())
    });
}

/// Empties a draft.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_clear(draft: *mut kaiwa_draft) -> kaiwa_status {
    // SAFETY: a draft's handle.
    unsafe {
        with(draft, |parts| {
            *parts = Parts::default();
            Ok(())
        })
    }
}

/// Adds plain text.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_text(
    draft: *mut kaiwa_draft,
    text: kaiwa_str,
) -> kaiwa_status {
    // SAFETY: the caller's string.
    let fragment = || Ok(MessageFragment::Text(unsafe { owned(text, "text") }?));
    // SAFETY: a draft's handle.
    unsafe { add(draft, fragment) }
}

/// Adds a link that shows itself.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_url(draft: *mut kaiwa_draft, url: kaiwa_str) -> kaiwa_status {
    // SAFETY: the caller's string.
    let fragment = || Ok(MessageFragment::Url(unsafe { owned(url, "url") }?));
    // SAFETY: a draft's handle.
    unsafe { add(draft, fragment) }
}

/// Adds an asset by its id: an emote, a sticker, a sound; as the first fragment a command, whose arguments follow as text.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_asset(
    draft: *mut kaiwa_draft,
    asset_id: kaiwa_str,
) -> kaiwa_status {
    let fragment = || {
        // SAFETY: the caller's string.
        let asset_id = unsafe { owned(asset_id, "asset_id") }?;
        Ok(MessageFragment::AssetId(asset_id))
    };
    // SAFETY: a draft's handle.
    unsafe { add(draft, fragment) }
}

/// Adds a file of this machine that goes along. `name` is what it is to be called (`{NULL, 0}`: as here), `mime` its MIME type
/// (`{NULL, 0}`: found by the library).
///
/// Any thread. `KAIWA_ERR_INVALID` for a path with a NUL inside. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_upload(
    draft: *mut kaiwa_draft,
    path: kaiwa_str,
    name: kaiwa_str,
    mime: kaiwa_str,
) -> kaiwa_status {
    let upload = || {
        // SAFETY: the caller's string.
        let path: String = unsafe { owned(path, "path") }?;
        if path.contains('\0') {
            return Err(invalid("path has a NUL inside"));
        }
        Ok(MessageFragment::Upload {
            path,
            // SAFETY: the caller's string.
            name: unsafe { owned_optional(name, "name") }?,
            // SAFETY: the caller's string.
            mime: unsafe { owned_optional(mime, "mime") }?,
        })
    };
    // SAFETY: a draft's handle.
    unsafe { add(draft, upload) }
}

/// Adds a mention of somebody, who is shown as `text`.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_mention(
    draft: *mut kaiwa_draft,
    user_id: kaiwa_str,
    text: kaiwa_str,
) -> kaiwa_status {
    let mention = || {
        Ok(MessageFragment::Mention {
            // SAFETY: the caller's string.
            user_id: unsafe { owned(user_id, "user_id") }?,
            // SAFETY: the caller's string.
            text: unsafe { owned(text, "text") }?,
        })
    };
    // SAFETY: a draft's handle.
    unsafe { add(draft, mention) }
}

/// Says that the message answers another one; the last one said holds.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_reply(
    draft: *mut kaiwa_draft,
    message_id: kaiwa_str,
) -> kaiwa_status {
    let reply = |parts: &mut Parts| {
        // SAFETY: the caller's string.
        let message_id = unsafe { owned(message_id, "message_id") }?;
        let is_other = |one: &MessageFragment| !matches!(one, MessageFragment::Reply { .. });
        parts.about.retain(is_other);
        parts.about.push(MessageFragment::Reply { message_id });
        Ok(())
    };
    // SAFETY: a draft's handle.
    unsafe { with(draft, reply) }
}

/// Begins a style (a `kaiwa_style`): what is added until `kaiwa_draft_end` has it. `rgba` is the colour of the styles that are
/// colours, 0xRRGGBBAA. Styles and links lie at most 32 deep in each other.
///
/// Any thread. `KAIWA_ERR_INVALID` for an unknown style, or too many. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_begin_style(
    draft: *mut kaiwa_draft,
    style: i32,
    rgba: u32,
) -> kaiwa_status {
    // SAFETY: a draft's handle.
    unsafe {
        with(draft, |parts| {
            parts.begin(Around::Style(style_of(style, rgba)?))
        })
    }
}

/// Begins a link to `url`: what is added until `kaiwa_draft_end` is what it shows.
///
/// Any thread. `KAIWA_ERR_INVALID` for too many styles and links in each other. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_begin_link(
    draft: *mut kaiwa_draft,
    url: kaiwa_str,
) -> kaiwa_status {
    // SAFETY: the caller's string.
    let link = |parts: &mut Parts| parts.begin(Around::Link(unsafe { owned(url, "url") }?));
    // SAFETY: a draft's handle.
    unsafe { with(draft, link) }
}

/// Ends the style or link begun last.
///
/// Any thread. `KAIWA_ERR_STATE` if none is open. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_end(draft: *mut kaiwa_draft) -> kaiwa_status {
    // SAFETY: a draft's handle.
    unsafe { with(draft, Parts::end) }
}

/// Adds any fragment in JSON (`MessageFragment` in events.schema.json): what has no function of its own goes this way.
///
/// Any thread. `KAIWA_ERR_INVALID` for what is no fragment. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_draft_json(
    draft: *mut kaiwa_draft,
    json: kaiwa_str,
) -> kaiwa_status {
    let fragment = || {
        // SAFETY: the caller's string.
        let json = unsafe { read(json, "json") }?;
        serde_json::from_str(json).map_err(|error| {
            invalid("json is no fragment; see MessageFragment in events.schema.json")
                .with_source(error)
        })
    };
    // SAFETY: a draft's handle.
    unsafe { add(draft, fragment) }
}

impl Draft {
    /// The message, as it is said now.
    ///
    /// # Errors
    /// `Invalid` while a style or link is open.
    pub(crate) fn message(&self) -> Result<Message, Error> {
        let parts = self.lock();
        if !parts.open.is_empty() {
            return Err(invalid(
                "a style or link was begun and not ended; call kaiwa_draft_end",
            ));
        }
        let mut message = Message::text("", Utc::now());
        message.content = parts.done.iter().chain(&parts.about).cloned().collect();
        Ok(message)
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn add(&mut self, fragment: MessageFragment) {
        if fragment.is_shown() {
            self.done.push(fragment);
        } else {
            self.about.push(fragment);
        }
    }

    fn begin(&mut self, around: Around) -> Result<(), Error> {
        if self.open.len() >= MAX_STYLE_DEPTH {
            return Err(invalid(format!(
                "{MAX_STYLE_DEPTH} styles and links lie in each other already"
            )));
        }
        self.open.push((around, std::mem::take(&mut self.done)));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some((around, before)) = self.open.pop() else {
            return Err(Error::new(ErrorKind::State, "no style or link was begun"));
        };
        let content = std::mem::replace(&mut self.done, before);
        self.done.push(match around {
            Around::Style(style) => MessageFragment::Styled { style, content },
            Around::Link(url) => MessageFragment::Link { url, content },
        });
        Ok(())
    }
}

fn style_of(style: i32, rgba: u32) -> Result<Style, Error> {
    Ok(match style {
        1 => Style::Bold,
        2 => Style::Italic,
        3 => Style::Underline,
        4 => Style::Strike,
        5 => Style::Code,
        6 => Style::Preformatted,
        7 => Style::Quote,
        8 => Style::Spoiler,
        9 => Style::Color(rgba.to_be_bytes()),
        10 => Style::Background(rgba.to_be_bytes()),
        _ => return Err(invalid(format!("no style has the number {style}"))),
    })
}

/// Changes a draft.
///
/// # Safety
/// `draft` is NULL or a draft's handle.
unsafe fn with(
    draft: *const kaiwa_draft,
    change: impl FnOnce(&mut Parts) -> Result<(), Error>,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: the caller's promise, passed on.
        let draft = unsafe { handle::borrow::<Draft>(draft) }?;
        change(&mut draft.lock())
    })
}

/// Adds a fragment.
///
/// # Safety
/// `draft` is NULL or a draft's handle.
unsafe fn add(
    draft: *const kaiwa_draft,
    make: impl FnOnce() -> Result<MessageFragment, Error>,
) -> kaiwa_status {
    let change = |parts: &mut Parts| {
        parts.add(make()?);
        Ok(())
    };
    // SAFETY: the caller's promise, passed on.
    unsafe { with(draft, change) }
}
