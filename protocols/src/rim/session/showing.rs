//! Messages of a group as they are shown: history, news, and news that waits for the history before it.
//!
//! What a history holds and the last message of before the sign-in does not cover may have been said before the sign-in or
//! after it; after it, the server relays it too. So such messages wait for their relay for a moment ([`RELAY_GRACE`]):
//! with it they are news, without it history.

use std::time::Duration;

use kaiwa_core::session::Now;
use kaiwa_core::{ChatEvent, Message, MessageStatus, MessageType};

use super::RimSession;
use super::catch_up::Stage;
use super::rooms::{Kept, fragments};
use crate::rim::wire::{self, ChatMessage};

/// How long a relay may take longer than a history that shows the same message.
pub(super) const RELAY_GRACE: Duration = Duration::from_secs(2);

/// Bytes of live messages held back in all groups together. Beyond it they come with the history.
const HELD_BYTES: usize = 4 * 1024 * 1024;

impl RimSession {
    /// A live message of a group: shown, or held back until the group has been looked at.
    pub(super) fn relayed(&mut self, gid: u64, kept: Kept) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(catch_up) = &mut room.catch_up else {
            self.show_live(gid, kept);
            return;
        };
        if catch_up.stage == Stage::Grace {
            self.show_live(gid, kept);
            let catch_up = self.rooms.get(&gid).and_then(|room| room.catch_up.as_ref());
            if catch_up.is_some_and(|catch_up| catch_up.found.is_empty()) {
                self.caught_up(gid);
            }
            return;
        }
        let bytes = size(&kept);
        if self.held_bytes + bytes > HELD_BYTES {
            catch_up.again = true;
            return;
        }
        let first = catch_up.relays.is_empty();
        if catch_up.relays.insert(kept.id, kept).is_none() {
            self.held_bytes += bytes;
        }
        if first && catch_up.stage == Stage::Queued {
            self.line_up(gid, true);
        }
    }

    /// Shows a live message, and before it as history what was fetched and lies before it: its relay would have come first.
    fn show_live(&mut self, gid: u64, kept: Kept) {
        let me = self.uid();
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        if let Some(catch_up) = &mut room.catch_up {
            catch_up.found.remove(&kept.id);
            let later = catch_up.found.split_off(&kept.id);
            let before = std::mem::replace(&mut catch_up.found, later);
            self.show_history(gid, before.into_values().collect(), false);
        }
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        if room.seen.knows(kept.id) {
            return;
        }
        room.seen.note(kept.id);
        if kept.uid != me {
            room.note_unread(kept.id);
        }
        self.introduce(gid, kept.uid);
        self.mark_delivered(gid, kept.id);
        self.event(ChatEvent::New {
            channel_id: Some(gid.into()),
            message: kept.message,
        });
    }

    pub(super) fn show_history(&mut self, gid: u64, kept: Vec<Kept>, complete: bool) {
        let Some(newest) = kept.last().map(|kept| kept.id) else {
            return;
        };
        let me = self.uid();
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        for kept in &kept {
            room.seen.note(kept.id);
            if kept.uid != me {
                room.note_unread(kept.id);
            }
        }
        for kept in &kept {
            self.introduce(gid, kept.uid);
        }
        self.mark_delivered(gid, newest);
        self.event(ChatEvent::History {
            channel_id: gid.into(),
            messages: kept.into_iter().map(|kept| kept.message).collect(),
            complete,
        });
    }

    /// Shows what was held back, in order; what may still be relayed waits on.
    pub(super) fn let_through(&mut self, now: Now, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        let relays = std::mem::take(&mut catch_up.relays);
        for kept in relays.into_values() {
            self.held_bytes = self.held_bytes.saturating_sub(size(&kept));
            self.show_live(gid, kept);
        }
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        if catch_up.found.is_empty() {
            self.caught_up(gid);
        } else {
            catch_up.stage = Stage::Grace;
            self.graces.insert(gid, now.mono + RELAY_GRACE);
        }
    }

    /// A message of a history or chat list, if it makes sense.
    pub(super) fn keep(&mut self, now: Now, gid: u64, entry: &ChatMessage<'_>) -> Option<Kept> {
        let wire::Message {
            id, uid, ref kind, ..
        } = entry.msg;
        if id == 0 || uid == 0 || (entry.msg.gid != gid && entry.msg.gid != 0) {
            self.skipped += 1;
            return None;
        }
        if entry.user.id == Some(uid) {
            self.people.learn(&entry.user);
        }
        let timestamp = self.clock.kept(&entry.msg, now.utc);
        Some(Kept {
            id,
            uid,
            client_id: entry.msg.client_msg_id.as_ref().into(),
            message: Message {
                id: Some(id.into()),
                sender_id: Some(uid.into()),
                content: fragments(*kind, &entry.msg.content),
                timestamp,
                message_type: self.speaker(uid),
                status: MessageStatus::Delivered,
            },
        })
    }

    /// Who speaks under an id.
    pub(super) fn speaker(&self, uid: u64) -> MessageType {
        if uid == self.uid() {
            MessageType::CurrentUser
        } else {
            MessageType::Normal
        }
    }
}

/// Bytes that a message takes while it is held back.
fn size(kept: &Kept) -> usize {
    size_of::<Kept>() + kept.client_id.len() + kept.message.plain_text().len()
}
