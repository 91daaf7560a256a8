//! What is said: messages, the inbox of each member, the list of chats.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_protocols::rim::wire::{Kind, Message};

use super::world::MemberRow;

/// What is said.
#[derive(Default)]
pub(crate) struct Talk {
    messages: Vec<MessageRow>,
    /// By receiver and group, by message; several of the same where the receiver is a member several times.
    inbox: BTreeMap<(u64, u64), Vec<InboxRow>>,
    /// By user and group; the count of changes at the last one.
    chats: BTreeMap<u64, BTreeMap<u64, u64>>,
    changes: u64,
    /// How many rows of an inbox are read without a hole.
    marks: BTreeMap<(u64, u64), usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) content: String,
    pub(crate) gid: u64,
    pub(crate) uid: u64,
    pub(crate) client_msg_id: String,
    pub(crate) at: DateTime<Utc>,
}

/// A message of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InboxRow {
    pub(crate) mid: u64,
    /// It is known to have arrived.
    pub(crate) sent: bool,
    pub(crate) read: bool,
}

/// Which part of a list is wanted.
pub(super) struct Page {
    pub(super) page: u64,
    pub(super) size: u64,
}

impl Talk {
    /// Keeps a message, with an inbox row per member row; gives its id.
    pub(crate) fn keep(&mut self, mut message: MessageRow, members: &[MemberRow]) -> u64 {
        let id = u64::try_from(self.messages.len()).unwrap() + 1;
        message.id = id;
        self.changes += 1;
        for member in members {
            let own = member.uid == message.uid;
            let row = InboxRow {
                mid: id,
                sent: own,
                read: own,
            };
            let place = (member.uid, message.gid);
            self.inbox.entry(place).or_default().push(row);
            let chats = self.chats.entry(member.uid).or_default();
            chats.insert(message.gid, self.changes);
        }
        self.messages.push(message);
        id
    }

    pub(crate) fn message(&self, id: u64) -> Option<&MessageRow> {
        self.messages.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    /// All messages, in order.
    pub(crate) fn messages(&self) -> &[MessageRow] {
        &self.messages
    }

    /// A message that its sender sent under this id before.
    pub(super) fn repeated(&self, uid: u64, gid: u64, client_msg_id: &str) -> Option<&MessageRow> {
        let mut own = self.messages.iter().rev().filter(|row| row.uid == uid);
        own.find(|row| row.gid == gid && row.client_msg_id == client_msg_id)
    }

    /// What somebody has in a group, in order.
    pub(crate) fn inbox(&self, uid: u64, gid: u64) -> &[InboxRow] {
        self.inbox.get(&(uid, gid)).map_or(&[], Vec::as_slice)
    }

    /// Changes the rows of a message in an inbox.
    pub(super) fn change_inbox(
        &mut self,
        uid: u64,
        gid: u64,
        mid: u64,
        change: impl Fn(&mut InboxRow),
    ) {
        let Some(rows) = self.inbox.get_mut(&(uid, gid)) else {
            return;
        };
        let first = rows.partition_point(|row| row.mid < mid);
        let same = rows[first..].iter_mut().take_while(|row| row.mid == mid);
        same.for_each(change);
    }

    /// Moves the mark up to which all is read; gives the message it stands at now, if it has moved.
    pub(super) fn move_mark(&mut self, uid: u64, gid: u64) -> Option<u64> {
        let mark = self.marks.entry((uid, gid)).or_default();
        let rows = self.inbox.get(&(uid, gid))?;
        let before = *mark;
        *mark += rows[before..].iter().take_while(|row| row.read).count();
        let own = |row: &InboxRow| self.messages.get(usize::try_from(row.mid).ok()? - 1);
        let moved = rows[before..*mark].iter().rev();
        let newest = moved.filter_map(own).find(|message| message.uid != uid);
        newest.map(|message| message.id)
    }

    /// Marks a whole group as read.
    pub(super) fn read_all(&mut self, uid: u64, gid: u64) {
        let rows = self.inbox.entry((uid, gid)).or_default();
        rows.iter_mut().for_each(|row| row.read = true);
    }

    pub(crate) fn unread(&self, uid: u64, gid: u64) -> u64 {
        let rows = self.inbox(uid, gid).iter();
        u64::try_from(rows.filter(|row| !row.read).count()).unwrap()
    }

    /// The last message that somebody has in a group.
    pub(super) fn last(&self, uid: u64, gid: u64) -> Option<&MessageRow> {
        self.message(self.inbox(uid, gid).last()?.mid)
    }

    /// The groups in which somebody has messages, the most recently changed first.
    pub(super) fn chats(&self, uid: u64) -> Vec<u64> {
        let chats = self.chats.get(&uid).into_iter().flatten();
        let mut chats: Vec<(u64, u64)> = chats.map(|(gid, changed)| (*changed, *gid)).collect();
        chats.sort_unstable_by(|one, other| other.cmp(one));
        chats.into_iter().map(|(_, gid)| gid).collect()
    }
}

impl MessageRow {
    /// As answers show it, in the local time of a server.
    pub(super) fn record(&self, zone: TimeDelta, ts: bool) -> Message<'_> {
        let local = Some((self.at + zone).naive_utc());
        Message {
            id: self.id,
            kind: self.kind,
            content: self.content.as_str().into(),
            gid: self.gid,
            uid: self.uid,
            client_msg_id: self.client_msg_id.as_str().into(),
            create_time: local,
            update_time: local,
            ts: ts.then(|| self.at.timestamp_millis()),
        }
    }
}

impl Page {
    /// A page of what is there, newest first.
    pub(super) fn of<'a, T>(&self, all: impl Iterator<Item = T> + 'a) -> Vec<T> {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let size = number(self.size);
        let before = number(self.page.saturating_sub(1)).saturating_mul(size);
        all.skip(before).take(size).collect()
    }
}
