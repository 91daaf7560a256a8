//! Who is in a channel and what it is about.

use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ConnectionEvent, ErrorKind, Id, Member, Role, UserEvent,
};

use super::{heard, refused, two};
use crate::{Account, Harness, Outcome};

/// docs/events.md, `Members`: an empty list asks for all who are in the channel. The audit sees to it that each is known
/// before their role.
pub async fn members_are_listed<H: Harness>(peer: H::Peer) {
    let mut ann = Account::online::<H>(&peer, 0).await;
    let bob = Account::online::<H>(&peer, 1).await;
    let channel = ann.channel().to_owned();
    let listed = list(&mut ann, &channel).await;
    for who in [&ann, &bob] {
        let me = who.watch.me();
        let times = listed.iter().filter(|member| member.user_id == me).count();
        assert_eq!(times, 1, "{me} in {listed:?}");
    }
    ann.leave().await;
}

/// docs/events.md, `Members`: who is sent is added, and who has made a channel may do most there.
pub async fn members_are_added<H: Harness>(peer: H::Peer) {
    let mut ann = Account::online::<H>(&peer, 0).await;
    let bob = Account::online::<H>(&peer, 1).await;
    let channel = open(&mut ann, "Team").await;
    let added = Member {
        user_id: bob.watch.me(),
        role: Role::Member,
    };
    ann.achieve(ChannelEvent::Members {
        channel_id: channel.clone(),
        members: vec![added.clone()],
    })
    .await;
    let listed = list(&mut ann, &channel).await;
    assert!(listed.contains(&added), "{added:?} in {listed:?}");
    let me = ann.watch.me();
    assert!(
        listed.iter().any(|member| member.user_id == me),
        "who made it is in it: {listed:?}"
    );
    ann.leave().await;
}

/// docs/events.md, `Topic`: set, it is seen by who set it and by others, and by whoever comes later.
pub async fn a_topic_is_set_and_received<H: Harness>(peer: H::Peer) {
    let mut ann = Account::online::<H>(&peer, 0).await;
    let mut bob = Account::online::<H>(&peer, 1).await;
    let channel = Id::from(ann.channel());
    for topic in [Some("tea"), None, Some("coffee")] {
        let event = ChannelEvent::Topic {
            channel_id: channel.clone(),
            topic: topic.map(str::to_owned),
        };
        let request = ann.send(event).await.expect("accepted");
        until_topic(&mut ann, &channel, topic).await;
        assert_eq!(ann.watch.outcome(request).await, Outcome::Done);
        until_topic(&mut bob, &channel, topic).await;
    }
    let mut late = Account::new::<H>(&peer, 2);
    late.connect().await.expect("connects");
    until_topic(&mut late, &channel, Some("coffee")).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Ban`: who is kept out is told so by `Kick`, and does not come back in.
pub async fn who_is_banned_stays_out<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    // Known to be there.
    bob.deliver("here I am").await;
    heard(&mut ann, "here I am").await;
    let channel = Id::from(ann.channel());
    let event = UserEvent::Ban {
        channel_id: Some(channel.clone()),
        user_id: bob.watch.me(),
        until: None,
        reason: None,
    };
    ann.achieve(event).await;
    let place = bob
        .watch
        .find("that they are banned", |event| match event {
            ConnectionEvent::Channel {
                event:
                    ChannelEvent::Kick {
                        channel_id,
                        ban: true,
                        ..
                    },
            } => Some(channel_id.clone()),
            _ => None,
        })
        .await;
    ann.leave().await;
    if place.is_none() {
        // Out of the whole network.
        assert_eq!(bob.watch.until_lost().await, ErrorKind::Banned);
        let error = bob.connect().await.expect_err("banned");
        assert_eq!(error.kind(), ErrorKind::Banned, "{}", error.chain());
        return;
    }
    let event = ChannelEvent::Join {
        channel_id: channel,
    };
    refused(&mut bob, event).await;
    bob.leave().await;
}

async fn until_topic(account: &mut Account, channel: &str, wanted: Option<&str>) {
    account
        .watch
        .until("the topic", |event| {
            matches!(event, ConnectionEvent::Channel {
                event: ChannelEvent::Topic { channel_id, topic },
            } if channel_id == channel && topic.as_deref() == wanted)
        })
        .await;
}

/// Makes a channel; gives the id that the network has given it.
async fn open(account: &mut Account, name: &str) -> Id {
    let event = ChannelEvent::New {
        channel: Channel {
            id: name.to_lowercase().into(),
            name: Some(name.to_owned()),
            channel_type: ChannelType::Group,
        },
    };
    let request = account.send(event).await.expect("accepted");
    let id = account
        .watch
        .find("the new channel", |event| match event {
            ConnectionEvent::Channel {
                event: ChannelEvent::New { channel },
            } if channel.name.as_deref() == Some(name) => Some(channel.id.clone()),
            _ => None,
        })
        .await;
    assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    id
}

/// Asks who is in a channel.
async fn list(account: &mut Account, channel: &str) -> Vec<Member> {
    let event = ChannelEvent::Members {
        channel_id: channel.into(),
        members: Vec::new(),
    };
    let request = account.send(event).await.expect("accepted");
    let mut listed = Vec::new();
    for event in account.watch.answer(request).await {
        if let ConnectionEvent::Channel {
            event: ChannelEvent::Members { members, .. },
        } = event
        {
            listed.extend(members);
        }
    }
    listed
}
