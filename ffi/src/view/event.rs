//! Events: one flat struct for all kinds.

use std::ffi::c_void;
use std::ptr;

use kaiwa_core::{
    AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, Message, StatusEvent, UserEvent,
};

use super::{
    kaiwa_asset, kaiwa_capabilities, kaiwa_channel, kaiwa_error, kaiwa_member, kaiwa_message,
    kaiwa_presence, kaiwa_profile, message::moment,
};
use crate::kinds::kaiwa_event_kind;
use crate::raw::Arena;
use crate::text::kaiwa_str;

/// Something that happened. The comments of `kaiwa_event_kind` say which members apply; the others are NULL, 0 or false.
///
/// It is read-only, made by the library, and lives until the event handler returns, or until `kaiwa_event_release` after
/// `kaiwa_event_retain`. A retained event owns all that it shows and keeps nothing else alive. Never copy it by value: it may
/// have more members than this header says.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_event {
    /// Which event it is.
    pub kind: kaiwa_event_kind,
    /// The number of the account where it happened (`kaiwa_account_id`); 0 for an event made from JSON.
    pub account: u64,
    /// What `kaiwa_account_set_userdata` set when the handler was called; NULL once the account is freed.
    pub account_userdata: *mut c_void,
    /// Rises by one with each event of the account.
    pub seq: u64,
    /// The request that caused it; 0 if none did.
    pub request: u64,
    /// The request that ended: in `KAIWA_EVENT_STATUS_DONE` and `…_FAILED` of a client the same as `request`.
    pub ended_request: u64,

    /// Where; what none means is said with each kind.
    pub channel_id: kaiwa_str,
    /// Which message.
    pub message_id: kaiwa_str,
    /// Who.
    pub user_id: kaiwa_str,
    /// The channel around it.
    pub parent_id: kaiwa_str,
    /// Which asset.
    pub asset_id: kaiwa_str,
    /// Id of the message after which the hole is.
    pub after: kaiwa_str,
    /// Id of the message before which the hole, or what is wanted, is.
    pub before: kaiwa_str,
    /// The network's words.
    pub artifact: kaiwa_str,
    /// Why, in the network's words.
    pub reason: kaiwa_str,
    /// What a channel is about.
    pub topic: kaiwa_str,
    /// What was looked for.
    pub query: kaiwa_str,
    /// What a value is called; what lets one join (a secret).
    pub key: kaiwa_str,
    /// The code of an invitation (a secret).
    pub code: kaiwa_str,
    /// The emoji, or what a network has in place of one.
    pub emoji: kaiwa_str,
    /// What somebody said with it.
    pub text: kaiwa_str,
    /// A value in JSON.
    pub value_json: kaiwa_str,

    /// The message.
    pub message: *const kaiwa_message,
    /// Messages, oldest first.
    pub messages: *const *const kaiwa_message,
    /// How many `messages` there are.
    pub messages_len: usize,
    /// The channel.
    pub channel: *const kaiwa_channel,
    /// Channels.
    pub channels: *const *const kaiwa_channel,
    /// How many `channels` there are.
    pub channels_len: usize,
    /// The person.
    pub user: *const kaiwa_profile,
    /// Members of a channel.
    pub members: *const *const kaiwa_member,
    /// How many `members` there are.
    pub members_len: usize,
    /// The asset.
    pub asset: *const kaiwa_asset,
    /// What the network can do.
    pub capabilities: *const kaiwa_capabilities,
    /// Why.
    pub error: *const kaiwa_error,

    /// Bytes that are through.
    pub sent: u64,
    /// Bytes in all.
    pub total: u64,
    /// When the next attempt begins, from now.
    pub retry_in_ms: u64,
    /// Until when: milliseconds since 1970-01-01 00:00 UTC, rounded down.
    pub until_ms: i64,
    /// Nanoseconds beyond `until_ms`.
    pub until_ns: u32,
    /// How many at most.
    pub limit: u32,
    /// How somebody is.
    pub presence: kaiwa_presence,
    /// Whether `retry_in_ms` applies; if not, it stays down.
    pub has_retry_in: bool,
    /// Whether `until_ms` applies; if not, for ever.
    pub has_until: bool,
    /// Whether nothing older (or, after a reconnect, nothing else missed) is left.
    pub complete: bool,
    /// Put on, or taken off.
    pub on: bool,
    /// Whether they type.
    pub typing: bool,
    /// Whether the user of this account has asked.
    pub own: bool,
    /// Whether they are a contact from now on.
    pub accept: bool,
    /// Whether coming back is refused.
    pub ban: bool,
    /// Whether anybody may find and join it.
    pub is_public: bool,
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) account: u64,
    pub(crate) userdata: *mut c_void,
    pub(crate) seq: u64,
    pub(crate) request: u64,
}

