//! What is said: now, before, in private, by the server; and own messages on their way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_core::session::Now;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, Error, ErrorKind, Message, MessageFragment,
    MessageStatus, MessageType, RequestId, Style,
};

use super::{ECHO_LIMIT, SockchatSession};
use crate::sockchat::wire::{
    BacklogMessage, ChatMessage, Flags, Notice, RELOADED_ID, SERVER_ID, WELCOME_ID, action_text,
    defused, revealed, split_recipient,
};
use crate::text::{Emotes, bbcode, html};

/// What a private conversation has before the other person's id, so that it is no name of a channel.
const DIRECT: char = '@';

/// Messages of a backlog kept until it ends: servers send some dozen.
const MAX_BACKLOG: usize = 1000;

/// How long a backlog may pause before it counts as complete.
const BACKLOG_PAUSE: Duration = Duration::from_secs(1);

/// Own messages that were given up, remembered for a late echo.
const MAX_ECHOES: usize = 256;

/// Private conversations remembered, so that each is announced once.
const MAX_DIRECTS: usize = 10_000;

/// What servers and clients put in the place of a TAB.
const TAB: &str = "    ";

/// What is said.
#[derive(Debug)]
pub(super) struct Talk {
    emotes: Emotes,
    /// The longest text that the server takes, in characters.
    limit: Option<u64>,
    /// Own messages whose echo has not come, oldest first.
    echoes: VecDeque<Echo>,
    backlog: Vec<Message>,
    backlog_ends: Option<Duration>,
    /// The last message of a channel before the connection broke.
    last: Option<(String, String)>,
    /// The connection has broken since.
    is_cut: bool,
    directs: BTreeSet<String>,
}

/// An own message that the server will send back.
#[derive(Debug)]
struct Echo {
    request: RequestId,
    at: Duration,
    /// As it comes back, without the replacements.
    text: String,
    is_given_up: bool,
}

impl Default for Talk {
    fn default() -> Self {
        Self {
            emotes: Emotes::none(),
            limit: None,
            echoes: VecDeque::new(),
            backlog: Vec::new(),
            backlog_ends: None,
            last: None,
            is_cut: false,
            directs: BTreeSet::new(),
        }
    }
}

impl Talk {
    pub(super) fn set_limit(&mut self, limit: Option<u64>) {
        self.limit = limit;
    }

    pub(super) fn backlog_ends(&self) -> Option<Duration> {
        self.backlog_ends
    }

    /// The connection is gone: no echo of what was written to it comes any more.
    pub(super) fn cut(&mut self) {
        self.echoes.clear();
        self.backlog.clear();
        self.backlog_ends = None;
        self.is_cut = true;
    }

    pub(super) fn restart_clocks(&mut self, now: Duration) {
        for echo in &mut self.echoes {
            echo.at = now;
        }
    }

    /// What a text shows.
    fn content(&self, text: &str, flags: Flags) -> Vec<MessageFragment> {
        let text = if flags.is_action() {
            action_text(text)
        } else {
            text
        };
        let text = html::unescape(text);
        let content = bbcode::parse(revealed(&text), &self.emotes);
        if flags.is_action() && !content.is_empty() {
            return vec![MessageFragment::Styled {
                style: Style::Italic,
                content,
            }];
        }
        content
    }

    fn server_content(&self, text: &str) -> Vec<MessageFragment> {
        let Some(notice) = Notice::read(text) else {
            return self.content(text, Flags::MESSAGE);
        };
        let mut content = match notice.said() {
            Some(said) => self.content(said, Flags::MESSAGE),
            None => vec![MessageFragment::Text(notice.english())],
        };
        content.push(MessageFragment::Notice {
            code: notice.code.to_owned(),
            args: notice.plain_arguments(),
        });
        content
    }
}

impl SockchatSession {
    /// Somebody says something now.
    pub(super) fn said(&mut self, now: Now, said: &ChatMessage<'_>) {
        let is_own = self.me.as_deref() == Some(said.user_id);
        let (place, text) = if said.flags.private {
            self.private_place(said, is_own)
        } else {
            let place = said.channel_name().or_else(|| self.places.current());
            (place.map(str::to_owned), said.text)
        };
        if said.user_id == SERVER_ID
            && let Some(notice) = Notice::read(said.text).filter(|notice| notice.is_error)
        {
            self.places.refuse(&notice);
        }
        let message = Message {
            id: Some(said.message_id.to_owned()),
            sender_id: Some(said.user_id.to_owned()),
            content: self.content_of(said.user_id, text, said.flags),
            timestamp: said.time.unwrap_or(now.utc),
            message_type: self.type_of(said.user_id),
            status: MessageStatus::Delivered,
        };
        if !said.flags.private
            && let Some(channel) = &place
        {
            self.talk.last = Some((channel.clone(), said.message_id.to_owned()));
        }
        if is_own && let Some(request) = self.talk.take_echo(said.text) {
            let settled = self
                .outbox
                .confirm(request, |open| open.clone_from(&message));
            self.events.extend(settled);
            return;
        }
        self.event(ChatEvent::New {
            channel_id: place,
            message,
        });
    }

