//! What comes over the WebSocket: live messages, acknowledgements, notices of kaiwa's server, answers to pings.

use std::collections::VecDeque;
use std::time::Duration;

use kaiwa_core::session::Now;
use kaiwa_core::{ChannelEvent, ChatEvent, Id, Message, MessageStatus, RequestId, StatusEvent};

use super::rooms::{Kept, content, fragments};
use super::{Phase, RimSession, Server};
use crate::rim::wire::{Event, Notice, Packet, ServerFrame};

/// How old a list of members must be before a stranger who speaks is reason enough to ask for it again: guests of kaiwa's
/// server speak and are never in it.
const MEMBERS_AGE: Duration = Duration::from_secs(60);

/// Pings: empty ones, since the original breaks at others, so answers are told apart by their order.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// To be written: on whose behalf.
    wanted: Option<Vec<RequestId>>,
    /// Written and not answered.
    written: VecDeque<Vec<RequestId>>,
}

impl Pings {
    /// Asks for a sign of life. With a transport that takes nothing pings do not pile up.
    pub(super) fn want(&mut self, request: Option<RequestId>) {
        self.wanted.get_or_insert_default().extend(request);
    }

    /// Whether one is to be written now.
    pub(super) fn write(&mut self) -> bool {
        let wanted = self.wanted.take();
        let write = wanted.is_some();
        self.written.extend(wanted);
        write
    }

    /// The connection is gone.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

impl RimSession {
    pub(super) fn pong(&mut self) {
        if !matches!(self.phase, Phase::Up | Phase::Leaving) {
            return;
        }
        self.event(StatusEvent::Ping { artifact: None });
        for request in self.pings.written.pop_front().unwrap_or_default() {
            self.done(request);
        }
    }

    pub(super) fn text(&mut self, now: Now, text: &str) {
        match ServerFrame::parse(text) {
            Ok(ServerFrame::Ack(ack)) => self.acknowledged(now, &ack),
            // Nobody is told anything before the sign-in, nor after the goodbye.
            Ok(ServerFrame::Packet(packet)) if self.is_open() => match packet.event {
                Event::Msg => self.message(now, &packet),
                Event::Notify => match packet.notice().filter(|_| self.server == Server::Own) {
                    Some(notice) => self.noticed(notice),
                    None => self.skipped += 1,
                },
                _ => self.skipped += 1,
            },
            Ok(ServerFrame::Packet(_)) | Err(_) => self.skipped += 1,
        }
    }

    fn is_open(&self) -> bool {
        matches!(
            self.phase,
            Phase::Up | Phase::Leaving | Phase::LoggingOut(_)
        )
    }

    fn message(&mut self, now: Now, packet: &Packet<'_>) {
        let body = &packet.body;
        let known = (body.gid, body.msg_id.filter(|id| *id > 0), body.uid);
        let (Some(gid), Some(id), uid @ 1..) = known else {
            self.skipped += 1;
            return;
        };
        let fragments = fragments(body.kind, &body.content);
        if self.is_own(uid, &body.client_msg_id, &fragments)
            && let Some(request) = self.own_request(&body.client_msg_id)
        {
            return self.confirm(now, request, id, body.ts);
        }
        let message = Message {
            id: Some(id.into()),
            sender_id: Some(uid.into()),
            content: fragments,
            timestamp: self.clock.live(id, body.ts, now.utc),
            message_type: self.speaker(uid),
            status: MessageStatus::Delivered,
        };
        let kept = Kept {
            id,
            uid,
            client_id: body.client_msg_id.as_ref().into(),
            message,
        };
        let Some(room) = self.rooms.get(&gid) else {
            return self.strange(gid, kept);
        };
        // Perhaps somebody has joined, which the original does not tell.
        let old = |at: Duration| at + MEMBERS_AGE <= now.mono;
        if room.fresh_at.is_some_and(old) && !room.members.contains_key(&uid) {
            self.stale.insert(gid);
        }
        self.relayed(gid, kept);
    }

    fn own_request(&self, client_id: &str) -> Option<RequestId> {
        self.ids.as_ref()?.request(client_id)
    }

    /// Whether this is an own message that is not confirmed. Others read our ids, so its words must be the same.
    pub(super) fn is_own(
        &self,
        uid: u64,
        client_id: &str,
        fragments: &[kaiwa_core::MessageFragment],
    ) -> bool {
        let sent = self
            .own_request(client_id)
            .filter(|_| uid == self.uid())
            .and_then(|request| self.outgoing.message(request));
        sent.and_then(content)
            .is_some_and(|(kind, text)| self::fragments(kind, &text) == fragments)
    }

    fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::Contacts { .. } => self.ask_contacts(),
            Notice::Groups { gid, .. } => {
                self.discover();
                if self.rooms.contains_key(&gid) {
                    self.stale.insert(gid);
                }
            }
            Notice::Removed { uid, gid } => {
                let channel_id = Id::from(gid);
                let event = if uid == self.uid() {
                    ChannelEvent::Leave { channel_id }
                } else {
                    ChannelEvent::Kick {
                        channel_id: Some(channel_id),
                        reason: None,
                        ban: false,
                    }
                };
                self.remove_room(None, gid, event);
            }
            Notice::Read { uid, gid, msg_id } => {
                if self.rooms.contains_key(&gid) {
                    self.event(ChatEvent::Read {
                        channel_id: Some(gid.into()),
                        message_id: msg_id.into(),
                        user_id: Some(uid).filter(|uid| *uid != self.uid()).map(Into::into),
                    });
                }
            }
        }
    }
}
