//! Who is in a group.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChannelEvent, Error, Id, Member, RequestId, UserEvent};

use super::rest::{Ask, Purpose};
use super::rooms::member;
use super::tasks::Step;
use super::{RimSession, answer};
use crate::rim::wire::{Endpoint, GroupUser, User, request};

/// Speakers that are no members, told of per connection: further ones are known by their ids only.
const MAX_INTRODUCED: usize = 1000;

impl RimSession {
    /// Asks for the members of a group, unless that is being done.
    pub(super) fn ask_members(&mut self, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid).filter(|room| !room.asking) else {
            return;
        };
        room.asking = true;
        self.stale.remove(&gid);
        let purpose = Purpose::Members { gid };
        let ask = Ask::get(Endpoint::GroupUserGet, "gid", &gid.to_string());
        self.rest.ask(ask, purpose);
    }

    pub(super) fn members_told(
        &mut self,
        now: Now,
        gid: u64,
        result: &Result<HttpResponse, Error>,
    ) {
        let list = answer::data::<Vec<GroupUser<'_>>>(result);
        // The original fails where a member has no user; then what the chat list says must do.
        if let Some(room) = self.rooms.get_mut(&gid) {
            room.asking = false;
            room.members_known = true;
            room.fresh_at = Some(now.mono);
        }
        if let Ok(list) = list {
            self.set_members(now, None, gid, &list);
        }
        self.after_members(now, gid);
    }

    /// Takes the list of those who are in a group.
    pub(super) fn set_members(
        &mut self,
        now: Now,
        request: Option<RequestId>,
        gid: u64,
        list: &[GroupUser<'_>],
    ) {
        let mut members = BTreeMap::new();
        let mut changed = BTreeSet::new();
        for entry in list {
            // The original may list a member several times.
            match self.people.learn(&entry.user) {
                Some((uid, is_new)) => {
                    members.insert(uid, entry.role);
                    if is_new {
                        changed.insert(uid);
                    }
                }
                None => self.skipped += 1,
            }
        }
        self.place_members(now, request, gid, &members, &changed);
    }

    /// Tells who is in a group: everybody once per connection, afterwards what has changed.
    pub(super) fn place_members(
        &mut self,
        now: Now,
        request: Option<RequestId>,
        gid: u64,
        members: &BTreeMap<u64, u8>,
        changed: &BTreeSet<u64>,
    ) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        room.members_known = true;
        room.fresh_at = Some(now.mono);
        let all = !std::mem::replace(&mut room.announced, true);
        let before = std::mem::replace(&mut room.members, members.clone());
        let channel_id = Id::from(gid);
        for uid in before.keys().filter(|uid| !members.contains_key(uid)) {
            let gone = UserEvent::Remove {
                channel_id: Some(channel_id.clone()),
                user_id: (*uid).into(),
            };
            self.tell(request, gone);
        }
        let mut told: Vec<Member> = Vec::new();
        for (uid, role) in members {
            let known = before.get(uid);
            if all || known.is_none() || changed.contains(uid) {
                let user = UserEvent::New {
                    channel_id: Some(channel_id.clone()),
                    user: self.people.profile(*uid),
                };
                self.tell(request, user);
            }
            if all || known != Some(role) {
                told.push(member(*uid, *role));
            }
        }
        if !told.is_empty() {
            let members = ChannelEvent::Members {
                channel_id,
                members: told,
            };
            self.tell(request, members);
        }
    }

    /// Somebody speaks in a group: tells who they are if they are none of its members, which is so of those who have left,
    /// and on kaiwa's server of guests.
    pub(super) fn introduce(&mut self, gid: u64, uid: u64) {
        let member = self
            .rooms
            .get(&gid)
            .is_some_and(|room| room.members.contains_key(&uid));
        if member || self.introduced.len() >= MAX_INTRODUCED || !self.introduced.insert(uid) {
            return;
        }
        if self.people.get(uid).is_some() {
            let user = self.people.profile(uid);
            let channel_id = None;
            self.event(UserEvent::New { channel_id, user });
            return;
        }
        let purpose = Purpose::Person { uid };
        let ask = Ask::get(Endpoint::UserGet, "uid", &uid.to_string());
        self.rest.ask(ask, purpose);
    }

    /// Who somebody is that spoke.
    pub(super) fn person_told(&mut self, uid: u64, result: &Result<HttpResponse, Error>) {
        let Ok(user) = answer::data::<User<'_>>(result) else {
            return;
        };
        if self
            .people
            .learn(&user)
            .is_some_and(|(told, _)| told == uid)
        {
            let user = self.people.profile(uid);
            let channel_id = None;
            self.event(UserEvent::New { channel_id, user });
        }
    }

    /// Asks who is in a group.
    pub(super) fn ask_about(&mut self, request: RequestId, gid: u64, step: Step) {
        let ask = Ask::get(Endpoint::GroupUserGet, "gid", &gid.to_string());
        self.take_step(request, ask, step);
    }

    /// Adds or removes members.
    pub(super) fn change(
        &mut self,
        request: RequestId,
        gid: u64,
        uids: Vec<u64>,
        op_type: u8,
        step: Step,
    ) {
        let body = request::ChangeMembers { gid, uids, op_type };
        let ask = Ask::post(Endpoint::GroupUserChange, &body);
        self.take_step(request, ask, step);
    }
}