impl Origin {
    /// No account: an event made from JSON.
    pub(crate) const NOWHERE: Self = Self {
        account: 0,
        userdata: ptr::null_mut(),
        seq: 0,
        request: 0,
    };
}

/// Shows an event.
pub(crate) fn event(arena: &mut Arena, origin: Origin, event: &ConnectionEvent) -> kaiwa_event {
    let mut shown = EMPTY;
    fill(&mut shown, arena, origin, event);
    shown
}

/// Shows an event where another one was shown: the struct is large, and most of it is empty.
pub(crate) fn fill(
    shown: &mut kaiwa_event,
    arena: &mut Arena,
    origin: Origin,
    event: &ConnectionEvent,
) {
    *shown = EMPTY;
    shown.kind = kaiwa_event_kind::of(event.kind());
    shown.account = origin.account;
    shown.account_userdata = origin.userdata;
    shown.seq = origin.seq;
    shown.request = origin.request;
    match event {
        ConnectionEvent::Chat { event } => chat(arena, shown, event),
        ConnectionEvent::Channel { event } => channel(arena, shown, event),
        ConnectionEvent::User { event } => user(arena, shown, event),
        ConnectionEvent::Status { event } => status(arena, shown, event),
        ConnectionEvent::Asset { event } => asset(arena, shown, event),
        _ => {}
    }
}

const EMPTY: kaiwa_event = kaiwa_event {
    kind: kaiwa_event_kind::KAIWA_EVENT_NONE,
    account: 0,
    account_userdata: ptr::null_mut(),
    seq: 0,
    request: 0,
    ended_request: 0,
    channel_id: kaiwa_str::NONE,
    message_id: kaiwa_str::NONE,
    user_id: kaiwa_str::NONE,
    parent_id: kaiwa_str::NONE,
    asset_id: kaiwa_str::NONE,
    after: kaiwa_str::NONE,
    before: kaiwa_str::NONE,
    artifact: kaiwa_str::NONE,
    reason: kaiwa_str::NONE,
    topic: kaiwa_str::NONE,
    query: kaiwa_str::NONE,
    key: kaiwa_str::NONE,
    code: kaiwa_str::NONE,
    emoji: kaiwa_str::NONE,
    text: kaiwa_str::NONE,
    value_json: kaiwa_str::NONE,
    message: ptr::null(),
    messages: ptr::null(),
    messages_len: 0,
    channel: ptr::null(),
    channels: ptr::null(),
    channels_len: 0,
    user: ptr::null(),
    members: ptr::null(),
    members_len: 0,
    asset: ptr::null(),
    capabilities: ptr::null(),
    error: ptr::null(),
    sent: 0,
    total: 0,
    retry_in_ms: 0,
    until_ms: 0,
    until_ns: 0,
    limit: 0,
    presence: kaiwa_presence::KAIWA_PRESENCE_NONE,
    has_retry_in: false,
    has_until: false,
    complete: false,
    on: false,
    typing: false,
    own: false,
    accept: false,
    ban: false,
    is_public: false,
};

fn put_message(arena: &mut Arena, message: &Message) -> *const kaiwa_message {
    let message = super::message(arena, message);
    arena.put(message)
}

