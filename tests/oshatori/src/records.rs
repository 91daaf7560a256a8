//! Every record and every variant, as literals.

#![allow(clippy::clone_on_copy, reason = "there these enums are not `Copy`")]

use chrono::{DateTime, Utc};
use oshatori::{
    Account, Asset, AssetSource, AuthField, Channel, ChannelType, FieldValue, Message,
    MessageFragment, MessageStatus, MessageType, Profile, Protocol,
};

pub(crate) fn account() -> Account {
    let name = AuthField {
        name: "name".to_owned(),
        display: None,
        value: FieldValue::Text(Some("me".to_owned())),
        required: true,
    };
    let password = AuthField {
        name: "password".to_owned(),
        display: None,
        value: FieldValue::Password(None),
        required: false,
    };
    let protocol = Protocol {
        name: "mock".to_owned(),
        auth: Some(vec![AuthField {
            name: "login".to_owned(),
            display: Some("Who you are".to_owned()),
            value: FieldValue::Group(vec![name, password]),
            required: true,
        }]),
    };
    Account {
        auth: protocol.auth.unwrap_or_default(),
        protocol_name: protocol.name,
        private_profile: Some(Profile::default()),
        autoconnect: false,
    }
}

pub(crate) fn profile(id: &str) -> Profile {
    Profile {
        id: Some(id.into()),
        username: Some(id.to_owned()),
        display_name: Some(id.to_uppercase()),
        color: Some([0, 128, 255, 255]),
        picture: None,
    }
}

pub(crate) fn channel(id: &str, channel_type: ChannelType) -> Channel {
    Channel {
        id: id.into(),
        name: Some(id.to_owned()),
        channel_type,
    }
}

pub(crate) fn message(id: &str, text: &str) -> Message {
    Message {
        id: Some(id.into()),
        sender_id: Some("me".into()),
        content: vec![MessageFragment::Text(text.to_owned())],
        timestamp: DateTime::<Utc>::UNIX_EPOCH,
        message_type: MessageType::Normal,
        status: MessageStatus::Delivered,
    }
}

/// A message with everything in it.
pub(crate) fn everything(id: &str) -> Message {
    let file = |end: &str| format!("https://example.org/rose.{end}");
    Message {
        content: vec![
            MessageFragment::Text("look:".to_owned()),
            MessageFragment::Image {
                url: file("png"),
                mime: "image/png".to_owned(),
            },
            MessageFragment::Video {
                url: file("webm"),
                mime: "video/webm".to_owned(),
            },
            MessageFragment::Audio {
                url: file("ogg"),
                mime: "audio/ogg".to_owned(),
            },
            MessageFragment::Url("https://example.org/".to_owned()),
            MessageFragment::AssetId("rose".into()),
        ],
        message_type: MessageType::CurrentUser,
        status: MessageStatus::Sent,
        ..message(id, "")
    }
}

/// One asset of each kind.
pub(crate) fn assets(name: &str, source: AssetSource) -> Vec<Asset> {
    let id = |kind: &str| Some(format!("{name}{kind}").into());
    let pattern = || format!(":{name}:");
    let src = || format!("https://example.org/{name}");
    vec![
        Asset::Emote {
            id: id(""),
            pattern: pattern(),
            src: src(),
            source: source.clone(),
        },
        Asset::Sticker {
            id: id("-sticker"),
            pattern: pattern(),
            src: src(),
            source: source.clone(),
        },
        Asset::Audio {
            id: id("-sound"),
            pattern: pattern(),
            src: src(),
            source: source.clone(),
        },
        Asset::Command {
            id: id("-command"),
            pattern: pattern(),
            args: vec![MessageFragment::Text("how many".to_owned())],
            source,
        },
    ]
}

#[test]
fn enums_are_compared_as_they_were() {
    let said = message("1", "x");
    assert!(said.message_type == MessageType::Normal);
    assert!(said.message_type != MessageType::Server && said.message_type != MessageType::Meta);
    assert!(said.content == [MessageFragment::Text("x".to_owned())]);
    assert!(matches!(said.status, MessageStatus::Delivered));
    let others = [
        MessageStatus::Edited,
        MessageStatus::Deleted,
        MessageStatus::Failed,
    ];
    assert_eq!(others.len(), 3);
}
