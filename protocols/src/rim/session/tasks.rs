//! What the user asked for, step by step: each answer leads to the next step or to the end.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChannelEvent, ChatEvent, Error, ErrorKind, RequestId, UserEvent};

use super::contacts::Standing;
use super::history::Search;
use super::requests::{invalid, no_roles};
use super::rest::{Call, Purpose};
use super::sync::Sync;
use super::{RimSession, Server, answer};
use crate::rim::wire::record::{MODE_DIRECT, ROLE_ADMIN, ROLE_COMMON};
use crate::rim::wire::request::{self, OP_ADD};
use crate::rim::wire::{Endpoint, Group, GroupUser, User};

/// A step of a request that waits for its answer.
#[derive(Debug)]
pub(super) struct Task {
    request: RequestId,
    step: Step,
}

/// What was asked.
#[derive(Debug)]
pub(super) enum Step {
    /// Who has this id or, at the second try, this account name.
    Find {
        name: String,
        by_id: bool,
        goal: Goal,
    },
    /// A relation was made, to be contacts later.
    Befriend {
        uid: u64,
    },
    /// A relation was made, to be confirmed at once.
    Accept {
        uid: u64,
    },
    /// The user's relation was changed.
    SetStatus {
        uid: u64,
        accept: bool,
    },
    /// A group was made.
    Create {
        name: String,
        mode: u8,
        users: Vec<(u64, u8)>,
    },
    Rename {
        gid: u64,
        name: String,
    },
    /// Who is in a group.
    List {
        gid: u64,
    },
    /// The same, before some are added; whether as admins.
    CheckAdd {
        gid: u64,
        wanted: Vec<(u64, bool)>,
    },
    /// Some were added.
    Add {
        gid: u64,
    },
    /// Somebody was removed.
    Remove {
        gid: u64,
        uid: u64,
    },
    /// The user was removed.
    Leave {
        gid: u64,
    },
    /// Who is in a group, before the user joins it.
    CheckJoin {
        gid: u64,
    },
    /// The user was added.
    Join {
        gid: u64,
    },
    /// All groups, the joined one among them.
    Joined {
        gid: u64,
    },
    /// A whole group was marked as read.
    Read {
        gid: u64,
        id: u64,
    },
    /// A page of a history.
    History(Search),
}

/// What somebody is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    Contact,
    Talk,
}

impl RimSession {
    /// Asks for the next step of a request.
    pub(super) fn take_step(
        &mut self,
        request: RequestId,
        call: impl FnOnce(Purpose) -> Call,
        step: Step,
    ) {
        let purpose = Purpose::Task(Task { request, step });
        self.rest.ask(call(purpose));
    }

    /// An answer has come.
    pub(super) fn answered(
        &mut self,
        now: Now,
        purpose: Purpose,
        result: &Result<HttpResponse, Error>,
    ) {
        match purpose {
            Purpose::Register => self.registered(result),
            Purpose::SignIn => self.signed_in(result),
            Purpose::Renew => self.renewed(result),
            Purpose::WhoAmI => self.told_who(result),
            Purpose::Chats { page } => self.chats_came(now, page, result),
            Purpose::Groups => self.groups_came(result),
            Purpose::Recheck => self.rechecked(now, result),
            Purpose::Discover => self.discovered(result),
            Purpose::Contacts(relation) => self.contacts_came(relation, result),
            Purpose::Members { gid } => self.members_told(now, gid, result),
            Purpose::Missed { gid, page } => self.missed_came(now, gid, page, result),
            Purpose::Person { uid } => self.person_told(uid, result),
            Purpose::Task(Task { request, step }) => {
                if let Err(error) = self.advance(now, request, step, result) {
                    self.failed(request, &error);
                }
            }
        }
    }

    fn advance(
        &mut self,
        now: Now,
        request: RequestId,
        step: Step,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        match step {
            Step::Find { name, by_id, goal } => {
                return self.found(request, name, by_id, goal, result);
            }
            Step::CheckAdd { gid, wanted } => {
                return self.may_add(now, request, gid, &wanted, result);
            }
            Step::CheckJoin { gid } => return self.may_join(request, gid, result),
            Step::Joined { gid } => return self.joined(request, gid, result),
            Step::Create { name, mode, users } => {
                let gid = answer::data::<u64>(result)?;
                self.created(now, request, gid, &name, mode, &users);
            }
            Step::List { gid } => {
                let list = answer::data::<Vec<GroupUser<'_>>>(result)?;
                if let Some(room) = self.rooms.get_mut(&gid) {
                    // All who are in it are asked for.
                    room.announced = false;
                }
                self.set_members(now, Some(request), gid, &list);
                self.after_members(now, gid);
            }
            Step::History(search) => return self.searched(now, request, search, result),
            _ => {
                answer::success(result)?;
                return self.succeeded(request, step);
            }
        }
        self.done(request);
        Ok(())
    }

