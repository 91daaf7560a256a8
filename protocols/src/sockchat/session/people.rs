//! Who is in the channel.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{Error, ErrorKind, Id, Presence, Profile, RequestId, UserEvent};

use super::SockchatSession;
use super::answers::{Asked, Open};
use super::commands::{self, Sign};
use super::talk::{MAX_ID_BYTES, nobody};
use crate::sockchat::wire::{DisplayName, LeaveReason, ListedUser, Permissions, User};
use crate::text::html;

/// People remembered: as many as the state keeps of a list.
const MAX_PEOPLE: usize = 100_000;

/// People who are not in the channel, of whom the application was told who they are.
const MAX_INTRODUCED: usize = 10_000;

/// The longest name taken, in bytes: servers allow some dozen characters, which replacements make longer.
const MAX_NAME_BYTES: usize = 1024;

/// Who is in the channel.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Their names, as commands want them.
    known: BTreeMap<Id, String>,
    /// Who is away, in the channel or not: they come back unseen.
    away: BTreeSet<Id>,
    introduced: BTreeSet<Id>,
    /// The user, who is in every channel that they come to, though no server says so.
    own: Option<Person>,
    /// Who was named since the user left a channel, until the next one is named.
    awaited: BTreeMap<Id, Person>,
}

/// Somebody, and what they are away for if they are.
#[derive(Clone, Debug)]
pub(super) struct Person {
    id: Id,
    profile: Profile,
    away: Option<String>,
}

impl People {
    /// The name by which commands know somebody.
    pub(super) fn name(&self, user_id: &str) -> Option<&str> {
        self.known.get(user_id).map(String::as_str)
    }

    /// Whose name it is, with or without what may stand before it.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let exact = self.known.iter().find(|(_, known)| *known == name);
        let found = exact.or_else(|| self.known.iter().find(|(_, known)| same_name(known, name)));
        found.map(|(id, _)| id.as_str())
    }

    pub(super) fn am_away(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.away.is_some())
    }

    /// Everybody is gone.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.awaited.clear();
    }
}

