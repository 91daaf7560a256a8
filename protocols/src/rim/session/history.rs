//! Older messages, when the user asks for them.
//!
//! rim counts pages from the newest message on, so where a message lies changes with each new one. The page in front of a
//! known message is looked for: onwards in growing steps until one lies before it, then by halves. kaiwa's server takes the
//! message's id instead.

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChatEvent, Error, ErrorKind, RequestId};

use super::requests::invalid;
use super::rest::Ask;
use super::rooms::Kept;
use super::tasks::Step;
use super::{RimSession, Server, answer};
use crate::rim::wire::{ChatMessage, Endpoint, request};

/// The most messages given at once: a few screens.
const MAX_LIMIT: u64 = 100;

/// Pages looked at for one answer; with steps that double, every history is shorter.
const MAX_LOOKS: u8 = 80;

/// Where an answer ended, so that the next one begins there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    page: u64,
    size: u64,
    oldest: u64,
}

/// A request for history on its way.
#[derive(Debug)]
pub(super) struct Search {
    gid: u64,
    before: Option<u64>,
    size: u64,
    page: u64,
    /// The last page known to lie behind the message.
    low: u64,
    /// The first page known to hold something before the message, or nothing; and which of the two.
    high: Option<(u64, bool)>,
    /// Whether the server is asked by the message's id.
    by_id: bool,
    looks: u8,
    /// What was found, oldest first.
    found: Vec<Kept>,
}

impl Search {
    /// Messages before one, or the newest.
    pub(super) fn new(gid: u64, before: Option<u64>, limit: u32) -> Result<Self, Error> {
        if limit == 0 {
            return Err(invalid("ask for one message at least"));
        }
        Ok(Self {
            gid,
            before,
            size: u64::from(limit).min(MAX_LIMIT),
            page: 1,
            low: 0,
            high: None,
            by_id: false,
            looks: 0,
            found: Vec::new(),
        })
    }

    /// What a page means: the next page to look at, or `None` when everything wanted is found.
    fn look(&mut self, list: Vec<Kept>, full: bool) -> Option<u64> {
        let before = self.before.unwrap_or(u64::MAX);
        let behind = list.iter().any(|kept| kept.id >= before);
        let holds = list.iter().any(|kept| kept.id < before);
        if !self.found.is_empty() || (holds && (behind || self.page == self.low + 1)) {
            return self.collect(list, full);
        }
        if holds || list.is_empty() {
            self.high = Some((self.page, holds));
        } else {
            self.low = self.page;
        }
        match self.high {
            None => Some(self.page.saturating_mul(2)),
            Some((high, _)) if high > self.low + 1 => Some(self.low + (high - self.low) / 2),
            // Nothing lies before the message.
            Some((_, false)) => None,
            Some((high, true)) => Some(high),
        }
    }

    /// Takes what is wanted of a page; the rest may be on the next one.
    fn collect(&mut self, list: Vec<Kept>, full: bool) -> Option<u64> {
        let before = self.before.unwrap_or(u64::MAX);
        let oldest = self.found.first().map_or(u64::MAX, |kept| kept.id);
        let mut found: Vec<Kept> = list;
        found.retain(|kept| kept.id < before && kept.id < oldest);
        found.append(&mut self.found);
        self.found = found;
        let enough = self.found.len() as u64 >= self.size;
        (full && !enough).then(|| self.page + 1)
    }
}

impl RimSession {
    /// Begins a search, where the last one of the group ended if it goes on.
    pub(super) fn search(&mut self, request: RequestId, mut search: Search) {
        let place = self.rooms.get(&search.gid).and_then(|room| room.page);
        search.by_id = self.server == Server::Own && search.before.is_some();
        if let Some(place) = place
            && !search.by_id
            && search.before == Some(place.oldest)
            && search.size == place.size
        {
            search.page = place.page;
            search.low = place.page - 1;
        }
        self.ask_page(request, search);
    }

    fn ask_page(&mut self, request: RequestId, search: Search) {
        let body = request::History {
            gid: search.gid,
            uid: self.uid(),
            page: search.page,
            size: search.size,
            before: search.before.filter(|_| search.by_id),
        };
        let ask = Ask::post(Endpoint::History, &body);
        self.take_step(request, ask, Step::History(search));
    }