    /// Goes on after a step whose success is all that it tells.
    fn succeeded(&mut self, request: RequestId, step: Step) -> Result<(), Error> {
        match step {
            Step::Befriend { uid } => {
                self.show_contact(Some(request), uid, Some(Standing::Asked));
            }
            Step::Accept { uid } => {
                self.set_status(request, uid, true);
                return Ok(());
            }
            Step::SetStatus { uid, accept } => {
                let standing = accept.then_some(Standing::Confirmed);
                self.show_contact(Some(request), uid, standing);
            }
            Step::Rename { gid, name } => {
                if let Some(room) = self.rooms.get_mut(&gid) {
                    room.name = name;
                }
                self.show_room(Some(request), gid);
            }
            Step::Add { gid } => {
                self.ask_about(request, gid, Step::List { gid });
                return Ok(());
            }
            Step::Remove { gid, uid } => {
                if let Some(room) = self.rooms.get_mut(&gid) {
                    room.members.remove(&uid);
                }
                let gone = UserEvent::Remove {
                    channel_id: Some(gid.to_string()),
                    user_id: uid.to_string(),
                };
                self.tell(Some(request), gone);
                self.show_room(None, gid);
            }
            Step::Leave { gid } => {
                let channel_id = gid.to_string();
                self.remove_room(Some(request), gid, ChannelEvent::Leave { channel_id });
            }
            Step::Join { gid } => {
                let uid = self.uid().to_string();
                let call = |purpose| Call::get(Endpoint::GroupGet, "uid", &uid, purpose);
                self.take_step(request, call, Step::Joined { gid });
                return Ok(());
            }
            Step::Read { gid, id } => self.show_read(request, gid, id),
            _ => {}
        }
        self.done(request);
        Ok(())
    }

    /// Looks for somebody by id or account name.
    pub(super) fn find(&mut self, request: RequestId, name: &str, goal: Goal) -> Result<(), Error> {
        if name.is_empty() || name.contains('\'') {
            return Err(invalid("name an account, or a user's id"));
        }
        let id = super::requests::number(name, "user").ok();
        let known = id
            .filter(|uid| self.people.get(*uid).is_some())
            .or_else(|| self.people.by_account(name).filter(|_| id.is_none()));
        if let Some(uid) = known {
            return self.reached(request, uid, goal);
        }
        self.ask_for(request, name.to_owned(), id.is_some(), goal);
        Ok(())
    }

    fn ask_for(&mut self, request: RequestId, name: String, by_id: bool, goal: Goal) {
        let (endpoint, key) = if by_id {
            (Endpoint::UserGet, "uid")
        } else {
            (Endpoint::UserSearch, "account")
        };
        let value = name.clone();
        let call = |purpose| Call::get(endpoint, key, &value, purpose);
        self.take_step(request, call, Step::Find { name, by_id, goal });
    }

