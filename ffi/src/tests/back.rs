//! Reads an event back from its view, as a program in C would.

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent,
    ConnectionEvent, ErrorInfo, ErrorKind, EventKind, Id, Member, Message, MessageFragment,
    MessageStatus, MessageType, Presence, Profile, Role, StatusEvent, Style, UserEvent,
};

use super::rig::request;
use crate::kinds::kaiwa_event_kind;
use crate::raw::text as raw_text;
use crate::text::kaiwa_str;
use crate::view::*;

pub(super) fn event(shown: &kaiwa_event) -> ConnectionEvent {
    let kind = kaiwa_event_kind::kind(shown.kind as i32).expect("a kind");
    match kind.group() {
        "Chat" => chat(kind, shown).into(),
        "Channel" => channel_event(kind, shown).into(),
        "User" => user(kind, shown).into(),
        "Status" => status(kind, shown).into(),
        _ => asset_event(kind, shown).into(),
    }
}

fn chat(kind: EventKind, shown: &kaiwa_event) -> ChatEvent {
    let channel_id = some(shown.channel_id);
    let user_id = some(shown.user_id);
    let message_id = || text(shown.message_id);
    match kind {
        EventKind::ChatNew => ChatEvent::New {
            channel_id,
            message: message(at(shown.message)),
        },
        EventKind::ChatUpdate => ChatEvent::Update {
            channel_id,
            message_id: message_id(),
            new_message: message(at(shown.message)),
        },
        EventKind::ChatRemove => ChatEvent::Remove {
            channel_id,
            message_id: message_id(),
        },
        EventKind::ChatHistory => ChatEvent::History {
            channel_id: text(shown.channel_id),
            messages: all(shown.messages, shown.messages_len, message),
            complete: shown.complete,
        },
        EventKind::ChatGap => ChatEvent::Gap {
            channel_id: text(shown.channel_id),
            after: some(shown.after),
            before: some(shown.before),
        },
        EventKind::ChatRequestHistory => ChatEvent::RequestHistory {
            channel_id,
            before: some(shown.before),
            limit: shown.limit,
        },
        EventKind::ChatRead => ChatEvent::Read {
            channel_id,
            message_id: message_id(),
            user_id,
        },
        EventKind::ChatTyping => ChatEvent::Typing {
            channel_id,
            user_id,
            typing: shown.typing,
        },
        EventKind::ChatReact => ChatEvent::React {
            channel_id,
            message_id: message_id(),
            user_id,
            emoji: text(shown.emoji),
            on: shown.on,
        },
        EventKind::ChatProgress => ChatEvent::Progress {
            channel_id,
            message_id: message_id(),
            sent: shown.sent,
            total: shown.total,
        },
        other => panic!("{other} cannot be read back"),
    }
}

