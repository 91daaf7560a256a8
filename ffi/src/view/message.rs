//! Messages and what they are made of.

use chrono::{DateTime, Utc};
use kaiwa_core::{Message, MessageFragment, MessageStatus, MessageType, Style};

use crate::raw::Arena;
use crate::text::kaiwa_str;

/// A message.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_message {
    /// The network's id, unique within its channel; `local:<request>` until the network gave one.
    pub id: kaiwa_str,
    /// The id of whoever sent it.
    pub sender_id: kaiwa_str,
    /// The plain text of it: what is shown of `content`, joined.
    pub text: kaiwa_str,
    /// Id of the message that this one answers.
    pub reply_to: kaiwa_str,
    /// What was said, in order.
    pub content: *const *const kaiwa_fragment,
    /// How many fragments `content` has.
    pub content_len: usize,
    /// When the network says it was said: milliseconds since 1970-01-01 00:00 UTC, rounded down.
    pub timestamp_ms: i64,
    /// Nanoseconds beyond `timestamp_ms`, where a network is as precise.
    pub timestamp_ns: u32,
    /// Who speaks.
    pub message_type: kaiwa_message_type,
    /// How far it has come.
    pub status: kaiwa_message_status,
}

/// Who speaks.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_message_type {
    /// This version has no number for it.
    KAIWA_MESSAGE_NONE = 0,
    /// The user of this account.
    KAIWA_MESSAGE_CURRENT_USER = 1,
    /// Somebody else.
    KAIWA_MESSAGE_NORMAL = 2,
    /// The server.
    KAIWA_MESSAGE_SERVER = 3,
    /// The library.
    KAIWA_MESSAGE_META = 4,
}

/// How far a message has come.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_message_status {
    /// This version has no number for it.
    KAIWA_MESSAGE_STATUS_NONE = 0,
    /// Taken from the user, not confirmed by the network.
    KAIWA_MESSAGE_SENT = 1,
    /// Confirmed by the network; also every message of others.
    KAIWA_MESSAGE_DELIVERED = 2,
    /// Changed after it was said.
    KAIWA_MESSAGE_EDITED = 3,
    /// A tombstone in history.
    KAIWA_MESSAGE_DELETED = 4,
    /// It will not arrive, or nobody can tell.
    KAIWA_MESSAGE_FAILED = 5,
}

/// A piece of a message. What is shown comes first, in order; then what is said about the message.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_fragment {
    /// What it is; the comments of the numbers say which members apply.
    pub kind: kaiwa_fragment_kind,
    /// The style of `KAIWA_FRAGMENT_STYLED`.
    pub style: kaiwa_style,
    /// Red, green, blue, alpha of the styles that are colours.
    pub color: [u8; 4],
    /// What it shows, as text.
    pub text: kaiwa_str,
    /// Where it is, or leads.
    pub url: kaiwa_str,
    /// Its MIME type.
    pub mime: kaiwa_str,
    /// What a file is called.
    pub name: kaiwa_str,
    /// Where a file lies on this machine.
    pub path: kaiwa_str,
    /// An asset's id.
    pub asset_id: kaiwa_str,
    /// A person's id.
    pub user_id: kaiwa_str,
    /// A channel's id.
    pub channel_id: kaiwa_str,
    /// A message's id.
    pub message_id: kaiwa_str,
    /// An emoji, or what a network has in place of one.
    pub emoji: kaiwa_str,
    /// The network's name for a notice.
    pub code: kaiwa_str,
    /// A value in JSON.
    pub json: kaiwa_str,
    /// People of a reaction, arguments of a notice.
    pub strings: *const kaiwa_str,
    /// How many `strings` there are.
    pub strings_len: usize,
    /// What lies within a style or a link.
    pub content: *const *const Self,
    /// How many fragments `content` has.
    pub content_len: usize,
    /// Whether `size` is known.
    pub has_size: bool,
    /// How many bytes a file has.
    pub size: u64,
    /// A moment: milliseconds since 1970-01-01 00:00 UTC, rounded down.
    pub time_ms: i64,
    /// Nanoseconds beyond `time_ms`.
    pub time_ns: u32,
}

