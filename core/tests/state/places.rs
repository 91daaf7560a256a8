//! Topics and parents of channels, and what becomes of them when channels go.

use kaiwa_core::client::ConnectionState;
use kaiwa_core::{ChannelEvent, ChatEvent};

use crate::events::{channel, fold, join, room, some, state};

fn topic(channel: &str, topic: Option<&str>) -> ChannelEvent {
    ChannelEvent::Topic {
        channel_id: channel.into(),
        topic: topic.map(str::to_owned),
    }
}

fn parent(channel: &str, parent: Option<&str>) -> ChannelEvent {
    ChannelEvent::Parent {
        channel_id: channel.into(),
        parent_id: parent.map(Into::into),
    }
}

/// A house with two rooms, and a shed beside it.
fn house() -> ConnectionState {
    let channels = ["house", "hall", "attic", "shed"].map(join);
    let inside = ["hall", "attic"].map(|id| parent(id, Some("house")));
    fold(fold(state(), channels), inside)
}

fn parents(state: &ConnectionState) -> Vec<(&str, Option<&str>)> {
    state
        .channels
        .iter()
        .map(|(id, channel)| (id.as_str(), channel.parent.as_deref()))
        .collect()
}

#[test]
fn topics_are_set_and_taken_back() {
    let state = fold(
        room(),
        [topic("a", Some("tea")), topic("unknown", Some("x"))],
    );
    assert_eq!(state.channels["a"].topic.as_deref(), Some("tea"));
    assert_eq!(state.channels.len(), 1);
    let again = ChannelEvent::New {
        channel: channel("a", "Again"),
    };
    let state = fold(state, [again]);
    assert_eq!(state.channels["a"].topic.as_deref(), Some("tea"));
    let state = fold(state, [topic("a", None)]);
    assert_eq!(state.channels["a"].topic, None);
}

#[test]
fn channels_lie_in_others_until_they_are_taken_out() {
    let state = fold(
        house(),
        [parent("attic", None), parent("unknown", Some("house"))],
    );
    assert_eq!(
        parents(&state),
        [
            ("attic", None),
            ("hall", Some("house")),
            ("house", None),
            ("shed", None)
        ]
    );
    // The one around it may come later.
    let early = fold(state, [parent("shed", Some("garden")), join("garden")]);
    assert_eq!(early.channels["shed"].parent.as_deref(), Some("garden"));
}

#[test]
fn what_lies_in_a_channel_follows_it() {
    let moved = ChannelEvent::Update {
        channel_id: "house".into(),
        new_channel: channel("castle", "Castle"),
    };
    assert_eq!(
        parents(&fold(house(), [moved])),
        [
            ("attic", Some("castle")),
            ("castle", None),
            ("hall", Some("castle")),
            ("shed", None)
        ]
    );
    let gone = ChannelEvent::Remove {
        channel_id: "house".into(),
    };
    assert_eq!(
        parents(&fold(house(), [gone])),
        [("attic", None), ("hall", None), ("shed", None)]
    );
}

#[test]
fn a_channel_that_comes_back_is_new() {
    let gone = ChannelEvent::Remove {
        channel_id: "a".into(),
    };
    let state = fold(room(), [topic("a", Some("tea")), gone, join("a")]);
    let channel = &state.channels["a"];
    assert_eq!((&channel.topic, &channel.parent), (&None, &None));
    assert!(channel.roles.is_empty() && channel.read.is_empty());
}

#[test]
fn a_request_for_history_changes_nothing() {
    let request = ChatEvent::RequestHistory {
        channel_id: some("a"),
        before: None,
        limit: 50,
    };
    assert_eq!(fold(room(), [request]), room());
}
