//! What becomes of requests: streams, and what is said there.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::Utc;
use kaiwa_protocols::oshi::wire::{
    Answer, CircleId, ErrorCode, Event, Failure, File, FileId, MessageId, Page, Pub, Request, Role,
    ServerFrame, StreamId, StreamKind, Tag, UserId, limit,
};
use serde_json::Map;

use super::State;
use super::log::Draft;
use super::socket::ok;
use super::world::Stream;

/// Whose request it is.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) id: u64,
    pub(super) user: UserId,
}

/// Why a request failed.
pub(super) struct Fail {
    pub(super) code: ErrorCode,
    pub(super) field: Option<&'static str>,
    pub(super) retry_ms: Option<u64>,
}

pub(super) type Outcome<T> = Result<T, Fail>;

impl Fail {
    pub(super) fn new(code: ErrorCode) -> Self {
        Self {
            code,
            field: None,
            retry_ms: None,
        }
    }

    pub(super) fn field(code: ErrorCode, field: &'static str) -> Self {
        Self {
            field: Some(field),
            ..Self::new(code)
        }
    }

    pub(super) fn frame(self, re: Option<Tag<'static>>) -> String {
        let failure = Failure::new(re, self.code, format!("it is {}", self.code));
        let field = self.field.map(Cow::Borrowed);
        let retry_ms = self.retry_ms;
        ServerFrame::Error(Failure {
            field,
            retry_ms,
            ..failure
        })
        .encode()
    }
}

/// A result that says that there is no such thing.
pub(super) fn not_found<T>(field: &'static str) -> Outcome<T> {
    Err(Fail::field(ErrorCode::NotFound, field))
}

