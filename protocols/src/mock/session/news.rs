//! What the server says has happened, on its way to the user.

use kaiwa_core::session::{Now, SessionEvent};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Message, MessageFragment, MessageStatus, MessageType,
    StatusEvent,
};

use super::{MockSession, refusal};
use crate::mock::wire::{LOBBY, SayLine, ServerPacket};

impl MockSession {
    /// Somebody says a plain text: what [`MockSession::accept`] makes of its event, with nothing to look for in it.
    pub(super) fn handle_say(&mut self, now: Now, say: &SayLine<'_>) {
        if !self.roster.knows(Some(say.channel)) {
            self.skipped += 1;
            return;
        }
        self.seen = self.seen.max(Some(say.id));
        let own = self.who.user_id.as_deref() == Some(say.sender);
        let sender = Some(say.sender).filter(|_| !own);
        let stopped = self.typing.said(now.mono, say.channel, sender, false);
        self.events.extend(stopped.map(SessionEvent::happened));
        self.events.push_back(SessionEvent {
            request: None,
            event: say.to_event(),
        });
    }

    pub(super) fn handle_news(&mut self, now: Now, packet: ServerPacket) {
        match packet {
            ServerPacket::Say(say) => self.accept(now, None, say.into_event()),
            ServerPacket::Event { cause, event } => self.accept(now, cause, event),
            ServerPacket::Ack { number, message } => {
                let sender = self.who.user_id.as_deref();
                let settled = self.requests.acknowledge(number, sender, message);
                self.events.extend(settled);
            }
            ServerPacket::Nak { number, error } => {
                let settled = self.requests.refuse(number, &refusal(error));
                self.events.extend(settled);
            }
            _ => self.skipped += 1,
        }
    }

    /// Tells of what the server says has happened, unless it cannot have.
    fn accept(&mut self, now: Now, cause: Option<u64>, mut event: ConnectionEvent) {
        let ping = matches!(
            &event,
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. }
            }
        );
        if !ping && !self.roster.apply(&event) {
            self.skipped += 1;
            return;
        }
        match &mut event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => {
                message.message_type = MessageType::Normal;
                message.status = MessageStatus::Delivered;
                take_out_uploads(message);
                self.saw(message.id.as_deref());
                let channel_id = channel_id.as_deref().unwrap_or(LOBBY);
                let own = message.sender_id == self.who.user_id;
                let sender = message.sender_id.as_deref().filter(|_| !own);
                // Whoever has said it types it no longer.
                let stopped = self.typing.said(now.mono, channel_id, sender, false);
                self.events.extend(stopped.map(SessionEvent::happened));
            }
            ConnectionEvent::Chat {
                event:
                    ChatEvent::Typing {
                        channel_id: Some(channel_id),
                        user_id,
                        typing,
                    },
            } => {
                let user_id = user_id.as_deref();
                let changed = self.typing.said(now.mono, channel_id, user_id, *typing);
                self.events.extend(changed.map(SessionEvent::happened));
                return;
            }
            ConnectionEvent::Chat {
                event: ChatEvent::Update { new_message, .. },
            } => take_out_uploads(new_message),
            ConnectionEvent::Chat {
                event: ChatEvent::History { messages, .. },
            } => {
                for message in messages {
                    take_out_uploads(message);
                    self.saw(message.id.as_deref());
                    if message.sender_id == self.who.user_id {
                        message.message_type = MessageType::CurrentUser;
                    } else if message.message_type == MessageType::CurrentUser {
                        message.message_type = MessageType::Normal;
                    }
                }
            }
            ConnectionEvent::Channel {
                event: ChannelEvent::Switch { channel_id },
            } => self.current.clone_from(channel_id),
            _ => {}
        }
        let request = cause.and_then(|number| self.requests.cause(number));
        self.events.push_back(SessionEvent { request, event });
    }

    fn saw(&mut self, id: Option<&str>) {
        self.seen = self.seen.max(id.and_then(|id| id.parse().ok()));
    }
}

/// A server that names files of this machine would get them from whoever passes its messages on.
fn take_out_uploads(message: &mut Message) {
    let is_upload = |part: &MessageFragment| matches!(part, MessageFragment::Upload { .. });
    message.content.retain(|part| !is_upload(part));
}
