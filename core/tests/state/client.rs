//! Reading states while they change.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kaiwa_core::client::{
    ChannelState, ConnectionState, ConnectionStatus, Contact, InMemoryStorage, StateClient,
    StateStorage,
};
use kaiwa_core::queue::{EventPublisher, QueueLimits};
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, ChannelEvent, ChatEvent, ConnectionEvent, Member, Presence,
    Profile, Role, StatusEvent, UserEvent,
};

use super::message;

fn say(channel: &str, id: &str) -> ConnectionEvent {
    let event = ChatEvent::New {
        channel_id: Some(channel.into()),
        message: message(id, 1),
    };
    event.into()
}

fn connected() -> ConnectionEvent {
    StatusEvent::Connected { artifact: None }.into()
}

fn user(channel: Option<&str>, id: &str, username: &str) -> ConnectionEvent {
    let event = UserEvent::New {
        channel_id: channel.map(Into::into),
        user: Profile {
            id: Some(id.into()),
            username: Some(username.to_owned()),
            ..Profile::default()
        },
    };
    event.into()
}

#[tokio::test]
async fn tracked_connections_are_kept_apart() {
    let states = StateClient::new();
    let one = states.track("mock").await;
    let two = states.track("mock").await;
    assert_ne!(one, two);
    states.process(&one, connected()).await;
    let status = |state: Option<ConnectionState>| state.unwrap().status;
    assert_eq!(
        status(states.get_connection(&one).await),
        ConnectionStatus::Connected
    );
    assert_eq!(
        status(states.get_connection(&two).await),
        ConnectionStatus::Disconnected
    );
    let state = states.get_connection(&one).await.unwrap();
    assert_eq!(state.connection_id, one);
    assert_eq!(state.protocol_name, "mock");
    let mut both = vec![one.clone(), two.clone()];
    both.sort();
    assert_eq!(states.list_connections().await, both);

    states.untrack(&one).await;
    states.process(&one, connected()).await;
    assert_eq!(states.get_connection(&one).await, None);
    assert_eq!(states.list_connections().await, [two]);
}

#[tokio::test]
async fn each_part_can_be_asked_for() {
    let states = StateClient::new();
    let id = states.track("mock").await;
    let asset = Asset::Command {
        id: Some("c".into()),
        pattern: "/c".to_owned(),
        args: vec![],
        source: AssetSource::Server,
    };
    for event in [
        say("a", "m"),
        user(Some("a"), "1", "member"),
        user(Some("a"), "2", "member"),
        user(None, "2", "known"),
        AssetEvent::New {
            channel_id: Some("a".into()),
            asset: asset.clone(),
        }
        .into(),
    ] {
        states.process(&id, event).await;
    }
    let username = async |user| states.get_user(&id, user).await?.username;
    assert_eq!(username("1").await.as_deref(), Some("member"));
    assert_eq!(username("2").await.as_deref(), Some("known"));
    assert_eq!(username("3").await, None);
    assert_eq!(states.get_messages(&id, "a").await, [message("m", 1)]);
    assert_eq!(states.get_channel(&id, "a").await.unwrap().users.len(), 2);
    assert_eq!(states.get_assets(&id, Some("a")).await, [asset]);
    assert_eq!(states.get_assets(&id, None).await, []);

    assert_eq!(states.get_messages(&id, "x").await, []);
    assert_eq!(states.get_channel(&id, "x").await, None);
    assert_eq!(states.get_assets(&id, Some("x")).await, []);
    assert_eq!(states.get_messages("x", "a").await, []);
    assert_eq!(states.get_channel("x", "a").await, None);
    assert_eq!(states.get_user("x", "1").await, None);
    assert_eq!(states.get_assets("x", None).await, []);
}

#[tokio::test]
async fn what_is_known_of_people_can_be_asked_for() {
    let states = StateClient::new();
    let id = states.track("mock").await;
    let owner = Member {
        user_id: "1".into(),
        role: Role::Owner,
    };
    for event in [
        user(Some("a"), "1", "owner"),
        user(Some("a"), "2", "member"),
        ChannelEvent::Members {
            channel_id: "a".into(),
            members: vec![owner.clone()],
        }
        .into(),
        UserEvent::Respond {
            user_id: "1".into(),
            accept: true,
        }
        .into(),
        UserEvent::Presence {
            user_id: Some("1".into()),
            presence: Presence::Away,
            text: Some("lunch".to_owned()),
        }
        .into(),
        ChatEvent::Read {
            channel_id: Some("a".into()),
            message_id: "m".into(),
            user_id: Some("1".into()),
        }
        .into(),
    ] {
        states.process(&id, event).await;
    }
    let member = Member {
        user_id: "2".into(),
        role: Role::Member,
    };
    assert_eq!(states.get_members(&id, "a").await, [owner, member]);
    let contacts = states.get_contacts(&id).await;
    assert_eq!(contacts.get("1"), Some(&Contact::Confirmed));
    let said = states.get_presence(&id, "1").await.unwrap();
    assert_eq!(said.presence, Presence::Away);
    assert_eq!(said.text.as_deref(), Some("lunch"));
    let read = states.get_read(&id, "a", "1").await;
    assert_eq!(read.as_deref(), Some("m"));

    assert_eq!(states.get_members(&id, "x").await, []);
    assert_eq!(states.get_members("x", "a").await, []);
    assert!(states.get_contacts("x").await.is_empty());
    assert_eq!(states.get_presence(&id, "2").await, None);
    assert_eq!(states.get_read(&id, "a", "2").await, None);
    assert_eq!(states.get_read(&id, "x", "1").await, None);
}

