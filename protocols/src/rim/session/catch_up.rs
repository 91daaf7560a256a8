//! What happened in a group before its live messages may be shown: its members, what was missed, what became of own messages
//! whose connection broke. Groups are looked at a few at a time, those where something happens first.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChatEvent, Error, ErrorKind};

use super::answer;
use super::outgoing::Verdict;
use super::rest::{Ask, Purpose, REST_AT_ONCE};
use super::rooms::Kept;
use super::{Phase, RimSession};
use crate::rim::wire::{ChatMessage, Endpoint, request};

/// Messages to a page of what was missed, and backlog shown of a group with unread messages.
const PAGE: u64 = 50;

/// Pages read of what was missed in one group; then there is a `Gap`.
const MISSED_PAGES: u64 = 10;

/// The same while own messages are looked for: a thousand may be under way, among what others said meanwhile.
const DOUBTFUL_PAGES: u64 = 100;

/// How long a server may still read from a connection that broke: what it had received, or the network held back. A
/// message of before is not sent again earlier.
const CUT_GRACE: Duration = Duration::from_secs(10);

/// What is to be learned of one group.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    pub(super) stage: Stage,
    /// Whether there may be messages to fetch.
    pub(super) fetch: bool,
    /// Everything up to here was said before the sign-in; `None` if everything fetched is taken for that.
    pub(super) boundary: Option<u64>,
    /// The last message, as the chat list shows it: all that is shown where nothing is fetched.
    pub(super) last: Option<Kept>,
    /// Nothing up to here is missing once what was found has been shown.
    pub(super) covered: u64,
    /// Fetched and not shown, by id.
    pub(super) found: BTreeMap<u64, Kept>,
    /// Relayed and not shown, by id.
    pub(super) relays: BTreeMap<u64, Kept>,
    /// Pages of what was said after the sign-in: it is relayed, and must not use up the pages of what was missed.
    news_pages: u64,
    /// Whether everything was fetched that is missing.
    pub(super) whole: bool,
    pub(super) failed: bool,
    /// Relays found no room: fetch once more.
    pub(super) again: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Stage {
    #[default]
    Queued,
    /// The members are being asked for.
    Members,
    /// A page is being asked for.
    Missed,
    /// Everything is fetched; what may still be relayed is waited for.
    Grace,
}

