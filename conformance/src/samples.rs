//! One event of every kind, to see which of them a network takes.

use chrono::DateTime;
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent,
    ConnectionEvent, ErrorKind, Id, Member, Message, Presence, Profile, RequestId, Role,
    StatusEvent, UserEvent,
};

/// Stands for a password in login forms of the suite; must never be seen again.
pub const SECRET: &str = "correct-horse-battery-staple";

/// One event of every kind; those about a channel or message name `channel` and `m`.
#[must_use]
pub fn events(channel: &str) -> Vec<ConnectionEvent> {
    let mut all = chat(channel);
    all.extend(channels(channel));
    all.extend(users(channel));
    all.extend(status());
    all.extend(assets(channel));
    all
}

fn chat(channel: &str) -> Vec<ConnectionEvent> {
    let channel_id = Some(Id::from(channel));
    let message = Message::text("a sample", DateTime::UNIX_EPOCH);
    let message_id = Id::from("m");
    let all = [
        ChatEvent::New {
            channel_id: channel_id.clone(),
            message: message.clone(),
        },
        ChatEvent::Update {
            channel_id: channel_id.clone(),
            message_id: message_id.clone(),
            new_message: message.clone(),
        },
        ChatEvent::Remove {
            channel_id: channel_id.clone(),
            message_id: message_id.clone(),
        },
        ChatEvent::RequestHistory {
            channel_id: channel_id.clone(),
            before: None,
            limit: 10,
        },
        ChatEvent::Read {
            channel_id: channel_id.clone(),
            message_id: message_id.clone(),
            user_id: None,
        },
        ChatEvent::Typing {
            channel_id: channel_id.clone(),
            user_id: None,
            typing: true,
        },
        ChatEvent::React {
            channel_id: channel_id.clone(),
            message_id: message_id.clone(),
            user_id: None,
            emoji: "👍".to_owned(),
            on: true,
        },
        ChatEvent::Progress {
            channel_id,
            message_id,
            sent: 1,
            total: 2,
        },
        ChatEvent::History {
            channel_id: channel.into(),
            messages: vec![message],
            complete: true,
        },
        ChatEvent::Gap {
            channel_id: channel.into(),
            after: None,
            before: None,
        },
    ];
    all.map(ConnectionEvent::from).into()
}

fn channels(channel: &str) -> Vec<ConnectionEvent> {
    let channel_id = Id::from(channel);
    let new_channel = Channel {
        id: "sample".into(),
        name: Some("Sample".to_owned()),
        channel_type: ChannelType::Group,
    };
    let sample = new_channel.id.clone();
    let all = [
        ChannelEvent::New {
            channel: new_channel.clone(),
        },
        ChannelEvent::Update {
            channel_id: sample.clone(),
            new_channel: new_channel.clone(),
        },
        ChannelEvent::Create {
            parent_id: None,
            channel: new_channel,
            public: true,
        },
        ChannelEvent::JoinWith {
            channel_id: sample.clone(),
            key: SECRET.to_owned(),
        },
        ChannelEvent::Invite {
            channel_id: sample.clone(),
            user_id: None,
            code: None,
        },
        ChannelEvent::Directory {
            query: Some("sample".to_owned()),
            channels: Vec::new(),
        },
        ChannelEvent::Join {
            channel_id: sample.clone(),
        },
        ChannelEvent::Topic {
            channel_id: sample.clone(),
            topic: Some("a sample".to_owned()),
        },
        ChannelEvent::Parent {
            channel_id: sample.clone(),
            parent_id: Some(channel_id.clone()),
        },
        ChannelEvent::Members {
            channel_id: sample.clone(),
            members: vec![Member {
                user_id: "sample".into(),
                role: Role::Moderator,
            }],
        },
        ChannelEvent::Leave {
            channel_id: sample.clone(),
        },
        ChannelEvent::Remove { channel_id: sample },
        ChannelEvent::Switch {
            channel_id: channel_id.clone(),
        },
        ChannelEvent::Kick {
            channel_id: Some(channel_id.clone()),
            reason: None,
            ban: false,
        },
        ChannelEvent::Wipe {
            channel_id: Some(channel_id),
        },
        ChannelEvent::ClearList,
    ];
    all.map(ConnectionEvent::from).into()
}

