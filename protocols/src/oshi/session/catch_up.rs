//! What happened in a stream before its changes may be shown as they come.
//!
//! The server numbers a stream's changes (`rev`) and tells them in that order. A stream seen before is subscribed to from
//! the last change that was shown, and the server replays the others; one never seen, or of which too much was missed, is
//! shown by its newest page. Changes that come meanwhile are held back, of this stream only. Streams are looked at a few at
//! a time, those where something happens first.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::session::Now;
use kaiwa_core::{ChannelEvent, ChatEvent, Id, RequestId};

use super::calls::Purpose;
use super::changes::{Change, said};
use super::{OshiSession, Phase};
use crate::oshi::wire::{self, Request, StreamId, StreamKind, limit, request::Place};

/// Streams looked at at once: enough to keep a connection busy, and few enough that one in need does not wait for long.
const AT_ONCE: usize = 8;

/// Bytes of changes held back in all streams: thirty thousand short messages, for the answer to a subscription may lie behind
/// a flood. Beyond it those of a stream are dropped and asked for again, and are no news then.
pub(super) const HELD_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of a replay that are shown together.
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// How long the end of a replay is waited for before the server is asked whether that was all. A replay has an end, unless the
/// server leaves its last change out, which the user must not see.
const REPLAY_LIMIT: Duration = Duration::from_secs(2);

/// Messages of one stream that were missed and not yet shown: more than any server replays, however often that breaks off.
const MAX_ABSENT: usize = 2 * limit::REPLAY as usize;

/// What has been shown of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The last change.
    pub(super) rev: i64,
    /// The numbering; none where the server has not told it, since it did not take a subscription.
    pub(super) epoch: Option<i64>,
    /// The last message.
    pub(super) newest: i64,
    /// Changes up to here were made before the stream was looked at: they are no news.
    pub(super) past: i64,
}

/// What is to be learned of one stream.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    pub(super) stage: Stage,
    /// Changes that wait, by their number, and whether they are news.
    pub(super) waiting: BTreeMap<i64, (Change, bool)>,
    pub(super) bytes: usize,
    /// Changes were dropped.
    pub(super) lossy: bool,
    /// Changes up to here are no news, as the answer to an earlier subscription said.
    pub(super) past: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Stage {
    #[default]
    Queued,
    Subscribing,
    /// What was missed comes, up to this change.
    Replaying {
        until: i64,
        /// When to ask the server whether that was all; none once it is asked.
        end: Option<Duration>,
    },
    /// The newest page is asked for.
    Paging {
        now: Seen,
    },
}

