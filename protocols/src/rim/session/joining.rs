//! Who joins a group: others whom the user adds, or the user.
//!
//! The original adds somebody once for each member that is there, so only to a group of one can another be added; and it
//! adds anybody to anything. kaiwa's server does neither.

use std::collections::BTreeMap;

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChannelEvent, Error, ErrorKind, Id, RequestId};

use super::catch_up::CatchUp;
use super::requests::no_roles;
use super::tasks::Step;
use super::{RimSession, Server, answer};
use crate::rim::wire::record::ROLE_ADMIN;
use crate::rim::wire::request::OP_ADD;
use crate::rim::wire::{Group, GroupUser};

impl RimSession {
    /// Who is in a group is known: adds those who are not.
    pub(super) fn may_add(
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

    pub(super) fn may_join(
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

    pub(super) fn joined(
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
            self.add_room(Some(request), gid, group, CatchUp::fetching(None));
        }
        let channel_id = Id::from(gid);
        self.tell(Some(request), ChannelEvent::Join { channel_id });
        self.done(request);
        Ok(())
    }
}
