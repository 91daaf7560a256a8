//! Who is who, who is where, and who is there.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{ChannelEvent, Id, Member, Presence, Profile, RequestId, UserEvent};

use super::OshiSession;
use super::calls::Purpose;
use crate::oshi::wire::{self, CircleId, MemberChange, Request, Role, UserId, request::Place};

/// People remembered. Beyond that they are forgotten and introduced again, which changes nothing.
const MAX_PEOPLE: usize = 20_000;

/// People asked for at once who do something and are not known; others are asked for when they do something again.
const MAX_ASKED: usize = 100;

/// Members of one place that are remembered, to tell who is gone; what an application's state holds of a list.
const MAX_LISTED: usize = 100_000;

/// Who is who.
#[derive(Debug, Default)]
pub(super) struct People {
    known: BTreeMap<UserId, Person>,
    /// Who is connected, as far as it was told.
    online: BTreeSet<UserId>,
}

#[derive(Debug, Default, PartialEq)]
struct Person {
    name: String,
    display: String,
    /// Told of on this connection, by themselves and not as a member of something.
    told: bool,
}

impl People {
    /// What to call somebody.
    pub(super) fn name(&self, user: UserId) -> Option<String> {
        let person = self.known.get(&user)?;
        let name = if person.display.is_empty() {
            &person.name
        } else {
            &person.display
        };
        Some(name.clone()).filter(|name| !name.is_empty())
    }

    /// Remembers somebody; whether what is known of them has changed.
    fn note(&mut self, user: UserId, name: &str, display: &str) -> bool {
        if self.known.len() >= MAX_PEOPLE && !self.known.contains_key(&user) {
            self.known.clear();
        }
        let person = self.known.entry(user).or_default();
        let changed = person.name != name || person.display != display;
        name.clone_into(&mut person.name);
        display.clone_into(&mut person.display);
        changed
    }

    fn profile(&self, user: UserId) -> Profile {
        let person = self.known.get(&user);
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let username = person.and_then(|person| text(&person.name));
        let display = person.and_then(|person| text(&person.display));
        Profile {
            id: Some(user.into()),
            display_name: display.filter(|display| Some(display) != username.as_ref()),
            username,
            ..Profile::default()
        }
    }

    /// The connection is gone: whoever is heard of again is introduced again.
    pub(super) fn end(&mut self) {
        for person in self.known.values_mut() {
            person.told = false;
        }
    }
}

impl OshiSession {
    /// `None` for the user.
    pub(super) fn unless_me(&self, user: UserId) -> Option<Id> {
        (Some(user) != self.me_id()).then(|| user.into())
    }

    /// The user's own profile.
    pub(super) fn show_me(&mut self, id: UserId, name: &str, display: &str) {
        self.people.note(id, name, display);
        self.tell_person(id);
    }

