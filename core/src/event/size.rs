//! How much memory an event holds, for bounds in bytes.

use std::mem::size_of;

use serde_json::Value;

use super::{AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, StatusEvent, UserEvent};
use crate::{Asset, Channel, Id, Member, Message, MessageFragment, Profile};

impl ConnectionEvent {
    /// Bytes that this event holds, itself and its strings; an estimate for bounds on queues.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Chat { event } => chat(event),
                Self::User { event } => user(event),
                Self::Channel { event } => channel_event(event),
                Self::Status { event } => status(event),
                Self::Asset { event } => asset_event(event),
            }
    }
}

fn chat(event: &ChatEvent) -> usize {
    match event {
        ChatEvent::New {
            channel_id,
            message: new,
        } => opt_id(channel_id) + message(new),
        ChatEvent::Update {
            channel_id,
            message_id,
            new_message,
        } => opt_id(channel_id) + message_id.held() + message(new_message),
        ChatEvent::Remove {
            channel_id,
            message_id,
        } => opt_id(channel_id) + message_id.held(),
        ChatEvent::History {
            channel_id,
            messages,
            ..
        } => {
            channel_id.held()
                + messages
                    .iter()
                    .map(|m| size_of::<Message>() + message(m))
                    .sum::<usize>()
        }
        ChatEvent::Gap {
            channel_id,
            after,
            before,
        } => channel_id.held() + opt_id(after) + opt_id(before),
        ChatEvent::RequestHistory {
            channel_id, before, ..
        } => opt_id(channel_id) + opt_id(before),
        ChatEvent::Read {
            channel_id,
            message_id,
            user_id,
        } => opt_id(channel_id) + message_id.held() + opt_id(user_id),
        ChatEvent::Typing {
            channel_id,
            user_id,
            ..
        } => opt_id(channel_id) + opt_id(user_id),
        ChatEvent::React {
            channel_id,
            message_id,
            user_id,
            emoji,
            ..
        } => opt_id(channel_id) + message_id.held() + opt_id(user_id) + emoji.len(),
        ChatEvent::Progress {
            channel_id,
            message_id,
            ..
        } => opt_id(channel_id) + message_id.held(),
    }
}

fn user(event: &UserEvent) -> usize {
    match event {
        UserEvent::New { channel_id, user } => opt_id(channel_id) + profile(user),
        UserEvent::Update {
            channel_id,
            user_id,
            new_user,
        } => opt_id(channel_id) + user_id.held() + profile(new_user),
        UserEvent::Remove {
            channel_id,
            user_id,
        } => opt_id(channel_id) + user_id.held(),
        UserEvent::ClearList { channel_id } => opt_id(channel_id),
        UserEvent::Identify { user_id } | UserEvent::Respond { user_id, .. } => user_id.held(),
        UserEvent::Presence { user_id, text, .. } => opt_id(user_id) + opt(text),
        UserEvent::Request { user_id, text, .. } => user_id.held() + opt(text),
        UserEvent::Data {
            channel_id,
            key,
            value,
        } => opt_id(channel_id) + key.len() + value.as_ref().map_or(0, json),
        UserEvent::RequestData { channel_id, key } => opt_id(channel_id) + key.len(),
        UserEvent::Ban {
            channel_id,
            user_id,
            reason,
            ..
        } => opt_id(channel_id) + user_id.held() + opt(reason),
    }
}

fn channel_event(event: &ChannelEvent) -> usize {
    match event {
        ChannelEvent::New { channel: new } => channel(new),
        ChannelEvent::Update {
            channel_id,
            new_channel,
        } => channel_id.held() + channel(new_channel),
        ChannelEvent::Remove { channel_id }
        | ChannelEvent::Join { channel_id }
        | ChannelEvent::Leave { channel_id }
        | ChannelEvent::Switch { channel_id } => channel_id.held(),
        ChannelEvent::Kick {
            channel_id, reason, ..
        } => opt_id(channel_id) + opt(reason),
        ChannelEvent::Wipe { channel_id } => opt_id(channel_id),
        ChannelEvent::ClearList => 0,
        ChannelEvent::Topic { channel_id, topic } => channel_id.held() + opt(topic),
        ChannelEvent::Parent {
            channel_id,
            parent_id,
        } => channel_id.held() + opt_id(parent_id),
        ChannelEvent::Members {
            channel_id,
            members,
        } => {
            channel_id.held()
                + members
                    .iter()
                    .map(|member| size_of::<Member>() + member.user_id.held())
                    .sum::<usize>()
        }
        ChannelEvent::Create {
            parent_id,
            channel: new,
            ..
        } => opt_id(parent_id) + channel(new),
        ChannelEvent::JoinWith { channel_id, key } => channel_id.held() + key.len(),
        ChannelEvent::Invite {
            channel_id,
            user_id,
            code,
        } => channel_id.held() + opt_id(user_id) + opt(code),
        ChannelEvent::Directory { query, channels } => {
            opt(query)
                + channels
                    .iter()
                    .map(|one| size_of::<Channel>() + channel(one))
                    .sum::<usize>()
        }
    }
}