    /// Something was said before.
    pub(super) fn said_before(&mut self, now: Now, said: &BacklogMessage<'_>) {
        let timestamp = said.time.unwrap_or(now.utc);
        let id = match said.message_id {
            // Not unique: a greeting for everybody, and all that was read from a database.
            id @ (WELCOME_ID | RELOADED_ID) => made_id(id, timestamp, said.user.id, said.text),
            id => id.to_owned(),
        };
        let message = Message {
            id: Some(id),
            sender_id: Some(said.user.id.to_owned()),
            content: self.content_of(said.user.id, said.text, said.flags),
            timestamp,
            message_type: self.type_of(said.user.id),
            status: MessageStatus::Delivered,
        };
        if self.talk.backlog.len() < MAX_BACKLOG {
            self.talk.backlog.push(message);
        } else {
            self.skipped += 1;
        }
        self.talk.backlog_ends = Some(now.mono + BACKLOG_PAUSE);
    }

    /// The backlog is complete, unless it is not known yet of which channel it is.
    pub(super) fn end_backlog(&mut self) {
        self.talk.backlog_ends = None;
        let Some(channel) = self.places.current().filter(|_| self.is_up()) else {
            return;
        };
        let channel_id = channel.to_owned();
        let mut messages = std::mem::take(&mut self.talk.backlog);
        let is_known = |last: &str| messages.iter().any(|one| one.id.as_deref() == Some(last));
        let missed = self
            .talk
            .last
            .take_if(|(place, last)| self.talk.is_cut && *place == channel_id && !is_known(last));
        self.talk.is_cut = false;
        if let Some((_, last)) = missed {
            self.event(ChatEvent::Gap {
                channel_id: channel_id.clone(),
                after: Some(last),
                before: messages.first().and_then(|first| first.id.clone()),
            });
        }
        if messages.is_empty() {
            return;
        }
        number_twins(&mut messages);
        let newest = messages.last().and_then(|newest| newest.id.clone());
        self.talk.last = newest.map(|id| (channel_id.clone(), id));
        self.event(ChatEvent::History {
            channel_id,
            messages,
            // Nobody can ask for older ones.
            complete: true,
        });
    }