/// What a fragment is.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_fragment_kind {
    /// This version has no number for it.
    KAIWA_FRAGMENT_NONE = 0,
    /// Plain text; never a command: `text`.
    KAIWA_FRAGMENT_TEXT = 1,
    /// A picture: `url`, `mime`.
    KAIWA_FRAGMENT_IMAGE = 2,
    /// A film: `url`, `mime`.
    KAIWA_FRAGMENT_VIDEO = 3,
    /// A recording: `url`, `mime`.
    KAIWA_FRAGMENT_AUDIO = 4,
    /// A link that shows itself: `url`.
    KAIWA_FRAGMENT_URL = 5,
    /// An asset: `asset_id`.
    KAIWA_FRAGMENT_ASSET = 6,
    /// A file that lies on the network: `url`, `name`, `mime`, `size` (if `has_size`).
    KAIWA_FRAGMENT_FILE = 7,
    /// Sent only: a file of this machine that goes along: `path`, `name`, `mime`.
    KAIWA_FRAGMENT_UPLOAD = 8,
    /// What lies within has a style: `style`, `color`, `content`.
    KAIWA_FRAGMENT_STYLED = 9,
    /// A link that shows something else: `url`, `content` (none: it shows itself).
    KAIWA_FRAGMENT_LINK = 10,
    /// Somebody is spoken to: `user_id`, `text`.
    KAIWA_FRAGMENT_MENTION = 11,
    /// A link to a channel: `channel_id`, `text`.
    KAIWA_FRAGMENT_CHANNEL_LINK = 12,
    /// A link to a message: `channel_id` (none: the same channel), `message_id`.
    KAIWA_FRAGMENT_MESSAGE_LINK = 13,
    /// The message answers another one: `message_id`. Not shown by itself.
    KAIWA_FRAGMENT_REPLY = 14,
    /// The message was last changed then: `time_ms`, `time_ns`. Not shown by itself.
    KAIWA_FRAGMENT_EDITED_AT = 15,
    /// People have put an emoji on the message: `emoji`, `strings` (their ids). Not shown by itself.
    KAIWA_FRAGMENT_REACTION = 16,
    /// What the server says here in words, as it says it to programs: `code`, `strings`. Not shown.
    KAIWA_FRAGMENT_NOTICE = 17,
    /// What a network says beyond this vocabulary: `json`. Not shown.
    KAIWA_FRAGMENT_EXTRA = 18,
}

/// How a part of a message looks.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_style {
    /// It does not apply, or this version has no number for it.
    KAIWA_STYLE_NONE = 0,
    /// Heavier letters.
    KAIWA_STYLE_BOLD = 1,
    /// Slanted letters.
    KAIWA_STYLE_ITALIC = 2,
    /// A line below.
    KAIWA_STYLE_UNDERLINE = 3,
    /// A line through.
    KAIWA_STYLE_STRIKE = 4,
    /// Program text: letters of one width, meant literally.
    KAIWA_STYLE_CODE = 5,
    /// Text whose spaces and line breaks make a picture.
    KAIWA_STYLE_PREFORMATTED = 6,
    /// Said by somebody else before.
    KAIWA_STYLE_QUOTE = 7,
    /// Hidden until the reader asks for it.
    KAIWA_STYLE_SPOILER = 8,
    /// Letters of a colour.
    KAIWA_STYLE_COLOR = 9,
    /// Something of a colour behind the letters.
    KAIWA_STYLE_BACKGROUND = 10,
}

impl kaiwa_fragment {
    const NONE: Self = Self {
        kind: kaiwa_fragment_kind::KAIWA_FRAGMENT_NONE,
        style: kaiwa_style::KAIWA_STYLE_NONE,
        color: [0; 4],
        text: kaiwa_str::NONE,
        url: kaiwa_str::NONE,
        mime: kaiwa_str::NONE,
        name: kaiwa_str::NONE,
        path: kaiwa_str::NONE,
        asset_id: kaiwa_str::NONE,
        user_id: kaiwa_str::NONE,
        channel_id: kaiwa_str::NONE,
        message_id: kaiwa_str::NONE,
        emoji: kaiwa_str::NONE,
        code: kaiwa_str::NONE,
        json: kaiwa_str::NONE,
        strings: std::ptr::null(),
        strings_len: 0,
        content: std::ptr::null(),
        content_len: 0,
        has_size: false,
        size: 0,
        time_ms: 0,
        time_ns: 0,
    };
}

