//! People of other networks in a room: whoever speaks there, and in a room with few members those of them who are online. Who is on
//! Sock Chat is shown where they are, and elsewhere only once they speak there.

use std::collections::{BTreeMap, BTreeSet};

use super::Roster;
use crate::front::sockchat::person::{NOBODY, Shown, one_word, plain_name};
use crate::front::sockchat::places::MAX_MEMBERS;
use crate::store::{RoomId, User, UserId};

/// People of other networks who are shown in a room. When one more speaks there, whoever was silent for longest goes.
const MAX_OTHERS: usize = 2 * MAX_MEMBERS;

/// Who is shown in a room in which somebody is.
#[derive(Default)]
pub(super) struct Place {
    pub(super) people: BTreeSet<UserId>,
    pub(super) others: BTreeMap<UserId, Other>,
    /// Whose room it is, if they are few.
    members: Option<BTreeMap<UserId, User>>,
}

/// Somebody of another network.
pub(super) struct Other {
    pub(super) shown: Shown,
    /// When they last spoke, by [`Roster::spoken`].
    spoke: u64,
}

/// Somebody who speaks in a place, and whom it takes to announce them.
pub(in crate::front::sockchat) struct Speaker {
    pub(in crate::front::sockchat) shown: Shown,
    /// Whether they were not shown there until now.
    pub(in crate::front::sockchat) is_new: bool,
    /// Who is no longer shown for that.
    pub(in crate::front::sockchat) gone: Option<UserId>,
}

impl Roster {
    /// Somebody speaks in a room, who is called `name` on their network, if they said one.
    pub(in crate::front::sockchat) fn speak(
        &mut self,
        room: RoomId,
        user: Option<UserId>,
        name: &str,
    ) -> Speaker {
        let user = user.unwrap_or(NOBODY);
        self.spoken += 1;
        let Some(place) = self.places.get_mut(&room) else {
            return self.pass(user, name);
        };
        if place.people.contains(&user)
            && let Some(person) = self.people.get(&user)
        {
            return Speaker::known(&person.shown);
        }
        if let Some(other) = place.others.get_mut(&user) {
            other.spoke = self.spoken;
            return Speaker::known(&other.shown);
        }
        let gone = (place.others.len() >= MAX_OTHERS)
            .then(|| place.longest_silent())
            .flatten();
        if let Some(gone) = gone {
            self.hide(room, gone);
        }
        let shown = match self.people.get(&user) {
            Some(person) => {
                let (wanted, shown) = (plain_name(&person.user), person.shown.clone());
                self.names.take(user, &wanted);
                shown
            }
            None => Shown::stranger(user, &self.names.take(user, &one_word(name))),
        };
        self.show(room, user, shown.clone());
        Speaker {
            shown,
            is_new: true,
            gone,
        }
    }

    /// Somebody speaks who is not shown in the room of who hears it, before them or after.
    pub(in crate::front::sockchat) fn pass(&self, user: UserId, name: &str) -> Speaker {
        let shown = match self.people.get(&user) {
            Some(person) => person.shown.clone(),
            None => Shown::stranger(user, &one_word(name)),
        };
        Speaker {
            shown,
            is_new: true,
            gone: None,
        }
    }

    /// Somebody has their first connection, or lost the last one. Gives where they are shown from now on, or no longer.
    pub(in crate::front::sockchat) fn set_online(
        &mut self,
        user: UserId,
        online: bool,
        shown: impl Fn(&User, &str) -> Shown,
    ) -> Vec<(RoomId, Shown)> {
        if online {
            self.online.insert(user);
            return self.appear(user, None, shown);
        }
        self.online.remove(&user);
        self.disappear(user, None)
    }

    /// Somebody who may be online is shown where their membership makes them, in all rooms or one; unless they are here. Gives
    /// where they were not shown before.
    pub(in crate::front::sockchat) fn appear(
        &mut self,
        user: UserId,
        only: Option<RoomId>,
        shown: impl Fn(&User, &str) -> Shown,
    ) -> Vec<(RoomId, Shown)> {
        if !self.online.contains(&user) || self.people.contains_key(&user) {
            return Vec::new();
        }
        let places = self.places.iter();
        let new = places.filter_map(|(room, place)| {
            let member = place.members.as_ref()?.get(&user)?;
            let is_meant =
                only.is_none_or(|only| only == *room) && !place.others.contains_key(&user);
            is_meant.then(|| (*room, member.clone()))
        });
        let new: Vec<(RoomId, User)> = new.collect();
        let show = |(room, member): (RoomId, User)| {
            let name = self.names.take(user, &plain_name(&member));
            let shown = shown(&member, &name);
            self.show(room, user, shown.clone());
            (room, shown)
        };
        new.into_iter().map(show).collect()
    }