fn channel_event(kind: EventKind, shown: &kaiwa_event) -> ChannelEvent {
    let channel_id = || text(shown.channel_id);
    match kind {
        EventKind::ChannelNew => ChannelEvent::New {
            channel: channel(at(shown.channel)),
        },
        EventKind::ChannelUpdate => ChannelEvent::Update {
            channel_id: channel_id(),
            new_channel: channel(at(shown.channel)),
        },
        EventKind::ChannelRemove => ChannelEvent::Remove {
            channel_id: channel_id(),
        },
        EventKind::ChannelJoin => ChannelEvent::Join {
            channel_id: channel_id(),
        },
        EventKind::ChannelLeave => ChannelEvent::Leave {
            channel_id: channel_id(),
        },
        EventKind::ChannelSwitch => ChannelEvent::Switch {
            channel_id: channel_id(),
        },
        EventKind::ChannelKick => ChannelEvent::Kick {
            channel_id: some(shown.channel_id),
            reason: some(shown.reason),
            ban: shown.ban,
        },
        EventKind::ChannelWipe => ChannelEvent::Wipe {
            channel_id: some(shown.channel_id),
        },
        EventKind::ChannelClearList => ChannelEvent::ClearList,
        EventKind::ChannelTopic => ChannelEvent::Topic {
            channel_id: channel_id(),
            topic: some(shown.topic),
        },
        EventKind::ChannelParent => ChannelEvent::Parent {
            channel_id: channel_id(),
            parent_id: some(shown.parent_id),
        },
        EventKind::ChannelMembers => ChannelEvent::Members {
            channel_id: channel_id(),
            members: all(shown.members, shown.members_len, |member| Member {
                user_id: text(member.user_id),
                role: role(member.role),
            }),
        },
        EventKind::ChannelCreate => ChannelEvent::Create {
            parent_id: some(shown.parent_id),
            channel: channel(at(shown.channel)),
            public: shown.is_public,
        },
        EventKind::ChannelJoinWith => ChannelEvent::JoinWith {
            channel_id: channel_id(),
            key: text(shown.key),
        },
        EventKind::ChannelInvite => ChannelEvent::Invite {
            channel_id: channel_id(),
            user_id: some(shown.user_id),
            code: some(shown.code),
        },
        EventKind::ChannelDirectory => ChannelEvent::Directory {
            query: some(shown.query),
            channels: all(shown.channels, shown.channels_len, channel),
        },
        other => panic!("{other} cannot be read back"),
    }
}

fn user(kind: EventKind, shown: &kaiwa_event) -> UserEvent {
    let channel_id = some(shown.channel_id);
    let user_id = || text(shown.user_id);
    match kind {
        EventKind::UserNew => UserEvent::New {
            channel_id,
            user: profile(at(shown.user)),
        },
        EventKind::UserUpdate => UserEvent::Update {
            channel_id,
            user_id: user_id(),
            new_user: profile(at(shown.user)),
        },
        EventKind::UserRemove => UserEvent::Remove {
            channel_id,
            user_id: user_id(),
        },
        EventKind::UserClearList => UserEvent::ClearList { channel_id },
        EventKind::UserIdentify => UserEvent::Identify { user_id: user_id() },
        EventKind::UserPresence => UserEvent::Presence {
            user_id: some(shown.user_id),
            presence: presence(shown.presence),
            text: some(shown.text),
        },
        EventKind::UserRequest => UserEvent::Request {
            user_id: user_id(),
            own: shown.own,
            text: some(shown.text),
        },
        EventKind::UserRespond => UserEvent::Respond {
            user_id: user_id(),
            accept: shown.accept,
        },
        EventKind::UserData => UserEvent::Data {
            channel_id,
            key: text(shown.key),
            value: some(shown.value_json).map(|json: String| serde_json::from_str(&json).unwrap()),
        },
        EventKind::UserRequestData => UserEvent::RequestData {
            channel_id,
            key: text(shown.key),
        },
        EventKind::UserBan => UserEvent::Ban {
            channel_id,
            user_id: user_id(),
            until: shown
                .has_until
                .then(|| moment(shown.until_ms, shown.until_ns)),
            reason: some(shown.reason),
        },
        other => panic!("{other} cannot be read back"),
    }
}

fn status(kind: EventKind, shown: &kaiwa_event) -> StatusEvent {
    let artifact = some(shown.artifact);
    match kind {
        EventKind::StatusPing => StatusEvent::Ping { artifact },
        EventKind::StatusConnected => StatusEvent::Connected { artifact },
        EventKind::StatusDisconnected => StatusEvent::Disconnected { artifact },
        EventKind::StatusConnecting => StatusEvent::Connecting,
        EventKind::StatusLost => StatusEvent::Lost {
            error: error(at(shown.error)),
            retry_in_ms: shown.has_retry_in.then_some(shown.retry_in_ms),
        },
        EventKind::StatusDone => StatusEvent::Done {
            request: request(shown.ended_request),
        },
        EventKind::StatusFailed => StatusEvent::Failed {
            request: request(shown.ended_request),
            error: error(at(shown.error)),
        },
        EventKind::StatusOverrun => StatusEvent::Overrun,
        EventKind::StatusCapabilities => StatusEvent::Capabilities {
            capabilities: capabilities(at(shown.capabilities)),
        },
        other => panic!("{other} cannot be read back"),
    }
}

