//! `/message/…`: the chat list, histories, reading.

use chrono::TimeDelta;
use kaiwa_protocols::rim::wire::{ChatMessage, User, request};

use super::{Answered, Asked, State, success};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::talk::Page;

/// The original writes times of its own zone, and does not say which: here that of its author.
const ORIGINAL_ZONE: TimeDelta = TimeDelta::hours(8);

impl State {
    pub(super) fn chat_list(&self, asked: &Asked<'_>) -> Answered {
        let request::ChatList { uid, page, size } = asked.body()?;
        let uid = self.believed(asked, uid);
        let chats = self.world.talk.chats(uid);
        if self.flavour == (Flavour::Original { chat_uid: false }) && !chats.is_empty() {
            return Err(self.panic());
        }
        if page == 0 {
            return Err(self.panic());
        }
        // Once per row of the member.
        let rows = chats.into_iter().flat_map(|gid| {
            let own = move |other: &&u64| **other == gid;
            let copies = self.world.groups_of(uid).iter().filter(own).count();
            std::iter::repeat_n(gid, copies)
        });
        let mut gids = Page { page, size }.of(rows);
        let last = |gid: &u64| self.world.talk.last(uid, *gid).map(|last| last.id);
        gids.sort_by_key(last);
        let lines: Vec<ChatMessage<'_>> =
            gids.iter().filter_map(|gid| self.chat(uid, *gid)).collect();
        Ok(success(lines))
    }

    /// A line of the chat list.
    fn chat(&self, uid: u64, gid: u64) -> Option<ChatMessage<'_>> {
        let others = self.world.members(gid).iter();
        let other = others.map(|member| member.uid).find(|other| *other != uid);
        Some(ChatMessage {
            group: self.world.group(gid)?.record(),
            msg: self
                .world
                .talk
                .last(uid, gid)?
                .record(self.zone(), self.is_kaiwa()),
            user: self.record_of(other.unwrap_or(uid)),
            unread: Some(self.world.talk.unread(uid, gid)),
        })
    }

    pub(super) fn history(&self, asked: &Asked<'_>) -> Answered {
        let request::History {
            gid,
            uid,
            page,
            size,
            before,
        } = asked.body()?;
        self.check_member(asked, gid)?;
        let uid = self.believed(asked, uid);
        let before = before.filter(|_| self.is_kaiwa());
        if page == 0 && before.is_none() {
            return Err(self.panic());
        }
        let page = Page {
            page: if before.is_some() { 1 } else { page },
            size,
        };
        let inbox = self.world.talk.inbox(uid, gid).iter().rev();
        let older = inbox.filter(|row| before.is_none_or(|before| row.mid < before));
        let rows = page.of(older);
        let group = self.world.group(gid);
        let lines: Vec<ChatMessage<'_>> = rows
            .iter()
            .rev()
            .filter_map(|row| {
                let msg = self.world.talk.message(row.mid)?;
                Some(ChatMessage {
                    group: group?.record(),
                    msg: msg.record(self.zone(), self.is_kaiwa()),
                    user: self.record_of(msg.uid),
                    unread: None,
                })
            })
            .collect();
        Ok(success(lines))
    }

    pub(super) fn group_read(&mut self, asked: &Asked<'_>) -> Answered {
        let request::ReadGroup { gid, uid } = asked.body()?;
        self.check_member(asked, gid)?;
        let uid = self.believed(asked, uid);
        self.world.talk.read_all(uid, gid);
        self.tell_read(uid, gid);
        Ok(success(true))
    }

    fn record_of(&self, uid: u64) -> User<'_> {
        let user = self.world.user(uid);
        user.map(|user| user.record()).unwrap_or_default()
    }

    fn zone(&self) -> TimeDelta {
        if self.is_kaiwa() {
            TimeDelta::zero()
        } else {
            ORIGINAL_ZONE
        }
    }
}
