//! Typed requests for what every client does.
//!
//! `KAIWA_OK` means accepted: exactly one event with the request's number follows, `KAIWA_EVENT_STATUS_DONE` or
//! `KAIWA_EVENT_STATUS_FAILED`, after the events that it caused. A call that fails is followed by none.

use chrono::{DateTime, Utc};
use kaiwa_core::{
    Channel, ChannelEvent, ChatEvent, ConnectionEvent, Error, EventKind, Id, Message, UserEvent,
};

use crate::account::{Account, kaiwa_account};
use crate::draft::{Draft, kaiwa_draft};
use crate::event;
use crate::raw::text::{owned, owned_optional as optional};
use crate::raw::{handle, input, invalid};
use crate::status::{guard, kaiwa_status};
use crate::text::kaiwa_str;
use crate::view::channel_type_of;

/// Says a text in a channel (`{NULL, 0}`: the current one). Its local echo comes at once as `KAIWA_EVENT_CHAT_NEW`; while the
/// account is connecting or between attempts it waits. It is never a command.
///
/// Any thread. `KAIWA_ERR_TOO_LONG`, `KAIWA_ERR_STATE` if the account is not wanted up, `KAIWA_ERR_FULL`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_send_text(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    text: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, text): (_, String) =
            unsafe { both((channel_id, CHANNEL), (text, "text")) }?;
        let message = Message::text(text, Utc::now());
        Ok(ChatEvent::New {
            channel_id,
            message,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Says what is in a draft, which stays as it is and may be sent again.
///
/// Any thread. Statuses as in `kaiwa_account_send_text`; `KAIWA_ERR_INVALID` also for a style or link that was begun and not
/// ended. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_send_draft(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    draft: *const kaiwa_draft,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's string.
        let channel_id = unsafe { optional(channel_id, CHANNEL) }?;
        // SAFETY: a draft's handle.
        let draft = unsafe { handle::borrow::<Draft>(draft) }?;
        Ok(ChatEvent::New {
            channel_id,
            message: draft.message()?,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Replaces the content of an own message by what is in a draft.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_edit_message(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    message_id: kaiwa_str,
    draft: *const kaiwa_draft,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, message_id) =
            unsafe { both((channel_id, CHANNEL), (message_id, "message_id")) }?;
        // SAFETY: a draft's handle.
        let draft = unsafe { handle::borrow::<Draft>(draft) }?;
        Ok(ChatEvent::Update {
            channel_id,
            message_id,
            new_message: draft.message()?,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Deletes a message; one that still waits here is taken back.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_remove_message(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    message_id: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, message_id) =
            unsafe { both((channel_id, CHANNEL), (message_id, "message_id")) }?;
        Ok(ChatEvent::Remove {
            channel_id,
            message_id,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Puts an emoji on a message, or takes it off.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_react(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    message_id: kaiwa_str,
    emoji: kaiwa_str,
    on: bool,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, message_id) =
            unsafe { both((channel_id, CHANNEL), (message_id, "message_id")) }?;
        // SAFETY: the caller's string.
        let emoji = unsafe { owned(emoji, "emoji") }?;
        Ok(ChatEvent::React {
            channel_id,
            message_id,
            user_id: None,
            emoji,
            on,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Marks a channel as read up to a message.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_mark_read(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    message_id: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, message_id) =
            unsafe { both((channel_id, CHANNEL), (message_id, "message_id")) }?;
        Ok(ChatEvent::Read {
            channel_id,
            message_id,
            user_id: None,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Tells that the user types, or no longer does.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_set_typing(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    typing: bool,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        Ok(ChatEvent::Typing {
            // SAFETY: the caller's string.
            channel_id: unsafe { optional(channel_id, CHANNEL) }?,
            user_id: None,
            typing,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Asks for at most `limit` messages from before a message (`{NULL, 0}`: the newest). They come as
/// `KAIWA_EVENT_CHAT_HISTORY`.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it, `KAIWA_ERR_INVALID` for a limit of 0. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_request_history(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    before_message_id: kaiwa_str,
    limit: u32,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's string.
        let channel_id = unsafe { optional(channel_id, CHANNEL) }?;
        // SAFETY: the caller's string.
        let before = unsafe { optional(before_message_id, "before_message_id") }?;
        Ok(ChatEvent::RequestHistory {
            channel_id,
            before,
            limit,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Joins a channel. `key` is a password or the code of an invitation, `{NULL, 0}` for a channel that is open.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_join_channel(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    key: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (key, channel_id) = unsafe { both((key, "key"), (channel_id, CHANNEL)) }?;
        Ok(match key {
            Some(key) => ChannelEvent::JoinWith { channel_id, key },
            None => ChannelEvent::Join { channel_id },
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Leaves a channel.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_leave_channel(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's string.
        let channel_id = unsafe { owned(channel_id, CHANNEL) }?;
        Ok(ChannelEvent::Leave { channel_id })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Makes a channel the current one.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_switch_channel(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's string.
        let channel_id = unsafe { owned(channel_id, CHANNEL) }?;
        Ok(ChannelEvent::Switch { channel_id })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Creates a channel of a type (a `kaiwa_channel_type`), in another one (`parent_id`) or by itself (`{NULL, 0}`); `is_public`
/// says whether anybody may find and join it. On networks that only know channels by themselves it is created under its name.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it, `KAIWA_ERR_INVALID` for an unknown type. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_create_channel(
    account: *mut kaiwa_account,
    name: kaiwa_str,
    channel_type: i32,
    parent_id: kaiwa_str,
    is_public: bool,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (parent_id, name): (_, String) =
            unsafe { both((parent_id, "parent_id"), (name, "name")) }?;
        let channel_type = channel_type_of(channel_type)
            .ok_or_else(|| invalid(format!("no type of channel has the number {channel_type}")))?;
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let can = account.core.capabilities(account.id)?;
        let simple = parent_id.is_none()
            && !can.can_send(EventKind::ChannelCreate)
            && can.can_send(EventKind::ChannelNew);
        let channel = Channel {
            id: if simple {
                Id::from(&name)
            } else {
                Id::default()
            },
            name: Some(name),
            channel_type,
        };
        Ok(if simple {
            ChannelEvent::New { channel }
        } else {
            ChannelEvent::Create {
                parent_id,
                channel,
                public: is_public,
            }
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Removes somebody from a channel (`{NULL, 0}`: from the network).
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_remove_member(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    user_id: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        // SAFETY: the caller's strings.
        let (channel_id, user_id) = unsafe { both((channel_id, CHANNEL), (user_id, "user_id")) }?;
        Ok(UserEvent::Remove {
            channel_id,
            user_id,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Keeps somebody out of a channel (`{NULL, 0}`: of the network) until a moment: milliseconds since 1970-01-01 00:00 UTC, 0 for
/// ever. `reason` may be `{NULL, 0}`.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_ban_member(
    account: *mut kaiwa_account,
    channel_id: kaiwa_str,
    user_id: kaiwa_str,
    until_ms: i64,
    reason: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    let event = || {
        let until =
            match until_ms {
                0 => None,
                until => Some(DateTime::from_timestamp_millis(until).ok_or_else(|| {
                    invalid(format!("no moment is {until} milliseconds after 1970"))
                })?),
            };
        // SAFETY: the caller's strings.
        let (channel_id, user_id) = unsafe { both((channel_id, CHANNEL), (user_id, "user_id")) }?;
        // SAFETY: the caller's string.
        let reason = unsafe { optional(reason, "reason") }?;
        Ok(UserEvent::Ban {
            channel_id,
            user_id,
            until,
            reason,
        })
    };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

/// Sends any event in JSON (`ConnectionEvent` in events.schema.json): what has no function of its own goes this way.
///
/// Any thread. `KAIWA_ERR_INVALID` for what is no event or makes no sense, `KAIWA_ERR_UNSUPPORTED` for what the network does not
/// take and for events of a newer version. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_send_json(
    account: *mut kaiwa_account,
    json: kaiwa_str,
    request_out: *mut u64,
) -> kaiwa_status {
    // SAFETY: the caller's string.
    let event = || unsafe { event::read(json) };
    // SAFETY: an account's handle and a place for a number.
    unsafe { send(account, request_out, event) }
}

const CHANNEL: &str = "channel_id";

/// What may be none, and what may not.
///
/// # Safety
/// Both have the length that they say.
unsafe fn both<A: for<'a> From<&'a str>, B: for<'a> From<&'a str>>(
    (first, first_name): (kaiwa_str, &str),
    (second, second_name): (kaiwa_str, &str),
) -> Result<(Option<A>, B), Error> {
    // SAFETY: the caller's promise, passed on.
    let first = unsafe { optional(first, first_name) }?;
    // SAFETY: the caller's promise, passed on.
    let second = unsafe { owned(second, second_name) }?;
    Ok((first, second))
}

/// Hands over what the user wants.
///
/// # Safety
/// `account` is NULL or an account's handle, `request_out` NULL or a place for a number.
unsafe fn send<E: Into<ConnectionEvent>>(
    account: *const kaiwa_account,
    request_out: *mut u64,
    event: impl FnOnce() -> Result<E, Error>,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: the caller's promise, passed on.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let request = account.core.send(account.id, event()?.into())?;
        // SAFETY: the caller's promise, passed on.
        unsafe { input::put(request_out, request.get()) };
        Ok(())
    })
}
