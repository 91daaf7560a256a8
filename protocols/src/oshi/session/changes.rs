//! Changes of streams: held back as long as a stream is looked at, then shown, each once.

use std::collections::btree_map::Entry;

use kaiwa_core::{ChatEvent, MessageFragment, MessageStatus, RequestId};

use super::OshiSession;
use super::catch_up::{BATCH_BYTES, HELD_BYTES, Stage};
use super::showing::Kept;
use crate::oshi::wire::{StreamId, UserId};

/// Own changes that were shown before the server told them in their order, of one stream: more than can be on their way.
const MAX_TOLD: usize = 1_000;

/// What an own change was that was shown before the server told it in its order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    Message,
    Reaction,
}

/// A change of a stream.
#[derive(Debug)]
pub(super) enum Change {
    /// A message is new.
    Said(Kept),
    /// A message is another.
    Edited(Kept),
    Reaction(Reaction),
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            Self::Said(kept) | Self::Edited(kept) => kept.bytes,
            Self::Reaction(reaction) => 128 + reaction.emoji.len(),
        }
    }
}

/// Somebody reacts to a message, or no longer.
#[derive(Clone, Debug)]
pub(super) struct Reaction {
    pub(super) seq: i64,
    pub(super) user: UserId,
    pub(super) emoji: String,
    pub(super) on: bool,
}

impl OshiSession {
    /// A stream has changed.
    pub(super) fn changed(&mut self, id: StreamId, rev: i64, change: Change) {
        let Some(stream) = self.streams.get_mut(&id) else {
            self.skipped += 1;
            return;
        };
        let Some(catch_up) = &mut stream.catch_up else {
            if !stream.subscribed {
                self.skipped += 1;
                return;
            }
            let past = stream.seen.map_or(0, |seen| seen.past);
            let mut history = Vec::new();
            self.apply(id, rev, change, rev > past, &mut history);
            return self.show_history(id, history, false);
        };
        let (is_news, is_replay, is_last) = match catch_up.stage {
            Stage::Queued | Stage::Subscribing => (rev > catch_up.past, false, false),
            Stage::Replaying { until, .. } => (rev > until, rev <= until, rev >= until),
            Stage::Paging { now, .. } => (rev > now.rev, false, false),
        };
        if catch_up.lossy {
            return;
        }
        let bytes = change.bytes();
        if is_replay || self.held_bytes + bytes <= HELD_BYTES {
            // What has come as news already stays news.
            if let Entry::Vacant(place) = catch_up.waiting.entry(rev) {
                place.insert((change, is_news));
                catch_up.bytes += bytes;
                self.held_bytes += bytes;
            }
        } else {
            self.held_bytes -= catch_up.bytes;
            (catch_up.bytes, catch_up.lossy) = (0, true);
            catch_up.waiting.clear();
        }
        let is_much = catch_up.bytes > BATCH_BYTES;
        let waits = catch_up.stage == Stage::Queued;
        if is_last {
            self.caught_up(id);
        } else if is_replay && is_much {
            self.show_waiting(id, rev);
        } else if waits {
            self.catch_up(id, true);
        }
    }

    /// Shows what waits, up to a change.
    pub(super) fn show_waiting(&mut self, id: StreamId, up_to: i64) {
        let mut history = Vec::new();
        let mut complete = false;
        loop {
            let stream = self.streams.get_mut(&id);
            let Some(catch_up) = stream.and_then(|stream| stream.catch_up.as_mut()) else {
                break;
            };
            let entry = catch_up.waiting.first_entry();
            let Some(entry) = entry.filter(|entry| *entry.key() <= up_to) else {
                // Nothing missed is left.
                let replayed = matches!(catch_up.stage, Stage::Replaying { .. });
                complete = replayed && up_to == i64::MAX;
                break;
            };
            let (rev, (change, is_news)) = entry.remove_entry();
            let bytes = change.bytes();
            catch_up.bytes -= bytes;
            self.held_bytes -= bytes;
            self.apply(id, rev, change, is_news, &mut history);
        }
        self.show_history(id, history, complete);
    }

    /// Shows a change, unless it was shown. Messages that are no news are collected.
    fn apply(
        &mut self,
        id: StreamId,
        rev: i64,
        change: Change,
        is_news: bool,
        history: &mut Vec<Kept>,
    ) {
        let me = self.me_id();
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let seen = stream.seen.get_or_insert_default();
        if rev <= seen.rev {
            return;
        }
        seen.rev = rev;
        let told = stream.told.remove(&rev);
        stream.told = stream.told.split_off(&rev);
        let (kept, is_new) = match change {
            // The answer to a reaction that changes nothing names a change that may be another's.
            Change::Reaction(reaction)
                if told == Some(Told::Reaction) && Some(reaction.user) == me =>
            {
                return;
            }
            Change::Reaction(reaction) => {
                self.show_history(id, std::mem::take(history), false);
                return self.show_reaction(None, id, reaction);
            }
            // What changed since it was said may be told by its last change alone.
            Change::Said(kept) | Change::Edited(kept) => {
                let is_new = kept.seq > seen.newest || stream.absent.contains(&kept.seq);
                seen.newest = seen.newest.max(kept.seq);
                stream.absent.remove(&kept.seq);
                (kept, is_new)
            }
        };
        if told == Some(Told::Message) || (is_new && self.is_settled(id, &kept, false)) {
            return;
        }
        if let Some(from) = kept.from {
            self.end_typing(id, from);
        }
        if is_new && !is_news {
            return history.push(kept);
        }
        self.show_history(id, std::mem::take(history), false);
        if is_new {
            self.show_news(id, kept);
        } else {
            self.show_update(None, id, &kept);
        }
    }

