//! One of every event there is.

use oshatori::connection::{
    AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, StatusEvent, UserEvent,
};
use oshatori::{AssetSource, ChannelType};

use crate::records::{assets, channel, everything, message, profile};

const GARDEN: &str = "garden";

pub(crate) fn script() -> Vec<ConnectionEvent> {
    let ping = StatusEvent::Ping { artifact: None };
    let mut all = vec![ConnectionEvent::Status { event: ping }];
    all.extend(places().map(|event| ConnectionEvent::Channel { event }));
    all.extend(people().map(|event| ConnectionEvent::User { event }));
    all.extend(
        things()
            .into_iter()
            .map(|event| ConnectionEvent::Asset { event }),
    );
    all.extend(talk().map(|event| ConnectionEvent::Chat { event }));
    all
}

fn places() -> impl Iterator<Item = ChannelEvent> {
    let cellar = || "cellar".into();
    let attic = || "attic".into();
    [
        ChannelEvent::New {
            channel: channel("shed", ChannelType::Broadcast),
        },
        ChannelEvent::ClearList,
        ChannelEvent::New {
            channel: channel(GARDEN, ChannelType::Group),
        },
        ChannelEvent::New {
            channel: channel("cellar", ChannelType::Direct),
        },
        ChannelEvent::Update {
            channel_id: cellar(),
            new_channel: channel("attic", ChannelType::Direct),
        },
        ChannelEvent::Join {
            channel_id: GARDEN.into(),
        },
        ChannelEvent::Wipe {
            channel_id: Some(attic()),
        },
        ChannelEvent::Kick {
            channel_id: Some(attic()),
            reason: Some("dust".to_owned()),
            ban: false,
        },
        ChannelEvent::Leave {
            channel_id: attic(),
        },
        ChannelEvent::Remove {
            channel_id: attic(),
        },
        ChannelEvent::Switch {
            channel_id: GARDEN.into(),
        },
    ]
    .into_iter()
}

fn people() -> impl Iterator<Item = UserEvent> {
    let here = || Some(GARDEN.into());
    [
        UserEvent::Identify {
            user_id: "me".into(),
        },
        UserEvent::New {
            channel_id: here(),
            user: profile("gone"),
        },
        UserEvent::ClearList { channel_id: here() },
        UserEvent::New {
            channel_id: here(),
            user: profile("me"),
        },
        UserEvent::New {
            channel_id: here(),
            user: profile("bird"),
        },
        UserEvent::Remove {
            channel_id: here(),
            user_id: "bird".into(),
        },
        UserEvent::New {
            channel_id: None,
            user: profile("kitten"),
        },
        UserEvent::Update {
            channel_id: None,
            user_id: "kitten".into(),
            new_user: profile("cat"),
        },
    ]
    .into_iter()
}

fn things() -> Vec<AssetEvent> {
    let here = || Some(GARDEN.into());
    let mut events = vec![AssetEvent::ClearList { channel_id: here() }];
    events.extend(
        assets("rose", AssetSource::User)
            .into_iter()
            .map(|asset| AssetEvent::New {
                channel_id: None,
                asset,
            }),
    );
    events.extend(
        assets("leaf", AssetSource::Server)
            .into_iter()
            .map(|asset| AssetEvent::New {
                channel_id: here(),
                asset,
            }),
    );
    events.push(AssetEvent::Remove {
        channel_id: here(),
        asset_id: "leaf-sound".into(),
    });
    events.extend(
        assets("petal", AssetSource::Meta)
            .into_iter()
            .take(1)
            .map(|new_asset| AssetEvent::Update {
                channel_id: None,
                asset_id: "rose".into(),
                new_asset,
            }),
    );
    events
}

fn talk() -> impl Iterator<Item = ChatEvent> {
    let here = || Some(GARDEN.into());
    [
        ChatEvent::New {
            channel_id: here(),
            message: message("1", "good morning"),
        },
        ChatEvent::New {
            channel_id: None,
            message: everything("2"),
        },
        ChatEvent::New {
            channel_id: here(),
            message: message("3", "a mistake"),
        },
        ChatEvent::Update {
            channel_id: here(),
            message_id: "1".into(),
            new_message: message("1", "good evening"),
        },
        ChatEvent::Remove {
            channel_id: here(),
            message_id: "3".into(),
        },
    ]
    .into_iter()
}
