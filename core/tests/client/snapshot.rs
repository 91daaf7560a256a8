//! `subscribe_with_state`: the snapshot and the events that follow add up to the client's own state.

use std::collections::BTreeMap;

use chrono::DateTime;
use kaiwa_core::client::{
    AccountId, AccountSnapshot, ClientEvents, ClientOptions, ConnectionState,
};
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, Channel, ChannelEvent, ChatEvent, Client, ConnectionEvent,
    ErrorKind, Id, Member, Message, MessageStatus, Presence, Profile, Role, UserEvent,
};
use proptest::prelude::*;

use crate::fake::{Remote, fake};
use crate::rig::{Rig, form, message, settle};

#[derive(Clone, Debug)]
enum Step {
    Event(usize, Box<ConnectionEvent>),
    Send(usize),
    Lose(usize),
    Subscribe,
    /// Lets the client's tasks run.
    Settle,
}

fn id() -> impl Strategy<Value = Id> {
    (0..4_u32).prop_map(Id::from)
}

fn some_message() -> impl Strategy<Value = Message> {
    (id(), 0..50i64).prop_map(|(id, seconds)| Message {
        id: Some(id.clone()),
        status: MessageStatus::Delivered,
        ..Message::text(id, DateTime::from_timestamp(seconds, 0).unwrap())
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    id().prop_map(|id| Channel {
        id,
        ..Channel::default()
    })
}

fn user() -> impl Strategy<Value = Profile> {
    id().prop_map(|id| Profile {
        id: Some(id),
        ..Profile::default()
    })
}

fn asset() -> impl Strategy<Value = Asset> {
    id().prop_map(|id| Asset::Emote {
        id: Some(id.clone()),
        pattern: id.into(),
        src: String::new(),
        source: AssetSource::Server,
    })
}

fn event() -> impl Strategy<Value = ConnectionEvent> {
    let place = || proptest::option::of(id());
    prop_oneof![
        (place(), some_message()).prop_map(|(channel_id, message)| ChatEvent::New {
            channel_id,
            message
        }
        .into()),
        (place(), id(), some_message()).prop_map(|(channel_id, message_id, new_message)| {
            ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            }
            .into()
        }),
        (place(), id()).prop_map(|(channel_id, message_id)| ChatEvent::Remove {
            channel_id,
            message_id
        }
        .into()),
        (id(), proptest::collection::vec(some_message(), 0..4)).prop_map(
            |(channel_id, messages)| ChatEvent::History {
                channel_id,
                messages,
                complete: true
            }
            .into()
        ),
        channel().prop_map(|channel| ChannelEvent::New { channel }.into()),
        (id(), channel()).prop_map(|(channel_id, new_channel)| ChannelEvent::Update {
            channel_id,
            new_channel
        }
        .into()),
        id().prop_map(|channel_id| ChannelEvent::Remove { channel_id }.into()),
        id().prop_map(|channel_id| ChannelEvent::Switch { channel_id }.into()),
        place().prop_map(|channel_id| ChannelEvent::Wipe { channel_id }.into()),
        (place(), user()).prop_map(|(channel_id, user)| UserEvent::New { channel_id, user }.into()),
        (place(), id()).prop_map(|(channel_id, user_id)| UserEvent::Remove {
            channel_id,
            user_id
        }
        .into()),
        id().prop_map(|user_id| UserEvent::Identify { user_id }.into()),
        about_channels(),
        about_people(),
        (place(), asset())
            .prop_map(|(channel_id, asset)| AssetEvent::New { channel_id, asset }.into()),
    ]
}

fn about_channels() -> impl Strategy<Value = ConnectionEvent> {
    let place = || proptest::option::of(id());
    let role = || proptest::sample::select(vec![Role::Member, Role::Owner]);
    prop_oneof![
        (id(), place()).prop_map(|(channel_id, topic)| ChannelEvent::Topic {
            channel_id,
            topic: topic.map(Into::into)
        }
        .into()),
        (id(), place()).prop_map(|(channel_id, parent_id)| ChannelEvent::Parent {
            channel_id,
            parent_id
        }
        .into()),
        (id(), id(), role()).prop_map(|(channel_id, user_id, role)| ChannelEvent::Members {
            channel_id,
            members: vec![Member { user_id, role }]
        }
        .into()),
    ]
}

fn about_people() -> impl Strategy<Value = ConnectionEvent> {
    let place = || proptest::option::of(id());
    prop_oneof![
        (place(), id(), place()).prop_map(|(channel_id, message_id, user_id)| ChatEvent::Read {
            channel_id,
            message_id,
            user_id
        }
        .into()),
        (place(), place()).prop_map(|(user_id, text)| UserEvent::Presence {
            user_id,
            presence: Presence::Away,
            text: text.map(Into::into)
        }
        .into()),
        (id(), any::<bool>()).prop_map(|(user_id, own)| UserEvent::Request {
            user_id,
            own,
            text: None
        }
        .into()),
        (id(), any::<bool>())
            .prop_map(|(user_id, accept)| UserEvent::Respond { user_id, accept }.into()),
        place().prop_map(|channel_id| UserEvent::ClearList { channel_id }.into()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let account = || 0..2usize;
    prop_oneof![
        8 => (account(), event()).prop_map(|(at, event)| Step::Event(at, Box::new(event))),
        2 => account().prop_map(Step::Send),
        1 => account().prop_map(Step::Lose),
        2 => Just(Step::Subscribe),
        2 => Just(Step::Settle),
    ]
}

/// What a late subscriber makes of the snapshot and the events.
struct Late {
    states: BTreeMap<AccountId, (u64, ConnectionState)>,
    events: ClientEvents,
}

impl Late {
    fn new((snapshots, events): (Vec<AccountSnapshot>, ClientEvents)) -> Self {
        let states = snapshots
            .into_iter()
            .map(|one| (one.account, (one.seq, one.state)))
            .collect();
        Self { states, events }
    }

    fn fold(&mut self) {
        while let Some(event) = self.events.try_recv() {
            let (seq, state) = self.states.get_mut(&event.account).unwrap();
            assert_eq!(event.seq, *seq + 1, "no hole behind the snapshot");
            *seq = event.seq;
            state.apply(&event.event);
        }
    }
}

async fn run(steps: Vec<Step>) {
    let client = Client::new();
    let (accounts, remotes): (Vec<AccountId>, Vec<Remote>) = (0..2)
        .map(|_| {
            let (connection, remote) = fake();
            let account = client.add(connection).unwrap();
            client.connect(account, form("x")).unwrap();
            (account, remote)
        })
        .unzip();
    let mut late = vec![Late::new(client.subscribe_with_state())];
    for step in steps {
        match step {
            Step::Event(at, event) => remotes[at].publish(*event),
            Step::Send(at) => {
                client.send(accounts[at], message("mine")).unwrap();
            }
            Step::Lose(at) if remotes[at].is_up() => remotes[at].lose(ErrorKind::Lost),
            Step::Lose(_) => {}
            Step::Subscribe => late.push(Late::new(client.subscribe_with_state())),
            Step::Settle => settle().await,
        }
    }
    settle().await;
    for one in &mut late {
        one.fold();
        for account in &accounts {
            let (_, state) = &one.states[account];
            assert_eq!(Some(state), client.state(*account).as_ref());
        }
    }
}

proptest! {
    #[test]
    fn snapshot_and_events_add_up(steps in proptest::collection::vec(step(), 0..80)) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run(steps));
    }
}

/// A reader who sees an event finds it in the state.
#[tokio::test(start_paused = true)]
async fn the_state_is_never_behind_the_events() {
    let mut rig = Rig::connected().await;
    for n in 0..50_u32 {
        rig.remote.publish(ChannelEvent::New {
            channel: Channel {
                id: n.into(),
                ..Channel::default()
            },
        });
    }
    for n in 0..50_u32 {
        rig.event().await;
        let state = rig.client.state(rig.account).unwrap();
        assert!(state.channels.contains_key(&Id::from(n)));
    }
    let request = rig.send("x").unwrap();
    let state = rig.client.state(rig.account).unwrap();
    let room = &state.channels["room"];
    assert!(room.messages.get(&request.local_message_id()).is_some());
}

#[tokio::test(start_paused = true)]
async fn without_state_there_is_none() {
    let mut options = ClientOptions::default();
    options.keep_state = false;
    let client = Client::with_options(options);
    let (connection, remote) = fake();
    let account = client.add(connection).unwrap();
    let (snapshots, mut events) = client.subscribe_with_state();
    assert!(snapshots.is_empty());
    assert!(client.state(account).is_none());
    assert!(client.states().is_none());
    client.connect(account, form("x")).unwrap();
    remote.until_up().await;
    settle().await;
    assert_eq!(events.try_recv().unwrap().seq, 1);
}