impl OshiSession {
    /// A stream is to be looked at; before all others if something happens there.
    pub(super) fn catch_up(&mut self, id: StreamId, first: bool) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let is_new = stream.catch_up.is_none();
        let catch_up = stream.catch_up.get_or_insert_default();
        if catch_up.stage != Stage::Queued {
            return;
        }
        if first {
            self.line.retain(|waiting| *waiting != id);
            self.line.push_front(id);
        } else if is_new {
            self.line.push_back(id);
        }
    }

    /// The user is concerned with a stream: if it waits, it is the next one.
    pub(super) fn hurry(&mut self, id: StreamId) {
        let stream = self.streams.get(&id);
        if stream.is_some_and(|stream| stream.catch_up.is_some()) {
            self.catch_up(id, true);
        }
    }

    /// Takes streams out of the line as long as somebody takes events.
    pub(super) fn work(&mut self) {
        if self.phase != Phase::Up || self.keepalive.is_paused() {
            return;
        }
        while self.busy.len() < AT_ONCE
            && let Some(id) = self.line.pop_front()
        {
            let waits = self.streams.get(&id).is_some_and(|stream| {
                let stage = stream.catch_up.as_ref().map(|catch_up| catch_up.stage);
                stage == Some(Stage::Queued)
            });
            if waits {
                self.subscribe(id, None);
            }
        }
    }

    /// Streams that have come with a circle are to be subscribed to, each in its turn, if need be on the next connection.
    pub(super) fn subscribe_all(&mut self, ids: &[StreamId]) {
        for id in ids {
            if let Some(stream) = self.streams.get_mut(id) {
                stream.wanted = true;
            }
            self.catch_up(*id, false);
        }
    }

    /// Subscribes to a stream now.
    pub(super) fn subscribe(&mut self, id: StreamId, by: Option<RequestId>) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let catch_up = stream.catch_up.get_or_insert_default();
        catch_up.past = match catch_up.stage {
            Stage::Queued | Stage::Subscribing => catch_up.past,
            Stage::Replaying { until, .. } => until,
            Stage::Paging { now } => now.rev,
        };
        catch_up.stage = Stage::Subscribing;
        // Without a numbering nothing can be replayed: the newest page is shown, as if nothing had been.
        stream.seen = stream.seen.filter(|seen| seen.epoch.is_some());
        let since = stream.seen;
        let has_list = stream.listed.is_some() || stream.info.kind == StreamKind::Dm;
        self.busy.insert(id);
        self.line.retain(|waiting| *waiting != id);
        if has_list {
            self.ask_members(Place::Stream(id));
        }
        let request = Request::Sub {
            stream: id,
            since: since.map(|seen| seen.rev),
            epoch: since.and_then(|seen| seen.epoch),
            limit: Some(limit::REPLAY),
        };
        self.calls.ask(&request, Purpose::Sub { stream: id, by });
    }

    /// The subscription stands: the answer to [`Self::subscribe`].
    pub(super) fn subscribed(
        &mut self,
        now: Now,
        id: StreamId,
        by: Option<RequestId>,
        told: &Subscribed,
    ) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let was_in = std::mem::replace(&mut stream.subscribed, true);
        stream.wanted = false;
        let seen = stream.seen;
        if !was_in || by.is_some() {
            let channel_id = Id::from(id);
            self.tell(by, ChannelEvent::Join { channel_id });
            if told.last_read > 0 {
                self.show_own_read(by, id, told.last_read);
            }
        }
        let at = Seen {
            rev: told.rev,
            epoch: Some(told.epoch),
            newest: told.last,
            past: told.rev,
        };
        let renumbered = seen.is_some_and(|seen| seen.epoch != Some(told.epoch));
        if told.complete && !renumbered && self.expect_missed(id, told.last) {
            if seen.is_some_and(|seen| seen.rev >= told.rev) {
                self.caught_up(id);
            } else {
                self.set_stage(
                    id,
                    Stage::Replaying {
                        until: told.rev,
                        end: Some(now.mono + REPLAY_LIMIT),
                    },
                );
            }
            return;
        }
        if renumbered {
            // Ids begin anew, so those shown before are others'.
            let channel_id = Some(Id::from(id));
            self.event(ChannelEvent::Wipe { channel_id });
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.seen = None;
                stream.wiped = true;
                stream.absent.clear();
                stream.told.clear();
            }
        }
        self.set_stage(id, Stage::Paging { now: at });
        let request = Request::History {
            stream: id,
            before: Some(told.last.saturating_add(1)),
            after: None,
            limit: Some(limit::PAGE_DEFAULT),
        };
        self.calls.ask(&request, Purpose::Page { stream: id });
    }

    /// Notes which messages a replay will bring; says whether it can.
    fn expect_missed(&mut self, id: StreamId, last: i64) -> bool {
        let stream = self.streams.get_mut(&id);
        let Some((stream, seen)) = stream.and_then(|stream| stream.seen.map(|seen| (stream, seen)))
        else {
            return false;
        };
        let missed = last.saturating_sub(seen.newest);
        if missed > i64::from(limit::REPLAY) || stream.absent.len() > MAX_ABSENT {
            return false;
        }
        stream.absent.extend(seen.newest.saturating_add(1)..=last);
        true
    }

    fn set_stage(&mut self, id: StreamId, stage: Stage) {
        let stream = self.streams.get_mut(&id);
        if let Some(catch_up) = stream.and_then(|stream| stream.catch_up.as_mut()) {
            catch_up.stage = stage;
        }
    }

    /// The newest page has come.
    pub(super) fn paged(&mut self, id: StreamId, page: Option<&wire::Page<'_>>) {
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let Some(catch_up) = &stream.catch_up else {
            return;
        };
        let Stage::Paging { now: mut at } = catch_up.stage else {
            return;
        };
        let seen = stream.seen;
        let newest = seen.map_or(0, |seen| seen.newest);
        let (absent, told) = (stream.absent.clone(), stream.told.clone());
        let wiped = stream.wiped;
        // What is held back is shown by itself, so all before it counts as seen and it does not.
        let news: Vec<i64> = catch_up.waiting.values().filter_map(said).collect();
        let last = at.newest;
        if let Some((first, _)) = catch_up.waiting.first_key_value() {
            at.rev = at.rev.min(first.saturating_sub(1));
        }
        if let Some(first) = news.iter().min() {
            at.newest = at.newest.min(first.saturating_sub(1));
        }
        let messages = page.map_or(&[][..], |page| &page.messages);
        let past = messages
            .iter()
            .filter(|message| message.seq <= last && !news.contains(&message.seq));
        let (mut found, mut changed) = (Vec::new(), Vec::new());
        for message in past {
            let kept = self.keep(message);
            if kept.seq > newest || absent.contains(&kept.seq) {
                // After a wipe it is shown again, unless the server took it only then.
                let again = wiped && !told.contains_key(&message.rev);
                if !self.is_settled(id, &kept, again) {
                    found.push(kept);
                }
            } else if seen.is_some() {
                // Reactions have changes of their own, which the message does not tell.
                changed.push(kept);
            }
        }
        let more = page.is_none_or(|page| page.more);
        let oldest = messages.first().map_or(i64::MAX, |message| message.seq);
        // The last message before the first that was missed.
        let newest = absent.first().map_or(newest, |first| first - 1);
        if wiped || (seen.is_some() && more && oldest > newest + 1) {
            let before = found
                .first()
                .map(|kept| kept.seq)
                .or_else(|| news.iter().min().copied());
            self.event(ChatEvent::Gap {
                channel_id: id.into(),
                after: (newest > 0).then(|| newest.into()),
                before: before.map(Into::into),
            });
        }
        self.show_history(id, found, !more);
        for kept in changed {
            self.show_update(None, id, &kept);
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.seen = Some(at);
            stream.wiped = false;
            stream.absent.clear();
        }
        self.caught_up(id);
    }

    /// Everything that is to be learned of a stream has been: changes are shown as they come.
    pub(super) fn caught_up(&mut self, id: StreamId) {
        self.show_waiting(id, i64::MAX);
        self.busy.remove(&id);
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let Some(catch_up) = stream.catch_up.take() else {
            return;
        };
        if catch_up.lossy {
            // What was dropped may change them further, and may not be told again.
            self.reacted.forget(id);
            return self.catch_up(id, true);
        }
        if let Stage::Replaying { until, .. } = catch_up.stage
            && let Some(seen) = &mut stream.seen
        {
            // What was not told is not to be seen.
            stream.absent.clear();
            seen.rev = seen.rev.max(until);
            seen.past = until;
        }
    }

    /// A stream cannot be looked at now: what is known of it is shown.
    pub(super) fn give_up_catching_up(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id)
            && let Some(catch_up) = &mut stream.catch_up
        {
            catch_up.lossy = false;
        }
        self.caught_up(id);
    }

    /// A stream is no longer looked at.
    pub(super) fn drop_catch_up(&mut self, id: StreamId) {
        self.busy.remove(&id);
        self.line.retain(|waiting| *waiting != id);
        let stream = self.streams.get_mut(&id);
        if let Some(catch_up) = stream.and_then(|stream| stream.catch_up.take()) {
            self.held_bytes -= catch_up.bytes;
        }
    }

    /// When to call [`Self::catch_up_timeout`].
    pub(super) fn catch_up_deadline(&self) -> Option<Duration> {
        if self.keepalive.is_paused() {
            return None;
        }
        self.replays().map(|(_, end)| end).min()
    }

    /// Asks for the end of replays that do not come to it.
    pub(super) fn catch_up_timeout(&mut self, now: Duration) {
        if self.keepalive.is_paused() {
            return;
        }
        let over: Vec<StreamId> = self
            .replays()
            .filter(|(_, end)| *end <= now)
            .map(|(id, _)| id)
            .collect();
        for id in over {
            if let Some(stream) = self.streams.get_mut(&id)
                && let Some(catch_up) = &mut stream.catch_up
                && let Stage::Replaying { end, .. } = &mut catch_up.stage
            {
                *end = None;
                // It is answered after all that was to be told before.
                let purpose = Purpose::Replayed { stream: id };
                self.calls.ask(&Request::Ping, purpose);
            }
        }
    }

    /// The server has answered behind a replay: nothing more of it comes.
    pub(super) fn replayed(&mut self, id: StreamId) {
        let stream = self.streams.get(&id);
        let stage = stream.and_then(|stream| Some(stream.catch_up.as_ref()?.stage));
        if matches!(stage, Some(Stage::Replaying { end: None, .. })) {
            self.caught_up(id);
        }
    }

    /// The streams of which a replay comes, and until when.
    fn replays(&self) -> impl Iterator<Item = (StreamId, Duration)> {
        self.busy.iter().filter_map(|id| {
            let catch_up = self.streams.get(id)?.catch_up.as_ref()?;
            match catch_up.stage {
                Stage::Replaying { end, .. } => Some((*id, end?)),
                Stage::Queued | Stage::Subscribing | Stage::Paging { .. } => None,
            }
        })
    }

    /// Counts the time of replays from `now` again: nobody was listening meanwhile.
    pub(super) fn restart_replays(&mut self, now: Duration) {
        for stream in self.streams.values_mut() {
            if let Some(catch_up) = &mut stream.catch_up
                && let Stage::Replaying { end: Some(end), .. } = &mut catch_up.stage
            {
                *end = now + REPLAY_LIMIT;
            }
        }
    }
}

/// What the server says of a subscription.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscribed {
    pub(super) last: i64,
    pub(super) rev: i64,
    pub(super) epoch: i64,
    pub(super) complete: bool,
    pub(super) last_read: i64,
}
