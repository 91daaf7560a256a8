//! The extension: events as they are, in both directions.

use std::collections::VecDeque;

use kaiwa_core::session::Now;
use kaiwa_core::{
    ChatEvent, ConnectionEvent, Error, Id, Message, MessageFragment, MessageStatus, MessageType,
    RequestId, StatusEvent, UserEvent,
};

use super::asks::{Ask, Why};
use super::uploads::is_upload;
use super::{FlubberSession, Phase};
use crate::flubber::wire::kaiwa::HELLO_VERSION;
use crate::flubber::wire::{Hello, KaiwaUpdate, RequestBody};

/// Own messages that were cut off, remembered for a late echo; as many as an outbox remembers.
const CUT_OFF: usize = 256;

/// Whether the extension is spoken, and what a new backend does not know of the one before it.
#[derive(Debug, Default)]
pub(super) struct Extension {
    is_spoken: bool,
    /// The backend was taken for a plain one since it said nothing: a hello may still come.
    may_follow: bool,
    /// The own id.
    me: Option<Id>,
    /// Own messages that backends before this one had taken and not settled, oldest first.
    cut_off: VecDeque<RequestId>,
}

impl Extension {
    /// By this backend, or, as long as it has not said so, by the one before it.
    pub(super) fn is_spoken(&self) -> bool {
        self.is_spoken
    }

    /// The backend that has taken this message has ended.
    pub(super) fn cut_off(&mut self, message: RequestId) {
        if self.cut_off.len() >= CUT_OFF {
            self.cut_off.pop_front();
        }
        self.cut_off.push_back(message);
    }

    /// The backend is a plain one.
    pub(super) fn none(&mut self) {
        self.is_spoken = false;
    }

    /// Whether a hello of a backend that was taken for a plain one still counts.
    pub(super) fn may_follow(&mut self, may: bool) {
        self.may_follow = may;
    }
}

impl FlubberSession {
    /// A value of the extension.
    pub(super) fn extended(&mut self, now: Now, update: KaiwaUpdate) {
        match update {
            KaiwaUpdate::Hello(hello) => self.hello(hello),
            KaiwaUpdate::Event { event, request }
                if self.phase != Phase::Deciding && self.extension.is_spoken() =>
            {
                self.happened(event, request);
            }
            KaiwaUpdate::Event { .. } => {
                self.decide(now);
                self.skipped += 1;
            }
        }
    }

    fn hello(&mut self, hello: Hello) {
        let is_late = self.is_up() && self.extension.may_follow;
        if hello.hello != HELLO_VERSION || !(is_late || self.phase == Phase::Deciding) {
            let version = hello.hello;
            tracing::warn!(
                version,
                "the hello is late, or of an unknown version: the backend is taken for a plain one"
            );
            return self.skipped += 1;
        }
        if is_late {
            // It is told to be up already, and each request that is open has its answer.
            self.extension.may_follow = false;
        } else {
            self.phase = Phase::Connecting;
            self.greet_by = None;
            // It signs in by itself; what was asked meanwhile is answered to nobody.
            self.asks.cut();
        }
        self.extension.is_spoken = true;
        self.learn(hello.capabilities);
    }

    pub(super) fn learn(&mut self, capabilities: kaiwa_core::Capabilities) {
        if self.capabilities != capabilities {
            self.capabilities = capabilities.clone();
            self.event(StatusEvent::Capabilities { capabilities });
        }
    }

    fn happened(&mut self, event: ConnectionEvent, number: Option<u32>) {
        let request = number.and_then(|number| self.asks.request(number));
        match event {
            ConnectionEvent::Status { event } => self.status(event, number),
            // Before it is connected nothing else can be.
            _ if !self.is_up() => self.skipped += 1,
            ConnectionEvent::Chat { event } => self.chat(event, request),
            other => {
                if let ConnectionEvent::User {
                    event: UserEvent::Identify { user_id },
                } = &other
                {
                    self.extension.me = Some(user_id.clone());
                }
                self.event_of(request, other);
            }
        }
    }

    fn status(&mut self, event: StatusEvent, number: Option<u32>) {
        match event {
            StatusEvent::Connected { .. } if self.phase == Phase::Connecting => {
                self.phase = Phase::Up;
                self.event(event);
                self.settle_when_signed_in();
            }
            StatusEvent::Capabilities { capabilities } => self.learn(capabilities),
            StatusEvent::Done { .. } => match number.and_then(|number| self.asks.end(number)) {
                // One that has its `Update` is settled.
                Some(Why::KaiwaSay(request)) => {
                    if self.outbox.contains(request) {
                        let settled = self.outbox.confirm(request, |_| {});
                        self.events.extend(settled);
                    }
                }
                Some(Why::Kaiwa(request)) => self.finish(request, Ok(())),
                _ => self.skipped += 1,
            },
            StatusEvent::Failed { error, .. } => {
                match number.and_then(|number| self.asks.end(number)) {
                    Some(why) => self.fail(&why, error.into()),
                    None => self.skipped += 1,
                }
            }
            // The backend has lost its network: it is started again as after an end of its own.
            StatusEvent::Lost { error, .. } => self.close(Some(error.into())),
            StatusEvent::Disconnected { .. } => self.close(None),
            StatusEvent::Ping { .. } => {
                let request = number.and_then(|number| self.asks.request(number));
                self.event_of(request, event);
            }
            // The driver tells of the own connection.
            _ => {}
        }
    }