fn chat(arena: &mut Arena, shown: &mut kaiwa_event, event: &ChatEvent) {
    let (ChatEvent::New { channel_id, .. }
    | ChatEvent::Update { channel_id, .. }
    | ChatEvent::Remove { channel_id, .. }
    | ChatEvent::RequestHistory { channel_id, .. }
    | ChatEvent::Read { channel_id, .. }
    | ChatEvent::Typing { channel_id, .. }
    | ChatEvent::React { channel_id, .. }
    | ChatEvent::Progress { channel_id, .. }) = event
    else {
        return past(arena, shown, event);
    };
    shown.channel_id = arena.optional(channel_id.as_deref());
    if let ChatEvent::Update { message_id, .. }
    | ChatEvent::Remove { message_id, .. }
    | ChatEvent::Read { message_id, .. }
    | ChatEvent::React { message_id, .. }
    | ChatEvent::Progress { message_id, .. } = event
    {
        shown.message_id = arena.text(message_id);
    }
    if let ChatEvent::Read { user_id, .. }
    | ChatEvent::Typing { user_id, .. }
    | ChatEvent::React { user_id, .. } = event
    {
        shown.user_id = arena.optional(user_id.as_deref());
    }
    match event {
        ChatEvent::New { message, .. }
        | ChatEvent::Update {
            new_message: message,
            ..
        } => shown.message = put_message(arena, message),
        ChatEvent::RequestHistory { before, limit, .. } => {
            shown.before = arena.optional(before.as_deref());
            shown.limit = *limit;
        }
        ChatEvent::Typing { typing, .. } => shown.typing = *typing,
        ChatEvent::React { emoji, on, .. } => {
            shown.emoji = arena.text(emoji);
            shown.on = *on;
        }
        ChatEvent::Progress { sent, total, .. } => (shown.sent, shown.total) = (*sent, *total),
        _ => {}
    }
}

/// What a network tells of before now.
fn past(arena: &mut Arena, shown: &mut kaiwa_event, event: &ChatEvent) {
    match event {
        ChatEvent::History {
            channel_id,
            messages,
            complete,
        } => {
            shown.channel_id = arena.text(channel_id);
            shown.messages = super::list(arena, messages, super::message);
            shown.messages_len = messages.len();
            shown.complete = *complete;
        }
        ChatEvent::Gap {
            channel_id,
            after,
            before,
        } => {
            shown.channel_id = arena.text(channel_id);
            shown.after = arena.optional(after.as_deref());
            shown.before = arena.optional(before.as_deref());
        }
        _ => {}
    }
}

fn channel(arena: &mut Arena, shown: &mut kaiwa_event, event: &ChannelEvent) {
    if let ChannelEvent::Update { channel_id, .. }
    | ChannelEvent::Remove { channel_id }
    | ChannelEvent::Join { channel_id }
    | ChannelEvent::Leave { channel_id }
    | ChannelEvent::Switch { channel_id }
    | ChannelEvent::Topic { channel_id, .. }
    | ChannelEvent::Parent { channel_id, .. }
    | ChannelEvent::Members { channel_id, .. }
    | ChannelEvent::JoinWith { channel_id, .. }
    | ChannelEvent::Invite { channel_id, .. } = event
    {
        shown.channel_id = arena.text(channel_id);
    }
    if let ChannelEvent::New { channel }
    | ChannelEvent::Update {
        new_channel: channel,
        ..
    }
    | ChannelEvent::Create { channel, .. } = event
    {
        let channel = super::channel(arena, channel);
        shown.channel = arena.put(channel);
    }
    match event {
        ChannelEvent::Kick {
            channel_id,
            reason,
            ban,
        } => {
            shown.channel_id = arena.optional(channel_id.as_deref());
            shown.reason = arena.optional(reason.as_deref());
            shown.ban = *ban;
        }
        ChannelEvent::Wipe { channel_id } => {
            shown.channel_id = arena.optional(channel_id.as_deref());
        }
        ChannelEvent::Topic { topic, .. } => shown.topic = arena.optional(topic.as_deref()),
        ChannelEvent::Parent { parent_id, .. } => {
            shown.parent_id = arena.optional(parent_id.as_deref());
        }
        ChannelEvent::Members { members, .. } => {
            shown.members = super::list(arena, members, super::member);
            shown.members_len = members.len();
        }
        ChannelEvent::Create {
            parent_id, public, ..
        } => {
            shown.parent_id = arena.optional(parent_id.as_deref());
            shown.is_public = *public;
        }
        ChannelEvent::JoinWith { key, .. } => shown.key = arena.text(key),
        ChannelEvent::Invite { user_id, code, .. } => {
            shown.user_id = arena.optional(user_id.as_deref());
            shown.code = arena.optional(code.as_deref());
        }
        ChannelEvent::Directory { query, channels } => {
            shown.query = arena.optional(query.as_deref());
            shown.channels = super::list(arena, channels, super::channel);
            shown.channels_len = channels.len();
        }
        _ => {}
    }
}

