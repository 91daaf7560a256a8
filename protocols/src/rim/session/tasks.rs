//! What the user asked for, step by step: each answer leads to the next step or to the end.

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChannelEvent, ChatEvent, Error, Id, RequestId, UserEvent};

use super::contacts::Standing;
use super::find::Goal;
use super::history::Search;
use super::rest::{Ask, Purpose};
use super::talks::NewRoom;
use super::{RimSession, answer};
use crate::rim::wire::{Endpoint, GroupUser, request};

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
    Create(NewRoom),
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

impl RimSession {
    /// Asks for the next step of a request.
    pub(super) fn take_step(&mut self, request: RequestId, ask: Ask, step: Step) {
        let purpose = Purpose::Task(Task { request, step });
        self.rest.ask(ask, purpose);
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
            Purpose::Renew => self.renewed(now, result),
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
            Step::Create(new) => {
                let gid = answer::data::<u64>(result)?;
                self.created(now, request, gid, &new);
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
                    channel_id: Some(gid.into()),
                    user_id: uid.into(),
                };
                self.tell(Some(request), gone);
                self.show_room(None, gid);
            }
            Step::Leave { gid } => {
                let channel_id = Id::from(gid);
                self.remove_room(Some(request), gid, ChannelEvent::Leave { channel_id });
            }
            Step::Join { gid } => {
                let uid = self.uid().to_string();
                let ask = Ask::get(Endpoint::GroupGet, "uid", &uid);
                self.take_step(request, ask, Step::Joined { gid });
                return Ok(());
            }
            Step::Read { gid, id } => self.show_read(request, gid, id),
            _ => {}
        }
        self.done(request);
        Ok(())
    }

    /// A mark was acknowledged. If nothing newer is known, the whole group is read.
    pub(super) fn was_read(&mut self, gid: u64, id: u64, request: RequestId) {
        let newest = self.rooms.get(&gid).map_or(0, |room| room.seen.newest());
        if id >= newest {
            let uid = self.uid();
            let body = request::ReadGroup { gid, uid };
            let ask = Ask::post(Endpoint::GroupRead, &body);
            self.take_step(request, ask, Step::Read { gid, id });
            return;
        }
        self.show_read(request, gid, id);
        self.done(request);
    }

    fn show_read(&mut self, request: RequestId, gid: u64, id: u64) {
        let read = ChatEvent::Read {
            channel_id: Some(gid.into()),
            message_id: id.into(),
            user_id: None,
        };
        self.tell(Some(request), read);
    }
}
