//! Anything the vocabulary can say.

use std::fmt;

use chrono::{DateTime, Utc};
use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::{
    Account, Asset, AssetEvent, AssetSource, AuthField, Capabilities, Channel, ChannelEvent,
    ChannelType, ChatEvent, ConnectionEvent, ErrorInfo, ErrorKind, EventKind, FieldValue, Id,
    Member, Message, MessageFragment, MessageStatus, MessageType, Presence, Profile, Protocol,
    RequestId, Role, StatusEvent, Style, UserEvent,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Any text, or id; what JSON must escape included.
pub(crate) fn text<T: From<String> + fmt::Debug>() -> impl Strategy<Value = T> + Clone {
    prop_oneof![any::<String>(), "[a-z\u{0}-\u{1f}\"\\\\]{0,8}"].prop_map(T::from)
}

fn maybe<T: From<String> + fmt::Debug>() -> impl Strategy<Value = Option<T>> {
    of(text())
}

/// Any event of a kind.
pub(crate) fn of_kind(kind: EventKind) -> BoxedStrategy<ConnectionEvent> {
    match kind.group() {
        "Chat" => chat(kind).prop_map_into().boxed(),
        "Channel" => channel_event(kind).prop_map_into().boxed(),
        "User" => user(kind).prop_map_into().boxed(),
        "Status" => status(kind).prop_map_into().boxed(),
        "Asset" => asset_event(kind).prop_map_into().boxed(),
        _ => missing(kind),
    }
}

fn missing(kind: EventKind) -> ! {
    panic!("no generator for {kind}: add one here")
}

fn chat(kind: EventKind) -> BoxedStrategy<ChatEvent> {
    match kind {
        EventKind::ChatNew => (maybe(), message())
            .prop_map(|(channel_id, message)| ChatEvent::New {
                channel_id,
                message,
            })
            .boxed(),
        EventKind::ChatUpdate => (maybe(), text(), message())
            .prop_map(|(channel_id, message_id, new_message)| ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            })
            .boxed(),
        EventKind::ChatRemove => (maybe(), text())
            .prop_map(|(channel_id, message_id)| ChatEvent::Remove {
                channel_id,
                message_id,
            })
            .boxed(),
        EventKind::ChatHistory => (text(), vec(message(), 0..4), any::<bool>())
            .prop_map(|(channel_id, messages, complete)| ChatEvent::History {
                channel_id,
                messages,
                complete,
            })
            .boxed(),
        EventKind::ChatGap => (text(), maybe(), maybe())
            .prop_map(|(channel_id, after, before)| ChatEvent::Gap {
                channel_id,
                after,
                before,
            })
            .boxed(),
        EventKind::ChatRequestHistory => (maybe(), maybe(), any::<u32>())
            .prop_map(|(channel_id, before, limit)| ChatEvent::RequestHistory {
                channel_id,
                before,
                limit,
            })
            .boxed(),
        EventKind::ChatRead => (maybe(), text(), maybe())
            .prop_map(|(channel_id, message_id, user_id)| ChatEvent::Read {
                channel_id,
                message_id,
                user_id,
            })
            .boxed(),
        EventKind::ChatTyping => (maybe(), maybe(), any::<bool>())
            .prop_map(|(channel_id, user_id, typing)| ChatEvent::Typing {
                channel_id,
                user_id,
                typing,
            })
            .boxed(),
        EventKind::ChatReact => (maybe(), text(), maybe(), text(), any::<bool>())
            .prop_map(
                |(channel_id, message_id, user_id, emoji, on)| ChatEvent::React {
                    channel_id,
                    message_id,
                    user_id,
                    emoji,
                    on,
                },
            )
            .boxed(),
        EventKind::ChatProgress => (maybe(), text(), any::<u64>(), any::<u64>())
            .prop_map(
                |(channel_id, message_id, sent, total)| ChatEvent::Progress {
                    channel_id,
                    message_id,
                    sent,
                    total,
                },
            )
            .boxed(),
        _ => missing(kind),
    }
}

