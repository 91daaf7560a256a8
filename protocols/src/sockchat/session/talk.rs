//! What is said now: in the channel, in private, by the server.

use std::collections::BTreeSet;

use kaiwa_core::session::Now;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, Error, ErrorKind, Id, Message, MessageFragment,
    MessageStatus, MessageType, RequestId, Style,
};

use super::SockchatSession;
use super::answers::{EchoKind, Open};
use super::past::Mark;
use super::people::People;
use crate::sockchat::wire::{
    ChatMessage, Flags, Notice, SERVER_ID, action_text, revealed, split_recipient,
};
use crate::text::{bbcode, html};

/// What a private talk has before the other person's id, so that it is no name of a channel.
pub(super) const DIRECT: char = '@';

/// The longest id taken, in bytes: those of servers have some twenty digits.
pub(super) const MAX_ID_BYTES: usize = 256;

/// Private talks remembered, so that each is announced once.
const MAX_DIRECTS: usize = 10_000;

/// What is said.
#[derive(Debug, Default)]
pub(super) struct Talk {
    directs: BTreeSet<Id>,
}

impl Talk {
    /// The connection is gone: the application is told of each talk anew.
    pub(super) fn cut(&mut self) {
        self.directs.clear();
    }
}

impl SockchatSession {
    /// Somebody says something now.
    pub(super) fn said(&mut self, now: Now, said: &ChatMessage<'_>) {
        if said.message_id.len() > MAX_ID_BYTES || said.user_id.len() > MAX_ID_BYTES {
            self.skipped += 1;
            return;
        }
        let is_server = said.user_id == SERVER_ID;
        let mark = Mark::of(said.message_id, said.time, said.user_id, said.text);
        if self.me.as_deref() == Some(said.user_id) && self.came_back(now, said, mark) {
            return;
        }
        let (place, text) = if said.flags.private && !is_server {
            self.private_place(said)
        } else {
            (self.public_place(said), said.text)
        };
        let mut message = self.message(now, said, text);
        if let Some(place) = &place
            && !self.show_in(place, &mut message, mark)
            // A notice that says the same once more answers another request.
            && !is_server
        {
            self.skipped += 1;
            return;
        }
        let notice = is_server.then(|| Notice::read(said.text)).flatten();
        let answer = notice.and_then(|notice| self.answered(&notice));
        let event = ChatEvent::New {
            channel_id: place,
            message,
        };
        match answer {
            Some((Open { request, asked, .. }, result)) => {
                self.caused(request, event);
                if let Some(asked) = asked.filter(|_| result.is_ok()) {
                    self.tell_ban(request, &asked, None);
                }
                self.settle(request, result);
            }
            None => self.event(event),
        }
    }

    /// A talk with somebody, opened by the user.
    pub(super) fn open_talk(&mut self, request: RequestId, user_id: &str) -> Result<(), Error> {
        self.need_connection()?;
        let user_id = user_id.trim_start_matches(DIRECT);
        self.writable_name(user_id)?;
        let id = Id::from(format_args!("{DIRECT}{user_id}"));
        self.talk.directs.insert(id.clone());
        let channel = self.talk_with(id, user_id);
        self.caused(request, ChannelEvent::New { channel });
        self.finish(request, Ok(()));
        Ok(())
    }

    /// The channel that a message was said in: the current one, unless it names another one that there is.
    fn public_place(&mut self, said: &ChatMessage<'_>) -> Option<Id> {
        let current = self.places.current();
        let named = said.channel_name().filter(|name| current != Some(*name));
        match named {
            Some(name) if self.announce(name) => Some(name.into()),
            _ => self.places.here(),
        }
    }

    /// Settles the own message of which this is the echo, if it is one. An echo that comes twice is none the second time,
    /// or it would settle the same words said once more.
    fn came_back(&mut self, now: Now, said: &ChatMessage<'_>, mark: Mark) -> bool {
        let kind = echo_kind(said.flags);
        let (talk, text) = match kind {
            EchoKind::Private => own_private(said, &self.people),
            EchoKind::Action => (None, action_text(said.text)),
            EchoKind::Plain => (None, said.text),
        };
        let place = talk.as_deref().or_else(|| self.places.current());
        if place.is_some_and(|place| self.past.knows(place, &mark)) {
            return false;
        }
        // Whoever is called otherwise by now is not found by their name: then the words decide.
        let echo = self
            .answers
            .take_echo(now.mono, kind, talk.as_deref(), text);
        let Some((request, place)) = echo else {
            return false;
        };
        let mut message = self.message(now, said, text);
        self.show_in(&place, &mut message, mark);
        let settled = self.outbox.confirm(request, |open| *open = message);
        self.events.extend(settled);
        true
    }