    /// Somebody of another network is shown no more, anywhere or in a room. Gives where they were.
    pub(in crate::front::sockchat) fn disappear(
        &mut self,
        user: UserId,
        only: Option<RoomId>,
    ) -> Vec<(RoomId, Shown)> {
        let places = self.places.iter();
        let shown = places
            .filter(|(room, _)| only.is_none_or(|only| only == **room))
            .filter_map(|(room, place)| Some((*room, place.others.get(&user)?.shown.clone())));
        let shown: Vec<(RoomId, Shown)> = shown.collect();
        for (room, _) in &shown {
            self.hide(*room, user);
        }
        shown
    }

    /// These are the members of a room in which somebody is now; none if they are too many.
    pub(in crate::front::sockchat) fn set_members(
        &mut self,
        room: RoomId,
        members: Vec<User>,
        shown: impl Fn(&User, &str) -> Shown,
    ) {
        let users: Vec<UserId> = members.iter().map(|user| user.id).collect();
        if let Some(place) = self.places.get_mut(&room) {
            let members = members.into_iter().map(|user| (user.id, user));
            place.members = Some(members.collect());
        }
        for user in users {
            self.appear(user, Some(room), &shown);
        }
    }

    /// Somebody has become a member of a room, or is otherwise now.
    pub(in crate::front::sockchat) fn set_member(&mut self, room: RoomId, user: &User) {
        let place = self.places.get_mut(&room);
        if let Some(members) = place.and_then(|place| place.members.as_mut())
            && (members.len() < MAX_MEMBERS || members.contains_key(&user.id))
        {
            members.insert(user.id, user.clone());
        }
    }

    /// Somebody is a member of a room no more.
    pub(in crate::front::sockchat) fn remove_member(&mut self, room: RoomId, user: UserId) {
        let place = self.places.get_mut(&room);
        if let Some(members) = place.and_then(|place| place.members.as_mut()) {
            members.remove(&user);
        }
    }

    pub(super) fn update_member(&mut self, user: &User) {
        for place in self.places.values_mut() {
            let members = place.members.as_mut();
            if let Some(member) = members.and_then(|members| members.get_mut(&user.id)) {
                member.clone_from(user);
            }
        }
    }

    /// Somebody who is here is in a room now.
    pub(super) fn put(&mut self, user: UserId, room: RoomId) {
        self.hide(room, user);
        self.places.entry(room).or_default().people.insert(user);
    }

    /// No longer.
    pub(super) fn take_from(&mut self, user: UserId, room: RoomId) {
        let Some(place) = self.places.get_mut(&room) else {
            return;
        };
        place.people.remove(&user);
        if place.people.is_empty() {
            // Nobody is there who could be told of others.
            for (other, _) in self.places.remove(&room).unwrap_or_default().others {
                self.names.give_back(other);
            }
        }
    }

    /// Their name is taken already.
    fn show(&mut self, room: RoomId, user: UserId, shown: Shown) {
        let spoke = self.spoken;
        let place = self.places.entry(room).or_default();
        place.others.insert(user, Other { shown, spoke });
    }

    fn hide(&mut self, room: RoomId, user: UserId) {
        let place = self.places.get_mut(&room);
        if place.and_then(|place| place.others.remove(&user)).is_some() {
            self.names.give_back(user);
        }
    }
}

impl Place {
    fn longest_silent(&self) -> Option<UserId> {
        let others = self.others.iter();
        others
            .min_by_key(|(_, other)| other.spoke)
            .map(|(user, _)| *user)
    }
}

impl Speaker {
    fn known(shown: &Shown) -> Self {
        Self {
            shown: shown.clone(),
            is_new: false,
            gone: None,
        }
    }
}
