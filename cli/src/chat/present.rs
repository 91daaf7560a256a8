//! Who is in which channel, to tell who comes and who leaves: events say who is there, new or not.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{Id, Member, Role, UserEvent};

use super::show;

/// People kept, over all channels: a large room, and 10 MB. Of more it is not told when they come and go.
const PEOPLE: usize = 100_000;

/// Channels kept: as many as a state keeps.
const CHANNELS: usize = 10_000;

/// Who is in which channel, with the names by which they were told.
#[derive(Debug, Default)]
pub(crate) struct Present {
    people: BTreeMap<(Id, Id), String>,
    /// What those may do of whom it was told.
    roles: BTreeMap<(Id, Id), Role>,
    /// Channels of which it is told who is in them; before that, being there is no news.
    listed: BTreeSet<Id>,
}

/// Somebody has come or left.
#[derive(Debug, PartialEq)]
pub(crate) struct Passage {
    pub(crate) channel_id: Id,
    pub(crate) user_id: Id,
    pub(crate) name: String,
    pub(crate) came: bool,
}

impl Present {
    /// Follows an event; gives who has come or left by it.
    pub(crate) fn note(&mut self, state: &ConnectionState, event: &UserEvent) -> Option<Passage> {
        match event {
            UserEvent::New {
                channel_id: Some(channel_id),
                user,
            } => {
                let name = || user.username.as_deref().map(Id::from);
                let user_id = user.id.clone().or_else(name)?;
                self.came(state, channel_id, &user_id)
            }
            UserEvent::Update {
                channel_id: Some(channel_id),
                user_id,
                new_user,
            } => {
                let new_id = new_user.id.as_ref().unwrap_or(user_id);
                let was_there = self.left(channel_id, user_id).is_some();
                self.came(state, channel_id, new_id).filter(|_| !was_there)
            }
            UserEvent::Remove {
                channel_id: Some(channel_id),
                user_id,
            } => self.left(channel_id, user_id),
            // A cleared list is told anew, which is no news of those who are in it again.
            _ => None,
        }
    }

    /// Follows what is told of roles; gives those who may do something else than before.
    pub(crate) fn ranked(&mut self, channel_id: &str, members: &[Member]) -> Vec<Member> {
        let mut changed = Vec::new();
        for member in members {
            let key = (channel_id.into(), member.user_id.clone());
            if self.roles.len() >= PEOPLE && !self.roles.contains_key(&key) {
                continue;
            }
            let before = self.roles.insert(key, member.role);
            if before.is_some_and(|before| before != member.role) {
                changed.push(member.clone());
            }
        }
        changed
    }

    /// Whether it has been told who is in a channel.
    pub(crate) fn knows(&self, channel_id: &str) -> bool {
        self.listed.contains(channel_id)
    }

    /// It has been told who is in a channel: their roles or messages come after that.
    pub(crate) fn listed(&mut self, channel_id: &str) {
        if self.listed.len() < CHANNELS && !self.listed.contains(channel_id) {
            self.listed.insert(channel_id.into());
        }
    }

    /// A channel is gone, and who was in it with it.
    pub(crate) fn forget(&mut self, channel_id: &str) {
        self.listed.remove(channel_id);
        self.people.retain(|(channel, _), _| channel != channel_id);
        self.roles.retain(|(channel, _), _| channel != channel_id);
    }

    fn came(
        &mut self,
        state: &ConnectionState,
        channel_id: &str,
        user_id: &str,
    ) -> Option<Passage> {
        let key = (channel_id.into(), user_id.into());
        if self.people.len() >= PEOPLE && !self.people.contains_key(&key) {
            return None;
        }
        let name = show::member_name(state, channel_id, user_id);
        let known = self.people.insert(key, name.clone());
        let news = known.is_none() && self.listed.contains(channel_id);
        news.then(|| Passage {
            channel_id: channel_id.into(),
            user_id: user_id.into(),
            name,
            came: true,
        })
    }

    fn left(&mut self, channel_id: &str, user_id: &str) -> Option<Passage> {
        let key = (channel_id.into(), user_id.into());
        let name = self.people.remove(&key)?;
        self.roles.remove(&key);
        let (channel_id, user_id) = key;
        Some(Passage {
            channel_id,
            user_id,
            name,
            came: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::Profile;

    fn user(id: &str, name: &str) -> Profile {
        Profile {
            id: Some(id.into()),
            username: Some(name.to_owned()),
            ..Profile::default()
        }
    }

    #[test]
    fn each_comes_and_leaves_once() {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        let mut present = Present::default();
        let early = UserEvent::New {
            channel_id: Some("c".into()),
            user: user("1", "early"),
        };
        assert_eq!(present.note(&state, &early), None, "who was there before");
        present.listed("c");
        let mut note = |event: UserEvent| {
            state.apply(&event.clone().into());
            let passage = present.note(&state, &event)?;
            Some((passage.user_id, passage.name, passage.came))
        };
        let place = || Some(Id::from("c"));
        let new = |id: &str| UserEvent::New {
            channel_id: place(),
            user: user(id, "ann"),
        };
        let remove = |id: &str| UserEvent::Remove {
            channel_id: place(),
            user_id: id.into(),
        };
        let told = |id: &str, name: &str, came| Some((id.into(), name.to_owned(), came));
        assert_eq!(note(new("7")), told("7", "ann", true));
        assert_eq!(note(new("7")), None, "an upsert");
        assert_eq!(note(remove("8")), None);
        let update = |from: &str, to: Profile| UserEvent::Update {
            channel_id: place(),
            user_id: from.into(),
            new_user: to,
        };
        assert_eq!(note(update("7", user("9", "Ann\n"))), None);
        // By the last name, though the state knows nobody any more.
        assert_eq!(note(remove("9")), told("9", "Ann␊", false));
        assert_eq!(note(new("7")), told("7", "ann", true));
        assert_eq!(
            note(UserEvent::ClearList {
                channel_id: place()
            }),
            None
        );
        assert_eq!(note(new("7")), None, "told anew");
        let everywhere = UserEvent::New {
            channel_id: None,
            user: user("7", "ann"),
        };
        assert_eq!(note(everywhere), None);
    }

    #[test]
    fn roles_are_news_when_they_are_others() {
        let mut present = Present::default();
        let member = |role| Member {
            user_id: "7".into(),
            role,
        };
        let mut ranked = |role| present.ranked("c", &[member(role)]).len();
        assert_eq!(ranked(Role::Member), 0, "told for the first time");
        assert_eq!(ranked(Role::Member), 0);
        assert_eq!(ranked(Role::Admin), 1);
        assert_eq!(ranked(Role::Member), 1);
        present.forget("c");
        assert_eq!(present.ranked("c", &[member(Role::Owner)]), []);
    }

    #[test]
    fn it_is_bounded() {
        let state = ConnectionState::new("1".to_owned(), "net".to_owned());
        let mut present = Present::default();
        present.listed("c");
        let came = (0..PEOPLE + 10)
            .filter_map(|id| present.came(&state, "c", &id.to_string()))
            .count();
        assert_eq!((came, present.people.len()), (PEOPLE, PEOPLE));
    }
}