impl CatchUp {
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
    pub(super) fn look_again(&mut self, gid: u64) {
        let Some(room) = self.rooms.get_mut(&gid) else {
            return self.lose_doubtful(gid);
        };
        match &mut room.catch_up {
            Some(catch_up) if catch_up.stage == Stage::Queued => catch_up.fetch = true,
            Some(catch_up) => catch_up.again = true,
            None => {
                let boundary = Some(room.seen.newest());
                room.catch_up = Some(Box::new(CatchUp::fetching(boundary)));
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
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        if catch_up.stage != Stage::Queued {
            return;
        }
        if !room.members_known {
            catch_up.stage = Stage::Members;
            self.ask_members(gid);
        } else if catch_up.fetch || self.outgoing.doubts(gid) {
            catch_up.stage = Stage::Missed;
            self.ask_missed(gid, 1);
        } else {
            catch_up.whole = true;
            self.finish(now, gid);
        }
    }

    /// The members of a group are there, or cannot be had: if that was waited for, goes on.
    pub(super) fn members_came(&mut self, now: Now, gid: u64) {
        let catch_up = self
            .rooms
            .get_mut(&gid)
            .and_then(|room| room.catch_up.as_mut());
        if let Some(catch_up) = catch_up
            && catch_up.stage == Stage::Members
        {
            catch_up.stage = Stage::Queued;
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
        self.rest.ask(Ask::post(Endpoint::History, &body), purpose);
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
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        let Some(kept) = kept else {
            (catch_up.failed, catch_up.whole) = (true, false);
            self.finish(now, gid);
            return;
        };
        let short = (kept.len() as u64) < PAGE;
        let oldest = kept.iter().map(|kept| kept.id).min();
        let newest = kept.iter().map(|kept| kept.id).max();
        catch_up.covered = catch_up.covered.max(newest.unwrap_or(0));
        let reached = oldest.is_none_or(|oldest| oldest <= room.seen.floor());
        for kept in kept {
            if !room.seen.knows(kept.id) {
                catch_up.found.insert(kept.id, kept);
            }
        }
        catch_up.whole = short || reached;
        // Nobody has missed what was said before the first sign-in.
        if oldest > catch_up.boundary && catch_up.boundary.is_some() {
            catch_up.news_pages += 1;
        }
        let pages = if self.outgoing.doubts(gid) {
            DOUBTFUL_PAGES
        } else {
            (MISSED_PAGES + catch_up.news_pages).min(DOUBTFUL_PAGES)
        };
        if catch_up.whole || !room.looked_at || page >= pages {
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
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        if let Some(last) = catch_up.last.take().filter(|_| !catch_up.fetch)
            && !room.seen.knows(last.id)
        {
            catch_up.whole = false;
            catch_up.found.insert(last.id, last);
        }
        let boundary = catch_up.boundary.unwrap_or(u64::MAX);
        let relays = &catch_up.relays;
        let past = |id: &u64| *id <= boundary && !relays.contains_key(id);
        let certain: Vec<u64> = catch_up.found.keys().copied().filter(past).collect();
        let certain: Vec<Kept> = certain
            .iter()
            .filter_map(|id| catch_up.found.remove(id))
            .collect();
        let complete = catch_up.whole;
        if room.looked_at && catch_up.fetch && !catch_up.whole {
            // Behind the hole is what is shown next, whatever that is: history, or news that has already come.
            let news = catch_up.found.keys().chain(catch_up.relays.keys()).min();
            let before = certain
                .first()
                .map(|kept| kept.id)
                .or_else(|| news.copied());
            let gap = ChatEvent::Gap {
                channel_id: gid.into(),
                after: Some(room.seen.newest().into()),
                before: before.map(Into::into),
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
        let Some(catch_up) = &mut room.catch_up else {
            return;
        };
        let own: Vec<u64> = catch_up
            .found
            .values()
            .filter(|kept| kept.uid == me)
            .map(|kept| kept.id)
            .collect();
        for id in own {
            let Some(kept) = catch_up.found.get(&id) else {
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
            catch_up.found.remove(&id);
        }
    }

    /// What the history did not show of own messages is judged.
    fn settle_doubtful(&mut self, now: Now, gid: u64) {
        let doubtful = self.outgoing.doubtful(gid);
        if doubtful.is_empty() {
            return;
        }
        let catch_up = self.rooms.get(&gid).and_then(|room| room.catch_up.as_ref());
        let known = catch_up.is_some_and(|catch_up| catch_up.whole && !catch_up.failed);
        let mut again = Vec::new();
        for request in doubtful {
            let verdict = if known {
                self.outgoing.judge(now, request, CUT_GRACE)
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

    /// The user is in a group no longer, so nobody tells what became of messages to it.
    pub(super) fn lose_doubtful(&mut self, gid: u64) {
        for request in self.outgoing.doubtful(gid) {
            self.give_up(request, true);
        }
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

    /// Live messages of a group are shown at once from now on. What waited for its relay is history.
    pub(super) fn caught_up(&mut self, gid: u64) {
        self.graces.remove(&gid);
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let Some(catch_up) = room.catch_up.take() else {
            return;
        };
        room.looked_at = true;
        self.show_history(gid, catch_up.found.into_values().collect(), false);
        if let Some(room) = self.rooms.get_mut(&gid).filter(|_| !catch_up.failed) {
            room.seen.all_up_to(catch_up.covered);
        }
        if catch_up.again {
            self.look_again(gid);
        }
    }

    /// When to call [`Self::catch_up_timeout`].
    pub(super) fn catch_up_deadline(&self) -> Option<Duration> {
        if self.keepalive.is_paused() {
            return None;
        }
        let graces = self.graces.values().copied();
        graces.chain(self.looks.iter().map(|(at, _)| *at)).min()
    }

    /// Ends waiting that has lasted long enough, and looks again where it is time to.
    pub(super) fn catch_up_timeout(&mut self, now: Now) {
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
            self.caught_up(gid);
        }
        let looks: Vec<(Duration, u64)> = self
            .looks
            .extract_if(.., |(at, _)| *at <= now.mono)
            .collect();
        for (_, gid) in looks {
            self.look_again(gid);
        }
    }
}