fn status(event: &StatusEvent) -> usize {
    match event {
        StatusEvent::Ping { artifact }
        | StatusEvent::Connected { artifact }
        | StatusEvent::Disconnected { artifact } => opt(artifact),
        StatusEvent::Lost { error, .. } | StatusEvent::Failed { error, .. } => error.message.len(),
        StatusEvent::Connecting | StatusEvent::Done { .. } | StatusEvent::Overrun => 0,
        StatusEvent::Capabilities { capabilities } => capabilities.size(),
    }
}

fn asset_event(event: &AssetEvent) -> usize {
    match event {
        AssetEvent::New {
            channel_id,
            asset: new,
        } => opt_id(channel_id) + asset(new),
        AssetEvent::Update {
            channel_id,
            asset_id,
            new_asset,
        } => opt_id(channel_id) + asset_id.held() + asset(new_asset),
        AssetEvent::Remove {
            channel_id,
            asset_id,
        } => opt_id(channel_id) + asset_id.held(),
        AssetEvent::ClearList { channel_id } => opt_id(channel_id),
        AssetEvent::Unavailable { channel_id, error } => opt_id(channel_id) + error.message.len(),
    }
}

/// Heap bytes of a message, without the record itself.
pub(crate) fn message(message: &Message) -> usize {
    opt_id(&message.id) + opt_id(&message.sender_id) + fragments(&message.content)
}

fn fragments(content: &[MessageFragment]) -> usize {
    content.iter().map(fragment).sum()
}

fn fragment(fragment: &MessageFragment) -> usize {
    size_of::<MessageFragment>()
        + match fragment {
            MessageFragment::Text(text) | MessageFragment::Url(text) => text.len(),
            MessageFragment::AssetId(id) => id.held(),
            MessageFragment::Image { url, mime }
            | MessageFragment::Video { url, mime }
            | MessageFragment::Audio { url, mime } => url.len() + mime.len(),
            MessageFragment::File {
                url, name, mime, ..
            } => url.len() + name.len() + mime.len(),
            MessageFragment::Upload { path, name, mime } => path.len() + opt(name) + opt(mime),
            MessageFragment::Reply { message_id } => message_id.held(),
            MessageFragment::EditedAt(_) => 0,
            MessageFragment::Reaction { emoji, user_ids } => emoji.len() + ids(user_ids),
            MessageFragment::Styled { content, .. } => fragments(content),
            MessageFragment::Link { url, content } => url.len() + fragments(content),
            MessageFragment::Mention { user_id: id, text }
            | MessageFragment::ChannelLink {
                channel_id: id,
                text,
            } => id.held() + text.len(),
            MessageFragment::MessageLink {
                channel_id,
                message_id,
            } => opt_id(channel_id) + message_id.held(),
            MessageFragment::Notice { code, args } => code.len() + texts(args),
            MessageFragment::Extra(value) => json(value),
        }
}

/// Heap bytes of a JSON value. Recursion ends: what was read is at most 128 deep, the limit of the parser.
pub(crate) fn json(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items
            .iter()
            .map(|item| size_of::<Value>() + json(item))
            .sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| size_of::<String>() + key.len() + size_of::<Value>() + json(item))
            .sum(),
    }
}

fn profile(profile: &Profile) -> usize {
    opt_id(&profile.id)
        + opt(&profile.username)
        + opt(&profile.display_name)
        + opt(&profile.picture)
}

fn channel(channel: &Channel) -> usize {
    channel.id.held() + opt(&channel.name)
}

fn asset(asset: &Asset) -> usize {
    match asset {
        Asset::Emote {
            id, pattern, src, ..
        }
        | Asset::Sticker {
            id, pattern, src, ..
        }
        | Asset::Audio {
            id, pattern, src, ..
        } => opt_id(id) + pattern.len() + src.len(),
        Asset::Command {
            id, pattern, args, ..
        } => opt_id(id) + pattern.len() + fragments(args),
    }
}

fn ids(ids: &[Id]) -> usize {
    ids.iter().map(|id| size_of::<Id>() + id.held()).sum()
}

fn texts(texts: &[String]) -> usize {
    let held = texts.iter().map(|text| size_of::<String>() + text.len());
    held.sum()
}

fn opt_id(id: &Option<Id>) -> usize {
    id.as_ref().map_or(0, Id::held)
}

