//! Who is in the channel.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{Presence, Profile, UserEvent};

use super::SockchatSession;
use crate::sockchat::wire::{DisplayName, ListedUser, User};
use crate::text::html;

/// People remembered: as many as the state keeps of a list.
const MAX_PEOPLE: usize = 100_000;

/// The longest name taken, in bytes: servers allow some dozen characters, which replacements make longer.
const MAX_NAME_BYTES: usize = 1024;

/// Who is in the channel.
#[derive(Debug, Default)]
pub(super) struct People {
    known: BTreeMap<String, Known>,
    /// The user, who is in every channel that they come to, though no server says so.
    own: Option<(Profile, Option<String>)>,
    /// Who was named since the user left a channel, until the next one is named.
    awaited: Vec<(Profile, Option<String>)>,
}

#[derive(Debug)]
struct Known {
    /// As commands want it.
    name: String,
    is_away: bool,
}

impl People {
    /// The name by which commands know somebody.
    pub(super) fn name(&self, user_id: &str) -> Option<&str> {
        self.known.get(user_id).map(|known| known.name.as_str())
    }

    /// Whose name it is.
    pub(super) fn id(&self, name: &str) -> Option<&str> {
        let found = self.known.iter().find(|(_, known)| known.name == name);
        found.map(|(id, _)| id.as_str())
    }

    /// Everybody is gone.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.awaited.clear();
    }
}

impl SockchatSession {
    /// Somebody is in the channel.
    pub(super) fn came(&mut self, user: &User<'_>) {
        let Some((profile, away)) = self.profile(user) else {
            return;
        };
        if self.places.is_moving() {
            self.people.awaited.push((profile, away));
        } else {
            self.show(&profile, away);
        }
    }

    /// The channel is named: who was named before is in it.
    pub(super) fn show_awaited(&mut self) {
        let own = self.people.own.clone();
        let awaited = std::mem::take(&mut self.people.awaited);
        for (profile, away) in own.into_iter().chain(awaited) {
            self.show(&profile, away);
        }
    }

    /// These are in the channel, and nobody else but the user.
    pub(super) fn listed(&mut self, listed: &[ListedUser<'_>]) {
        let there: BTreeSet<&str> = listed.iter().map(|one| one.user.id).collect();
        let me = self.me.clone();
        let gone: Vec<String> = self
            .people
            .known
            .keys()
            .filter(|id| !there.contains(id.as_str()) && Some(*id) != me.as_ref())
            .cloned()
            .collect();
        gone.iter().for_each(|user_id| self.went(user_id));
        for one in listed.iter().filter(|one| one.visible) {
            self.came(&one.user);
        }
    }

    /// Somebody has left.
    pub(super) fn went(&mut self, user_id: &str) {
        if self.people.known.remove(user_id).is_some() {
            self.event(UserEvent::Remove {
                channel_id: self.places.current().map(str::to_owned),
                user_id: user_id.to_owned(),
            });
        }
    }

    /// Somebody goes to another channel; the user too.
    pub(super) fn departed(&mut self, user_id: &str) {
        if self.me.as_deref() == Some(user_id) {
            self.leave_current();
        } else {
            self.went(user_id);
        }
    }

    /// Somebody is called otherwise, or may do other things.
    pub(super) fn changed(&mut self, user: &User<'_>) {
        if !self.people.known.contains_key(user.id) {
            return self.came(user);
        }
        let Some((profile, away)) = self.profile(user) else {
            return;
        };
        self.event(UserEvent::Update {
            channel_id: self.places.current().map(str::to_owned),
            user_id: user.id.to_owned(),
            new_user: profile.clone(),
        });
        self.remember(&profile, away);
    }

    fn show(&mut self, profile: &Profile, away: Option<String>) {
        if self.people.known.len() >= MAX_PEOPLE {
            self.skipped += 1;
            return;
        }
        self.event(UserEvent::New {
            channel_id: self.places.current().map(str::to_owned),
            user: profile.clone(),
        });
        self.remember(profile, away);
    }

    fn remember(&mut self, profile: &Profile, away: Option<String>) {
        let user_id = profile.id.clone().unwrap_or_default();
        let is_away = away.is_some();
        let is_me = self.me.as_ref() == Some(&user_id);
        if is_me {
            self.people.own = Some((profile.clone(), away.clone()));
        }
        let known = Known {
            name: profile.username.clone().unwrap_or_default(),
            is_away,
        };
        let before = self.people.known.insert(user_id.clone(), known);
        let was_away = before.is_some_and(|before| before.is_away);
        if is_away || was_away {
            self.event(UserEvent::Presence {
                user_id: (!is_me).then_some(user_id),
                presence: if is_away {
                    Presence::Away
                } else {
                    Presence::Online
                },
                text: away,
            });
        }
    }

    /// What a packet says of somebody, and their away tag; `None` if it cannot be a person.
    fn profile(&mut self, user: &User<'_>) -> Option<(Profile, Option<String>)> {
        if user.id.is_empty() || user.name.len() > MAX_NAME_BYTES || user.id.len() > MAX_NAME_BYTES
        {
            self.skipped += 1;
            return None;
        }
        let DisplayName {
            away,
            is_nick,
            name,
        } = DisplayName::read(user.name);
        let shown = if is_nick {
            format!("~{name}")
        } else {
            name.into_owned()
        };
        let username = html::unescape_name(user.name).into_owned();
        let profile = Profile {
            id: Some(user.id.to_owned()),
            display_name: (shown != username).then_some(shown),
            username: Some(username),
            color: user.rgba(),
            picture: self.login.as_ref().and_then(|login| login.picture(user.id)),
        };
        Some((profile, away.map(std::borrow::Cow::into_owned)))
    }
}
