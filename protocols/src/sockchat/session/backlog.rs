//! What was said before: told after a sign-in and with each channel, without an end that a server would mark.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::session::Now;
use kaiwa_core::{ChatEvent, Id, Message, MessageStatus, RequestId};

use super::SockchatSession;
use super::answers::{self, EchoKind, Open};
use super::past::{Mark, made_id};
use super::people::Person;
use super::talk::{MAX_ID_BYTES, echo_kind};
use crate::sockchat::wire::{BacklogMessage, RELOADED_ID, SERVER_ID, WELCOME_ID, action_text};

/// Messages of a backlog kept until it ends: servers send some dozen.
const MAX_BACKLOG: usize = 1000;

/// How long a backlog may pause before it counts as complete. It comes in one go.
const PAUSE: Duration = Duration::from_secs(1);

/// A backlog that is being told.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    said: Vec<Said>,
    ends: Option<Duration>,
    /// There may be one that has not been told to the application.
    is_open: bool,
    /// Who is in the channel has been told, after which nothing but the backlog is left to tell.
    has_users: bool,
    /// Messages that were written to a connection which broke: the backlog may have them.
    unconfirmed: Vec<Open>,
}

#[derive(Debug)]
struct Said {
    message: Message,
    mark: Mark,
    /// Who said it, unless the server did.
    person: Option<Person>,
    /// An own message: how it was said, and its text as it stands in the packet.
    own: Option<(EchoKind, String)>,
}

impl Backlog {
    pub(super) fn ends(&self) -> Option<Duration> {
        self.ends
    }

    /// A backlog may come now; if none does, there is none.
    pub(super) fn begin(&mut self, now: Duration) {
        self.ends = Some(now + PAUSE);
        self.is_open = true;
        self.has_users = false;
    }

    /// The user goes to another channel, which may have one.
    pub(super) fn expect(&mut self) {
        self.is_open = true;
    }

    pub(super) fn users_came(&mut self) {
        self.has_users = true;
    }

    /// Whether the list of channels ends it: one dialect sends that first.
    pub(super) fn ends_with_channels(&self) -> bool {
        self.has_users
    }

    /// Whether who is in the channel is still to be told.
    pub(super) fn awaits_users(&self) -> bool {
        self.ends.is_some() && !self.has_users
    }

    /// The connection is gone. These were written to it and not confirmed.
    pub(super) fn cut(&mut self, unconfirmed: impl IntoIterator<Item = Open>) {
        self.said.clear();
        self.ends = None;
        self.is_open = false;
        self.has_users = false;
        let said = |open: &Open| open.echo.is_some();
        self.unconfirmed
            .extend(unconfirmed.into_iter().filter(said));
    }

    /// A channel is called otherwise.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let unconfirmed = self.unconfirmed.iter_mut();
        unconfirmed.for_each(|open| open.rename(old, new));
    }

    /// Nothing of it is wanted any more.
    pub(super) fn forget(&mut self) {
        self.unconfirmed.clear();
    }

    /// The unconfirmed message that this one proves to have arrived.
    fn prove(&mut self, place: &str, said: &Said) -> Option<Open> {
        let (kind, text) = said.own.as_ref()?;
        let words = answers::words(action_text(text));
        let mut unconfirmed = self.unconfirmed.iter();
        let at = unconfirmed.position(|open| open.is_said_in(place, *kind, &words))?;
        Some(self.unconfirmed.remove(at))
    }
}