fn user(arena: &mut Arena, shown: &mut kaiwa_event, event: &UserEvent) {
    if let UserEvent::New { channel_id, .. }
    | UserEvent::Update { channel_id, .. }
    | UserEvent::Remove { channel_id, .. }
    | UserEvent::ClearList { channel_id }
    | UserEvent::Data { channel_id, .. }
    | UserEvent::RequestData { channel_id, .. }
    | UserEvent::Ban { channel_id, .. } = event
    {
        shown.channel_id = arena.optional(channel_id.as_deref());
    }
    if let UserEvent::Update { user_id, .. }
    | UserEvent::Remove { user_id, .. }
    | UserEvent::Identify { user_id }
    | UserEvent::Request { user_id, .. }
    | UserEvent::Respond { user_id, .. }
    | UserEvent::Ban { user_id, .. } = event
    {
        shown.user_id = arena.text(user_id);
    }
    match event {
        UserEvent::New { user, .. } | UserEvent::Update { new_user: user, .. } => {
            let user = super::profile(arena, user);
            shown.user = arena.put(user);
        }
        UserEvent::Presence {
            user_id,
            presence,
            text,
        } => {
            shown.user_id = arena.optional(user_id.as_deref());
            shown.presence = super::presence(*presence);
            shown.text = arena.optional(text.as_deref());
        }
        UserEvent::Request { own, text, .. } => {
            shown.own = *own;
            shown.text = arena.optional(text.as_deref());
        }
        UserEvent::Respond { accept, .. } => shown.accept = *accept,
        UserEvent::Data { key, value, .. } => {
            shown.key = arena.text(key);
            let value = value.as_ref().map(ToString::to_string);
            shown.value_json = arena.optional(value.as_deref());
        }
        UserEvent::RequestData { key, .. } => shown.key = arena.text(key),
        UserEvent::Ban { until, reason, .. } => {
            shown.has_until = until.is_some();
            (shown.until_ms, shown.until_ns) = until.map(moment).unwrap_or_default();
            shown.reason = arena.optional(reason.as_deref());
        }
        _ => {}
    }
}

fn status(arena: &mut Arena, shown: &mut kaiwa_event, event: &StatusEvent) {
    if let StatusEvent::Lost { error, .. } | StatusEvent::Failed { error, .. } = event {
        let error = super::error(arena, error);
        shown.error = arena.put(error);
    }
    match event {
        StatusEvent::Ping { artifact }
        | StatusEvent::Connected { artifact }
        | StatusEvent::Disconnected { artifact } => {
            shown.artifact = arena.optional(artifact.as_deref());
        }
        StatusEvent::Lost { retry_in_ms, .. } => {
            shown.has_retry_in = retry_in_ms.is_some();
            shown.retry_in_ms = retry_in_ms.unwrap_or_default();
        }
        StatusEvent::Done { request } | StatusEvent::Failed { request, .. } => {
            shown.ended_request = request.get();
        }
        StatusEvent::Capabilities { capabilities } => {
            let capabilities = super::capabilities(arena, capabilities);
            shown.capabilities = arena.put(capabilities);
        }
        _ => {}
    }
}

fn asset(arena: &mut Arena, shown: &mut kaiwa_event, event: &AssetEvent) {
    if let AssetEvent::New { channel_id, .. }
    | AssetEvent::Update { channel_id, .. }
    | AssetEvent::Remove { channel_id, .. }
    | AssetEvent::ClearList { channel_id }
    | AssetEvent::Unavailable { channel_id, .. } = event
    {
        shown.channel_id = arena.optional(channel_id.as_deref());
    }
    if let AssetEvent::Update { asset_id, .. } | AssetEvent::Remove { asset_id, .. } = event {
        shown.asset_id = arena.text(asset_id);
    }
    match event {
        AssetEvent::New { asset, .. }
        | AssetEvent::Update {
            new_asset: asset, ..
        } => {
            let asset = super::asset(arena, asset);
            shown.asset = arena.put(asset);
        }
        AssetEvent::Unavailable { error, .. } => {
            let error = super::error(arena, error);
            shown.error = arena.put(error);
        }
        _ => {}
    }
}
