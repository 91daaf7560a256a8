//! Groups: made, changed, entered, left; many at once; members whom nobody has introduced.

use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_protocols::rim::wire::Endpoint;
use kaiwa_protocols::{
    Channel, ChannelEvent, ChannelType, Connection, ConnectionEvent, Id, Member, Role, UserEvent,
};

use super::stage::{
    ANN, BOB, BOTH, EVE, ORIGINAL, Person, Stage, channels, history, members, news, settle, told,
};
use crate::support::rim_server::Flavour;

fn new(id: &str, name: &str, channel_type: ChannelType) -> ChannelEvent {
    ChannelEvent::New {
        channel: Channel {
            id: id.into(),
            name: Some(name.to_owned()),
            channel_type,
        },
    }
}

fn add(gid: u64, uids: &[u64]) -> ChannelEvent {
    let member = |uid: &u64| Member {
        user_id: (*uid).into(),
        role: Role::Member,
    };
    ChannelEvent::Members {
        channel_id: gid.into(),
        members: uids.iter().map(member).collect(),
    }
}

/// Makes a group and gives its id.
async fn create(person: &mut Person, event: ChannelEvent) -> u64 {
    let made = channels(&person.does(event).await);
    assert_eq!(made.len(), 1, "{made:?}");
    made.into_keys().next().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_group_is_made_filled_renamed_and_left() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let mut ann = stage.online("ann").await;
        let mut bob = stage.online("bob").await;
        let gid = create(&mut ann, new("", "Plans", ChannelType::Group)).await;
        assert_eq!(stage.lock().world.group(gid).unwrap().name, "Plans");
        ann.does(add(gid, &[BOB])).await;
        let rows = stage.lock().world.members(gid).len();
        assert_eq!(rows, 2, "once each");
        ann.deliver(gid, "welcome").await;
        settle().await;
        // The original does not tell who is added; the first message does.
        let events = bob.take();
        assert!(
            channels(&events).contains_key(&Id::from(gid)),
            "{events:#?}"
        );
        assert_eq!(told(&events, gid).len(), 1, "{events:#?}");
        bob.deliver(gid, "thanks").await;
        let eve = ann.ask(add(gid, &[EVE])).await.0;
        let rows = stage.lock().world.members(gid).len();
        match flavour {
            Flavour::Kaiwa => assert_eq!((eve, rows), (Outcome::Done, 3)),
            // It would add them twice.
            Flavour::Original { .. } => {
                assert!(matches!(eve, Outcome::Failed(_)), "{eve:?}");
                assert_eq!(rows, 2);
            }
        }
        let gone = UserEvent::Remove {
            channel_id: Some(gid.into()),
            user_id: BOB.into(),
        };
        ann.does(gone).await;
        assert!(!stage.lock().world.is_member(gid, BOB));
        settle().await;
        if flavour == Flavour::Kaiwa {
            assert!(!channels(&bob.take()).contains_key(&Id::from(gid)));
        }
        let leave = ChannelEvent::Leave {
            channel_id: gid.into(),
        };
        ann.does(leave).await;
        assert!(stage.lock().world.groups_of(ANN).is_empty());
        ann.leave(&stage).await;
        bob.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_changed() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("Old", &[ANN, BOB, EVE]);
        let mut ann = stage.online("ann").await;
        let mut bob = stage.online("bob").await;
        ann.does(ChannelEvent::Update {
            channel_id: gid.into(),
            new_channel: Channel {
                id: gid.into(),
                name: Some("New".to_owned()),
                channel_type: ChannelType::Group,
            },
        })
        .await;
        assert_eq!(stage.lock().world.group(gid).unwrap().name, "New");
        settle().await;
        if flavour == Flavour::Kaiwa {
            let shown = channels(&bob.take());
            assert_eq!(shown[&Id::from(gid)].name.as_deref(), Some("New"));
        }
        ann.leave(&stage).await;
        bob.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_talk_between_two_is_made_once() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        stage.group("Three", &[ANN, BOB, EVE]);
        let mut ann = stage.online("ann").await;
        let direct = || new(&BOB.to_string(), "", ChannelType::Direct);
        let gid = create(&mut ann, direct()).await;
        let again = ann.does(direct()).await;
        assert_eq!(
            channels(&again).into_keys().collect::<Vec<_>>(),
            [gid.to_string()]
        );
        let group = {
            let state = stage.lock();
            assert_eq!(state.world.groups_of(ANN).len(), 2);
            assert_eq!(state.world.members(gid).len(), 2);
            state.world.group(gid).unwrap().clone()
        };
        assert_eq!(group.mode, 1);
        ann.deliver(gid, "just you").await;
        // Somebody else finds it too.
        let mut bob = stage.online("bob").await;
        let found = create(&mut bob, new("ann", "", ChannelType::Direct)).await;
        assert_eq!(found, gid);
        ann.leave(&stage).await;
        bob.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_talk_between_two_is_named_after_the_other() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("whatever", &[ANN, BOB]);
        let mut ann = stage.person("ann");
        let shown = channels(&ann.reconnect().await);
        let channel = &shown[&Id::from(gid)];
        assert_eq!(channel.channel_type, ChannelType::Direct);
        assert_eq!(channel.name.as_deref(), Some("Bob"));
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_added_or_removed_elsewhere_is_told() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let first = stage.group("First", &[ANN, BOB, EVE]);
        let mut ann = stage.online("ann").await;
        let raw = stage.raw("bob").await;
        let body = serde_json::json!({
            "group": {"name": "Second", "avatar": "", "mode": 2, "creatorUid": BOB},
            "users": [{"uid": ANN, "role": 1}, {"uid": BOB, "role": 2}, {"uid": EVE, "role": 1}],
        });
        let (_, answer) = raw.post(Endpoint::GroupCreate, &body).await;
        let second = answer["data"].as_u64().unwrap();
        settle().await;
        if flavour == Flavour::Kaiwa {
            let shown = channels(&ann.take());
            assert!(shown.contains_key(&Id::from(second)), "{shown:?}");
        }
        stage.say(BOB, second, "hello");
        settle().await;
        let events = ann.take();
        assert!(
            flavour == Flavour::Kaiwa || channels(&events).contains_key(&Id::from(second)),
            "{events:#?}"
        );
        assert_eq!(told(&events, second), [news("hello")]);
        let out = serde_json::json!({"gid": first, "uids": [ANN], "opType": 2});
        raw.post(Endpoint::GroupUserChange, &out).await;
        settle().await;
        let mut events = ann.take();
        if flavour != Flavour::Kaiwa {
            // Nobody tells before the next sign-in.
            ann.cut(&stage).await;
            events = ann.reconnect().await;
        }
        let removed = events.iter().any(|event| {
            matches!(event, ConnectionEvent::Channel { event: ChannelEvent::Remove { channel_id } }
                if *channel_id == first.to_string())
        });
        assert!(removed, "{events:#?}");
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_unknown_is_introduced() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        let zoe = {
            let mut state = stage.lock();
            let zoe = state.world.register("zoe", "secret");
            state.world.join(gid, zoe);
            zoe
        };
        stage.say(zoe, gid, "hello");
        settle().await;
        let events = ann.take();
        assert_eq!(told(&events, gid), [news("hello")]);
        let named = events.iter().any(|event| {
            matches!(event, ConnectionEvent::User { event: UserEvent::New { user, .. } }
                if user.username.as_deref() == Some("zoe"))
        });
        assert!(named, "{events:#?}");
        // Nobody tells that they are a member, so that is found out when the list has grown old.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        stage.say(zoe, gid, "an hour later");
        settle().await;
        assert_eq!(members(&ann.take(), gid), [zoe.to_string()]);
        // Who has left is in the history all the same.
        ann.cut(&stage).await;
        stage.say(zoe, gid, "and goodbye");
        stage.lock().world.remove_members(gid, &[zoe]);
        let events = ann.reconnect().await;
        assert_eq!(told(&events, gid), [history("and goodbye")]);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_groups_are_signed_in_to_with_a_few_requests() {
    const GROUPS: usize = 1000;
    const UNREAD: usize = 10;
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let mut last = 0;
        for number in 0..GROUPS {
            last = stage.group(&format!("Group {number}"), &[ANN, BOB, EVE]);
            // Read by the user, but for a few.
            let by = if number < UNREAD { BOB } else { ANN };
            stage.say(by, last, "hello");
        }
        let mut ann = stage.person("ann");
        ann.connect().await.unwrap();
        let before = stage.lock().journal.calls.len();
        // Five pages of the chat list, and what is done beside and right after them.
        assert!(before <= 20, "{before} requests before the sign-in is done");
        // All groups are there as soon as the user is.
        let events = ann.take();
        assert_eq!(channels(&events).len(), GROUPS);
        // And where somebody speaks, is shown before all others are looked at.
        stage.say(BOB, last, "live");
        ann.watch.until_said("live").await;
        let live = stage.lock().journal.calls.len();
        assert!(live <= before + 50, "{live} requests before the first news");
        for _ in 0..200 {
            settle().await;
            ann.take();
        }
        let state = stage.lock();
        let members = state.journal.calls_of(Endpoint::GroupUserGet);
        let histories = state.journal.calls_of(Endpoint::History);
        assert!(members <= GROUPS + 1, "{members} lists of members");
        assert!(histories <= UNREAD + 5, "{histories} pages of history");
        drop(state);
        // Coming back costs as little.
        ann.cut(&stage).await;
        let before = stage.lock().journal.calls_of(Endpoint::History);
        stage.say(BOB, last, "missed");
        let events = ann.reconnect().await;
        assert_eq!(told(&events, last), [history("missed")]);
        let after = stage.lock().journal.calls_of(Endpoint::History);
        assert!(after - before <= 3, "{} pages of history", after - before);
        ann.connection.disconnect().await.unwrap();
        stage.is_well();
    }
}

/// A group that was left takes nothing any more.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_group_that_is_gone_fails() {
    let stage = Stage::new(ORIGINAL);
    let gid = stage.group("Friends", &[ANN, BOB, EVE]);
    let mut ann = stage.online("ann").await;
    ann.cut(&stage).await;
    let request = ann.say(gid, "too late").await;
    stage.lock().world.remove_members(gid, &[ANN]);
    ann.connect().await.unwrap();
    let outcome = ann.watch.outcome(request).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    ann.leave(&stage).await;
}