fn asset_event(kind: EventKind, shown: &kaiwa_event) -> AssetEvent {
    let channel_id = some(shown.channel_id);
    match kind {
        EventKind::AssetNew => AssetEvent::New {
            channel_id,
            asset: asset(at(shown.asset)),
        },
        EventKind::AssetUpdate => AssetEvent::Update {
            channel_id,
            asset_id: text(shown.asset_id),
            new_asset: asset(at(shown.asset)),
        },
        EventKind::AssetRemove => AssetEvent::Remove {
            channel_id,
            asset_id: text(shown.asset_id),
        },
        EventKind::AssetClearList => AssetEvent::ClearList { channel_id },
        EventKind::AssetUnavailable => AssetEvent::Unavailable {
            channel_id,
            error: error(at(shown.error)),
        },
        other => panic!("{other} cannot be read back"),
    }
}

fn message(shown: &kaiwa_message) -> Message {
    let message = Message {
        id: some(shown.id),
        sender_id: some(shown.sender_id),
        content: all(shown.content, shown.content_len, fragment),
        timestamp: moment(shown.timestamp_ms, shown.timestamp_ns),
        message_type: match shown.message_type {
            kaiwa_message_type::KAIWA_MESSAGE_CURRENT_USER => MessageType::CurrentUser,
            kaiwa_message_type::KAIWA_MESSAGE_NORMAL => MessageType::Normal,
            kaiwa_message_type::KAIWA_MESSAGE_SERVER => MessageType::Server,
            kaiwa_message_type::KAIWA_MESSAGE_META => MessageType::Meta,
            kaiwa_message_type::KAIWA_MESSAGE_NONE => panic!("no number"),
        },
        status: match shown.status {
            kaiwa_message_status::KAIWA_MESSAGE_SENT => MessageStatus::Sent,
            kaiwa_message_status::KAIWA_MESSAGE_DELIVERED => MessageStatus::Delivered,
            kaiwa_message_status::KAIWA_MESSAGE_EDITED => MessageStatus::Edited,
            kaiwa_message_status::KAIWA_MESSAGE_DELETED => MessageStatus::Deleted,
            kaiwa_message_status::KAIWA_MESSAGE_FAILED => MessageStatus::Failed,
            kaiwa_message_status::KAIWA_MESSAGE_STATUS_NONE => panic!("no number"),
        },
    };
    assert_eq!(text::<String>(shown.text), message.plain_text());
    assert_eq!(some::<Id>(shown.reply_to).as_deref(), message.reply_to());
    message
}

fn fragment(shown: &kaiwa_fragment) -> MessageFragment {
    let content = || all(shown.content, shown.content_len, fragment);
    let (url, mime) = (|| text(shown.url), || text(shown.mime));
    match shown.kind as i32 {
        1 => MessageFragment::Text(text(shown.text)),
        2 => MessageFragment::Image {
            url: url(),
            mime: mime(),
        },
        3 => MessageFragment::Video {
            url: url(),
            mime: mime(),
        },
        4 => MessageFragment::Audio {
            url: url(),
            mime: mime(),
        },
        5 => MessageFragment::Url(url()),
        6 => MessageFragment::AssetId(text(shown.asset_id)),
        7 => MessageFragment::File {
            url: url(),
            name: text(shown.name),
            mime: mime(),
            size: shown.has_size.then_some(shown.size),
        },
        8 => MessageFragment::Upload {
            path: text(shown.path),
            name: some(shown.name),
            mime: some(shown.mime),
        },
        9 => MessageFragment::Styled {
            style: style(shown),
            content: content(),
        },
        10 => MessageFragment::Link {
            url: url(),
            content: content(),
        },
        11 => MessageFragment::Mention {
            user_id: text(shown.user_id),
            text: text(shown.text),
        },
        12 => MessageFragment::ChannelLink {
            channel_id: text(shown.channel_id),
            text: text(shown.text),
        },
        13 => MessageFragment::MessageLink {
            channel_id: some(shown.channel_id),
            message_id: text(shown.message_id),
        },
        14 => MessageFragment::Reply {
            message_id: text(shown.message_id),
        },
        15 => MessageFragment::EditedAt(moment(shown.time_ms, shown.time_ns)),
        16 => MessageFragment::Reaction {
            emoji: text(shown.emoji),
            user_ids: strings(shown),
        },
        17 => MessageFragment::Notice {
            code: text(shown.code),
            args: strings(shown),
        },
        18 => MessageFragment::Extra(serde_json::from_str(&text::<String>(shown.json)).unwrap()),
        other => panic!("no fragment has the number {other}"),
    }
}

