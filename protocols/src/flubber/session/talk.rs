//! What is said: messages of the backend's, and what became of the own ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta};
use kaiwa_core::session::Now;
use kaiwa_core::{
    ChatEvent, Error, ErrorKind, Id, Message as Said, MessageFragment, MessageStatus, Profile,
    RequestId, UserEvent,
};

use super::FlubberSession;
use super::asks::Then;
use super::seen::{Seen, Told, digest};
use crate::flubber::wire::fragments::Parts;
use crate::flubber::wire::{Message, NewMessage};

/// How much older than the start of the backend a message may be to be news: clocks differ.
const BACKLOG_AGE: TimeDelta = TimeDelta::seconds(60);

/// Messages held back until it is known whose or where they are; more are told as they are.
const HELD_MESSAGES: usize = 256;

/// Speakers remembered, so that each is introduced once.
const SPEAKERS: usize = 10_000;

/// What has been said.
#[derive(Debug, Default)]
pub(super) struct Talk {
    seen: Seen,
    /// May be own ones whose ids are on their way, or for recipients of whom nothing is known.
    held: VecDeque<Message>,
    /// Who has spoken, by channel, and how many that are.
    speakers: BTreeMap<Id, BTreeSet<Id>>,
    introduced: usize,
}

impl FlubberSession {
    /// A message is there, or has changed.
    pub(super) fn message(&mut self, now: Now, message: Message) {
        if !self.has_known_recipient(&message) && self.talk.held.len() < HELD_MESSAGES {
            let id = message.recipient.clone();
            let is_asked = self.talk.held.iter().any(|held| held.recipient == id);
            self.talk.held.push_back(message);
            if !is_asked {
                self.get(None, id, Then::Recipient);
            }
            return;
        }
        if self.may_be_own(&message) && self.talk.held.len() < HELD_MESSAGES {
            return self.talk.held.push_back(message);
        }
        self.tell(now, message);
    }

    pub(super) fn message_gone(&mut self, id: &str) {
        self.talk.held.retain(|held| held.id != id);
        let Some(channel) = self.talk.seen.remove(id) else {
            return self.skipped += 1;
        };
        self.event(ChatEvent::Remove {
            channel_id: Some(channel),
            message_id: id.into(),
        });
    }

    fn has_known_recipient(&self, message: &Message) -> bool {
        let id = &message.recipient;
        self.rooms.is_channel(id) || self.rooms.is_someone(id) || self.me.as_ref() == Some(id)
    }

    /// A message whose id is on its way is shown already.
    fn may_be_own(&self, message: &Message) -> bool {
        let sent = self.asks.says();
        let mut sent = sent
            .filter_map(|request| self.outbox.unconfirmed(request))
            .peekable();
        if sent.peek().is_none() || self.talk.seen.get(&message.id).is_some() {
            return false;
        }
        match &self.me {
            Some(me) => *me == message.sender && sent.next().is_some(),
            // Files may come back in another form.
            None => sent.any(|said| has_data(said) || is_same(said, message)),
        }
    }

    /// Whether it is one whose id will never be known, as far as anybody can tell.
    fn must_be_own(&self, message: &Message) -> bool {
        self.may_be_own(message)
            && (self.me.is_some()
                || self
                    .asks
                    .says()
                    .filter_map(|request| self.outbox.unconfirmed(request))
                    .any(|said| is_same(said, message)))
    }

    /// It is known now where messages to this recipient belong.
    pub(super) fn release(&mut self, now: Now, recipient: &str) {
        for held in std::mem::take(&mut self.talk.held) {
            if held.recipient == recipient {
                self.message(now, held);
            } else {
                self.talk.held.push_back(held);
            }
        }
    }

    /// Nothing more will be learned. What may be an own message is shown already, as one whose outcome is unknown.
    pub(super) fn release_all(&mut self, now: Now) {
        for held in std::mem::take(&mut self.talk.held) {
            if self.must_be_own(&held) {
                let channel = held.recipient.clone();
                self.remember(&held.id, &channel, digest(&held), held.create_time);
            } else {
                self.tell(now, held);
            }
        }
    }

