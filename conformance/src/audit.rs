//! The promises that hold in every case, checked on every event that anybody watches.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, ErrorKind, Id, Member, Message, MessageFragment,
    MessageStatus, MessageType, RequestId, StatusEvent, UserEvent,
};

use crate::Outcome;

/// Follows one subscription from before the first `connect` and panics where a promise is broken.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    phase: Phase,
    /// A `Lost` has come and its `Disconnected` has not.
    lost: bool,
    channels: BTreeSet<Id>,
    /// People that were told: where and who.
    people: BTreeSet<(Option<Id>, Id)>,
    me: Option<Id>,
    /// Messages of others that were shown as news: channel and id.
    shown: BTreeSet<(Option<Id>, Id)>,
    own: BTreeMap<RequestId, Own>,
    outcomes: BTreeMap<RequestId, Outcome>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Phase {
    #[default]
    Down,
    Connecting,
    /// Connected, but nobody has said as whom.
    Nameless,
    Up,
}

/// A message of the user.
#[derive(Debug)]
struct Own {
    local_id: Id,
    text: String,
    /// It may be a command: it begins with an asset.
    is_command: bool,
    settled: Option<MessageStatus>,
    /// It was settled, and the user was told to forget it: it may come again.
    wiped: bool,
}

impl Audit {
    pub(crate) fn note(&mut self, request: Option<RequestId>, event: &ConnectionEvent) {
        self.request_is_open(request, event);
        match event {
            ConnectionEvent::Status { event } => self.status(event),
            ConnectionEvent::Chat { event } => self.chat(request, event),
            ConnectionEvent::User {
                event: UserEvent::Identify { user_id },
            } => {
                self.me = Some(user_id.clone());
                assert!(
                    matches!(self.phase, Phase::Nameless | Phase::Up),
                    "promise 2: Identify before Connected"
                );
                self.phase = Phase::Up;
            }
            ConnectionEvent::Channel { event } => {
                self.is_up(event);
                match event {
                    ChannelEvent::New { channel } => {
                        self.channels.insert(channel.id.clone());
                    }
                    ChannelEvent::Update { new_channel, .. } => {
                        self.channels.insert(new_channel.id.clone());
                    }
                    ChannelEvent::Remove { channel_id } => {
                        self.channels.remove(channel_id);
                    }
                    ChannelEvent::Wipe { channel_id } => self.wipe(channel_id.as_deref()),
                    ChannelEvent::Members {
                        channel_id,
                        members,
                    } => self.are_known(channel_id, members),
                    ChannelEvent::Create { .. } | ChannelEvent::JoinWith { .. } => {
                        panic!("sent only: {event:?}")
                    }
                    _ => {}
                }
            }
            ConnectionEvent::User { event } => {
                self.is_up(event);
                self.user(event);
            }
            other => self.is_up(other),
        }
    }

    fn user(&mut self, event: &UserEvent) {
        match event {
            UserEvent::New { channel_id, user } => {
                let name = || user.username.as_deref().unwrap_or_default().into();
                let id = user.id.clone().unwrap_or_else(name);
                self.people.insert((channel_id.clone(), id));
            }
            UserEvent::Update {
                channel_id,
                new_user: user,
                ..
            } => {
                let id = user.id.clone().unwrap_or_default();
                self.people.insert((channel_id.clone(), id));
            }
            UserEvent::RequestData { .. } => panic!("sent only: {event:?}"),
            _ => {}
        }
    }

    fn are_known(&self, channel_id: &str, members: &[Member]) {
        for Member { user_id, .. } in members {
            let known = self
                .people
                .contains(&(Some(channel_id.into()), user_id.clone()));
            assert!(
                known,
                "docs/events.md: before their User::New come the roles of {user_id:?} in {channel_id:?}"
            );
        }
    }

    /// The user's own id, once it was said.
    pub(crate) fn me(&self) -> Option<&str> {
        self.me.as_deref()
    }

    /// What became of a request, once it has ended.
    pub(crate) fn outcome(&self, request: RequestId) -> Option<Outcome> {
        self.outcomes.get(&request).copied()
    }

    /// How a message was settled, if it was.
    pub(crate) fn settled(&self, request: RequestId) -> Option<MessageStatus> {
        self.own.get(&request).and_then(|own| own.settled)
    }

