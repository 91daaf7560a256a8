//! Which channels and people a session has told of, so that after a reconnect it can tell what has gone.

use std::collections::BTreeMap;

use kaiwa_core::session::SessionEvent;
use kaiwa_core::{ChannelEvent, ChatEvent, ConnectionEvent, Id, UserEvent};

/// Channels, and members, remembered; what comes beyond is skipped. A hundred thousand are a large network, and 10 MB.
const ROSTER_LIMIT: usize = 100_000;

/// A member: of a channel, or of the network as a whole.
type Member = (Option<Id>, Id);

/// What the session has told of, and in which connection last.
#[derive(Debug, Default)]
pub(super) struct Roster {
    channels: BTreeMap<Id, u64>,
    members: BTreeMap<Member, u64>,
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
        let mut events: Vec<ConnectionEvent> = Vec::new();
        let channels = self.channels.extract_if(.., |_, told| *told < now);
        let channels: Vec<Id> = channels.map(|(channel_id, _)| channel_id).collect();
        for channel_id in channels {
            // It takes its members with it.
            self.forget_members(Some(&channel_id));
            events.push(ChannelEvent::Remove { channel_id }.into());
        }
        let members = self.members.extract_if(.., |_, told| *told < now);
        events.extend(members.map(|((channel_id, user_id), _)| {
            ConnectionEvent::from(UserEvent::Remove {
                channel_id,
                user_id,
            })
        }));
        events.into_iter().map(SessionEvent::happened).collect()
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
                ChatEvent::Read {
                    channel_id,
                    message_id,
                    user_id,
                } => {
                    let named = [Some(message_id), user_id.as_ref()];
                    self.knows(channel_id.as_deref())
                        && named.into_iter().flatten().all(|id| !id.is_empty())
                }
                ChatEvent::Typing {
                    channel_id: Some(channel_id),
                    user_id,
                    ..
                } => self.knows(Some(channel_id)) && user_id.as_deref() != Some(""),
                ChatEvent::React {
                    channel_id,
                    message_id,
                    user_id: Some(user_id),
                    emoji,
                    ..
                } => {
                    let named: [&str; 3] = [message_id, user_id, emoji];
                    self.knows(channel_id.as_deref()) && named.iter().all(|id| !id.is_empty())
                }
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
        channel_id.is_none_or(|id| self.channels.contains_key(id))
    }

    fn apply_channel(&mut self, event: &ChannelEvent) -> bool {
        match event {
            ChannelEvent::New { channel } => self.add_channel(&channel.id),
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => {
                let known = self.channels.remove(channel_id).is_some();
                if known && *channel_id != new_channel.id {
                    self.move_members(channel_id, &new_channel.id);
                }
                known && self.add_channel(&new_channel.id)
            }
            ChannelEvent::Remove { channel_id } => {
                self.forget_members(Some(channel_id));
                self.channels.remove(channel_id).is_some()
            }
            ChannelEvent::Join { channel_id }
            | ChannelEvent::Leave { channel_id }
            | ChannelEvent::Switch { channel_id }
            | ChannelEvent::Topic { channel_id, .. }
            | ChannelEvent::Parent { channel_id, .. } => self.knows(Some(channel_id)),
            ChannelEvent::Members {
                channel_id,
                members,
            } => {
                self.knows(Some(channel_id))
                    && members
                        .iter()
                        .all(|member| self.knows_member(channel_id, &member.user_id))
            }
            ChannelEvent::Kick { channel_id, .. } | ChannelEvent::Wipe { channel_id } => {
                self.knows(channel_id.as_deref())
            }
            ChannelEvent::Invite { channel_id, .. } => !channel_id.is_empty(),
            ChannelEvent::Directory { .. } => true,
            ChannelEvent::ClearList => {
                self.channels.clear();
                self.members.retain(|(channel, _), _| channel.is_none());
                true
            }
            _ => false,
        }
    }

    fn knows_member(&self, channel_id: &str, user_id: &str) -> bool {
        let member = (Some(channel_id.into()), user_id.into());
        self.members.contains_key(&member)
    }

    fn apply_user(&mut self, event: &UserEvent) -> bool {
        if let UserEvent::Request { user_id, .. } | UserEvent::Respond { user_id, .. } = event {
            return !user_id.is_empty();
        }
        if let UserEvent::Data {
            channel_id, key, ..
        } = event
        {
            return self.knows(channel_id.as_deref()) && !key.is_empty();
        }
        if let UserEvent::Presence { user_id, .. } = event {
            return user_id.as_deref() != Some("");
        }
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
        let member = |user_id: &str| (channel_id.clone(), user_id.into());
        match event {
            UserEvent::New { user, .. } => {
                self.add_member(member(user.id.as_deref().unwrap_or_default()))
            }
            UserEvent::Update {
                user_id, new_user, ..
            } => {
                self.members.remove(&member(user_id));
                self.add_member(member(new_user.id.as_deref().unwrap_or_default()))
            }
            UserEvent::Remove { user_id, .. } => {
                self.members.remove(&member(user_id));
                true
            }
            _ => {
                self.forget_members(channel_id.as_deref());
                true
            }
        }
    }

    fn add_channel(&mut self, id: &str) -> bool {
        let room = self.channels.len() < ROSTER_LIMIT || self.channels.contains_key(id);
        if room {
            self.channels.insert(id.into(), self.connection);
        }
        room
    }

    fn add_member(&mut self, member: Member) -> bool {
        let room = self.members.len() < ROSTER_LIMIT || self.members.contains_key(&member);
        if room {
            self.members.insert(member, self.connection);
        }
        room
    }

    fn forget_members(&mut self, of: Option<&str>) {
        self.members
            .retain(|(channel, _), _| channel.as_deref() != of);
    }

    fn move_members(&mut self, old: &str, new: &str) {
        let members = std::mem::take(&mut self.members);
        self.members = members
            .into_iter()
            .map(|((channel, user), told)| {
                let channel = channel.map(|id| if id == old { new.into() } else { id });
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
            id: id.into(),
            ..Channel::default()
        };
        ChannelEvent::New { channel }.into()
    }

    fn member(channel: &str, id: &str) -> ConnectionEvent {
        let user = Profile {
            id: Some(id.into()),
            ..Profile::default()
        };
        UserEvent::New {
            channel_id: Some(channel.into()),
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
                ChannelEvent::Remove {
                    channel_id: "b".into()
                }
                .into(),
                UserEvent::Remove {
                    channel_id: Some("a".into()),
                    user_id: "bob".into()
                }
                .into(),
            ]
        );
        assert!(roster.gone().is_empty(), "told once");
        assert!(!roster.knows(Some("b")));
    }
}