impl State {
    pub(super) fn call(
        &mut self,
        caller: Caller,
        re: Option<Tag<'static>>,
        request: Request<'_>,
    ) -> Outcome<ServerFrame<'static>> {
        let answer = match request {
            Request::Auth(_) => Err(Fail::new(ErrorCode::AlreadyAuth)),
            Request::Ping => return Ok(ServerFrame::Pong { re }),
            Request::History {
                stream,
                before,
                after,
                limit,
            } => {
                let page = self.history(caller, stream, before, after, limit)?;
                return Ok(ServerFrame::History(Page { re, ..page }));
            }
            Request::Logout => {
                self.revoke(caller.id);
                Ok(Answer::Done {})
            }
            Request::Sub {
                stream,
                since,
                epoch,
                limit,
            } => self.subscribe(caller, stream, (since, epoch), limit),
            Request::Unsub { stream } => {
                self.readable(caller.user, stream)?;
                self.world.subscriptions.remove(&(caller.user, stream));
                Ok(Answer::Done {})
            }
            Request::Pub(publish) => self.publish(caller.user, &publish),
            Request::Edit { stream, seq, text } => self.edit(caller, stream, seq, Some(&text)),
            Request::Delete { stream, seq } => self.edit(caller, stream, seq, None),
            Request::Read { stream, seq } => self.read(caller, stream, seq),
            Request::Typing { stream, on } => {
                self.readable(caller.user, stream)?;
                let user = caller.user;
                self.tell_stream(stream, Some(caller.id), &Event::Typing { stream, user, on });
                Ok(Answer::Done {})
            }
            Request::React {
                stream,
                seq,
                emoji,
                on,
            } => self.react(caller, stream, seq, (&emoji, on)),
            request => self.call_person(caller, request),
        };
        Ok(ok(re, answer?))
    }

    /// A stream that somebody may read.
    pub(super) fn readable(&mut self, user: UserId, id: StreamId) -> Outcome<&mut Stream> {
        let Some(stream) = self.world.streams.get(&id) else {
            return not_found("stream");
        };
        match stream.circle {
            Some(circle) if self.world.seat(circle, user).is_none() => {
                // Who may know of the circle may know of the stream.
                return match self.world.circles[&circle].public {
                    true => Err(Fail::new(ErrorCode::NotMember)),
                    false => not_found("stream"),
                };
            }
            None if !stream.members.contains(&user) => return not_found("stream"),
            _ => {}
        }
        Ok(self.world.streams.get_mut(&id).unwrap())
    }

    /// A circle that somebody is in, and what they are there.
    pub(super) fn inside(&self, user: UserId, circle: CircleId) -> Outcome<Role> {
        match (
            self.world.circles.get(&circle),
            self.world.seat(circle, user),
        ) {
            (_, Some(seat)) => Ok(seat.role),
            (Some(circle), None) if circle.public => Err(Fail::new(ErrorCode::NotMember)),
            _ => not_found("circle"),
        }
    }

    fn subscribe(
        &mut self,
        caller: Caller,
        id: StreamId,
        (since, epoch): (Option<i64>, Option<i64>),
        limit: Option<u32>,
    ) -> Outcome<Answer<'static>> {
        let stream = self.readable(caller.user, id)?;
        let log = &stream.log;
        let (last, rev) = (log.last(), log.rev);
        let same = epoch.is_none_or(|epoch| epoch == log.epoch);
        let limit = limit.unwrap_or(limit::REPLAY).min(limit::REPLAY) as usize;
        let missed = match since {
            // Who does not say since when wants nothing.
            None => Some(Vec::new()),
            Some(since) if same && since <= rev => Some(log.changes(since)),
            Some(_) => None,
        };
        let missed = missed.filter(|missed| missed.len() <= limit);
        let answer = Answer::Subscribed {
            last,
            rev,
            epoch: log.epoch,
            complete: missed.is_some(),
            last_read: stream.marks.get(&caller.user).copied().unwrap_or_default(),
        };
        if missed.is_none() || since.is_none() {
            self.journal.beyond.push((id, last));
        }
        self.world.subscriptions.insert((caller.user, id));
        for mut event in missed.unwrap_or_default() {
            if let Event::Msg(message) | Event::Upd(message) = &mut event
                && message.from != Some(caller.user)
            {
                message.nonce = None;
            }
            self.tell(caller.id, &event);
        }
        Ok(answer)
    }

    fn history(
        &mut self,
        caller: Caller,
        id: StreamId,
        before: Option<i64>,
        after: Option<i64>,
        limit: Option<u32>,
    ) -> Outcome<Page<'static>> {
        let stream = self.readable(caller.user, id)?;
        let limit = limit.unwrap_or(limit::PAGE_DEFAULT).min(limit::PAGE) as usize;
        let (messages, more) = stream.log.page(before, after, limit);
        let mut page = Page {
            re: None,
            stream: id,
            messages,
            more,
        };
        for message in &mut page.messages {
            if message.from != Some(caller.user) {
                message.nonce = None;
            }
        }
        while ServerFrame::History(page.clone()).encode().len()
            > limit::FRAME_BYTES - limit::TAG_BYTES
        {
            page.more = true;
            let at = if after.is_some() {
                page.messages.len() - 1
            } else {
                0
            };
            page.messages.remove(at);
        }
        Ok(page)
    }

    pub(super) fn publish(&mut self, user: UserId, publish: &Pub<'_>) -> Outcome<Answer<'static>> {
        let log = &self.readable(user, publish.stream)?.log;
        if let Some(nonce) = &publish.nonce
            && let Some((said, rev)) = log.repeated(user, nonce)
        {
            return Ok(Answer::Published {
                stream: None,
                seq: said.seq,
                id: said.id,
                ts: said.ts,
                rev,
            });
        }
        if self.faults.refuse_messages {
            return Err(Fail::new(ErrorCode::Forbidden));
        }
        if publish.text.chars().count() as u64 > limit::TEXT_CHARS {
            return Err(Fail::field(ErrorCode::TooLong, "text"));
        }
        if publish.text.is_empty() && publish.files.is_empty() {
            return Err(Fail::field(ErrorCode::BadField, "text"));
        }
        let log = &self.readable(user, publish.stream)?.log;
        if publish.reply.is_some_and(|seq| log.message(seq).is_none()) {
            return not_found("reply");
        }
        let files = publish.files.iter().map(|file| self.file(user, *file));
        let files = files.collect::<Outcome<Vec<_>>>()?;
        self.journal.said.push(publish.text.clone().into_owned());
        let said = self.keep_said(user, publish, files);
        let answer = Answer::Published {
            stream: None,
            seq: said.seq,
            id: said.id,
            ts: said.ts,
            rev: said.rev,
        };
        self.tell_said(said);
        Ok(answer)
    }

    fn keep_said(
        &mut self,
        user: UserId,
        publish: &Pub<'_>,
        files: Vec<File<'static>>,
    ) -> kaiwa_protocols::oshi::wire::Message<'static> {
        let id = MessageId(self.world.next());
        let name = self.world.users[&user].display.clone();
        let stream = self.world.streams.get_mut(&publish.stream).unwrap();
        let said = stream.log.keep(Draft {
            from: user,
            name,
            id,
            ts: Utc::now().timestamp_millis(),
            publish,
            files,
        });
        stream.marks.insert(user, said.seq);
        said
    }

    fn file(&self, user: UserId, id: FileId) -> Outcome<File<'static>> {
        match self.world.files.get(&id) {
            Some((owner, file)) if *owner == user => Ok(file.clone()),
            _ => not_found("files"),
        }
    }

    /// Says a text as somebody, who need not be connected.
    pub(crate) fn say(&mut self, user: UserId, stream: StreamId, text: &str) -> i64 {
        let publish = Pub {
            stream,
            text: Cow::Borrowed(text),
            nonce: None,
            reply: None,
            files: Vec::new(),
            meta: Map::new(),
        };
        let said = self.keep_said(user, &publish, Vec::new());
        let seq = said.seq;
        self.tell_said(said);
        self.flush();
        seq
    }

    /// Edits or deletes as the sender, who need not be connected.
    pub(crate) fn amend(&mut self, stream: StreamId, seq: i64, text: Option<&str>) {
        let log = &mut self.world.streams.get_mut(&stream).unwrap().log;
        let upd = log.change(seq, text, Utc::now().timestamp_millis());
        self.tell_stream(stream, None, &Event::Upd(hidden(upd)));
        self.flush();
    }

    /// Reacts as somebody, who need not be connected.
    pub(crate) fn respond(
        &mut self,
        user: UserId,
        stream: StreamId,
        seq: i64,
        emoji: &str,
        on: bool,
    ) {
        let log = &mut self.world.streams.get_mut(&stream).unwrap().log;
        if let Some(event) = log.react(seq, user, emoji, on) {
            self.tell_stream(stream, None, &event);
        }
        self.flush();
    }

    fn edit(
        &mut self,
        caller: Caller,
        id: StreamId,
        seq: i64,
        text: Option<&str>,
    ) -> Outcome<Answer<'static>> {
        let stream = self.readable(caller.user, id)?;
        let circle = stream.circle;
        let Some(message) = stream.log.message(seq).filter(|message| !message.deleted) else {
            return not_found("seq");
        };
        let own = message.from == Some(caller.user);
        let role = circle
            .map(|circle| self.inside(caller.user, circle))
            .transpose()?;
        let may = own || text.is_none() && matches!(role, Some(Role::Owner | Role::Admin));
        if !may {
            return Err(Fail::new(ErrorCode::Forbidden));
        }
        match text {
            Some("") => return Err(Fail::field(ErrorCode::BadField, "text")),
            Some(text) if text.chars().count() as u64 > limit::TEXT_CHARS => {
                return Err(Fail::field(ErrorCode::TooLong, "text"));
            }
            _ => {}
        }
        let now = Utc::now().timestamp_millis();
        let upd = self.readable(caller.user, id)?.log.change(seq, text, now);
        let rev = upd.rev;
        self.tell_stream(id, None, &Event::Upd(hidden(upd)));
        Ok(Answer::Changed { rev })
    }

    fn read(&mut self, caller: Caller, id: StreamId, seq: i64) -> Outcome<Answer<'static>> {
        let stream = self.readable(caller.user, id)?;
        if seq < 1 || seq > stream.log.last() {
            return not_found("seq");
        }
        let mark = stream.marks.entry(caller.user).or_default();
        if seq > *mark {
            *mark = seq;
            let mut told = BTreeSet::from([caller.user]);
            if stream.kind == StreamKind::Dm {
                told.extend(stream.members.iter().copied());
            }
            let user = caller.user;
            self.tell_users(
                &told,
                Some(caller.id),
                &Event::Read {
                    stream: id,
                    user,
                    seq,
                },
            );
        }
        Ok(Answer::Done {})
    }

    fn react(
        &mut self,
        caller: Caller,
        id: StreamId,
        seq: i64,
        (emoji, on): (&str, bool),
    ) -> Outcome<Answer<'static>> {
        if emoji.is_empty() {
            return Err(Fail::field(ErrorCode::BadField, "emoji"));
        }
        if emoji.len() > limit::EMOJI_BYTES {
            return Err(Fail::field(ErrorCode::TooLong, "emoji"));
        }
        let log = &mut self.readable(caller.user, id)?.log;
        if log.message(seq).is_none_or(|message| message.deleted) {
            return not_found("seq");
        }
        let Some(event) = log.react(seq, caller.user, emoji, on) else {
            return Ok(Answer::Done {});
        };
        let rev = log.rev;
        self.tell_stream(id, None, &event);
        Ok(Answer::Changed { rev })
    }
}

/// Without what only the sender is told.
fn hidden(
    mut message: kaiwa_protocols::oshi::wire::Message<'static>,
) -> kaiwa_protocols::oshi::wire::Message<'static> {
    message.nonce = None;
    message
}
