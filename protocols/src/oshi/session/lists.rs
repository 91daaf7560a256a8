//! Answers that are lists: pages of history, of members, of circles.

use kaiwa_core::{Channel, ChannelEvent, ChatEvent, Error, RequestId};

use super::OshiSession;
use super::people::next_after;
use super::places::space;
use super::tasks::{Step, strange};
use crate::oshi::wire::{self, CircleId, Page, Request, StreamId, UserId, limit, request::Place};

/// Circles told of one directory: ten pages, and nobody reads more.
const MAX_DIRECTORY: usize = 1_000;

impl OshiSession {
    /// Asks how a message looks that has changed: the page that ends with it.
    pub(super) fn look(&mut self, request: RequestId, stream: StreamId, (seq, rev): (i64, i64)) {
        let frame = Request::History {
            stream,
            before: Some(seq.saturating_add(1)),
            after: None,
            limit: Some(1),
        };
        self.ask(request, &frame, Step::Look { stream, seq, rev });
    }

    /// The answer to [`Self::look`].
    pub(super) fn show_look(
        &mut self,
        request: RequestId,
        page: &Page<'_>,
        seq: i64,
    ) -> Result<bool, Error> {
        let message = page.messages.iter().find(|message| message.seq == seq);
        let kept = self.keep(message.ok_or_else(strange)?);
        self.show_update(Some(request), page.stream, &kept);
        Ok(true)
    }

    /// A page that the user has asked for.
    pub(super) fn show_page(&mut self, request: RequestId, page: &Page<'_>, limit: u32) {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let rest = page.messages.len().saturating_sub(wanted);
        let mut messages = Vec::new();
        for message in page.messages.iter().skip(rest) {
            let kept = self.keep(message);
            self.introduce_sender(&kept);
            messages.push(kept.message);
        }
        let history = ChatEvent::History {
            channel_id: page.stream.into(),
            messages: messages.clone(),
            complete: rest == 0 && !page.more,
        };
        self.tell(Some(request), history);
        for (message, shown) in page.messages.iter().skip(rest).zip(&messages) {
            self.repeat_reactions(page.stream, message.seq, shown);
        }
    }

    /// There is a talk; true if it is known.
    pub(super) fn met(&mut self, request: RequestId, stream: StreamId) -> bool {
        if let Some(channel) = self.stream_channel(stream) {
            self.tell(Some(request), ChannelEvent::New { channel });
            return true;
        }
        self.ask_in(request, stream);
        false
    }

    fn ask_in(&mut self, request: RequestId, stream: StreamId) {
        let frame = Request::Members {
            place: Place::Stream(stream),
            after: None,
            limit: None,
        };
        self.ask(request, &frame, Step::Meet { stream });
    }

    /// Asks who is somewhere, after those found.
    pub(super) fn ask_who(
        &mut self,
        request: RequestId,
        place: Place,
        found: Vec<UserId>,
        after: Option<UserId>,
    ) {
        let frame = Request::Members {
            place,
            after,
            limit: None,
        };
        self.ask(request, &frame, Step::Who { place, found });
    }

    /// Some who are somewhere.
    pub(super) fn listed(
        &mut self,
        request: RequestId,
        step: Step,
        members: &[wire::Member<'_>],
        more: bool,
    ) -> Result<bool, Error> {
        match step {
            Step::Who { place, mut found } => {
                let before = found.last().copied();
                self.show_members(Some(request), place, members, &mut found);
                if let Some(last) = next_after(before, &found).filter(|_| more) {
                    self.ask_who(request, place, found, Some(last));
                    return Ok(false);
                }
                self.end_members(Some(request), place, found);
            }
            Step::Meet { stream } => {
                self.remember(members);
                let members = members.iter().take(2).map(|member| member.id).collect();
                self.add_talk(Some(request), stream, members);
                self.subscribe_all(&[stream]);
            }
            _ => return Err(strange()),
        }
        Ok(true)
    }

    /// Some public circles; true if they are all.
    pub(super) fn found_circles(
        &mut self,
        request: RequestId,
        (query, mut found): (Option<String>, Vec<Channel>),
        circles: &[wire::Circle<'_>],
        more: bool,
    ) -> bool {
        let last = circles.last().map(|circle| circle.id);
        found.extend(circles.iter().map(|circle| space(circle.id, &circle.name)));
        if let Some(last) = last.filter(|_| more && found.len() < MAX_DIRECTORY) {
            self.ask_directory(request, query, found, Some(last));
            return false;
        }
        let channels = found;
        self.tell(Some(request), ChannelEvent::Directory { query, channels });
        true
    }

    /// Asks for public circles, after those found.
    pub(super) fn ask_directory(
        &mut self,
        request: RequestId,
        query: Option<String>,
        found: Vec<Channel>,
        after: Option<CircleId>,
    ) {
        let frame = Request::CircleList {
            query: query.clone().map(Into::into),
            after,
            limit: Some(limit::CIRCLE_PAGE),
        };
        self.ask(request, &frame, Step::Directory { query, found });
    }
}