    fn chat(&mut self, mut event: ChatEvent, request: Option<RequestId>) {
        take_out_uploads(&mut event);
        let own = request.filter(|request| self.outbox.unconfirmed(*request).is_some());
        match (own, event) {
            // It was echoed here.
            (Some(_), ChatEvent::New { .. }) => {}
            (Some(request), ChatEvent::Update { new_message, .. }) => {
                self.own_update(request, new_message);
            }
            (
                Some(request),
                ChatEvent::Progress {
                    channel_id,
                    sent,
                    total,
                    ..
                },
            ) => {
                let message = self.outbox.unconfirmed(request);
                let message_id = message.and_then(|message| message.id.clone());
                let progress = ChatEvent::Progress {
                    channel_id,
                    message_id: message_id.unwrap_or_default(),
                    sent,
                    total,
                };
                self.event_of(Some(request), progress);
            }
            (None, ChatEvent::New { message, .. }) if self.is_late_echo(&message) => {
                self.late_echo(message);
            }
            (_, event) => self.event_of(request, event),
        }
    }

    /// Whether a message is one that a backend before this one was cut off with: of the user, in the same words. The backend
    /// cannot know it again, and the user must not see it twice.
    fn is_late_echo(&self, message: &Message) -> bool {
        message.sender_id.is_some()
            && message.sender_id == self.extension.me
            && self.echoed_late(message).is_some()
    }

    fn echoed_late(&self, message: &Message) -> Option<usize> {
        let text = message.plain_text();
        self.extension.cut_off.iter().position(|request| {
            let sent = self.outbox.unconfirmed(*request);
            sent.is_some_and(|sent| sent.plain_text() == text)
        })
    }

    fn late_echo(&mut self, mut message: Message) {
        let at = self.echoed_late(&message);
        let Some(request) = at.and_then(|at| self.extension.cut_off.remove(at)) else {
            return;
        };
        message.message_type = MessageType::CurrentUser;
        message.status = MessageStatus::Delivered;
        self.own_update(request, message);
    }

    /// An own message is settled; why one failed is said by `Failed`.
    fn own_update(&mut self, request: RequestId, new_message: Message) {
        if new_message.status == MessageStatus::Delivered {
            let settled = self
                .outbox
                .confirm(request, |message| *message = new_message);
            self.events.extend(settled);
        }
    }

    /// What was asked by the extension is not carried out.
    pub(super) fn fail(&mut self, why: &Why, error: Error) {
        match why {
            Why::KaiwaSay(request) => {
                let failed = self.outbox.fail(*request, &error);
                self.events.extend(failed);
            }
            Why::Kaiwa(request) => self.finish(*request, Err(error)),
            _ => {}
        }
    }

    /// Passes on what the user wants. A message that has not been passed on yet is taken back here.
    pub(super) fn pass_on(&mut self, request: RequestId, event: ConnectionEvent) {
        if let ConnectionEvent::Chat {
            event: ChatEvent::Remove { message_id, .. },
        } = &event
            && let Ok(cancelled) = self.outbox.cancel(message_id)
        {
            self.events.extend(cancelled);
            return self.finish(request, Ok(()));
        }
        let body = RequestBody::Kaiwa(Box::new(event));
        self.asks.push(body, Why::Kaiwa(request));
    }

    /// The question that sends a message. Its echo's id goes along, so that the backend knows it by that too.
    pub(super) fn ask_to_say(
        &self,
        request: RequestId,
        channel_id: Option<Id>,
        message: Message,
    ) -> Ask {
        let (body, why) = if self.extension.is_spoken() {
            let event = ChatEvent::New {
                channel_id,
                message,
            };
            (
                RequestBody::Kaiwa(Box::new(event.into())),
                Why::KaiwaSay(request),
            )
        } else {
            let channel = channel_id.unwrap_or_default();
            let body = RequestBody::MessageSend(Self::new_message(&channel, &message));
            (body, Why::Say(request))
        };
        Ask {
            body,
            why,
            tries: 0,
        }
    }
}

/// Nothing that a backend says names files of this machine: a program that passes messages on would give them away.
fn take_out_uploads(event: &mut ChatEvent) {
    match event {
        ChatEvent::New { message, .. } => prune(&mut message.content),
        ChatEvent::Update { new_message, .. } => prune(&mut new_message.content),
        ChatEvent::History { messages, .. } => {
            for message in messages {
                prune(&mut message.content);
            }
        }
        _ => {}
    }
}

/// As deep as the JSON parser goes.
fn prune(content: &mut Vec<MessageFragment>) {
    content.retain(|fragment| !is_upload(&fragment));
    for fragment in content {
        if let MessageFragment::Styled { content, .. } | MessageFragment::Link { content, .. } =
            fragment
        {
            prune(content);
        }
    }
}