impl SockchatSession {
    /// Something was said before.
    pub(super) fn said_before(&mut self, now: Now, said: &BacklogMessage<'_>) {
        self.backlog.ends = Some(now.mono + PAUSE);
        self.backlog.is_open = true;
        let is_fit = said.message_id.len() <= MAX_ID_BYTES && said.user.id.len() <= MAX_ID_BYTES;
        if !is_fit || self.backlog.said.len() >= MAX_BACKLOG {
            self.skipped += 1;
            return;
        }
        let timestamp = said.time.unwrap_or(now.utc);
        let user_id = said.user.id;
        // Not unique: a greeting for everybody, and all that was read from a database. A greeting is said anew each time.
        let (id, time) = match said.message_id {
            WELCOME_ID => (made_id(WELCOME_ID, None, user_id, said.text), None),
            RELOADED_ID => (
                made_id(RELOADED_ID, said.time, user_id, said.text),
                said.time,
            ),
            id => (id.into(), said.time),
        };
        let is_own = self.me.as_deref() == Some(user_id) && said.message_id != RELOADED_ID;
        let message = Message {
            id: Some(id),
            sender_id: Some(user_id.into()),
            content: self.content_of(user_id, said.text, said.flags),
            timestamp,
            message_type: self.type_of(user_id),
            status: MessageStatus::Delivered,
        };
        let person = if user_id == SERVER_ID {
            None
        } else {
            self.person(&said.user)
        };
        self.backlog.said.push(Said {
            message,
            mark: Mark::of(said.message_id, time, user_id, said.text),
            person,
            own: is_own.then(|| (echo_kind(said.flags), said.text.to_owned())),
        });
    }

    /// The backlog is complete, unless it is not known yet of which channel it is.
    pub(super) fn end_backlog(&mut self) {
        // Whatever is missing still: a deadline that is kept is none any more.
        self.backlog.ends = None;
        let Some(place) = self.places.here() else {
            return;
        };
        if !self.backlog.is_open || !self.is_up() {
            return;
        }
        self.backlog.is_open = false;
        let mut said = std::mem::take(&mut self.backlog.said);
        number_twins(said.iter_mut().map(|said| &mut said.message));
        // A greeting comes with each sign-in: that it is known tells nothing of what was said meanwhile.
        let joins = |said: &Said| !said.mark.is_greeting() && self.past.knows(&place, &said.mark);
        let is_joined = said.iter().any(joins);
        said.retain(|said| !self.past.knows(&place, &said.mark));
        let last = self.past.come_back(&place).filter(|_| !is_joined);
        let mut messages = Vec::new();
        for mut said in said {
            self.show_in(&place, &mut said.message, said.mark);
            if let Some(person) = said.person.take() {
                self.introduce(person);
            }
            match self.backlog.prove(&place, &said) {
                Some(open) => self.arrived(open.request, said.message),
                None => messages.push(said.message),
            }
        }
        if let Some(last) = last {
            self.event(ChatEvent::Gap {
                channel_id: place.clone(),
                after: Some(last),
                before: messages.first().and_then(|first| first.id.clone()),
            });
        }
        if !messages.is_empty() {
            self.event(ChatEvent::History {
                channel_id: place,
                messages,
                // Nobody can ask for older ones.
                complete: true,
            });
        }
        // That of the channel which the user comes from is still to come.
        if self.way_back.goal().is_none() {
            self.give_up_unconfirmed();
        }
    }

    /// Nothing more is going to tell whether what was written to a connection that broke has arrived.
    pub(super) fn give_up_unconfirmed(&mut self) {
        self.backlog.forget();
        let unknown = self.outbox.settle_cut();
        self.events.extend(unknown);
    }

    /// An own message of which the connection did not say so any more.
    fn arrived(&mut self, request: RequestId, message: Message) {
        let settled = self.outbox.confirm(request, |open| *open = message);
        self.events.extend(settled);
    }
}

/// Gives messages of one backlog that have the same id ids of their own.
fn number_twins<'a>(messages: impl Iterator<Item = &'a mut Message>) {
    let mut seen: BTreeMap<Id, u32> = BTreeMap::new();
    for message in messages {
        let Some(id) = &mut message.id else {
            continue;
        };
        let count = seen.entry(id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            *id = format_args!("{id}-{count}").into();
        }
    }
}