fn style(shown: &kaiwa_fragment) -> Style {
    match shown.style as i32 {
        1 => Style::Bold,
        2 => Style::Italic,
        3 => Style::Underline,
        4 => Style::Strike,
        5 => Style::Code,
        6 => Style::Preformatted,
        7 => Style::Quote,
        8 => Style::Spoiler,
        9 => Style::Color(shown.color),
        10 => Style::Background(shown.color),
        other => panic!("no style has the number {other}"),
    }
}

fn channel(shown: &kaiwa_channel) -> Channel {
    Channel {
        id: text(shown.id),
        name: some(shown.name),
        channel_type: match shown.channel_type {
            kaiwa_channel_type::KAIWA_CHANNEL_GROUP => ChannelType::Group,
            kaiwa_channel_type::KAIWA_CHANNEL_DIRECT => ChannelType::Direct,
            kaiwa_channel_type::KAIWA_CHANNEL_BROADCAST => ChannelType::Broadcast,
            kaiwa_channel_type::KAIWA_CHANNEL_SPACE => ChannelType::Space,
            kaiwa_channel_type::KAIWA_CHANNEL_NONE => panic!("no number"),
        },
    }
}

fn profile(shown: &kaiwa_profile) -> Profile {
    Profile {
        id: some(shown.id),
        username: some(shown.username),
        display_name: some(shown.display_name),
        color: shown.has_color.then_some(shown.color),
        picture: some(shown.picture),
    }
}

fn role(shown: kaiwa_role) -> Role {
    match shown {
        kaiwa_role::KAIWA_ROLE_MEMBER => Role::Member,
        kaiwa_role::KAIWA_ROLE_MODERATOR => Role::Moderator,
        kaiwa_role::KAIWA_ROLE_ADMIN => Role::Admin,
        kaiwa_role::KAIWA_ROLE_OWNER => Role::Owner,
        kaiwa_role::KAIWA_ROLE_NONE => panic!("no role"),
    }
}

fn presence(shown: kaiwa_presence) -> Presence {
    match shown {
        kaiwa_presence::KAIWA_PRESENCE_ONLINE => Presence::Online,
        kaiwa_presence::KAIWA_PRESENCE_AWAY => Presence::Away,
        kaiwa_presence::KAIWA_PRESENCE_BUSY => Presence::Busy,
        kaiwa_presence::KAIWA_PRESENCE_OFFLINE => Presence::Offline,
        kaiwa_presence::KAIWA_PRESENCE_NONE => panic!("no presence"),
    }
}