    /// Every accepted request has ended and every echo is settled.
    pub(crate) fn finish(&self, accepted: &[RequestId]) {
        for request in accepted {
            assert!(
                self.outcomes.contains_key(request),
                "promise 3: request {request} was accepted and never ended"
            );
        }
        for (request, own) in &self.own {
            assert!(
                own.settled.is_some(),
                "promise 3: echo of request {request} never settled: {own:?}"
            );
        }
    }

    /// Done and Failed come after all that a request caused; only a message given up as unknown may still arrive.
    fn request_is_open(&self, request: Option<RequestId>, event: &ConnectionEvent) {
        let Some(outcome) = request.and_then(|request| self.outcomes.get(&request)) else {
            return;
        };
        let late = matches!(
            event,
            ConnectionEvent::Chat { event: ChatEvent::Update { new_message, .. } }
                if new_message.status == MessageStatus::Delivered
        );
        assert!(
            late && *outcome == Outcome::Failed(ErrorKind::OutcomeUnknown),
            "promise 3: after the end of its request comes {event:?}"
        );
    }

    fn status(&mut self, event: &StatusEvent) {
        match event {
            StatusEvent::Connecting => {
                assert_eq!(self.phase, Phase::Down, "promise 2: Connecting while up");
                self.phase = Phase::Connecting;
            }
            StatusEvent::Connected { .. } => {
                assert_eq!(
                    self.phase,
                    Phase::Connecting,
                    "promise 2: Connected without Connecting"
                );
                self.phase = Phase::Nameless;
            }
            StatusEvent::Lost { error, .. } => {
                assert_ne!(
                    self.phase,
                    Phase::Down,
                    "promise 2: Lost while down: {error}"
                );
                assert!(!self.lost, "promise 2: Lost twice: {error}");
                assert!(
                    !error.message.is_empty() && !error.message.contains('\n'),
                    "promise 5: an error is one line"
                );
                self.lost = true;
            }
            StatusEvent::Disconnected { .. } => {
                assert_ne!(self.phase, Phase::Down, "promise 2: Disconnected twice");
                self.phase = Phase::Down;
                self.lost = false;
            }
            StatusEvent::Done { request } => {
                if let Some(own) = self.own.get(request) {
                    assert_eq!(
                        own.settled,
                        Some(MessageStatus::Delivered),
                        "promise 3: Done of an undelivered message"
                    );
                }
                self.ended(*request, Outcome::Done);
            }
            StatusEvent::Failed { request, error } => {
                if let Some(own) = self.own.get(request) {
                    assert_eq!(
                        own.settled,
                        Some(MessageStatus::Failed),
                        "promise 3: Failed of a message not failed"
                    );
                }
                self.ended(*request, Outcome::Failed(error.kind));
            }
            _ => {}
        }
    }

    fn ended(&mut self, request: RequestId, outcome: Outcome) {
        let before = self.outcomes.insert(request, outcome);
        assert_eq!(before, None, "promise 3: request {request} ended twice");
    }

    fn chat(&mut self, request: Option<RequestId>, event: &ChatEvent) {
        match (request, event) {
            (Some(request), ChatEvent::New { message, .. })
                if message.message_type == MessageType::CurrentUser
                    && message.status == MessageStatus::Sent =>
            {
                self.echo(request, message);
            }
            (
                Some(request),
                ChatEvent::Update {
                    message_id,
                    new_message,
                    ..
                },
            ) if self
                .own
                .get(&request)
                .is_some_and(|own| own.local_id == *message_id) =>
            {
                self.settle(request, new_message);
            }
            (
                _,
                ChatEvent::New {
                    channel_id,
                    message,
                },
            ) => {
                self.is_up(event);
                self.knows(channel_id.as_deref(), event);
                self.is_of_others(message);
                if let Some(id) = &message.id {
                    let new = self.shown.insert((channel_id.clone(), id.clone()));
                    assert!(new, "promise 3: shown twice: {message:?}");
                }
            }
            // Asked for: what is known may come again, and so may the user's own messages.
            (Some(_), ChatEvent::History { channel_id, .. })
            | (_, ChatEvent::Gap { channel_id, .. }) => {
                self.is_up(event);
                self.knows(Some(channel_id), event);
            }
            (
                None,
                ChatEvent::History {
                    channel_id,
                    messages,
                    ..
                },
            ) => {
                self.is_up(event);
                self.knows(Some(channel_id), event);
                for message in messages {
                    self.is_of_others(message);
                    if let Some(id) = &message.id {
                        let known = self.shown.contains(&(Some(channel_id.clone()), id.clone()));
                        assert!(
                            !known,
                            "promise 3: news comes again as history: {message:?}"
                        );
                    }
                }
            }
            (
                _,
                ChatEvent::Update { channel_id, .. }
                | ChatEvent::Remove { channel_id, .. }
                | ChatEvent::Read { channel_id, .. }
                | ChatEvent::Typing { channel_id, .. }
                | ChatEvent::React { channel_id, .. },
            ) => {
                self.is_up(event);
                self.knows(channel_id.as_deref(), event);
                let nobody = matches!(event, ChatEvent::React { user_id: None, .. });
                assert!(!nobody, "docs/events.md: nobody is named in {event:?}");
            }
            (_, ChatEvent::RequestHistory { .. }) => panic!("sent only: {event:?}"),
            (request, ChatEvent::Progress { .. }) => self.progress(request, event),
            _ => self.is_up(event),
        }
    }

