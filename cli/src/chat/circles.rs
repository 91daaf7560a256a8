//! Circles: channels that hold others and are not talked in themselves.

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{ChannelType, Id};

/// The name of the channel that a circle is entered by, where it has one.
const FIRST: &str = "general";

/// Whether this channel is known to be a circle.
pub(crate) fn is_circle(state: &ConnectionState, channel_id: &str) -> bool {
    let known = state.channels.get(channel_id);
    known.is_some_and(|known| known.channel.channel_type == ChannelType::Space)
}

/// The circle that a channel is or lies in.
pub(crate) fn around<'a>(state: &'a ConnectionState, channel_id: &'a str) -> Option<&'a str> {
    if is_circle(state, channel_id) {
        return Some(channel_id);
    }
    let parent = state.channels.get(channel_id)?.parent.as_deref()?;
    is_circle(state, parent).then_some(parent)
}

/// Where one talks who goes to this channel: there, or in the first channel of a circle. One without channels is itself the
/// place, so that the first can be made there.
pub(crate) fn place(state: &ConnectionState, channel_id: &str) -> Id {
    if !is_circle(state, channel_id) {
        return channel_id.into();
    }
    let inside = state
        .channels
        .iter()
        .filter(|(_, known)| known.parent.as_deref() == Some(channel_id));
    let first = inside.min_by_key(|(id, known)| {
        // Ids that count rise in length, then in digits.
        let named = known.channel.name.as_deref() == Some(FIRST);
        (!named, id.len(), *id)
    });
    first.map_or(channel_id, |(id, _)| id).into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use kaiwa_protocols::{Channel, ChannelEvent};

    /// A state with these channels: id, name, and the circle around it; a circle has itself around it.
    pub(crate) fn state(channels: &[(&str, &str, Option<&str>)]) -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, name, parent) in channels {
            let circle = *parent == Some(*id);
            let channel = Channel {
                id: (*id).into(),
                name: Some((*name).to_owned()),
                channel_type: if circle {
                    ChannelType::Space
                } else {
                    ChannelType::Group
                },
            };
            state.apply(&ChannelEvent::New { channel }.into());
            let inside = ChannelEvent::Parent {
                channel_id: (*id).into(),
                parent_id: parent.filter(|_| !circle).map(Into::into),
            };
            state.apply(&inside.into());
        }
        state
    }

    #[test]
    fn circles_are_entered_by_their_first_channel() {
        let state = state(&[
            ("c1", "Tea", Some("c1")),
            ("s10", "milk", Some("c1")),
            ("s9", "sugar", Some("c1")),
            ("c2", "Bees", Some("c2")),
            ("s20", "honey", Some("c2")),
            ("s21", "general", Some("c2")),
            ("c3", "Empty", Some("c3")),
            ("g", "a group in a group", Some("s9")),
        ]);
        for (id, first) in [
            ("c1", "s9"),
            ("c2", "s21"),
            ("c3", "c3"),
            ("s10", "s10"),
            ("new", "new"),
        ] {
            assert_eq!(place(&state, id), first);
        }
        for (id, circle) in [
            ("c1", Some("c1")),
            ("s20", Some("c2")),
            ("g", None),
            ("x", None),
        ] {
            assert_eq!(around(&state, id), circle, "{id}");
        }
    }
}