pub(crate) fn message(arena: &mut Arena, message: &Message) -> kaiwa_message {
    let Message {
        id,
        sender_id,
        content,
        timestamp,
        message_type,
        status,
    } = message;
    let (text, fragments) = match content.as_slice() {
        // Most messages: the text is there once.
        [MessageFragment::Text(text)] => {
            let text = arena.text(text);
            let shown = arena.build(kaiwa_fragment::NONE, |_, shown| {
                shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_TEXT;
                shown.text = text;
            });
            (text, arena.put(shown))
        }
        [] => (arena.text(""), std::ptr::null()),
        content => (
            arena.text(&message.plain_text()),
            fragment_list(arena, content),
        ),
    };
    let (timestamp_ms, timestamp_ns) = moment(*timestamp);
    kaiwa_message {
        id: arena.optional(id.as_deref()),
        sender_id: arena.optional(sender_id.as_deref()),
        text,
        reply_to: arena.optional(message.reply_to()),
        content: fragments,
        content_len: content.len(),
        timestamp_ms,
        timestamp_ns,
        message_type: match message_type {
            MessageType::CurrentUser => kaiwa_message_type::KAIWA_MESSAGE_CURRENT_USER,
            MessageType::Normal => kaiwa_message_type::KAIWA_MESSAGE_NORMAL,
            MessageType::Server => kaiwa_message_type::KAIWA_MESSAGE_SERVER,
            MessageType::Meta => kaiwa_message_type::KAIWA_MESSAGE_META,
            _ => kaiwa_message_type::KAIWA_MESSAGE_NONE,
        },
        status: match status {
            MessageStatus::Sent => kaiwa_message_status::KAIWA_MESSAGE_SENT,
            MessageStatus::Delivered => kaiwa_message_status::KAIWA_MESSAGE_DELIVERED,
            MessageStatus::Edited => kaiwa_message_status::KAIWA_MESSAGE_EDITED,
            MessageStatus::Deleted => kaiwa_message_status::KAIWA_MESSAGE_DELETED,
            MessageStatus::Failed => kaiwa_message_status::KAIWA_MESSAGE_FAILED,
            _ => kaiwa_message_status::KAIWA_MESSAGE_STATUS_NONE,
        },
    }
}

/// Milliseconds since 1970, and the nanoseconds beyond them.
pub(super) fn moment(at: DateTime<Utc>) -> (i64, u32) {
    // A leap second has more than a second's nanoseconds; it counts as the second after.
    (
        at.timestamp_millis(),
        at.timestamp_subsec_nanos() % 1_000_000,
    )
}

/// Recursion ends: styles that come from a network lie at most `MAX_STYLE_DEPTH` deep, JSON at most 128.
pub(crate) fn fragment_list(
    arena: &mut Arena,
    content: &[MessageFragment],
) -> *const *const kaiwa_fragment {
    arena.array(content.iter(), |arena, one| {
        arena.build(kaiwa_fragment::NONE, |arena, shown| {
            fragment(arena, one, shown);
        })
    })
}

fn strings<T: AsRef<str>>(arena: &mut Arena, list: &[T]) -> *const kaiwa_str {
    arena.array(list.iter(), |arena, text| arena.text(text.as_ref()))
}