impl SockchatSession {
    /// The name of somebody, as it can stand in a command.
    pub(super) fn writable_name(&self, user_id: &str) -> Result<&str, Error> {
        let name = self.people.name(user_id).ok_or_else(nobody)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a name with spaces cannot be written in a command",
            ));
        }
        Ok(name)
    }

    /// Somebody is in the channel.
    pub(super) fn came(&mut self, user: &User<'_>) {
        let Some(person) = self.person(user) else {
            return;
        };
        if !self.places.is_moving() {
            self.show(person);
        } else if self.people.awaited.len() < MAX_PEOPLE {
            self.people.awaited.insert(person.id.clone(), person);
        } else {
            self.skipped += 1;
        }
        self.hear_rights(user.id, user.permissions);
    }

    /// Somebody has said something who need not be there any more.
    pub(super) fn introduce(&mut self, person: Person) {
        let Person { id, profile, .. } = person;
        let people = &mut self.people;
        let is_full = people.introduced.len() >= MAX_INTRODUCED;
        if people.known.contains_key(&id) || is_full || !people.introduced.insert(id) {
            return;
        }
        self.event(UserEvent::New {
            channel_id: None,
            user: profile,
        });
    }

    /// The channel is named: who was named before is in it.
    pub(super) fn show_awaited(&mut self) {
        let own = self.people.own.clone();
        let awaited = std::mem::take(&mut self.people.awaited);
        own.into_iter()
            .chain(awaited.into_values())
            .for_each(|one| self.show(one));
    }

    /// The server wants everybody to be forgotten; but the user is there.
    pub(super) fn forget_people(&mut self, channel_id: Option<Id>) {
        self.people.clear();
        self.event(UserEvent::ClearList { channel_id });
        if let Some(own) = self.people.own.clone() {
            self.show(own);
        }
    }

    /// These are in the channel, and nobody else but the user.
    pub(super) fn listed(&mut self, listed: &[ListedUser<'_>]) {
        let there: BTreeSet<&str> = listed.iter().map(|one| one.user.id).collect();
        let me = self.me.clone();
        let known = self.people.known.keys();
        let gone = known.filter(|id| !there.contains(id.as_str()) && Some(*id) != me.as_ref());
        let gone: Vec<Id> = gone.cloned().collect();
        gone.iter().for_each(|user_id| self.went(user_id));
        for one in listed.iter().filter(|one| one.visible) {
            self.came(&one.user);
        }
    }

    /// Somebody has left the server, of their own will or not.
    pub(super) fn left(&mut self, user_id: &str, name: &str, reason: LeaveReason) {
        let name = html::unescape_name(name);
        let is_it = |asked: &Asked| match &asked.user_id {
            Some(id) => id == user_id,
            None => asked
                .subject
                .as_deref()
                .is_some_and(|of| same_name(of, &name)),
        };
        let open = match reason {
            LeaveReason::Kick | LeaveReason::Flood => self.answers.take(Sign::Kicked, is_it),
            LeaveReason::Leave | LeaveReason::Timeout => None,
        };
        self.people.away.remove(user_id);
        self.people.awaited.remove(user_id);
        let Some(Open { request, asked, .. }) = open else {
            return self.went(user_id);
        };
        if self.people.known.remove(user_id).is_some() {
            let event = UserEvent::Remove {
                channel_id: self.places.here(),
                user_id: user_id.into(),
            };
            self.caused(request, event);
        }
        if let Some(asked) = asked {
            self.tell_ban(request, &asked, Some(user_id));
        }
        self.settle(request, Ok(()));
    }

    /// Whoever was thrown out by a ban is kept out too.
    pub(super) fn tell_ban(&mut self, request: RequestId, asked: &Asked, user_id: Option<&str>) {
        let user_id = user_id.or(asked.user_id.as_deref());
        if let Some(user_id) = user_id.filter(|_| asked.command.name == commands::BAN.name) {
            let event = UserEvent::Ban {
                channel_id: None,
                user_id: user_id.into(),
                until: asked.until,
                reason: None,
            };
            self.caused(request, event);
        }
    }

    /// Somebody is not in the channel any more.
    fn went(&mut self, user_id: &str) {
        self.people.awaited.remove(user_id);
        if self.people.known.remove(user_id).is_some() {
            self.event(UserEvent::Remove {
                channel_id: self.places.here(),
                user_id: user_id.into(),
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

    /// Somebody is called otherwise, is away or back, or may do other things.
    pub(super) fn changed(&mut self, user: &User<'_>) {
        let Some(person) = self.person(user) else {
            return;
        };
        let before = self.people.known.get(user.id).cloned();
        let is_me = self.me.as_deref() == Some(user.id);
        let open = if is_me {
            self.carried_out(before.as_deref(), &person)
        } else {
            None
        };
        if before.is_none() {
            self.came(user);
        } else {
            let event = UserEvent::Update {
                channel_id: self.places.here(),
                user_id: user.id.into(),
                new_user: person.profile.clone(),
            };
            match &open {
                Some(open) => self.caused(open.request, event),
                None => self.event(event),
            }
            self.remember(person);
            self.hear_rights(user.id, user.permissions);
        }
        if let Some(open) = open {
            self.settle(open.request, Ok(()));
        }
    }

    /// What the user wanted for themselves, and now is.
    fn carried_out(&mut self, before: Option<&str>, now: &Person) -> Option<Open> {
        let name = now.profile.username.as_deref().unwrap_or_default();
        let is_other = before.is_none_or(|before| !same_name(before, name));
        let is_named = |asked: &Asked| {
            let wanted = asked.subject.as_deref();
            is_other || wanted.is_some_and(|wanted| same_name(wanted, name))
        };
        if let Some(open) = self.answers.take(Sign::Renamed, is_named) {
            return Some(open);
        }
        let sign = match now.away {
            Some(_) => Sign::Away,
            None => Sign::Back,
        };
        self.answers.take(sign, |_| true)
    }

    fn hear_rights(&mut self, user_id: &str, permissions: Option<Permissions>) {
        if self.me.as_deref() == Some(user_id) && permissions.is_some() {
            self.permit(permissions);
        }
    }

    fn show(&mut self, person: Person) {
        let is_new = !self.people.known.contains_key(&person.id);
        if is_new && self.people.known.len() >= MAX_PEOPLE {
            self.skipped += 1;
            return;
        }
        self.event(UserEvent::New {
            channel_id: self.places.here(),
            user: person.profile.clone(),
        });
        self.remember(person);
    }

    fn remember(&mut self, person: Person) {
        let is_me = self.me.as_ref() == Some(&person.id);
        if is_me {
            self.people.own = Some(person.clone());
        }
        let Person { id, profile, away } = person;
        let name = profile.username.unwrap_or_default();
        self.people.known.insert(id.clone(), name);
        let is_away = away.is_some();
        let was_away = self.people.away.contains(&id);
        if is_away && self.people.away.len() < MAX_PEOPLE {
            self.people.away.insert(id.clone());
        } else {
            self.people.away.remove(&id);
        }
        if is_away || was_away {
            self.event(UserEvent::Presence {
                user_id: (!is_me).then_some(id),
                presence: if is_away {
                    Presence::Away
                } else {
                    Presence::Online
                },
                text: away,
            });
        }
    }

    /// What a packet says of somebody; `None` if it cannot be a person.
    pub(super) fn person(&mut self, user: &User<'_>) -> Option<Person> {
        let is_fit = !user.id.is_empty() && user.id.len() <= MAX_ID_BYTES;
        if !is_fit || user.name.len() > MAX_NAME_BYTES {
            self.skipped += 1;
            return None;
        }
        let clean: String = user.name.chars().filter(|c| !c.is_control()).collect();
        self.skipped += u64::from(clean.len() != user.name.len());
        let DisplayName {
            away,
            is_nick,
            name,
        } = DisplayName::read(&clean);
        let shown = if is_nick {
            format!("~{name}")
        } else {
            name.into_owned()
        };
        let username = html::unescape_name(&clean).into_owned();
        let profile = Profile {
            id: Some(user.id.into()),
            display_name: (shown != username).then_some(shown),
            username: Some(username),
            color: user.rgba(),
            picture: self.login.as_ref().and_then(|login| login.picture(user.id)),
        };
        Some(Person {
            id: user.id.into(),
            profile,
            away: away.map(std::borrow::Cow::into_owned),
        })
    }
}

/// Whether two names are the same but for case, and what stands before them while somebody has a nick or is away.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    bare(one).to_lowercase() == bare(other).to_lowercase()
}

fn bare(name: &str) -> &str {
    let tagged = name
        .strip_prefix('<')
        .and_then(|rest| rest.split_once(">_"));
    let name = tagged.map_or(name, |(_, name)| name);
    name.strip_prefix('~').unwrap_or(name)
}
