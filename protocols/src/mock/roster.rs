//! Which channels and people a session has told of, so that after a reconnect it can tell what has gone.

use std::collections::BTreeMap;

use kaiwa_core::session::SessionEvent;
use kaiwa_core::{ChannelEvent, ChatEvent, ConnectionEvent, UserEvent};

/// Channels and members remembered; what comes beyond is skipped. A hundred thousand are a large network, and 10 MB.
const ROSTER_LIMIT: usize = 100_000;

/// A channel (no user), a member of one, or somebody on the network (no channel).
type Place = (Option<String>, Option<String>);

/// What the session has told of, and in which connection last.
#[derive(Debug, Default)]
pub(super) struct Roster {
    places: BTreeMap<Place, u64>,
    connection: u64,
}

impl Roster {
    /// A new connection: whatever is not told again until [`Roster::gone`] has gone.
    pub(super) fn begin(&mut self) {
        self.connection += 1;
    }

    /// Everything that was not told again, as events.
    pub(super) fn gone(&mut self) -> Vec<SessionEvent> {
        let now = self.connection;
        let gone: Vec<Place> = self
            .places
            .iter()
            .filter(|(_, told)| **told < now)
            .map(|(place, _)| place.clone())
            .collect();
        let mut events = Vec::new();
        for place in gone {
            // A channel sorts before its members and takes them with it.
            if self.places.remove(&place).is_none() {
                continue;
            }
            let event: ConnectionEvent = match place {
                (Some(channel_id), None) => {
                    self.forget_channel(&channel_id);
                    ChannelEvent::Remove { channel_id }.into()
                }
                (channel_id, user_id) => UserEvent::Remove {
                    channel_id,
                    user_id: user_id.unwrap_or_default(),
                }
                .into(),
            };
            events.push(SessionEvent::happened(event));
        }
        events
    }

    /// Follows an event of the server; `false` where it does not fit what is known, then it must be skipped.
    pub(super) fn apply(&mut self, event: &ConnectionEvent) -> bool {
        match event {
            ConnectionEvent::Channel { event } => self.apply_channel(event),
            ConnectionEvent::User { event } => self.apply_user(event),
            ConnectionEvent::Chat { event } => match event {
                ChatEvent::New { channel_id, .. }
                | ChatEvent::Update { channel_id, .. }
                | ChatEvent::Remove { channel_id, .. } => self.knows(channel_id.as_deref()),
                ChatEvent::History { channel_id, .. } | ChatEvent::Gap { channel_id, .. } => {
                    self.knows(Some(channel_id))
                }
                _ => false,
            },
            ConnectionEvent::Asset { .. } => true,
            _ => false,
        }
    }

    /// Whether there is such a channel; `None`, the network, is always there.
    pub(super) fn knows(&self, channel_id: Option<&str>) -> bool {
        channel_id.is_none_or(|id| self.places.contains_key(&(Some(id.to_owned()), None)))
    }

    fn apply_channel(&mut self, event: &ChannelEvent) -> bool {
        match event {
            ChannelEvent::New { channel } => self.add((Some(channel.id.clone()), None)),
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => {
                let known = self.knows(Some(channel_id));
                if known && *channel_id != new_channel.id {
                    self.rename_channel(channel_id, &new_channel.id);
                }
                known
            }
            ChannelEvent::Remove { channel_id } => {
                let known = self.knows(Some(channel_id));
                self.forget_channel(channel_id);
                known
            }
            ChannelEvent::Join { channel_id }
            | ChannelEvent::Leave { channel_id }
            | ChannelEvent::Switch { channel_id } => self.knows(Some(channel_id)),
            ChannelEvent::Kick { channel_id, .. } | ChannelEvent::Wipe { channel_id } => {
                self.knows(channel_id.as_deref())
            }
            ChannelEvent::ClearList => {
                self.places.retain(|(channel, _), _| channel.is_none());
                true
            }
            _ => false,
        }
    }

    fn apply_user(&mut self, event: &UserEvent) -> bool {
        let (UserEvent::New { channel_id, .. }
        | UserEvent::Update { channel_id, .. }
        | UserEvent::Remove { channel_id, .. }
        | UserEvent::ClearList { channel_id }) = event
        else {
            return false;
        };
        if !self.knows(channel_id.as_deref()) {
            return false;
        }
        let place =
            |user: Option<&String>| (channel_id.clone(), Some(user.cloned().unwrap_or_default()));
        match event {
            UserEvent::New { user, .. } => self.add(place(user.id.as_ref())),
            UserEvent::Update {
                user_id, new_user, ..
            } => {
                self.places.remove(&place(Some(user_id)));
                self.add(place(new_user.id.as_ref()))
            }
            UserEvent::Remove { user_id, .. } => {
                self.places.remove(&place(Some(user_id)));
                true
            }
            _ => {
                self.places
                    .retain(|(channel, user), _| channel != channel_id || user.is_none());
                true
            }
        }
    }

    fn add(&mut self, place: Place) -> bool {
        if self.places.len() >= ROSTER_LIMIT && !self.places.contains_key(&place) {
            return false;
        }
        self.places.insert(place, self.connection);
        true
    }

    fn forget_channel(&mut self, id: &str) {
        self.places
            .retain(|(channel, _), _| channel.as_deref() != Some(id));
    }

    fn rename_channel(&mut self, old: &str, new: &str) {
        let places = std::mem::take(&mut self.places);
        self.places = places
            .into_iter()
            .map(|((channel, user), told)| {
                let channel = channel.map(|id| if id == old { new.to_owned() } else { id });
                ((channel, user), told)
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_core::{Channel, Profile};

    fn channel(id: &str) -> ConnectionEvent {
        let channel = Channel {
            id: id.to_owned(),
            ..Channel::default()
        };
        ChannelEvent::New { channel }.into()
    }

    fn member(channel: &str, id: &str) -> ConnectionEvent {
        let user = Profile {
            id: Some(id.to_owned()),
            ..Profile::default()
        };
        UserEvent::New {
            channel_id: Some(channel.to_owned()),
            user,
        }
        .into()
    }

    #[test]
    fn what_is_not_told_again_has_gone() {
        let mut roster = Roster::default();
        roster.begin();
        for event in [
            channel("a"),
            channel("b"),
            member("a", "ann"),
            member("a", "bob"),
            member("b", "bob"),
        ] {
            assert!(roster.apply(&event));
        }
        assert!(!roster.apply(&member("c", "ann")), "no such channel");
        assert!(roster.gone().is_empty());
        roster.begin();
        for event in [channel("a"), member("a", "ann")] {
            assert!(roster.apply(&event));
        }
        let gone: Vec<ConnectionEvent> = roster.gone().into_iter().map(|gone| gone.event).collect();
        assert_eq!(
            gone,
            [
                UserEvent::Remove {
                    channel_id: Some("a".to_owned()),
                    user_id: "bob".to_owned()
                }
                .into(),
                ChannelEvent::Remove {
                    channel_id: "b".to_owned()
                }
                .into(),
            ]
        );
        assert!(roster.gone().is_empty(), "told once");
        assert!(!roster.knows(Some("b")));
    }
}