fn fragment(arena: &mut Arena, fragment: &MessageFragment, shown: &mut kaiwa_fragment) {
    match fragment {
        MessageFragment::Text(text) => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_TEXT;
            shown.text = arena.text(text);
        }
        MessageFragment::Image { url, mime } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_IMAGE;
            (shown.url, shown.mime) = (arena.text(url), arena.text(mime));
        }
        MessageFragment::Video { url, mime } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_VIDEO;
            (shown.url, shown.mime) = (arena.text(url), arena.text(mime));
        }
        MessageFragment::Audio { url, mime } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_AUDIO;
            (shown.url, shown.mime) = (arena.text(url), arena.text(mime));
        }
        MessageFragment::Url(url) => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_URL;
            shown.url = arena.text(url);
        }
        MessageFragment::AssetId(id) => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_ASSET;
            shown.asset_id = arena.text(id);
        }
        MessageFragment::File {
            url,
            name,
            mime,
            size,
        } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_FILE;
            (shown.url, shown.name) = (arena.text(url), arena.text(name));
            shown.mime = arena.text(mime);
            shown.has_size = size.is_some();
            shown.size = size.unwrap_or_default();
        }
        MessageFragment::Upload { path, name, mime } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_UPLOAD;
            shown.path = arena.text(path);
            shown.name = arena.optional(name.as_deref());
            shown.mime = arena.optional(mime.as_deref());
        }
        MessageFragment::Styled { style, content } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_STYLED;
            (shown.style, shown.color) = style_of(*style);
            shown.content = fragment_list(arena, content);
            shown.content_len = content.len();
        }
        MessageFragment::Link { url, content } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_LINK;
            shown.url = arena.text(url);
            shown.content = fragment_list(arena, content);
            shown.content_len = content.len();
        }
        other => reference(arena, other, shown),
    }
}

/// The fragments that point to something else, and those that say more about the message.
fn reference(arena: &mut Arena, fragment: &MessageFragment, shown: &mut kaiwa_fragment) {
    match fragment {
        MessageFragment::Mention { user_id, text } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_MENTION;
            (shown.user_id, shown.text) = (arena.text(user_id), arena.text(text));
        }
        MessageFragment::ChannelLink { channel_id, text } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_CHANNEL_LINK;
            (shown.channel_id, shown.text) = (arena.text(channel_id), arena.text(text));
        }
        MessageFragment::MessageLink {
            channel_id,
            message_id,
        } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_MESSAGE_LINK;
            shown.channel_id = arena.optional(channel_id.as_deref());
            shown.message_id = arena.text(message_id);
        }
        MessageFragment::Reply { message_id } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_REPLY;
            shown.message_id = arena.text(message_id);
        }
        MessageFragment::EditedAt(at) => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_EDITED_AT;
            (shown.time_ms, shown.time_ns) = moment(*at);
        }
        MessageFragment::Reaction { emoji, user_ids } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_REACTION;
            shown.emoji = arena.text(emoji);
            shown.strings = strings(arena, user_ids);
            shown.strings_len = user_ids.len();
        }
        MessageFragment::Notice { code, args } => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_NOTICE;
            shown.code = arena.text(code);
            shown.strings = strings(arena, args);
            shown.strings_len = args.len();
        }
        MessageFragment::Extra(value) => {
            shown.kind = kaiwa_fragment_kind::KAIWA_FRAGMENT_EXTRA;
            shown.json = arena.text(&value.to_string());
        }
        _ => {}
    }
}

fn style_of(style: Style) -> (kaiwa_style, [u8; 4]) {
    let plain = |style| (style, [0; 4]);
    match style {
        Style::Bold => plain(kaiwa_style::KAIWA_STYLE_BOLD),
        Style::Italic => plain(kaiwa_style::KAIWA_STYLE_ITALIC),
        Style::Underline => plain(kaiwa_style::KAIWA_STYLE_UNDERLINE),
        Style::Strike => plain(kaiwa_style::KAIWA_STYLE_STRIKE),
        Style::Code => plain(kaiwa_style::KAIWA_STYLE_CODE),
        Style::Preformatted => plain(kaiwa_style::KAIWA_STYLE_PREFORMATTED),
        Style::Quote => plain(kaiwa_style::KAIWA_STYLE_QUOTE),
        Style::Spoiler => plain(kaiwa_style::KAIWA_STYLE_SPOILER),
        Style::Color(color) => (kaiwa_style::KAIWA_STYLE_COLOR, color),
        Style::Background(color) => (kaiwa_style::KAIWA_STYLE_BACKGROUND, color),
        _ => plain(kaiwa_style::KAIWA_STYLE_NONE),
    }
}