fn asset(shown: &kaiwa_asset) -> Asset {
    let id = some(shown.id);
    let pattern = text(shown.pattern);
    let source = match shown.source {
        kaiwa_asset_source::KAIWA_ASSET_SOURCE_USER => AssetSource::User,
        kaiwa_asset_source::KAIWA_ASSET_SOURCE_SERVER => AssetSource::Server,
        kaiwa_asset_source::KAIWA_ASSET_SOURCE_META => AssetSource::Meta,
        kaiwa_asset_source::KAIWA_ASSET_SOURCE_NONE => panic!("no source"),
    };
    let src = || text(shown.src);
    match shown.kind {
        kaiwa_asset_kind::KAIWA_ASSET_EMOTE => Asset::Emote {
            id,
            pattern,
            src: src(),
            source,
        },
        kaiwa_asset_kind::KAIWA_ASSET_STICKER => Asset::Sticker {
            id,
            pattern,
            src: src(),
            source,
        },
        kaiwa_asset_kind::KAIWA_ASSET_AUDIO => Asset::Audio {
            id,
            pattern,
            src: src(),
            source,
        },
        kaiwa_asset_kind::KAIWA_ASSET_COMMAND => Asset::Command {
            id,
            pattern,
            args: all(shown.args, shown.args_len, fragment),
            source,
        },
        kaiwa_asset_kind::KAIWA_ASSET_NONE => panic!("no asset"),
    }
}

fn error(shown: &kaiwa_error) -> ErrorInfo {
    let number = -(shown.status as i32);
    let kind = ErrorKind::ALL
        .iter()
        .find(|kind| i32::from(kind.number()) == number);
    ErrorInfo {
        kind: *kind.expect("a kind of error"),
        message: text(shown.message),
        retry_after_ms: shown.has_retry_after.then_some(shown.retry_after_ms),
    }
}

fn capabilities(shown: &kaiwa_capabilities) -> Capabilities {
    let sends = slice(shown.sends, shown.sends_len).iter();
    let sends: Vec<_> = sends
        .map(|kind| kaiwa_event_kind::kind(*kind as i32).unwrap())
        .collect();
    let mut can = Capabilities::new().sends(&sends);
    can.max_text_bytes = shown.has_max_text.then_some(shown.max_text_bytes);
    can.max_file_bytes = shown.has_max_file.then_some(shown.max_file_bytes);
    can.confirmation(match shown.confirmation {
        kaiwa_confirmation::KAIWA_CONFIRMATION_ACKNOWLEDGED => Confirmation::Acknowledged,
        kaiwa_confirmation::KAIWA_CONFIRMATION_ECHO => Confirmation::Echo,
        kaiwa_confirmation::KAIWA_CONFIRMATION_NONE => panic!("no confirmation"),
    })
}

fn strings<T: for<'a> From<&'a str>>(shown: &kaiwa_fragment) -> Vec<T> {
    let strings = slice(shown.strings, shown.strings_len);
    strings.iter().map(|one| text(*one)).collect()
}

fn moment(ms: i64, ns: u32) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap() + TimeDelta::nanoseconds(ns.into())
}

/// A string that is there, with a NUL behind it.
fn text<T: for<'a> From<&'a str>>(shown: kaiwa_str) -> T {
    some(shown).expect("a string")
}

fn some<T: for<'a> From<&'a str>>(shown: kaiwa_str) -> Option<T> {
    // SAFETY: a string of a live view.
    let text = unsafe { raw_text::owned_optional(shown, "a string") }.unwrap();
    if text.is_some() {
        // SAFETY: the NUL that the header promises.
        assert_eq!(unsafe { *shown.data.add(shown.len) }, 0);
    }
    text
}

fn at<'a, T>(shown: *const T) -> &'a T {
    // SAFETY: a pointer of a live view.
    unsafe { shown.as_ref() }.expect("a pointer")
}

fn slice<'a, T>(shown: *const T, len: usize) -> &'a [T] {
    assert_eq!(shown.is_null(), len == 0);
    if len == 0 {
        return &[];
    }
    // SAFETY: an array of a live view.
    unsafe { std::slice::from_raw_parts(shown, len) }
}

fn all<T, R>(shown: *const *const T, len: usize, read: impl Fn(&T) -> R) -> Vec<R> {
    slice(shown, len).iter().map(|one| read(at(*one))).collect()
}