#[tokio::test]
async fn a_snapshot_copies_nothing_and_never_changes() {
    let states = StateClient::new();
    let id = states.track("mock").await;
    for n in 0..500 {
        states.process(&id, say("a", &n.to_string())).await;
        states.process(&id, say("b", &n.to_string())).await;
    }
    let before = states.get_connection(&id).await.unwrap();
    let again = states.get_connection(&id).await.unwrap();
    let place = |state: &ConnectionState, channel: &str| -> *const ChannelState {
        &raw const state.channels[channel]
    };
    assert_eq!(place(&before, "a"), place(&again, "a"));

    let update = ChatEvent::Update {
        channel_id: Some("a".into()),
        message_id: "250".into(),
        new_message: message("new", 2),
    };
    states.process(&id, update.into()).await;
    states.process(&id, say("a", "last")).await;
    let after = states.get_connection(&id).await.unwrap();
    assert_eq!(before, again);
    assert_eq!(before.channels["a"].messages.len(), 500);
    assert!(before.channels["a"].messages.get("250").is_some());
    assert!(before.channels["a"].messages.get("new").is_none());
    // What did not change is the same memory: the other channel, and all messages but two.
    assert_eq!(place(&before, "b"), place(&after, "b"));
    let old = before.channels["a"].messages.iter();
    let new = after.channels["a"].messages.iter();
    let copied = old.zip(new).filter(|(old, new)| !std::ptr::eq(*old, *new));
    assert_eq!(copied.count(), 1);

    let clear = ChannelEvent::ClearList;
    states.process(&id, clear.into()).await;
    states.untrack(&id).await;
    assert_eq!(before, again);
    assert_eq!(after.channels["a"].messages.len(), 501);
}

#[tokio::test]
async fn a_processor_adds_everything_and_ends_with_its_receiver() {
    let states = StateClient::new();
    let id = states.track("mock").await;
    let publisher = EventPublisher::new(QueueLimits::default());
    let processor = states.spawn_processor(id.clone(), publisher.subscribe());
    publisher.publish(None, connected());
    for n in 0..100 {
        publisher.publish(None, say("a", &n.to_string()));
    }
    drop(publisher);
    processor.await.unwrap();
    let state = states.get_connection(&id).await.unwrap();
    assert_eq!(state.status, ConnectionStatus::Connected);
    assert_eq!(state.channels["a"].messages.len(), 100);
}

#[tokio::test]
async fn a_processor_ends_when_its_connection_is_no_longer_tracked() {
    let states = StateClient::new();
    let id = states.track("mock").await;
    let publisher = EventPublisher::new(QueueLimits::default());
    let processor = states.spawn_processor(id.clone(), publisher.subscribe());
    states.untrack(&id).await;
    publisher.publish(None, connected());
    processor.await.unwrap();
    assert_eq!(states.get_connection(&id).await, None);
}

/// Each reader sees the events of a flood in order, never half of one, while the flood goes on.
#[test]
fn readers_and_a_flood_do_not_disturb_each_other() {
    const EVENTS: usize = 5_000;
    const READERS: usize = 3;
    let states = StateClient::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let id = runtime.block_on(states.track("mock"));
    let reads = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            let reader = async || {
                let mut seen = 0;
                while seen < EVENTS {
                    let state = states.get_connection(&id).await.unwrap();
                    let Some(channel) = state.channels.get("a") else {
                        continue;
                    };
                    let last = channel.messages.last().unwrap().id.as_deref().unwrap();
                    let last: usize = last.parse().unwrap();
                    assert!(last >= seen, "went back from {seen} to {last}");
                    assert!(channel.messages.get(&last.to_string()).is_some());
                    assert_eq!(channel.messages.len(), last.min(1_000));
                    seen = last;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            };
            scope.spawn(move || {
                tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
                    .block_on(reader());
            });
        }
        runtime.block_on(async {
            for n in 1..=EVENTS {
                states.process(&id, say("a", &n.to_string())).await;
            }
        });
    });
    assert!(reads.load(Ordering::Relaxed) >= READERS);
}

/// A storage of the application's own.
#[derive(Default)]
struct Counting {
    inner: InMemoryStorage,
    changes: Arc<AtomicUsize>,
}

impl StateStorage for Counting {
    fn get(&self, connection_id: &str) -> Option<ConnectionState> {
        self.inner.get(connection_id)
    }

    fn get_mut(&mut self, connection_id: &str) -> Option<&mut ConnectionState> {
        let state = self.inner.get_mut(connection_id)?;
        let changes = self.changes.fetch_add(1, Ordering::Relaxed);
        assert_ne!(changes, 1, "the second change breaks");
        Some(state)
    }

    fn insert(&mut self, connection_id: String, state: ConnectionState) {
        self.inner.insert(connection_id, state);
    }

    fn remove(&mut self, connection_id: &str) -> Option<ConnectionState> {
        self.inner.remove(connection_id)
    }

    fn list_connections(&self) -> Vec<String> {
        self.inner.list_connections()
    }
}

#[tokio::test]
async fn a_storage_that_panics_once_is_used_again() {
    let storage = Counting::default();
    let changes = Arc::clone(&storage.changes);
    let states = StateClient::with_storage(storage);
    let id = states.track("mock").await;
    states.process(&id, say("a", "1")).await;
    let broken = tokio::spawn({
        let (states, id) = (states.clone(), id.clone());
        async move { states.process(&id, say("a", "2")).await }
    });
    assert!(broken.await.unwrap_err().is_panic());
    states.process(&id, say("a", "3")).await;
    assert_eq!(changes.load(Ordering::Relaxed), 3);
    assert_eq!(states.get_messages(&id, "a").await.len(), 2);
}

#[test]
fn states_go_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<ConnectionState>();
    check::<StateClient>();
    check::<StateClient<Counting>>();
}