fn opt(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn long() -> String {
        "x".repeat(1_000)
    }

    fn named() -> Channel {
        Channel {
            id: long().into(),
            name: Some(long()),
            ..Channel::default()
        }
    }

    /// A queue that is bounded in bytes must count what a peer can make long.
    fn every_text_counts(texts: impl IntoIterator<Item = (ConnectionEvent, usize)>) {
        for (event, count) in texts {
            let texts = event.size() - size_of::<ConnectionEvent>();
            assert_eq!(texts / 1_000, count, "{}", event.kind());
        }
    }

    #[test]
    fn every_text_about_messages_counts() {
        every_text_counts([
            (
                ChatEvent::RequestHistory {
                    channel_id: Some(long().into()),
                    before: Some(long().into()),
                    limit: 1,
                }
                .into(),
                2,
            ),
            (
                ChatEvent::Read {
                    channel_id: Some(long().into()),
                    message_id: long().into(),
                    user_id: Some(long().into()),
                }
                .into(),
                3,
            ),
            (
                ChatEvent::Typing {
                    channel_id: Some(long().into()),
                    user_id: Some(long().into()),
                    typing: true,
                }
                .into(),
                2,
            ),
            (
                ChatEvent::React {
                    channel_id: Some(long().into()),
                    message_id: long().into(),
                    user_id: Some(long().into()),
                    emoji: long(),
                    on: true,
                }
                .into(),
                4,
            ),
            (
                ChatEvent::Progress {
                    channel_id: Some(long().into()),
                    message_id: long().into(),
                    sent: 0,
                    total: 0,
                }
                .into(),
                2,
            ),
        ]);
    }

    #[test]
    fn every_text_about_channels_counts() {
        every_text_counts([
            (
                ChannelEvent::Topic {
                    channel_id: long().into(),
                    topic: Some(long()),
                }
                .into(),
                2,
            ),
            (
                ChannelEvent::Parent {
                    channel_id: long().into(),
                    parent_id: Some(long().into()),
                }
                .into(),
                2,
            ),
            (
                ChannelEvent::Members {
                    channel_id: long().into(),
                    members: [Role::Member, Role::Owner]
                        .map(|role| Member {
                            user_id: long().into(),
                            role,
                        })
                        .into(),
                }
                .into(),
                3,
            ),
            (
                ChannelEvent::Create {
                    parent_id: Some(long().into()),
                    channel: named(),
                    public: true,
                }
                .into(),
                3,
            ),
            (
                ChannelEvent::JoinWith {
                    channel_id: long().into(),
                    key: long(),
                }
                .into(),
                2,
            ),
            (
                ChannelEvent::Invite {
                    channel_id: long().into(),
                    user_id: Some(long().into()),
                    code: Some(long()),
                }
                .into(),
                3,
            ),
            (
                ChannelEvent::Directory {
                    query: Some(long()),
                    channels: vec![named(), named()],
                }
                .into(),
                5,
            ),
        ]);
    }

    #[test]
    fn every_text_about_people_counts() {
        every_text_counts([
            (
                UserEvent::Presence {
                    user_id: Some(long().into()),
                    presence: crate::Presence::Away,
                    text: Some(long()),
                }
                .into(),
                2,
            ),
            (
                UserEvent::Request {
                    user_id: long().into(),
                    own: false,
                    text: Some(long()),
                }
                .into(),
                2,
            ),
            (
                UserEvent::Respond {
                    user_id: long().into(),
                    accept: true,
                }
                .into(),
                1,
            ),
            (
                UserEvent::Data {
                    channel_id: Some(long().into()),
                    key: long(),
                    value: Some(serde_json::json!([long(), { long(): long() }])),
                }
                .into(),
                5,
            ),
            (
                UserEvent::RequestData {
                    channel_id: Some(long().into()),
                    key: long(),
                }
                .into(),
                2,
            ),
            (
                UserEvent::Ban {
                    channel_id: Some(long().into()),
                    user_id: long().into(),
                    until: None,
                    reason: Some(long()),
                }
                .into(),
                3,
            ),
        ]);
    }

    #[test]
    fn every_text_within_a_fragment_counts() {
        let long = || "x".repeat(1_000);
        let texts: [(MessageFragment, usize); 6] = [
            (
                MessageFragment::Styled {
                    style: crate::Style::Bold,
                    content: vec![MessageFragment::Text(long()), MessageFragment::Url(long())],
                },
                2,
            ),
            (
                MessageFragment::Link {
                    url: long(),
                    content: vec![MessageFragment::Text(long())],
                },
                2,
            ),
            (
                MessageFragment::Mention {
                    user_id: long().into(),
                    text: long(),
                },
                2,
            ),
            (
                MessageFragment::ChannelLink {
                    channel_id: long().into(),
                    text: long(),
                },
                2,
            ),
            (
                MessageFragment::MessageLink {
                    channel_id: Some(long().into()),
                    message_id: long().into(),
                },
                2,
            ),
            (
                MessageFragment::Notice {
                    code: long(),
                    args: vec![long(), long()],
                },
                3,
            ),
        ];
        for (fragment, count) in texts {
            assert_eq!(super::fragment(&fragment) / 1_000, count, "{fragment:?}");
        }
    }
}