    fn found(
        &mut self,
        request: RequestId,
        name: String,
        by_id: bool,
        goal: Goal,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        let user = match answer::data::<User<'_>>(result) {
            Ok(user) => user,
            // An account may be called by a number too.
            Err(error) if by_id && (20..40).contains(&error.kind().number()) => {
                self.ask_for(request, name, false, goal);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let learned = self.people.learn(&user);
        let (uid, _) =
            learned.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such user"))?;
        self.reached(request, uid, goal)
    }

    fn reached(&mut self, request: RequestId, uid: u64, goal: Goal) -> Result<(), Error> {
        if uid == self.uid() {
            return Err(invalid("that is the user of this account"));
        }
        match goal {
            Goal::Talk => self.talk(request, uid),
            Goal::Contact => match self.contacts.get(uid) {
                // They wait for the user's answer.
                Some(Standing::Asking) => self.accept(request, uid),
                Some(standing) => {
                    self.show_contact(Some(request), uid, Some(standing));
                    self.done(request);
                }
                None => {
                    let body = request::AddFriend { fid: uid };
                    let call = |purpose| Call::post(Endpoint::FriendAdd, &body, purpose);
                    self.take_step(request, call, Step::Befriend { uid });
                }
            },
        }
        Ok(())
    }

    /// Changes the user's relation to somebody.
    pub(super) fn set_status(&mut self, request: RequestId, uid: u64, accept: bool) {
        use crate::rim::wire::record::{STATUS_CONFIRMED, STATUS_REJECTED};
        let status = if accept {
            STATUS_CONFIRMED
        } else {
            STATUS_REJECTED
        };
        let body = request::ModifyFriend { fid: uid, status };
        let call = |purpose| Call::post(Endpoint::FriendStatusModify, &body, purpose);
        self.take_step(request, call, Step::SetStatus { uid, accept });
    }

    /// A talk with somebody: the one there is, or a new one. rim looks for none itself.
    fn talk(&mut self, request: RequestId, uid: u64) {
        // A group whose members are not known may be it.
        if self.rooms.values().any(|room| room.members_at.is_none()) {
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
        let other = self
            .people
            .get(uid)
            .map_or("", super::people::Person::shown);
        let name = format!("{own}, {other}");
        let users = vec![(me, ROLE_COMMON), (uid, ROLE_COMMON)];
        self.create(request, name, MODE_DIRECT, users);
    }

    /// Begins the talks that waited for the members of all groups.
    pub(super) fn begin_talks(&mut self) {
        if self.talks.is_empty() || self.rooms.values().any(|room| room.members_at.is_none()) {
            return;
        }
        for (request, uid) in std::mem::take(&mut self.talks) {
            self.talk(request, uid);
        }
    }

    /// Makes a group.
    pub(super) fn create(
        &mut self,
        request: RequestId,
        name: String,
        mode: u8,
        users: Vec<(u64, u8)>,
    ) {
        let body = request::CreateGroup {
            group: request::NewGroup {
                name: name.as_str().into(),
                avatar: "".into(),
                mode,
                creator_uid: self.uid(),
            },
            users: users
                .iter()
                .map(|(uid, role)| request::NewMember {
                    uid: *uid,
                    role: *role,
                })
                .collect(),
        };
        let call = Call::post(
            Endpoint::GroupCreate,
            &body,
            Purpose::Task(Task {
                request,
                step: Step::Create {
                    name: name.clone(),
                    mode,
                    users,
                },
            }),
        );
        self.rest.ask(call);
    }

    fn created(
        &mut self,
        now: Now,
        request: RequestId,
        gid: u64,
        name: &str,
        mode: u8,
        users: &[(u64, u8)],
    ) {
        let group = Group {
            id: Some(gid),
            name: name.into(),
            mode,
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
                self.add_room(Some(request), gid, &group, Sync::listed(None));
                let members = users.iter().copied().collect();
                self.place_members(now, Some(request), gid, members, &BTreeSet::new());
                self.show_room(Some(request), gid);
            }
        }
    }

    /// Asks who is in a group.
    pub(super) fn ask_about(&mut self, request: RequestId, gid: u64, step: Step) {
        let gid = gid.to_string();
        let call = |purpose| Call::get(Endpoint::GroupUserGet, "gid", &gid, purpose);
        self.take_step(request, call, step);
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
        let call = |purpose| Call::post(Endpoint::GroupUserChange, &body, purpose);
        self.take_step(request, call, step);
    }

    /// The original adds somebody once for each member that is there, so only to one can another be added.
    fn may_add(
        &mut self,
        now: Now,
        request: RequestId,
        gid: u64,
        wanted: &[(u64, bool)],
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        let list = answer::data::<Vec<GroupUser<'_>>>(result)?;
        self.set_members(now, None, gid, &list);
        self.show_room(None, gid);
        let empty = BTreeMap::new();
        let members = self.rooms.get(&gid).map_or(&empty, |room| &room.members);
        let mut new = Vec::new();
        for (uid, admin) in wanted {
            match members.get(uid) {
                Some(role) if (*role == ROLE_ADMIN) != *admin => return Err(no_roles()),
                None if *admin => return Err(no_roles()),
                None if !new.contains(uid) => new.push(*uid),
                Some(_) | None => {}
            }
        }
        let count = members.len();
        if new.is_empty() {
            self.done(request);
            return Ok(());
        }
        if self.server == Server::Original && (count > 1 || new.len() > 1) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this server adds people wrongly to a group of several; make a new group with all of them",
            ));
        }
        self.change(request, gid, new, OP_ADD, Step::Add { gid });
        Ok(())
    }

    fn may_join(
        &mut self,
        request: RequestId,
        gid: u64,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        match answer::data::<Vec<GroupUser<'_>>>(result)?.len() {
            0 => Err(Error::new(ErrorKind::NotFound, "there is no such group")),
            1 => {
                self.change(request, gid, vec![self.uid()], OP_ADD, Step::Join { gid });
                Ok(())
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "this server adds people wrongly to a group of several",
            )),
        }
    }

    fn joined(
        &mut self,
        request: RequestId,
        gid: u64,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        let list = answer::data::<Vec<Group<'_>>>(result)?;
        let group = list.iter().find(|group| group.id == Some(gid));
        let group = group.ok_or_else(|| {
            Error::new(
                ErrorKind::Rejected,
                "the server does not let the user into the group",
            )
        })?;
        if !self.rooms.contains_key(&gid) {
            self.add_room(Some(request), gid, group, Sync::fetching(None));
        }
        let channel_id = gid.to_string();
        self.tell(Some(request), ChannelEvent::Join { channel_id });
        self.done(request);
        Ok(())
    }

    /// A mark was acknowledged. If nothing newer is known, the whole group is read.
    pub(super) fn was_read(&mut self, gid: u64, id: u64, request: RequestId) {
        let newest = self.rooms.get(&gid).map_or(0, |room| room.seen.newest());
        if id >= newest {
            let uid = self.uid();
            let body = request::ReadGroup { gid, uid };
            let call = |purpose| Call::post(Endpoint::GroupRead, &body, purpose);
            self.take_step(request, call, Step::Read { gid, id });
            return;
        }
        self.show_read(request, gid, id);
        self.done(request);
    }

    fn show_read(&mut self, request: RequestId, gid: u64, id: u64) {
        let read = ChatEvent::Read {
            channel_id: Some(gid.to_string()),
            message_id: id.to_string(),
            user_id: None,
        };
        self.tell(Some(request), read);
    }
}