    /// What was held for an own message that has been settled.
    fn release_own(&mut self, now: Now) {
        for held in std::mem::take(&mut self.talk.held) {
            self.message(now, held);
        }
    }

    /// The channel of a message; tells of a conversation, and learns who the user is.
    fn channel_of(&mut self, message: &Message) -> Id {
        let (recipient, sender) = (&message.recipient, &message.sender);
        if self.rooms.is_known(recipient) {
            return recipient.clone();
        }
        let other = match &self.me {
            Some(me) if me == sender => recipient,
            Some(_) => sender,
            // Written to somebody with whom the user talks: by the user. Else to the user.
            None if self.rooms.is_talk(recipient) => {
                self.identify(sender.clone());
                recipient
            }
            None => {
                self.identify(recipient.clone());
                sender
            }
        };
        self.open_talk(None, other);
        other.clone()
    }

    fn identify(&mut self, user_id: Id) {
        if self.me.is_none() {
            self.me = Some(user_id.clone());
            self.event(UserEvent::Identify { user_id });
        }
    }

    fn tell(&mut self, now: Now, message: Message) {
        let channel = self.channel_of(&message);
        let said = digest(&message);
        let told = self.talk.seen.get(&message.id).cloned();
        if told.as_ref().is_some_and(|told| told.digest.is_none()) {
            self.identify(message.sender.clone());
        }
        let time = message.create_time;
        let (id, sender) = (message.id.clone(), message.sender.clone());
        let shown = self.shown(now, message);
        if self.past.is_reading() && self.past.takes(&channel, time, &shown) {
            self.remember(&id, &channel, said, time);
            return;
        }
        self.rooms.note(&channel, time, &shown);
        match told {
            Some(told) if told.digest == Some(said) => {}
            // An own one, as the backend has it: it is told only if it is not what was shown.
            Some(told) if told.digest.is_none() && shown.status != MessageStatus::Edited => {
                self.talk.seen.set_digest(&id, said);
            }
            Some(told) => {
                self.remember(&id, &told.channel, said, time);
                self.event(ChatEvent::Update {
                    channel_id: Some(told.channel),
                    message_id: id,
                    new_message: shown,
                });
            }
            None => {
                self.remember(&id, &channel, said, time);
                self.introduce(&channel, &sender);
                if shown.timestamp < self.up_since - BACKLOG_AGE {
                    self.event(ChatEvent::History {
                        channel_id: channel,
                        messages: vec![shown],
                        complete: false,
                    });
                } else {
                    self.event(ChatEvent::New {
                        channel_id: Some(channel),
                        message: shown,
                    });
                }
            }
        }
    }

    fn remember(&mut self, id: &str, channel: &str, digest: u64, time: i64) {
        let told = Told {
            channel: channel.into(),
            digest: Some(digest),
            time,
        };
        self.talk.seen.insert(id, told);
    }

    /// When a message was said, if it is remembered.
    pub(super) fn time_of(&self, id: &str) -> Option<i64> {
        self.talk.seen.get(id).map(|told| told.time)
    }

    /// A message in the vocabulary.
    fn shown(&self, now: Now, message: Message) -> Said {
        let is_edited = message.edit_time > message.create_time;
        let parts = Parts {
            content: message.content,
            attachments: message.attachments,
            extra: message.extra,
        };
        let mut content = parts.into_fragments(|id| self.rooms.name(id));
        let edited = DateTime::from_timestamp_millis(message.edit_time);
        if let Some(edited) = edited.filter(|_| is_edited) {
            content.push(MessageFragment::EditedAt(edited));
        }
        Said {
            id: Some(message.id),
            message_type: self.whose(Some(&message.sender)),
            sender_id: Some(message.sender),
            content,
            timestamp: DateTime::from_timestamp_millis(message.create_time).unwrap_or(now.utc),
            status: if is_edited {
                MessageStatus::Edited
            } else {
                MessageStatus::Delivered
            },
        }
    }