    /// The user says something.
    pub(super) fn say(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<&str>,
        mut message: Message,
    ) -> Result<(), Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        let is_upload = |part: &MessageFragment| matches!(part, MessageFragment::Upload { .. });
        if message.content.iter().any(is_upload) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "sockchat carries no files of this machine",
            ));
        }
        message.content.retain(MessageFragment::is_shown);
        let text = self.wire_text(&message);
        if text.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "servers drop a message of spaces only",
            ));
        }
        if let Some(limit) = self.talk.limit
            && text.chars().count() as u64 > limit
        {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!("the message is longer than the {limit} characters that the server takes"),
            ));
        }
        let place = channel_id
            .or_else(|| self.places.current())
            .map(str::to_owned);
        if let Some(place) = &place
            && self.is_up()
        {
            self.can_say_in(place)?;
        }
        message.sender_id.clone_from(&self.me);
        let echo = self.outbox.accept(now, request, place, message)?;
        self.events.push_back(echo);
        Ok(())
    }

    /// The text of the message to be written next; one that has no place any more fails.
    pub(super) fn next_message(&mut self, now: Now) -> Option<String> {
        loop {
            let pending = self.outbox.next_waiting()?;
            let request = pending.request;
            let text = self.wire_text(pending.message);
            let place = pending.channel_id.map(str::to_owned);
            let place = place.or_else(|| self.places.current().map(str::to_owned))?;
            if let Err(error) = self.can_say_in(&place) {
                let failed = self.outbox.fail(request, &error);
                self.events.extend(failed);
                continue;
            }
            let (text, echo) = match self.recipient(&place) {
                Some(name) => (format!("/msg {name} {text}"), format!("{name} {text}")),
                None => (text.clone(), text),
            };
            self.outbox.written(now, request);
            self.talk.expect_echo(request, now.mono, echo);
            return Some(text);
        }
    }

    /// When the oldest echo is overdue.
    pub(super) fn echo_deadline(&self) -> Option<Duration> {
        let mut waiting = self.talk.echoes.iter().filter(|echo| !echo.is_given_up);
        let oldest = waiting.next().filter(|_| !self.keepalive.is_paused())?;
        Some(oldest.at + ECHO_LIMIT)
    }

    /// Gives up on messages that the server did not send back in time; a late echo still counts.
    pub(super) fn give_up_echoes(&mut self, now: Now) {
        if self.echo_deadline().is_none_or(|due| due > now.mono) {
            return;
        }
        let overdue = |echo: &&mut Echo| !echo.is_given_up && echo.at + ECHO_LIMIT <= now.mono;
        let unknown = Error::new(
            ErrorKind::OutcomeUnknown,
            "the server has not sent the message back; the user may be silenced",
        );
        for echo in self.talk.echoes.iter_mut().filter(overdue) {
            echo.is_given_up = true;
            self.events.extend(self.outbox.fail(echo.request, &unknown));
        }
    }

    fn wire_text(&self, message: &Message) -> String {
        let text = bbcode::render(&message.content, &self.talk.emotes);
        let text = text.replace('\t', TAB);
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        defused(text).into_owned()
    }

    fn can_say_in(&self, place: &str) -> Result<(), Error> {
        if place.starts_with(DIRECT) {
            return match self.recipient(place) {
                Some(_) => Ok(()),
                None => Err(Error::new(
                    ErrorKind::NotFound,
                    "nobody of this id is in the channel",
                )),
            };
        }
        if self.places.current() == Some(place) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::State,
            "sockchat is in one channel at a time; switch to it first",
        ))
    }

    /// The name of the person of a private conversation, if they are there.
    fn recipient(&self, place: &str) -> Option<&str> {
        self.people.name(place.strip_prefix(DIRECT)?)
    }

    /// The private conversation that a message belongs to, and its text.
    fn private_place<'a>(
        &mut self,
        said: &ChatMessage<'a>,
        is_own: bool,
    ) -> (Option<String>, &'a str) {
        let (user_id, text) = if is_own {
            let (name, text) = split_recipient(said.text).unwrap_or(("", said.text));
            let name = html::unescape_name(name);
            let known = self.people.id(&name);
            (known.map_or_else(|| name.to_string(), str::to_owned), text)
        } else {
            (said.user_id.to_owned(), said.text)
        };
        let id = format!("{DIRECT}{user_id}");
        if self.talk.directs.len() < MAX_DIRECTS && self.talk.directs.insert(id.clone()) {
            let name = self.people.name(&user_id).unwrap_or(&user_id).to_owned();
            self.event(ChannelEvent::New {
                channel: Channel {
                    id: id.clone(),
                    name: Some(name),
                    channel_type: ChannelType::Direct,
                },
            });
        }
        (Some(id), text)
    }

    fn content_of(&self, user_id: &str, text: &str, flags: Flags) -> Vec<MessageFragment> {
        if user_id == SERVER_ID {
            self.talk.server_content(text)
        } else {
            self.talk.content(text, flags)
        }
    }

    fn type_of(&self, user_id: &str) -> MessageType {
        if user_id == SERVER_ID {
            MessageType::Server
        } else if self.me.as_deref() == Some(user_id) {
            MessageType::CurrentUser
        } else {
            MessageType::Normal
        }
    }
}

impl Talk {
    fn expect_echo(&mut self, request: RequestId, at: Duration, text: String) {
        if self.echoes.len() >= MAX_ECHOES
            && let Some(oldest) = self.echoes.iter().position(|echo| echo.is_given_up)
        {
            self.echoes.remove(oldest);
        }
        self.echoes.push_back(Echo {
            request,
            at,
            text,
            is_given_up: false,
        });
    }

    /// The request of which this is the echo.
    fn take_echo(&mut self, wire: &str) -> Option<RequestId> {
        let text = html::unescape(wire);
        let at = self.echoes.iter().position(|echo| echo.text == text)?;
        self.echoes.remove(at).map(|echo| echo.request)
    }
}

/// An id that is the same whenever the message comes again.
fn made_id(kind: &str, time: DateTime<Utc>, user_id: &str, text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (time, user_id, text).hash(&mut hasher);
    format!("{kind}-{:016x}", hasher.finish())
}

/// Gives messages of one backlog that have the same id ids of their own.
fn number_twins(messages: &mut [Message]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for message in messages {
        let Some(id) = &mut message.id else {
            continue;
        };
        let count = seen.entry(id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            id.push_str(&format!("-{count}"));
        }
    }
}
