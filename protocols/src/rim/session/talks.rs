//! New groups, and talks with one other person, which are groups of two.

use std::collections::BTreeSet;

use kaiwa_core::session::Now;
use kaiwa_core::{ChannelEvent, RequestId};

use super::RimSession;
use super::catch_up::CatchUp;
use super::people::Person;
use super::rest::Ask;
use super::tasks::Step;
use crate::rim::wire::record::{MODE_DIRECT, ROLE_COMMON};
use crate::rim::wire::{Endpoint, Group, request};

/// A group that is to be made.
#[derive(Debug)]
pub(super) struct NewRoom {
    pub(super) name: String,
    pub(super) mode: u8,
    /// All members and their roles.
    pub(super) users: Vec<(u64, u8)>,
}

impl RimSession {
    /// A talk with somebody: the one there is, or a new one. rim looks for none itself.
    pub(super) fn talk(&mut self, request: RequestId, uid: u64) {
        // A group whose members are not known may be it.
        if self.rooms.values().any(|room| !room.members_known) {
            self.talks.push((request, uid));
            return;
        }
        let me = self.uid();
        let found = self
            .rooms
            .iter()
            .find(|(_, room)| room.partner(me) == Some(uid))
            .map(|(gid, room)| (*gid, room.channel(*gid, me, &self.people)));
        if let Some((_, channel)) = found {
            self.tell(Some(request), ChannelEvent::New { channel });
            self.done(request);
            return;
        }
        let own = self.me.as_ref().map_or("", |(_, name)| name);
        let other = self.people.get(uid).map_or("", Person::shown);
        let name = format!("{own}, {other}");
        let users = vec![(me, ROLE_COMMON), (uid, ROLE_COMMON)];
        let new = NewRoom {
            name,
            mode: MODE_DIRECT,
            users,
        };
        self.create(request, new);
    }

    /// Begins the talks that waited for the members of all groups.
    pub(super) fn begin_talks(&mut self) {
        if self.talks.is_empty() || self.rooms.values().any(|room| !room.members_known) {
            return;
        }
        for (request, uid) in std::mem::take(&mut self.talks) {
            self.talk(request, uid);
        }
    }

    /// Makes a group.
    pub(super) fn create(&mut self, request: RequestId, new: NewRoom) {
        let member = |(uid, role): &(u64, u8)| request::NewMember {
            uid: *uid,
            role: *role,
        };
        let body = request::CreateGroup {
            group: request::NewGroup {
                name: new.name.as_str().into(),
                avatar: "".into(),
                mode: new.mode,
                creator_uid: self.uid(),
            },
            users: new.users.iter().map(member).collect(),
        };
        let ask = Ask::post(Endpoint::GroupCreate, &body);
        self.take_step(request, ask, Step::Create(new));
    }

    pub(super) fn created(&mut self, now: Now, request: RequestId, gid: u64, new: &NewRoom) {
        let group = Group {
            id: Some(gid),
            name: new.name.as_str().into(),
            mode: new.mode,
            creator_uid: self.uid(),
            ..Group::default()
        };
        match self.rooms.get_mut(&gid) {
            // kaiwa's server may tell of it before it answers.
            Some(room) => {
                room.describe(&group);
                let shown = room.shown.clone();
                if let Some(channel) = shown {
                    self.tell(Some(request), ChannelEvent::New { channel });
                }
            }
            None => {
                self.add_room(Some(request), gid, &group, CatchUp::listed(None));
                let members = new.users.iter().copied().collect();
                self.place_members(now, Some(request), gid, &members, &BTreeSet::new());
                self.show_room(Some(request), gid);
            }
        }
    }
}