    /// A message is being shown, under an id of its own. Returns whether it is new.
    pub(super) fn show_in(&mut self, place: &str, message: &mut Message, mark: Mark) -> bool {
        if let Some(id) = &mut message.id {
            self.past.name(place, id, message.timestamp, &mark);
        }
        let id = message.id.as_deref().unwrap_or_default();
        self.past.show(place, id, mark)
    }

    fn message(&self, now: Now, said: &ChatMessage<'_>, text: &str) -> Message {
        Message {
            id: Some(said.message_id)
                .filter(|id| !id.is_empty())
                .map(Id::from),
            sender_id: Some(said.user_id.into()),
            content: self.content_of(said.user_id, text, said.flags),
            timestamp: said.time.unwrap_or(now.utc),
            message_type: self.type_of(said.user_id),
            status: MessageStatus::Delivered,
        }
    }

    /// The private talk that a message belongs to, and its text.
    fn private_place<'a>(&mut self, said: &ChatMessage<'a>) -> (Option<Id>, &'a str) {
        let (id, text) = if self.me.as_deref() == Some(said.user_id) {
            let (talk, text) = own_private(said, &self.people);
            let name = split_recipient(said.text).map_or("", |(name, _)| name);
            let unknown = || format_args!("{DIRECT}{}", html::unescape_name(name)).into();
            (talk.unwrap_or_else(unknown), text)
        } else {
            (format_args!("{DIRECT}{}", said.user_id).into(), said.text)
        };
        if self.talk.directs.len() < MAX_DIRECTS && self.talk.directs.insert(id.clone()) {
            let user_id = id.strip_prefix(DIRECT).unwrap_or(&id).to_owned();
            let channel = self.talk_with(id.clone(), &user_id);
            self.event(ChannelEvent::New { channel });
        }
        (Some(id), text)
    }

    fn talk_with(&self, id: Id, user_id: &str) -> Channel {
        Channel {
            id,
            name: Some(self.people.name(user_id).unwrap_or(user_id).to_owned()),
            channel_type: ChannelType::Direct,
        }
    }

    /// What a text shows.
    pub(super) fn content_of(
        &self,
        user_id: &str,
        text: &str,
        flags: Flags,
    ) -> Vec<MessageFragment> {
        if user_id == SERVER_ID {
            self.server_content(text)
        } else {
            self.content(text, flags)
        }
    }

    pub(super) fn type_of(&self, user_id: &str) -> MessageType {
        if user_id == SERVER_ID {
            MessageType::Server
        } else if self.me.as_deref() == Some(user_id) {
            MessageType::CurrentUser
        } else {
            MessageType::Normal
        }
    }

    fn content(&self, text: &str, flags: Flags) -> Vec<MessageFragment> {
        let text = if flags.is_action() {
            action_text(text)
        } else {
            text
        };
        let text = html::unescape(text);
        let content = bbcode::parse(revealed(&text), &self.assets.emotes);
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

/// The talk that an own private message belongs to, if whom it names is there; and its text.
fn own_private<'a>(said: &ChatMessage<'a>, people: &People) -> (Option<Id>, &'a str) {
    let (name, text) = split_recipient(said.text).unwrap_or(("", said.text));
    let known = people.find(&html::unescape_name(name));
    (known.map(|id| format_args!("{DIRECT}{id}").into()), text)
}

/// How a message was said, by its flags.
pub(super) fn echo_kind(flags: Flags) -> EchoKind {
    match flags {
        flags if flags.private => EchoKind::Private,
        flags if flags.is_action() => EchoKind::Action,
        _ => EchoKind::Plain,
    }
}

/// Somebody whom the user may write to.
pub(super) fn nobody() -> Error {
    Error::new(ErrorKind::NotFound, "nobody of this id is in the channel")
}