fn channel_event(kind: EventKind) -> BoxedStrategy<ChannelEvent> {
    let named = |make: fn(Id) -> ChannelEvent| text().prop_map(make).boxed();
    match kind {
        EventKind::ChannelNew => channel()
            .prop_map(|channel| ChannelEvent::New { channel })
            .boxed(),
        EventKind::ChannelUpdate => (text(), channel())
            .prop_map(|(channel_id, new_channel)| ChannelEvent::Update {
                channel_id,
                new_channel,
            })
            .boxed(),
        EventKind::ChannelRemove => named(|channel_id| ChannelEvent::Remove { channel_id }),
        EventKind::ChannelJoin => named(|channel_id| ChannelEvent::Join { channel_id }),
        EventKind::ChannelLeave => named(|channel_id| ChannelEvent::Leave { channel_id }),
        EventKind::ChannelSwitch => named(|channel_id| ChannelEvent::Switch { channel_id }),
        EventKind::ChannelKick => (maybe(), maybe(), any::<bool>())
            .prop_map(|(channel_id, reason, ban)| ChannelEvent::Kick {
                channel_id,
                reason,
                ban,
            })
            .boxed(),
        EventKind::ChannelWipe => maybe()
            .prop_map(|channel_id| ChannelEvent::Wipe { channel_id })
            .boxed(),
        EventKind::ChannelClearList => Just(ChannelEvent::ClearList).boxed(),
        EventKind::ChannelTopic => (text(), maybe())
            .prop_map(|(channel_id, topic)| ChannelEvent::Topic { channel_id, topic })
            .boxed(),
        EventKind::ChannelParent => (text(), maybe())
            .prop_map(|(channel_id, parent_id)| ChannelEvent::Parent {
                channel_id,
                parent_id,
            })
            .boxed(),
        EventKind::ChannelMembers => (text(), vec(member(), 0..4))
            .prop_map(|(channel_id, members)| ChannelEvent::Members {
                channel_id,
                members,
            })
            .boxed(),
        EventKind::ChannelCreate => (maybe(), channel(), any::<bool>())
            .prop_map(|(parent_id, channel, public)| ChannelEvent::Create {
                parent_id,
                channel,
                public,
            })
            .boxed(),
        EventKind::ChannelJoinWith => (text(), text())
            .prop_map(|(channel_id, key)| ChannelEvent::JoinWith { channel_id, key })
            .boxed(),
        EventKind::ChannelInvite => (text(), maybe(), maybe())
            .prop_map(|(channel_id, user_id, code)| ChannelEvent::Invite {
                channel_id,
                user_id,
                code,
            })
            .boxed(),
        EventKind::ChannelDirectory => (maybe(), vec(channel(), 0..4))
            .prop_map(|(query, channels)| ChannelEvent::Directory { query, channels })
            .boxed(),
        _ => missing(kind),
    }
}

fn user(kind: EventKind) -> BoxedStrategy<UserEvent> {
    match kind {
        EventKind::UserNew => (maybe(), profile())
            .prop_map(|(channel_id, user)| UserEvent::New { channel_id, user })
            .boxed(),
        EventKind::UserUpdate => (maybe(), text(), profile())
            .prop_map(|(channel_id, user_id, new_user)| UserEvent::Update {
                channel_id,
                user_id,
                new_user,
            })
            .boxed(),
        EventKind::UserRemove => (maybe(), text())
            .prop_map(|(channel_id, user_id)| UserEvent::Remove {
                channel_id,
                user_id,
            })
            .boxed(),
        EventKind::UserClearList => maybe()
            .prop_map(|channel_id| UserEvent::ClearList { channel_id })
            .boxed(),
        EventKind::UserIdentify => text()
            .prop_map(|user_id| UserEvent::Identify { user_id })
            .boxed(),
        EventKind::UserPresence => (maybe(), presence(), maybe())
            .prop_map(|(user_id, presence, text)| UserEvent::Presence {
                user_id,
                presence,
                text,
            })
            .boxed(),
        EventKind::UserRequest => (text(), any::<bool>(), maybe())
            .prop_map(|(user_id, own, text)| UserEvent::Request { user_id, own, text })
            .boxed(),
        EventKind::UserRespond => (text(), any::<bool>())
            .prop_map(|(user_id, accept)| UserEvent::Respond { user_id, accept })
            .boxed(),
        EventKind::UserData => (maybe(), text(), value())
            .prop_map(|(channel_id, key, value)| UserEvent::Data {
                channel_id,
                key,
                // JSON has one way of writing both.
                value: Some(value).filter(|value| !value.is_null()),
            })
            .boxed(),
        EventKind::UserRequestData => (maybe(), text())
            .prop_map(|(channel_id, key)| UserEvent::RequestData { channel_id, key })
            .boxed(),
        EventKind::UserBan => (maybe(), text(), of(moment()), maybe())
            .prop_map(|(channel_id, user_id, until, reason)| UserEvent::Ban {
                channel_id,
                user_id,
                until,
                reason,
            })
            .boxed(),
        _ => missing(kind),
    }
}

