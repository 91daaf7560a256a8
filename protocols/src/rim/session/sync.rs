//! What happened in a group before its live messages may be shown: its members, what was missed, what became of own messages
//! whose connection broke. Groups are looked at a few at a time, those where something happens first.
//!
//! What the history holds and the group's last message of before the sign-in does not cover may have been said before the
//! sign-in or after it; after it, the server relays it too. So such messages wait for their relay for a moment
//! ([`RELAY_GRACE`]): with it they are news, without it history.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChatEvent, Error, ErrorKind, Message, MessageStatus, MessageType};

use super::answer;
use super::outgoing::Verdict;
use super::rest::{Call, Purpose, REST_AT_ONCE};
use super::rooms::{Kept, fragments};
use super::{Phase, RimSession, Server};
use crate::rim::wire::{self, ChatMessage, Endpoint, request};

/// Messages to a page of what was missed, and backlog shown of a group with unread messages.
const PAGE: u64 = 50;

/// Pages read of what was missed in one group; then there is a `Gap`.
const MISSED_PAGES: u64 = 10;

/// How long a relay may take longer than a history that shows the same message.
pub(super) const RELAY_GRACE: Duration = Duration::from_secs(2);

/// How long the original may still read from a connection that broke: what it had received, or the network held back. A
/// message of before is not sent again earlier.
const CUT_GRACE: Duration = Duration::from_secs(10);

/// Bytes of live messages held back in all groups together. Beyond it they come with the history.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// What is to be learned of one group.
#[derive(Debug, Default)]
pub(super) struct Sync {
    stage: Stage,
    /// Whether there may be messages to fetch.
    pub(super) fetch: bool,
    /// Everything up to here was said before the sign-in; `None` if everything fetched is taken for that.
    pub(super) boundary: Option<u64>,
    /// The last message, as the chat list shows it: all that is shown where nothing is fetched.
    pub(super) last: Option<Kept>,
    /// Nothing up to here is missing once what was found has been shown.
    covered: u64,
    /// Fetched and not shown, by id.
    found: BTreeMap<u64, Kept>,
    /// Relayed and not shown, by id.
    relays: BTreeMap<u64, Kept>,
    /// Whether everything was fetched that is missing.
    whole: bool,
    failed: bool,
    /// Relays found no room: fetch once more.
    again: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Queued,
    /// The members are being asked for.
    Members,
    /// A page is being asked for.
    Missed,
    /// Everything is fetched; what may still be relayed is waited for.
    Grace,
}

impl Sync {
    /// A look at the history of a group. Everything up to `boundary` was said before the sign-in; `None` if everything is
    /// taken for that.
    pub(super) fn fetching(boundary: Option<u64>) -> Self {
        Self {
            fetch: true,
            boundary,
            ..Self::default()
        }
    }

    /// A group whose last message is known.
    pub(super) fn listed(last: Option<Kept>) -> Self {
        let boundary = last.as_ref().map_or(0, |last| last.id);
        Self {
            boundary: Some(boundary),
            covered: boundary,
            last,
            ..Self::default()
        }
    }
}

impl RimSession {
    /// Puts a group into the line, or to its head.
    pub(super) fn line_up(&mut self, gid: u64, first: bool) {
        if first {
            self.line.retain(|waiting| *waiting != gid);
            self.line.push_front(gid);
        } else {
            self.line.push_back(gid);
        }
    }

    /// Looks at a group's history again, with what is shown as far as it goes.
    pub(super) fn sync_again(&mut self, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        match &mut room.sync {
            Some(sync) if sync.stage == Stage::Queued => sync.fetch = true,
            Some(sync) => sync.again = true,
            None => {
                let boundary = Some(room.seen.newest());
                room.sync = Some(Box::new(Sync::fetching(boundary)));
            }
        }
        self.line_up(gid, true);
    }

    /// Takes groups out of the line as long as there is room for requests and somebody takes events.
    pub(super) fn work(&mut self, now: Now) {
        if self.phase != Phase::Up || self.keepalive.is_paused() || self.recheck_open {
            return;
        }
        self.begin_talks();
        while self.rest.load() < REST_AT_ONCE {
            if let Some(gid) = self.line.pop_front() {
                self.step(now, gid);
            } else if let Some(gid) = self.stale.pop_first() {
                self.ask_members(gid);
            } else {
                return;
            }
        }
    }

    /// The next thing to ask about a group, or its end.
    fn step(&mut self, now: Now, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        if sync.stage != Stage::Queued {
            return;
        }
        if room.members_at.is_none() {
            sync.stage = Stage::Members;
            self.ask_members(gid);
        } else if sync.fetch || self.outgoing.doubts(gid) {
            sync.stage = Stage::Missed;
            self.ask_missed(gid, 1);
        } else {
            sync.whole = true;
            self.finish(now, gid);
        }
    }

    /// The members of a group are there, or cannot be had: if that was waited for, goes on.
    pub(super) fn members_came(&mut self, now: Now, gid: u64) {
        let sync = self.rooms.get_mut(&gid).and_then(|room| room.sync.as_mut());
        if let Some(sync) = sync
            && sync.stage == Stage::Members
        {
            sync.stage = Stage::Queued;
            self.step(now, gid);
        }
    }

