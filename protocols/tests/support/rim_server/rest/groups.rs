//! `/group/…`: groups and their members. The original lets everybody do everything.

use kaiwa_protocols::rim::wire::request::{self, OP_ADD, OP_REMOVE};
use kaiwa_protocols::rim::wire::rest::CODE_FORBIDDEN;
use kaiwa_protocols::rim::wire::{Group, GroupUser, Notice};

use super::{Answered, Asked, State, failure, success};
use crate::support::rim_server::world::{GroupRow, MemberRow};

impl State {
    pub(super) fn group_create(&mut self, asked: &Asked<'_>) -> Answered {
        let request::CreateGroup { group, users } = asked.body()?;
        if self.is_kaiwa() && group.creator_uid != asked.caller {
            return Err(failure(CODE_FORBIDDEN, "another creator"));
        }
        let members: Vec<MemberRow> = users
            .iter()
            .map(|user| MemberRow {
                uid: user.uid,
                role: user.role,
            })
            .collect();
        let row = GroupRow {
            id: 0,
            name: group.name.into_owned(),
            avatar: group.avatar.into_owned(),
            mode: group.mode,
            creator: group.creator_uid,
        };
        let gid = self.world.add_group(row, &members);
        self.tell_group(asked.caller, gid);
        Ok(success(gid))
    }

    pub(super) fn group_update(&mut self, asked: &Asked<'_>) -> Answered {
        let request::UpdateGroup { id, name, avatar } = asked.body()?;
        self.check_member(asked, id)?;
        if let Some(group) = self.world.group_mut(id) {
            group.name = name.into_owned();
            group.avatar = avatar.into_owned();
        }
        self.tell_group(asked.caller, id);
        Ok(success(true))
    }

    /// A user who is in a group several times sees it so often.
    pub(super) fn group_get(&self, asked: &Asked<'_>) -> Answered {
        let uid = self.believed(asked, asked.number("uid")?);
        let groups = self.world.groups_of(uid).iter();
        let groups: Vec<Group<'_>> = groups
            .filter_map(|gid| Some(self.world.group(*gid)?.record()))
            .collect();
        Ok(success(groups))
    }

    pub(super) fn group_user_get(&self, asked: &Asked<'_>) -> Answered {
        let gid = asked.number("gid")?;
        self.check_member(asked, gid)?;
        let members = self.world.members(gid).iter();
        let users: Option<Vec<GroupUser<'_>>> = members
            .map(|member| {
                Some(GroupUser {
                    role: member.role,
                    user: self.world.user(member.uid)?.record(),
                })
            })
            .collect();
        users.map(success).ok_or_else(|| self.panic())
    }

    pub(super) fn group_user_change(&mut self, asked: &Asked<'_>) -> Answered {
        let request::ChangeMembers { gid, uids, op_type } = asked.body()?;
        self.check_member(asked, gid)?;
        let caller = asked.caller;
        match op_type {
            OP_ADD => self.world.add_members(gid, &uids),
            OP_REMOVE => {
                self.world.remove_members(gid, &uids);
                for uid in &uids {
                    self.notify(*uid, Notice::Removed { uid: caller, gid });
                }
            }
            _ => return Ok(success(true)),
        }
        self.tell_group(caller, gid);
        Ok(success(true))
    }

    fn tell_group(&mut self, uid: u64, gid: u64) {
        self.notify_group(gid, Notice::Groups { uid, gid });
    }
}