fn status(kind: EventKind) -> BoxedStrategy<StatusEvent> {
    let said = |make: fn(Option<String>) -> StatusEvent| maybe().prop_map(make).boxed();
    match kind {
        EventKind::StatusPing => said(|artifact| StatusEvent::Ping { artifact }),
        EventKind::StatusConnected => said(|artifact| StatusEvent::Connected { artifact }),
        EventKind::StatusDisconnected => said(|artifact| StatusEvent::Disconnected { artifact }),
        EventKind::StatusConnecting => Just(StatusEvent::Connecting).boxed(),
        EventKind::StatusLost => (error(), of(any::<u64>()))
            .prop_map(|(error, retry_in_ms)| StatusEvent::Lost { error, retry_in_ms })
            .boxed(),
        EventKind::StatusDone => request()
            .prop_map(|request| StatusEvent::Done { request })
            .boxed(),
        EventKind::StatusFailed => (request(), error())
            .prop_map(|(request, error)| StatusEvent::Failed { request, error })
            .boxed(),
        EventKind::StatusOverrun => Just(StatusEvent::Overrun).boxed(),
        EventKind::StatusCapabilities => capabilities()
            .prop_map(|capabilities| StatusEvent::Capabilities { capabilities })
            .boxed(),
        _ => missing(kind),
    }
}

fn asset_event(kind: EventKind) -> BoxedStrategy<AssetEvent> {
    match kind {
        EventKind::AssetNew => (maybe(), asset())
            .prop_map(|(channel_id, asset)| AssetEvent::New { channel_id, asset })
            .boxed(),
        EventKind::AssetUpdate => (maybe(), text(), asset())
            .prop_map(|(channel_id, asset_id, new_asset)| AssetEvent::Update {
                channel_id,
                asset_id,
                new_asset,
            })
            .boxed(),
        EventKind::AssetRemove => (maybe(), text())
            .prop_map(|(channel_id, asset_id)| AssetEvent::Remove {
                channel_id,
                asset_id,
            })
            .boxed(),
        EventKind::AssetClearList => maybe()
            .prop_map(|channel_id| AssetEvent::ClearList { channel_id })
            .boxed(),
        EventKind::AssetUnavailable => (maybe(), error())
            .prop_map(|(channel_id, error)| AssetEvent::Unavailable { channel_id, error })
            .boxed(),
        _ => missing(kind),
    }
}

fn request() -> impl Strategy<Value = RequestId> {
    any::<std::num::NonZeroU64>().prop_map(RequestId::from)
}

/// Every moment that RFC 3339 can write.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-62_135_596_800_i64..253_402_300_800, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn message() -> impl Strategy<Value = Message> {
    let types = [
        MessageType::CurrentUser,
        MessageType::Normal,
        MessageType::Server,
        MessageType::Meta,
    ];
    let stati = [
        MessageStatus::Sent,
        MessageStatus::Delivered,
        MessageStatus::Edited,
        MessageStatus::Deleted,
        MessageStatus::Failed,
    ];
    (
        maybe(),
        maybe(),
        vec(fragment(), 0..4),
        moment(),
        select(types.to_vec()),
        select(stati.to_vec()),
    )
        .prop_map(
            |(id, sender_id, content, timestamp, message_type, status)| Message {
                id,
                sender_id,
                content,
                timestamp,
                message_type,
                status,
            },
        )
}

fn fragment() -> impl Strategy<Value = MessageFragment> {
    plain_fragment().prop_recursive(3, 12, 3, |inner| {
        let content = move || vec(inner.clone(), 0..3);
        prop_oneof![
            (style(), content())
                .prop_map(|(style, content)| MessageFragment::Styled { style, content }),
            (text(), content()).prop_map(|(url, content)| MessageFragment::Link { url, content }),
        ]
    })
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        select(vec![
            Style::Bold,
            Style::Italic,
            Style::Underline,
            Style::Strike,
            Style::Code,
            Style::Preformatted,
            Style::Quote,
            Style::Spoiler,
        ]),
        any::<[u8; 4]>().prop_map(Style::Color),
        any::<[u8; 4]>().prop_map(Style::Background),
    ]
}

fn plain_fragment() -> impl Strategy<Value = MessageFragment> {
    let file = || (text(), text());
    prop_oneof![
        text().prop_map(MessageFragment::Text),
        file().prop_map(|(url, mime)| MessageFragment::Image { url, mime }),
        file().prop_map(|(url, mime)| MessageFragment::Video { url, mime }),
        file().prop_map(|(url, mime)| MessageFragment::Audio { url, mime }),
        text().prop_map(MessageFragment::Url),
        text().prop_map(MessageFragment::AssetId),
        (file(), text(), of(any::<u64>())).prop_map(|((url, mime), name, size)| {
            MessageFragment::File {
                url,
                name,
                mime,
                size,
            }
        }),
        (text(), maybe(), maybe()).prop_map(|(path, name, mime)| MessageFragment::Upload {
            path,
            name,
            mime
        }),
        text().prop_map(|message_id| MessageFragment::Reply { message_id }),
        moment().prop_map(MessageFragment::EditedAt),
        (text(), vec(text(), 0..4))
            .prop_map(|(emoji, user_ids)| MessageFragment::Reaction { emoji, user_ids }),
        (text(), text()).prop_map(|(user_id, text)| MessageFragment::Mention { user_id, text }),
        (text(), text())
            .prop_map(|(channel_id, text)| MessageFragment::ChannelLink { channel_id, text }),
        (maybe(), text()).prop_map(|(channel_id, message_id)| MessageFragment::MessageLink {
            channel_id,
            message_id
        }),
        (text(), vec(text(), 0..4)).prop_map(|(code, args)| MessageFragment::Notice { code, args }),
        value().prop_map(MessageFragment::Extra),
    ]
}