    /// A page has come.
    pub(super) fn searched(
        &mut self,
        now: Now,
        request: RequestId,
        mut search: Search,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        let list = answer::data::<Vec<ChatMessage<'_>>>(result)?;
        let full = list.len() as u64 >= search.size;
        let gid = search.gid;
        let mut kept: Vec<Kept> = list
            .iter()
            .filter_map(|entry| self.keep(now, gid, entry))
            .collect();
        kept.sort_by_key(|kept| kept.id);
        kept.dedup_by_key(|kept| kept.id);
        search.looks += 1;
        if search.looks > MAX_LOOKS {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the server's history has no end",
            ));
        }
        if search.by_id {
            let before = search.before.unwrap_or(u64::MAX);
            if kept.iter().all(|kept| kept.id < before) {
                search.found = kept;
                self.answer_search(request, search, !full);
                return Ok(());
            }
            // The server does not know the field: this is the newest page.
            search.by_id = false;
        }
        match search.look(kept, full) {
            Some(page) => {
                search.page = page;
                self.ask_page(request, search);
            }
            None => self.answer_search(request, search, !full),
        }
        Ok(())
    }

    fn answer_search(&mut self, request: RequestId, search: Search, last: bool) {
        let Search {
            gid,
            size,
            page,
            by_id,
            mut found,
            ..
        } = search;
        let wanted = usize::try_from(size).unwrap_or(usize::MAX);
        let rest = found.len().saturating_sub(wanted);
        found.drain(..rest);
        let complete = rest == 0 && (last || found.is_empty());
        if let (Some(room), Some(oldest), false) = (self.rooms.get_mut(&gid), found.first(), by_id)
        {
            room.page = Some(Place {
                page,
                size,
                oldest: oldest.id,
            });
        }
        for kept in &found {
            self.introduce(gid, kept.uid);
        }
        let history = ChatEvent::History {
            channel_id: gid.into(),
            messages: found.into_iter().map(|kept| kept.message).collect(),
            complete,
        };
        self.tell(Some(request), history);
        self.done(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks for `limit` messages before `before` in a history of ids `1..=newest`, and counts the pages looked at.
    fn search(newest: u64, before: Option<u64>, limit: u32) -> (Vec<u64>, u8) {
        let mut search = Search::new(1, before, limit).unwrap();
        loop {
            search.looks += 1;
            assert!(search.looks <= MAX_LOOKS);
            let end = newest.saturating_sub((search.page - 1).saturating_mul(search.size));
            let ids = end.saturating_sub(search.size) + 1..=end;
            let list: Vec<Kept> = ids.map(kept).collect();
            let full = list.len() as u64 >= search.size;
            match search.look(list, full) {
                Some(page) => search.page = page,
                None => break,
            }
        }
        let wanted = usize::try_from(search.size).unwrap();
        let rest = search.found.len().saturating_sub(wanted);
        let found = search.found.iter().skip(rest).map(|kept| kept.id);
        (found.collect(), search.looks)
    }

    fn kept(id: u64) -> Kept {
        Kept {
            id,
            uid: 1,
            client_id: kaiwa_core::Id::default(),
            message: kaiwa_core::Message::text("", chrono::DateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn every_place_is_found() {
        for newest in 0..40 {
            for limit in [1, 2, 3, 7, 50] {
                for before in (1..45).map(Some).chain([None]) {
                    let (found, looks) = search(newest, before, limit);
                    let end = before.map_or(newest, |before| newest.min(before - 1));
                    let begin = end.saturating_sub(u64::from(limit));
                    let expected: Vec<u64> = (begin + 1..=end).collect();
                    assert_eq!(found, expected, "{newest} {limit} {before:?}");
                    assert!(looks <= 14, "{looks} looks: {newest} {limit} {before:?}");
                }
            }
        }
        let (found, looks) = search(1_000_000, Some(50), 50);
        assert_eq!(found, (1..50).collect::<Vec<u64>>());
        assert!(looks < 40, "{looks}");
    }
}