    /// Remembers what people are called.
    pub(super) fn remember(&mut self, members: &[wire::Member<'_>]) {
        for member in members {
            self.people.note(member.id, &member.name, &member.display);
        }
    }

    /// Tells who says something, before it is shown.
    pub(super) fn introduce(&mut self, user: UserId, name: &str) {
        match self.people.known.get(&user) {
            Some(person) if person.told => return,
            Some(person) if !person.name.is_empty() => {}
            _ => {
                self.people.note(user, name, "");
            }
        }
        self.tell_person(user);
    }

    /// Asks who somebody is who does something and has said nothing yet.
    pub(super) fn meet(&mut self, user: UserId) {
        if !self.people.known.contains_key(&user) && self.calls.people() < MAX_ASKED {
            // Once, whatever the answer is.
            self.people.note(user, "", "");
            let purpose = Purpose::Person;
            self.calls.ask(&Request::UserGet { user }, purpose);
        }
    }

    /// The answer to [`Self::meet`].
    pub(super) fn met_person(&mut self, profile: &wire::Profile<'_>) {
        self.people
            .note(profile.id, &profile.name, &profile.display);
        self.tell_person(profile.id);
    }

    fn tell_person(&mut self, user: UserId) {
        if let Some(person) = self.people.known.get_mut(&user) {
            person.told = true;
        }
        let user = self.people.profile(user);
        self.event(UserEvent::New {
            channel_id: None,
            user,
        });
    }

    /// Tells of somebody in a place.
    pub(super) fn show_person_in(
        &mut self,
        request: Option<RequestId>,
        channel_id: Id,
        user: UserId,
    ) {
        let user = self.people.profile(user);
        let channel_id = Some(channel_id);
        self.tell(request, UserEvent::New { channel_id, user });
    }

    /// Somebody's profile is this now.
    pub(super) fn change_person(
        &mut self,
        request: Option<RequestId>,
        profile: &wire::Profile<'_>,
    ) {
        let user = profile.id;
        let changed = self.people.note(user, &profile.name, &profile.display);
        if !changed && request.is_none() {
            return;
        }
        let mut places = vec![None];
        let listed = |listed: &Option<BTreeSet<UserId>>| {
            listed.as_ref().is_some_and(|listed| listed.contains(&user))
        };
        let circles = self
            .circles
            .iter()
            .filter(|(_, circle)| listed(&circle.listed));
        places.extend(circles.map(|(id, _)| Some(id.to_string())));
        let streams = self
            .streams
            .iter()
            .filter(|(_, stream)| listed(&stream.listed));
        places.extend(streams.map(|(id, _)| Some(id.to_string())));
        for channel_id in places {
            let update = UserEvent::Update {
                channel_id: channel_id.map(Into::into),
                user_id: user.into(),
                new_user: self.people.profile(user),
            };
            self.tell(request, update);
        }
        if Some(user) != self.me_id() {
            for talk in self.talks_with(user) {
                self.show_stream_update(None, talk);
            }
        }
    }

    /// Somebody came or went.
    pub(super) fn change_presence(&mut self, user: UserId, online: bool) {
        if Some(user) == self.me_id() {
            return;
        }
        let changed = if !online {
            self.people.online.remove(&user)
        } else if self.people.online.len() < MAX_PEOPLE {
            self.people.online.insert(user)
        } else {
            true
        };
        if changed {
            let presence = if online {
                Presence::Online
            } else {
                Presence::Offline
            };
            self.event(UserEvent::Presence {
                user_id: Some(user.into()),
                presence,
                text: None,
            });
        }
    }

    /// Asks who is somewhere, without being asked.
    pub(super) fn ask_members(&mut self, place: Place) {
        let request = Request::Members {
            place,
            after: None,
            limit: None,
        };
        let found = Vec::new();
        self.calls.ask(&request, Purpose::Members { place, found });
    }

    /// A page of who is somewhere; `found` are those of this and earlier pages.
    pub(super) fn show_members(
        &mut self,
        request: Option<RequestId>,
        place: Place,
        members: &[wire::Member<'_>],
        found: &mut Vec<UserId>,
    ) {
        let channel_id = place_id(place);
        let mut told = Vec::new();
        for member in members {
            if self.people.note(member.id, &member.name, &member.display) {
                for talk in self.talks_with(member.id) {
                    self.show_stream_update(None, talk);
                }
            }
            self.show_person_in(request, channel_id.clone(), member.id);
            told.push(Member {
                user_id: member.id.into(),
                role: role(member.role),
            });
            if found.len() < MAX_LISTED {
                found.push(member.id);
            }
        }
        self.tell(
            request,
            ChannelEvent::Members {
                channel_id,
                members: told,
            },
        );
        for member in members {
            self.change_presence(member.id, member.online);
        }
    }

    /// All who are somewhere have been told: tells who no longer is.
    pub(super) fn end_members(
        &mut self,
        request: Option<RequestId>,
        place: Place,
        found: Vec<UserId>,
    ) {
        let found: BTreeSet<UserId> = found.into_iter().collect();
        let listed = match place {
            Place::Circle(id) => self.circles.get_mut(&id).map(|circle| &mut circle.listed),
            Place::Stream(id) => self.streams.get_mut(&id).map(|stream| &mut stream.listed),
        };
        let Some(listed) = listed else {
            return;
        };
        let before = listed.replace(found.clone()).unwrap_or_default();
        for user in before.difference(&found) {
            self.tell(
                request,
                UserEvent::Remove {
                    channel_id: Some(place_id(place)),
                    user_id: (*user).into(),
                },
            );
        }
    }

    /// The answer to [`Self::ask_members`].
    pub(super) fn members_came(
        &mut self,
        place: Place,
        members: &[wire::Member<'_>],
        more: bool,
        mut found: Vec<UserId>,
    ) {
        let before = found.last().copied();
        self.show_members(None, place, members, &mut found);
        let after = next_after(before, &found).filter(|_| more);
        if after.is_none() {
            return self.end_members(None, place, found);
        }
        let request = Request::Members {
            place,
            after,
            limit: None,
        };
        self.calls.ask(&request, Purpose::Members { place, found });
    }

    /// Somebody came into a circle, went, or has another role there.
    pub(super) fn change_member(&mut self, circle: CircleId, member: &Moved<'_>) {
        let Some(known) = self.circles.get_mut(&circle) else {
            self.skipped += 1;
            return;
        };
        let user = member.user;
        let is_me = Some(user) == self.me.as_ref().map(|me| me.id);
        if is_me {
            match member.change {
                MemberChange::Kick => {
                    self.event(ChannelEvent::Kick {
                        channel_id: Some(circle.into()),
                        reason: None,
                        ban: false,
                    });
                    return self.remove_circle(None, circle);
                }
                // What became of it is told as the circle's change.
                MemberChange::Leave | MemberChange::Join => return,
                MemberChange::Role => known.role = member.role,
            }
        }
        self.people.note(user, member.name, member.display);
        let is_gone = matches!(member.change, MemberChange::Leave | MemberChange::Kick);
        let mut places = vec![Place::Circle(circle)];
        let listed = |id: &wire::StreamId| {
            let stream = self.streams.get(id);
            stream.is_some_and(|stream| stream.listed.is_some())
        };
        let streams = self.streams_of(circle).into_iter().filter(listed);
        places.extend(streams.map(Place::Stream));
        for place in places {
            self.move_member(place, user, role(member.role), is_gone);
        }
    }

    fn move_member(&mut self, place: Place, user: UserId, role: kaiwa_core::Role, is_gone: bool) {
        let listed = match place {
            Place::Circle(id) => self.circles.get_mut(&id).map(|circle| &mut circle.listed),
            Place::Stream(id) => self.streams.get_mut(&id).map(|stream| &mut stream.listed),
        };
        if let Some(Some(listed)) = listed {
            if is_gone {
                listed.remove(&user);
            } else if listed.len() < MAX_LISTED {
                listed.insert(user);
            }
        }
        let channel_id = place_id(place);
        let user_id = Id::from(user);
        if is_gone {
            let channel_id = Some(channel_id);
            self.event(UserEvent::Remove {
                channel_id,
                user_id,
            });
        } else {
            self.show_person_in(None, channel_id.clone(), user);
            self.event(ChannelEvent::Members {
                channel_id,
                members: vec![Member { user_id, role }],
            });
        }
    }
}

/// A change of a member.
#[derive(Debug)]
pub(super) struct Moved<'a> {
    pub(super) user: UserId,
    pub(super) name: &'a str,
    pub(super) display: &'a str,
    pub(super) role: Role,
    pub(super) change: MemberChange,
}

/// After whom the next page of members begins. A server that repeats itself, or adds nobody, has no more, whatever it says.
pub(super) fn next_after(before: Option<UserId>, found: &[UserId]) -> Option<UserId> {
    let last = found.last().copied();
    last.filter(|_| last > before && found.len() < MAX_LISTED)
}

/// The channel of a place.
pub(super) fn place_id(place: Place) -> Id {
    match place {
        Place::Circle(id) => id.into(),
        Place::Stream(id) => id.into(),
    }
}

/// What may be done in a role.
pub(super) fn role(role: Role) -> kaiwa_core::Role {
    match role {
        Role::Owner => kaiwa_core::Role::Owner,
        Role::Admin => kaiwa_core::Role::Admin,
        Role::Member => kaiwa_core::Role::Member,
    }
}