fn users(channel: &str) -> Vec<ConnectionEvent> {
    let channel_id = Some(Id::from(channel));
    let user_id = Id::from("sample");
    let user = Profile {
        id: Some(user_id.clone()),
        ..Profile::default()
    };
    let all = [
        UserEvent::New {
            channel_id: channel_id.clone(),
            user: user.clone(),
        },
        UserEvent::Update {
            channel_id: channel_id.clone(),
            user_id: user_id.clone(),
            new_user: user,
        },
        UserEvent::Remove {
            channel_id: channel_id.clone(),
            user_id: user_id.clone(),
        },
        UserEvent::ClearList { channel_id },
        UserEvent::Request {
            user_id: user_id.clone(),
            own: true,
            text: Some("a sample".to_owned()),
        },
        UserEvent::Respond {
            user_id: user_id.clone(),
            accept: false,
        },
        UserEvent::Presence {
            user_id: None,
            presence: Presence::Away,
            text: Some("a sample".to_owned()),
        },
        UserEvent::Data {
            channel_id: None,
            key: "sample".to_owned(),
            value: Some("a sample".into()),
        },
        UserEvent::RequestData {
            channel_id: None,
            key: "sample".to_owned(),
        },
        UserEvent::Ban {
            channel_id: Some(channel.into()),
            user_id: user_id.clone(),
            until: None,
            reason: Some("a sample".to_owned()),
        },
        UserEvent::Identify { user_id },
    ];
    all.map(ConnectionEvent::from).into()
}

fn status() -> Vec<ConnectionEvent> {
    let request = RequestId::fresh();
    let error = kaiwa_core::Error::from(ErrorKind::Other).info();
    let artifact = None;
    let all = [
        StatusEvent::Ping {
            artifact: artifact.clone(),
        },
        StatusEvent::Connected {
            artifact: artifact.clone(),
        },
        StatusEvent::Disconnected { artifact },
        StatusEvent::Connecting,
        StatusEvent::Lost {
            error: error.clone(),
            retry_in_ms: None,
        },
        StatusEvent::Done { request },
        StatusEvent::Failed { request, error },
        StatusEvent::Overrun,
        StatusEvent::Capabilities {
            capabilities: Capabilities::new(),
        },
    ];
    all.map(ConnectionEvent::from).into()
}

fn assets(channel: &str) -> Vec<ConnectionEvent> {
    let channel_id = Some(Id::from(channel));
    let asset_id = Id::from("sample");
    let asset = Asset::Emote {
        id: Some(asset_id.clone()),
        pattern: ":sample:".to_owned(),
        src: "https://example.org/sample.png".to_owned(),
        source: AssetSource::User,
    };
    let all = [
        AssetEvent::New {
            channel_id: channel_id.clone(),
            asset: asset.clone(),
        },
        AssetEvent::Update {
            channel_id: channel_id.clone(),
            asset_id: asset_id.clone(),
            new_asset: asset,
        },
        AssetEvent::Remove {
            channel_id: channel_id.clone(),
            asset_id,
        },
        AssetEvent::ClearList { channel_id },
        AssetEvent::Unavailable {
            channel_id: None,
            error: kaiwa_core::Error::from(ErrorKind::Other).info(),
        },
    ];
    all.map(ConnectionEvent::from).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_core::EventKind;

    #[test]
    fn there_is_one_of_each_kind() {
        let mut kinds: Vec<EventKind> = events("c").iter().map(ConnectionEvent::kind).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, EventKind::ALL);
    }
}