    /// Of an own message that is not settled.
    fn progress(&self, request: Option<RequestId>, event: &ChatEvent) {
        self.is_up(event);
        let ChatEvent::Progress {
            message_id,
            sent,
            total,
            ..
        } = event
        else {
            return;
        };
        let own = request.and_then(|request| self.own.get(&request));
        assert!(
            own.is_some_and(|own| own.local_id == *message_id && own.settled.is_none()),
            "docs/events.md: of no message under way: {event:?}"
        );
        assert!(
            sent <= total,
            "docs/events.md: more than there is: {event:?}"
        );
    }

    fn echo(&mut self, request: RequestId, message: &Message) {
        let own = Own {
            local_id: message.id.clone().expect("promise 3: an echo has an id"),
            text: words(message),
            is_command: matches!(message.content.first(), Some(MessageFragment::AssetId(_))),
            settled: None,
            wiped: false,
        };
        let before = self.own.insert(request, own);
        assert!(before.is_none(), "promise 3: echoed twice: {message:?}");
    }

    fn settle(&mut self, request: RequestId, message: &Message) {
        let unknown =
            self.outcomes.get(&request) == Some(&Outcome::Failed(ErrorKind::OutcomeUnknown));
        let Some(own) = self.own.get_mut(&request) else {
            return;
        };
        match (own.settled, message.status) {
            (None, MessageStatus::Delivered | MessageStatus::Failed) => {}
            (Some(MessageStatus::Failed), MessageStatus::Delivered) if unknown => {}
            (before, now) => panic!("promise 3: settled as {before:?}, then {now:?}: {own:?}"),
        }
        // Of a command there may be left what it has said.
        assert!(
            own.is_command || words(message) == own.text,
            "promise 3: settled with another text: {message:?}, {own:?}"
        );
        own.settled = Some(message.status);
    }

    /// The suite never says a text twice, so a text of the user's that comes again is the same message.
    fn is_of_others(&self, message: &Message) {
        names_no_file_of_this_machine(message);
        let text = words(message);
        let said = |own: &&Own| !text.is_empty() && own.text == text && !own.wiped;
        let own = self.own.values().find(said);
        assert!(
            own.is_none(),
            "promise 3: the user sees a message twice: {message:?}, {own:?}"
        );
    }

    /// What was shown somewhere, or everywhere, is forgotten.
    fn wipe(&mut self, channel: Option<&str>) {
        self.shown
            .retain(|(shown_in, _)| channel.is_some() && shown_in.as_deref() != channel);
        for own in self.own.values_mut() {
            own.wiped |= own.settled.is_some();
        }
    }

    fn is_up(&self, event: &impl std::fmt::Debug) {
        assert_eq!(
            self.phase,
            Phase::Up,
            "promise 2: before Connected and Identify comes {event:?}"
        );
        assert!(!self.lost, "promise 2: after Lost comes {event:?}");
    }

    fn knows(&self, channel: Option<&str>, event: &ChatEvent) {
        let known = channel.is_none_or(|channel| self.channels.contains(channel));
        assert!(known, "promise 2: before its channel comes {event:?}");
    }
}

/// What others say never makes a program send something of its machine.
fn names_no_file_of_this_machine(message: &Message) {
    let is_upload = |part: &MessageFragment| matches!(part, MessageFragment::Upload { .. });
    assert!(
        !message.content.iter().any(is_upload),
        "docs/events.md: an upload is never received: {message:?}"
    );
}

/// The text of a message without its files, which look different when they are there.
fn words(message: &Message) -> String {
    let mut message = message.clone();
    message.content.retain(|fragment| {
        !matches!(
            fragment,
            MessageFragment::File { .. } | MessageFragment::Upload { .. }
        )
    });
    message.plain_text()
}