/// Any JSON, with whole numbers: the parser is free to read the last bit of a fraction otherwise.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    let types = [
        ChannelType::Group,
        ChannelType::Direct,
        ChannelType::Broadcast,
        ChannelType::Space,
    ];
    (text(), maybe(), select(types.to_vec())).prop_map(|(id, name, channel_type)| Channel {
        id,
        name,
        channel_type,
    })
}

fn member() -> impl Strategy<Value = Member> {
    let roles = [Role::Member, Role::Moderator, Role::Admin, Role::Owner];
    (text(), select(roles.to_vec())).prop_map(|(user_id, role)| Member { user_id, role })
}

fn presence() -> impl Strategy<Value = Presence> {
    select(vec![
        Presence::Online,
        Presence::Away,
        Presence::Busy,
        Presence::Offline,
    ])
}

fn profile() -> impl Strategy<Value = Profile> {
    (maybe(), maybe(), maybe(), of(any::<[u8; 4]>()), maybe()).prop_map(
        |(id, username, display_name, color, picture)| Profile {
            id,
            username,
            display_name,
            color,
            picture,
        },
    )
}

fn asset() -> impl Strategy<Value = Asset> {
    let sources = || {
        select(vec![
            AssetSource::User,
            AssetSource::Server,
            AssetSource::Meta,
        ])
    };
    let file = move || (maybe(), text(), text(), sources());
    prop_oneof![
        file().prop_map(|(id, pattern, src, source)| Asset::Emote {
            id,
            pattern,
            src,
            source
        }),
        file().prop_map(|(id, pattern, src, source)| Asset::Sticker {
            id,
            pattern,
            src,
            source
        }),
        file().prop_map(|(id, pattern, src, source)| Asset::Audio {
            id,
            pattern,
            src,
            source
        }),
        (maybe(), text(), vec(fragment(), 0..3), sources()).prop_map(
            |(id, pattern, args, source)| Asset::Command {
                id,
                pattern,
                args,
                source
            }
        ),
    ]
}

pub(crate) fn error() -> impl Strategy<Value = ErrorInfo> {
    (select(ErrorKind::ALL), text(), of(any::<u64>())).prop_map(
        |(kind, message, retry_after_ms)| ErrorInfo {
            kind,
            message,
            retry_after_ms,
        },
    )
}

pub(crate) fn capabilities() -> impl Strategy<Value = Capabilities> {
    let confirmations = vec![Confirmation::Acknowledged, Confirmation::Echo];
    (
        btree_set(select(EventKind::ALL), 0..8),
        of(any::<u64>()),
        of(any::<u64>()),
        select(confirmations),
    )
        .prop_map(|(sends, max_text_bytes, max_file_bytes, confirmation)| {
            let sends: Vec<EventKind> = sends.into_iter().collect();
            let mut capabilities = Capabilities::new().sends(&sends).confirmation(confirmation);
            capabilities.max_text_bytes = max_text_bytes;
            capabilities.max_file_bytes = max_file_bytes;
            capabilities
        })
}

/// Any login form, with these passwords in it.
fn form(
    password: impl Strategy<Value = String> + Clone + 'static,
) -> BoxedStrategy<Vec<AuthField>> {
    let value = prop_oneof![
        of("[a-z]{0,5}").prop_map(FieldValue::Text),
        of(password).prop_map(FieldValue::Password),
    ];
    let field = |value: BoxedStrategy<FieldValue>| {
        ("[a-z]{1,5}", of("[a-z]{0,5}"), value, any::<bool>()).prop_map(
            |(name, display, value, required)| AuthField {
                name,
                display,
                value,
                required,
            },
        )
    };
    let value = value.prop_recursive(3, 16, 4, move |inner| {
        vec(field(inner.boxed()), 0..4).prop_map(FieldValue::Group)
    });
    vec(field(value.boxed()), 0..4).boxed()
}

pub(crate) fn account(
    password: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Account> {
    (form(password), "[a-z]{0,5}", of(profile()), any::<bool>()).prop_map(
        |(auth, protocol_name, private_profile, autoconnect)| Account {
            auth,
            protocol_name,
            private_profile,
            autoconnect,
        },
    )
}

pub(crate) fn protocol() -> impl Strategy<Value = Protocol> {
    (text(), of(form(text()))).prop_map(|(name, auth)| Protocol { name, auth })
}