    /// The first message of somebody is all that the protocol tells about them.
    fn introduce(&mut self, channel: &str, sender: &str) {
        let known = self.talk.speakers.get(channel);
        if known.is_some_and(|known| known.contains(sender)) || self.talk.introduced >= SPEAKERS {
            return;
        }
        self.talk.introduced += 1;
        let known = self.talk.speakers.entry(channel.into()).or_default();
        known.insert(sender.into());
        self.event(UserEvent::New {
            channel_id: Some(channel.into()),
            user: Profile {
                id: Some(sender.into()),
                username: Some(sender.to_owned()),
                ..Profile::default()
            },
        });
    }

    /// The backend has taken an own message.
    pub(super) fn said(&mut self, now: Now, request: RequestId, id: &str) {
        let held = self.talk.held.iter().position(|held| held.id == id);
        let held = held.and_then(|at| self.talk.held.remove(at));
        if let Some(held) = &held {
            self.identify(held.sender.clone());
        }
        let channel = self.channel_of_request(request);
        let time = held
            .as_ref()
            .map_or_else(|| now.utc.timestamp_millis(), |held| held.create_time);
        let sender_id = self.me.clone();
        let mut confirmed = None;
        let settled = self.outbox.confirm(request, |message| {
            message.id = Some(id.into());
            message.sender_id = sender_id.or_else(|| message.sender_id.take());
            message.timestamp = DateTime::from_timestamp_millis(time).unwrap_or(message.timestamp);
            confirmed = Some(message.clone());
        });
        self.events.extend(settled);
        if let Some(channel) = channel {
            let told = Told {
                channel: channel.clone(),
                digest: held.as_ref().map(digest),
                time,
            };
            self.talk.seen.insert(id, told);
            if let Some(confirmed) = confirmed {
                self.rooms.note(&channel, time, &confirmed);
            }
        }
        self.release_own(now);
    }

    /// The backend has not taken an own message.
    pub(super) fn not_said(&mut self, now: Now, request: RequestId, error: &Error) {
        if error.kind() == ErrorKind::OutcomeUnknown
            && let Some(id) = self.repeated(request)
        {
            return self.said(now, request, &id);
        }
        let failed = self.outbox.fail(request, error);
        self.events.extend(failed);
        self.release_own(now);
    }

    /// The id of a message that the backend has told, though it has not answered.
    fn repeated(&self, request: RequestId) -> Option<Id> {
        let me = self.me.as_ref()?;
        let parts = Parts::of(&self.outbox.unconfirmed(request)?.content);
        let is_it = |held: &&Message| {
            held.sender == *me
                && held.content == parts.content
                && held.attachments == parts.attachments
        };
        self.talk
            .held
            .iter()
            .find(is_it)
            .map(|held| held.id.clone())
    }

    /// Where a message of the outbox goes.
    fn channel_of_request(&self, request: RequestId) -> Option<Id> {
        self.outbox.get(request)?.0
    }

    /// What is to be written of a message.
    pub(super) fn new_message(channel: &str, message: &Said) -> NewMessage {
        let Parts {
            content,
            attachments,
            extra,
        } = Parts::of(&message.content);
        NewMessage {
            attachments,
            content,
            extra,
            recipient: channel.into(),
        }
    }
}

/// Whether files go along within the message.
fn has_data(said: &Said) -> bool {
    said.content.iter().any(|fragment| match fragment {
        MessageFragment::Image { url, .. }
        | MessageFragment::Video { url, .. }
        | MessageFragment::Audio { url, .. }
        | MessageFragment::File { url, .. } => url.starts_with("data:"),
        _ => false,
    })
}

fn is_same(said: &Said, message: &Message) -> bool {
    let parts = Parts::of(&said.content);
    parts.content == message.content && parts.attachments == message.attachments
}