    fn ask_missed(&mut self, gid: u64, page: u64) {
        let body = request::History {
            gid,
            uid: self.uid(),
            page,
            size: PAGE,
            before: None,
        };
        let purpose = Purpose::Missed { gid, page };
        self.rest.ask(Call::post(Endpoint::History, &body, purpose));
    }

    /// A page of what was missed.
    pub(super) fn missed_came(
        &mut self,
        now: Now,
        gid: u64,
        page: u64,
        result: &Result<HttpResponse, Error>,
    ) {
        let list = answer::data::<Vec<ChatMessage<'_>>>(result);
        let kept: Option<Vec<Kept>> = list.ok().map(|list| {
            let kept = list.iter().filter_map(|entry| self.keep(now, gid, entry));
            kept.collect()
        });
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        let Some(kept) = kept else {
            (sync.failed, sync.whole) = (true, false);
            self.finish(now, gid);
            return;
        };
        let short = (kept.len() as u64) < PAGE;
        let oldest = kept.iter().map(|kept| kept.id).min();
        let newest = kept.iter().map(|kept| kept.id).max();
        sync.covered = sync.covered.max(newest.unwrap_or(0));
        let reached = oldest.is_none_or(|oldest| oldest <= room.seen.floor());
        for kept in kept {
            if !room.seen.knows(kept.id) {
                sync.found.insert(kept.id, kept);
            }
        }
        sync.whole = short || reached;
        // Nobody has missed what was said before the first sign-in.
        if sync.whole || !room.synced || page >= MISSED_PAGES {
            self.finish(now, gid);
        } else {
            self.ask_missed(gid, page + 1);
        }
    }

    /// Everything that is to be learned has been: shows it and lets live messages through.
    fn finish(&mut self, now: Now, gid: u64) {
        self.confirm_found(gid);
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        if let Some(last) = sync.last.take().filter(|_| !sync.fetch)
            && !room.seen.knows(last.id)
        {
            sync.whole = false;
            sync.found.insert(last.id, last);
        }
        let boundary = sync.boundary.unwrap_or(u64::MAX);
        let relays = &sync.relays;
        let past = |id: &u64| *id <= boundary && !relays.contains_key(id);
        let certain: Vec<u64> = sync.found.keys().copied().filter(past).collect();
        let certain: Vec<Kept> = certain
            .iter()
            .filter_map(|id| sync.found.remove(id))
            .collect();
        let gap = room.synced && sync.fetch && !sync.whole && !sync.failed;
        let after = gap.then(|| room.seen.newest().to_string());
        let complete = sync.whole;
        if let (Some(after), Some(before)) = (after, certain.first()) {
            let gap = ChatEvent::Gap {
                channel_id: gid.to_string(),
                after: Some(after),
                before: Some(before.id.to_string()),
            };
            self.event(gap);
        }
        self.show_history(gid, certain, complete);
        self.settle_doubtful(now, gid);
        self.let_through(now, gid);
    }

    /// Own messages that the history shows have arrived.
    fn confirm_found(&mut self, gid: u64) {
        let me = self.uid();
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        let own: Vec<u64> = sync
            .found
            .values()
            .filter(|kept| kept.uid == me)
            .map(|kept| kept.id)
            .collect();
        for id in own {
            let Some(kept) = sync.found.get(&id) else {
                continue;
            };
            let request = self
                .ids
                .as_ref()
                .and_then(|ids| ids.request(&kept.client_id));
            let Some(request) = request else {
                continue;
            };
            let is_same = self.outgoing.message(request).is_some_and(|sent| {
                super::rooms::content(sent).map(|(_, text)| text)
                    == super::rooms::content(&kept.message).map(|(_, text)| text)
            });
            if !is_same {
                continue;
            }
            let events = self.outgoing.confirm(request, |message| {
                message.id.clone_from(&kept.message.id);
                message.timestamp = kept.message.timestamp;
            });
            // One given up before the user left is shown like any other.
            if events.is_empty() {
                continue;
            }
            self.events.extend(events);
            room.seen.note(id);
            sync.found.remove(&id);
        }
    }

    fn show_history(&mut self, gid: u64, kept: Vec<Kept>, complete: bool) {
        let Some(newest) = kept.last().map(|kept| kept.id) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        for kept in &kept {
            room.seen.note(kept.id);
        }
        for kept in &kept {
            self.introduce(gid, kept.uid);
        }
        self.mark_delivered(gid, newest);
        self.event(ChatEvent::History {
            channel_id: gid.to_string(),
            messages: kept.into_iter().map(|kept| kept.message).collect(),
            complete,
        });
    }