    /// Whether a message is an own one that the user sees already. `again`: all messages were wiped.
    pub(super) fn is_settled(&mut self, id: StreamId, kept: &Kept, again: bool) -> bool {
        let Some(request) = kept.own else {
            return false;
        };
        // Else it was confirmed before, when the server took it.
        let shown = self.confirm_shown(request, kept) || !again;
        let reacted = |fragment: &_| matches!(fragment, MessageFragment::Reaction { .. });
        let changed = kept.message.status != MessageStatus::Delivered;
        if shown && (changed || kept.message.content.iter().any(reacted)) {
            // More has become of it since it was said.
            self.event(ChatEvent::Update {
                channel_id: Some(id.into()),
                message_id: kept.seq.into(),
                new_message: kept.message.clone(),
            });
            self.repeat_reactions(id, kept.seq, &kept.message);
        }
        shown
    }

    /// Messages that are no news, if there are any; and that there are none in a stream that was never shown.
    pub(super) fn show_history(&mut self, id: StreamId, mut kept: Vec<Kept>, complete: bool) {
        // They come in the order of their changes.
        kept.sort_by_key(|kept| kept.seq);
        let is_first = self
            .streams
            .get(&id)
            .is_some_and(|stream| stream.seen.is_none());
        if kept.is_empty() && !(complete && is_first) {
            return;
        }
        for kept in &kept {
            self.introduce_sender(kept);
        }
        self.event(ChatEvent::History {
            channel_id: id.into(),
            messages: kept.into_iter().map(|kept| kept.message).collect(),
            complete,
        });
    }

    fn show_news(&mut self, id: StreamId, kept: Kept) {
        self.introduce_sender(&kept);
        self.event(ChatEvent::New {
            channel_id: Some(id.into()),
            message: kept.message,
        });
    }

    /// A message is another than it was shown as.
    pub(super) fn show_update(&mut self, request: Option<RequestId>, id: StreamId, kept: &Kept) {
        self.introduce_sender(kept);
        let update = ChatEvent::Update {
            channel_id: Some(id.into()),
            message_id: kept.seq.into(),
            new_message: kept.message.clone(),
        };
        self.tell(request, update);
        self.repeat_reactions(id, kept.seq, &kept.message);
    }

    pub(super) fn introduce_sender(&mut self, kept: &Kept) {
        if let Some(from) = kept.from {
            self.introduce(from, &kept.name);
        }
    }

    pub(super) fn show_reaction(
        &mut self,
        request: Option<RequestId>,
        id: StreamId,
        reaction: Reaction,
    ) {
        self.reacted.note(id, reaction.clone());
        self.tell_reaction(request, id, reaction);
    }

    pub(super) fn tell_reaction(
        &mut self,
        request: Option<RequestId>,
        id: StreamId,
        reaction: Reaction,
    ) {
        let react = ChatEvent::React {
            channel_id: Some(id.into()),
            message_id: reaction.seq.into(),
            user_id: Some(reaction.user.into()),
            emoji: reaction.emoji,
            on: reaction.on,
        };
        self.tell(request, react);
    }

    /// An own change is shown: it is not shown again when the server tells it in its order. False if that was before, or nothing
    /// has changed.
    pub(super) fn note_told(&mut self, id: StreamId, rev: i64, what: Told) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return true;
        };
        let is_past = stream.seen.is_some_and(|seen| seen.rev >= rev);
        if is_past || !(stream.subscribed || stream.catch_up.is_some()) {
            return !is_past;
        }
        stream.told.insert(rev, what);
        if stream.told.len() > MAX_TOLD {
            stream.told.pop_first();
        }
        true
    }

    /// An own change was not shown after all: it and what follows is to be told on the next connection.
    pub(super) fn forget_told(&mut self, id: StreamId, rev: i64) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.told.remove(&rev);
            if let Some(seen) = &mut stream.seen {
                seen.rev = seen.rev.min(rev.saturating_sub(1));
            }
        }
    }
}

/// The message that is new by a change.
pub(super) fn said((change, _): &(Change, bool)) -> Option<i64> {
    match change {
        Change::Said(kept) => Some(kept.seq),
        Change::Edited(_) | Change::Reaction(_) => None,
    }
}
