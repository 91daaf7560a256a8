//! Rooms by the names that people use.

use super::super::refusal;
use crate::client::{ChannelState, ConnectionState};
use crate::flubber::wire::AnswerBody;
use crate::{Channel, ErrorKind, Id};

/// The ids of the channels that are called `name`: those that are called just so, else those that differ by case or by a `#`
/// before it. `parent/name` names one in another one.
pub(super) fn called(state: &ConnectionState, name: &str) -> Vec<Id> {
    if state.channels.contains_key(name) {
        return vec![name.into()];
    }
    let exactly = |one: &str| one == name;
    let found = find(state, exactly);
    if !found.is_empty() {
        return found;
    }
    find(state, |one| is_alike(one, name))
}

fn find(state: &ConnectionState, is_it: impl Fn(&str) -> bool) -> Vec<Id> {
    let fits = |channel: &&ChannelState| {
        let own = shown(&channel.channel);
        let parent = channel
            .parent
            .as_ref()
            .and_then(|id| state.channels.get(id));
        is_it(own)
            || parent.is_some_and(|parent| is_it(&format!("{}/{own}", shown(&parent.channel))))
    };
    let channels = state.channels.values().filter(fits);
    channels.map(|channel| channel.channel.id.clone()).collect()
}

/// Whether a channel that the network names when it is asked is meant.
pub(super) fn is_called(channel: &Channel, name: &str) -> bool {
    channel.id == name || is_alike(shown(channel), name)
}

/// A name without the `#` that people put before it.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix('#').unwrap_or(name)
}

fn is_alike(one: &str, other: &str) -> bool {
    bare(one).to_lowercase() == bare(other).to_lowercase()
}

/// What a channel is called.
pub(super) fn shown(channel: &Channel) -> &str {
    channel.name.as_deref().unwrap_or(&channel.id)
}

pub(super) fn unknown_name(name: &str) -> AnswerBody {
    refusal(ErrorKind::NotFound, format!("no room is called {name:?}"))
}

pub(super) fn several(name: &str) -> AnswerBody {
    let why = format!("several rooms are called {name:?}; ask for ROOM/NAME of one within a room");
    refusal(ErrorKind::Conflict, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelEvent;

    #[test]
    fn names_are_found_as_people_write_them() {
        let mut state = ConnectionState::default();
        for (id, name) in [("1", "General"), ("2", "tea"), ("3", "Tea"), ("4", "tea")] {
            let channel = Channel {
                id: id.into(),
                name: Some(name.to_owned()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        let parent = ChannelEvent::Parent {
            channel_id: "4".into(),
            parent_id: Some("1".into()),
        };
        state.apply(&parent.into());
        for (name, ids) in [
            ("#general", vec!["1"]),
            ("GENERAL", vec!["1"]),
            ("3", vec!["3"]),
            ("Tea", vec!["3"]),
            ("tea", vec!["2", "4"]),
            ("General/tea", vec!["4"]),
            ("#general/tea", vec!["4"]),
            ("coffee", vec![]),
        ] {
            assert_eq!(called(&state, name), ids, "{name}");
        }
    }
}