    /// What the history did not show of own messages is judged.
    fn settle_doubtful(&mut self, now: Now, gid: u64) {
        let doubtful = self.outgoing.doubtful(gid);
        if doubtful.is_empty() {
            return;
        }
        let sync = self.rooms.get(&gid).and_then(|room| room.sync.as_ref());
        let known = sync.is_some_and(|sync| sync.whole && !sync.failed);
        // kaiwa's server takes a message that comes again for the same one.
        let grace = (self.server == Server::Original).then_some(CUT_GRACE);
        let mut again = Vec::new();
        for request in doubtful {
            let verdict = if known {
                self.outgoing.judge(now, request, grace)
            } else {
                Verdict::GiveUp { cut: true }
            };
            match verdict {
                Verdict::Again => again.push(request),
                Verdict::Later(at) => self.looks.push((at, gid)),
                Verdict::GiveUp { cut } => self.give_up(request, cut),
            }
        }
        self.outgoing.again(&again);
    }

    fn give_up(&mut self, request: kaiwa_core::RequestId, cut: bool) {
        let events = if cut {
            let error = Error::new(
                ErrorKind::OutcomeUnknown,
                "the connection broke before the message was confirmed",
            );
            self.outgoing.lose(request, &error)
        } else {
            let error = Error::new(
                ErrorKind::Rejected,
                "the server does not take the message; is the user still in the group?",
            );
            self.outgoing.fail(request, &error)
        };
        self.events.extend(events);
    }

    /// Shows what was held back, in order; what may still be relayed waits on.
    fn let_through(&mut self, now: Now, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        let relays = std::mem::take(&mut sync.relays);
        for kept in relays.into_values() {
            self.held_bytes = self.held_bytes.saturating_sub(size(&kept));
            self.show_live(gid, kept);
        }
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            return;
        };
        if sync.found.is_empty() {
            self.end_sync(gid);
        } else {
            sync.stage = Stage::Grace;
            self.graces.insert(gid, now.mono + RELAY_GRACE);
        }
    }

    /// Live messages of a group are shown at once from now on. What waited for its relay is history.
    fn end_sync(&mut self, gid: u64) {
        self.graces.remove(&gid);
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = room.sync.take() else {
            return;
        };
        room.synced = true;
        self.show_history(gid, sync.found.into_values().collect(), false);
        if let Some(room) = self.rooms.get_mut(&gid).filter(|_| !sync.failed) {
            room.seen.all_up_to(sync.covered);
        }
        if sync.again {
            self.sync_again(gid);
        }
    }

    /// A live message of a group: shown, or held back until the group has been looked at.
    pub(super) fn relayed(&mut self, gid: u64, kept: Kept) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(sync) = &mut room.sync else {
            self.show_live(gid, kept);
            return;
        };
        if sync.stage == Stage::Grace {
            self.show_live(gid, kept);
            let sync = self.rooms.get(&gid).and_then(|room| room.sync.as_ref());
            if sync.is_some_and(|sync| sync.found.is_empty()) {
                self.end_sync(gid);
            }
            return;
        }
        let bytes = size(&kept);
        if self.held_bytes + bytes > HELD_BYTES {
            sync.again = true;
            return;
        }
        let first = sync.relays.is_empty();
        if sync.relays.insert(kept.id, kept).is_none() {
            self.held_bytes += bytes;
        }
        if first && sync.stage == Stage::Queued {
            self.line_up(gid, true);
        }
    }

    /// Shows a live message, and before it as history what was fetched and lies before it: its relay would have come first.
    fn show_live(&mut self, gid: u64, kept: Kept) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        if let Some(sync) = &mut room.sync {
            sync.found.remove(&kept.id);
            let later = sync.found.split_off(&kept.id);
            let before = std::mem::replace(&mut sync.found, later);
            self.show_history(gid, before.into_values().collect(), false);
        }
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        if room.seen.knows(kept.id) {
            return;
        }
        room.seen.note(kept.id);
        self.introduce(gid, kept.uid);
        self.mark_delivered(gid, kept.id);
        self.event(ChatEvent::New {
            channel_id: Some(gid.to_string()),
            message: kept.message,
        });
    }

    /// When to call [`Self::sync_timeout`].
    pub(super) fn sync_deadline(&self) -> Option<Duration> {
        if self.keepalive.is_paused() {
            return None;
        }
        let graces = self.graces.values().copied();
        graces.chain(self.looks.iter().map(|(at, _)| *at)).min()
    }

    /// Ends waiting that has lasted long enough, and looks again where it is time to.
    pub(super) fn sync_timeout(&mut self, now: Now) {
        if self.keepalive.is_paused() {
            return;
        }
        let due = |(_, until): &(&u64, &Duration)| **until <= now.mono;
        let over: Vec<u64> = self
            .graces
            .iter()
            .filter(due)
            .map(|(gid, _)| *gid)
            .collect();
        for gid in over {
            self.end_sync(gid);
        }
        let looks: Vec<(Duration, u64)> = self
            .looks
            .extract_if(.., |(at, _)| *at <= now.mono)
            .collect();
        for (_, gid) in looks {
            self.sync_again(gid);
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
            client_id: entry.msg.client_msg_id.as_ref().to_owned(),
            message: Message {
                id: Some(id.to_string()),
                sender_id: Some(uid.to_string()),
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
