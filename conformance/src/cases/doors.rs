//! How channels come to be and who gets in.

use kaiwa_core::{Channel, ChannelEvent, ChannelType, ConnectionEvent, Id};

use super::{refused, two};
use crate::{Account, Harness};

/// docs/events.md, `Create`: answered by the new channel, and by its parent where it has one.
pub async fn a_channel_is_made_in_another_one<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let (space, _) = create(&mut account, None, space("Circle"), true).await;
    assert_eq!(space.name.as_deref(), Some("Circle"));
    assert_eq!(space.channel_type, ChannelType::Space);
    let inner = Channel {
        id: Id::default(),
        name: Some("tea".to_owned()),
        channel_type: ChannelType::Group,
    };
    let (inner, parent) = create(&mut account, Some(&space.id), inner, true).await;
    assert_eq!(inner.name.as_deref(), Some("tea"));
    assert_eq!(parent, Some(space.id.clone()), "where it lies");
    assert_ne!(inner.id, space.id);
    let event = ChannelEvent::Create {
        parent_id: Some("there-is-no-such-channel".into()),
        channel: inner,
        public: true,
    };
    refused(&mut account, event).await;
    account.leave().await;
}

/// docs/events.md, `Directory`: it lists what is public, by name if asked, and nothing else; what it lists can be joined.
pub async fn what_is_public_is_in_the_directory<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let (open, _) = create(&mut ann, None, space("Garden"), true).await;
    let (closed, _) = create(&mut ann, None, space("Garden shed"), false).await;
    for query in [None, Some("Garden")] {
        let listed = directory(&mut bob, query).await;
        let found = |id: &str| listed.iter().filter(|channel| channel.id == id).count();
        assert_eq!(found(&open.id), 1, "{query:?}: {listed:?}");
        assert_eq!(found(&closed.id), 0, "{query:?}: {listed:?}");
    }
    let none = directory(&mut bob, Some("there-is-none-of-this-name")).await;
    assert!(none.iter().all(|channel| channel.id != open.id), "{none:?}");
    let join = |channel: &Channel| ChannelEvent::Join {
        channel_id: channel.id.clone(),
    };
    bob.achieve(join(&open)).await;
    refused(&mut bob, join(&closed)).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Invite` and `JoinWith`: the right key lets anybody in, a wrong one nobody, and the channel is told then.
pub async fn an_invitation_opens_what_is_closed<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let (closed, _) = create(&mut ann, None, space("Den"), false).await;
    refused(&mut bob, join_with(&closed.id, "not-the-right-key")).await;
    let code = invite(&mut ann, &closed.id, None).await;
    let code = code.expect("it is for whoever has the code");
    refused(&mut bob, join_with("there-is-no-such-channel", &code)).await;
    enter(&mut bob, &closed.id, Some(&code)).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Invite`: one for one person lets in them, and nobody after them.
pub async fn an_invitation_for_one_lets_in_one<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let mut eve = Account::online::<H>(&peer, 2).await;
    let (closed, _) = create(&mut ann, None, space("Den of two"), false).await;
    let code = invite(&mut ann, &closed.id, Some(bob.watch.me())).await;
    enter(&mut bob, &closed.id, code.as_deref()).await;
    let key = code.unwrap_or_else(|| "there-is-no-code".to_owned());
    refused(&mut eve, join_with(&closed.id, &key)).await;
    ann.leave().await;
    bob.leave().await;
    eve.leave().await;
}

fn space(name: &str) -> Channel {
    Channel {
        id: Id::default(),
        name: Some(name.to_owned()),
        channel_type: ChannelType::Space,
    }
}

fn join_with(channel_id: &str, key: &str) -> ChannelEvent {
    ChannelEvent::JoinWith {
        channel_id: channel_id.into(),
        key: key.to_owned(),
    }
}

/// Makes a channel; gives it as the network tells it, and where it lies.
async fn create(
    account: &mut Account,
    parent_id: Option<&str>,
    channel: Channel,
    public: bool,
) -> (Channel, Option<Id>) {
    let name = channel.name.clone();
    let event = ChannelEvent::Create {
        parent_id: parent_id.map(Into::into),
        channel,
        public,
    };
    let request = account.send(event).await.expect("accepted");
    let caused = account.watch.answer(request).await;
    let made = caused.iter().find_map(|event| match event {
        ConnectionEvent::Channel {
            event: ChannelEvent::New { channel },
        } if channel.name == name => Some(channel.clone()),
        _ => None,
    });
    let made = made.unwrap_or_else(|| panic!("no new channel {name:?} in {caused:?}"));
    let parent = caused.into_iter().find_map(|event| match event {
        ConnectionEvent::Channel {
            event:
                ChannelEvent::Parent {
                    channel_id,
                    parent_id,
                },
        } if channel_id == made.id => parent_id,
        _ => None,
    });
    (made, parent)
}

/// Makes an invitation; gives its code.
async fn invite(account: &mut Account, channel: &str, guest: Option<Id>) -> Option<String> {
    let event = ChannelEvent::Invite {
        channel_id: channel.into(),
        user_id: guest.clone(),
        code: None,
    };
    let request = account.send(event).await.expect("accepted");
    let caused = account.watch.answer(request).await;
    let code = caused.iter().find_map(|event| match event {
        ConnectionEvent::Channel {
            event:
                ChannelEvent::Invite {
                    channel_id,
                    user_id,
                    code,
                },
        } if channel_id == channel && *user_id == guest => Some(code.clone()),
        _ => None,
    });
    code.unwrap_or_else(|| panic!("no invitation in {caused:?}"))
}

/// Joins what was closed; the channel is told before the request ends.
async fn enter(account: &mut Account, channel: &str, code: Option<&str>) {
    let event = match code {
        Some(code) => join_with(channel, code),
        None => ChannelEvent::Join {
            channel_id: channel.into(),
        },
    };
    let request = account.send(event).await.expect("accepted");
    let caused = account.watch.answer(request).await;
    let told = caused.iter().any(|event| {
        matches!(event, ConnectionEvent::Channel { event: ChannelEvent::New { channel: told } }
            if told.id == channel)
    });
    assert!(told, "no channel {channel:?} in {caused:?}");
}

async fn directory(account: &mut Account, query: Option<&str>) -> Vec<Channel> {
    let event = ChannelEvent::Directory {
        query: query.map(str::to_owned),
        channels: Vec::new(),
    };
    let request = account.send(event).await.expect("accepted");
    let mut listed = None;
    for event in account.watch.answer(request).await {
        if let ConnectionEvent::Channel {
            event:
                ChannelEvent::Directory {
                    query: asked,
                    channels,
                },
        } = event
        {
            assert_eq!(asked.as_deref(), query, "what was asked for");
            listed.get_or_insert_with(Vec::new).extend(channels);
        }
    }
    listed.expect("an answer, also where there is nothing")
}
