//! What is written to the WebSocket, and what the server's silence about it means.
//!
//! rim acknowledges what it takes and is silent about everything else, but it works on one connection's frames in order. So a
//! message whose acknowledgement is overdue is followed by a frame that is always acknowledged: once that one is, the
//! message was refused or its acknowledgement was lost, and the history tells which. If that one is not either, the
//! connection is dead.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::session::{Frame, Now, Transmit};
use kaiwa_core::{Error, ErrorKind, RequestId};

use super::rooms::{Company, content};
use super::{ACK_LIMIT, Phase, RimSession, Server};
use crate::keepalive::Tick;
use crate::rim::wire::{Ack, Body, Event, Kind, Packet};

/// How long the server may take to acknowledge a `Logout`: a round trip, and a user who leaves does not wait longer.
const LOGOUT_LIMIT: Duration = Duration::from_secs(2);

/// Delivery marks that wait to be written. Nobody is told of them, so beyond that they are left out.
const MAX_MARKS: usize = 1024;

/// How old the list of a group of one or two may be for a message to the original, which breaks when somebody talks alone.
const COMPANY_AGE: Duration = Duration::from_secs(60);

/// What waits to be written, messages aside, and what waits for its acknowledgement.
#[derive(Default)]
pub(super) struct Frames {
    wishes: VecDeque<Wish>,
    /// Groups and messages to be marked as delivered.
    marks: VecDeque<(u64, u64)>,
    /// By the id that the acknowledgement repeats; since when it is waited for.
    waits: BTreeMap<String, (Wait, Duration)>,
    /// Whether the server has acknowledged the `Login`.
    signed_in: bool,
}

/// A frame to be made when it is written.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Login,
    /// Mark as read; the last one of a request is waited for.
    Read {
        gid: u64,
        id: u64,
        then: Option<RequestId>,
    },
    /// Asks for a sign that what was written before has been worked on.
    Probe {
        gid: u64,
        id: u64,
    },
}

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Login,
    Read {
        gid: u64,
        id: u64,
        request: RequestId,
    },
    /// Everything written up to then has been worked on.
    Probe {
        covers: Duration,
    },
    Logout,
}

impl Frames {
    /// The connection is gone.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// The first thing to write.
    pub(super) fn log_in(&mut self) {
        self.wishes.push_back(Wish::Login);
    }

    fn is_probing(&self) -> bool {
        let wished = self
            .wishes
            .iter()
            .any(|wish| matches!(wish, Wish::Probe { .. }));
        wished
            || self
                .waits
                .values()
                .any(|(wait, _)| matches!(wait, Wait::Probe { .. }))
    }
}

impl RimSession {
    /// Marks a message as delivered.
    pub(super) fn mark_delivered(&mut self, gid: u64, id: u64) {
        if self.frames.marks.len() < MAX_MARKS {
            self.frames.marks.push_back((gid, id));
        }
    }

    /// Marks messages as read; the last one answers the request.
    pub(super) fn mark_read(&mut self, gid: u64, ids: &[u64], request: RequestId) {
        let Some((last, others)) = ids.split_last() else {
            return;
        };
        let all = others.iter().map(|id| (*id, None));
        for (id, then) in all.chain([(*last, Some(request))]) {
            self.frames.wishes.push_back(Wish::Read { gid, id, then });
        }
    }

    /// The next frame to write.
    pub(super) fn next_frame(&mut self, now: Now) -> Option<Transmit> {
        if !matches!(
            self.phase,
            Phase::LoggingIn(_) | Phase::Up | Phase::Leaving | Phase::LoggingOut(_)
        ) {
            return None;
        }
        if let Some(wish) = self.frames.wishes.pop_front() {
            return Some(self.grant(now, wish));
        }
        if self.pings.write() {
            return Some(Transmit::Frame(Frame::Ping(Cow::Borrowed(&[]))));
        }
        if self.frames.signed_in
            && self.parting.is_none()
            && matches!(self.phase, Phase::Up | Phase::Leaving)
        {
            if let Some((gid, id)) = self.frames.marks.pop_front() {
                return Some(self.packet(Event::Ack, Some(gid), Some(id)).1);
            }
            if let Some(message) = self.next_message(now) {
                return Some(message);
            }
        }
        if self.phase == Phase::Leaving {
            self.phase = Phase::LoggingOut(now.mono);
            let (id, frame) = self.packet(Event::Logout, None, None);
            self.frames.waits.insert(id, (Wait::Logout, now.mono));
            return Some(frame);
        }
        None
    }

    fn grant(&mut self, now: Now, wish: Wish) -> Transmit {
        let (wait, (id, frame)) = match wish {
            Wish::Login => (Some(Wait::Login), self.login_packet()),
            Wish::Read { gid, id, then } => (
                then.map(|request| Wait::Read { gid, id, request }),
                self.packet(Event::Read, Some(gid), Some(id)),
            ),
            Wish::Probe { gid, id } => (
                Some(Wait::Probe { covers: now.mono }),
                self.packet(Event::Ack, Some(gid), Some(id)),
            ),
        };
        if let Some(wait) = wait {
            self.frames.waits.insert(id, (wait, now.mono));
        }
        frame
    }

    fn login_packet(&mut self) -> (String, Transmit) {
        let token = self.rest.token().unwrap_or_default().to_owned();
        let body = Body {
            content: Cow::Owned(token),
            notify: true,
            ..Body::default()
        };
        self.frame(Event::Login, body)
    }

    fn packet(
        &mut self,
        event: Event,
        gid: Option<u64>,
        msg_id: Option<u64>,
    ) -> (String, Transmit) {
        let body = Body {
            gid,
            msg_id,
            ..Body::default()
        };
        self.frame(event, body)
    }

    /// A frame under a fresh id.
    fn frame(&mut self, event: Event, body: Body<'_>) -> (String, Transmit) {
        let id = self
            .ids
            .as_mut()
            .map_or_else(String::new, super::Ids::fresh);
        let body = Body {
            uid: self.uid(),
            client_msg_id: Cow::Borrowed(&id),
            ..body
        };
        let text = Packet { event, body }.encode();
        (id, Transmit::Frame(Frame::Text(Cow::Owned(text))))
    }

    /// The next message that may be written.
    fn next_message(&mut self, now: Now) -> Option<Transmit> {
        let (request, gid) = self.outgoing.next(|gid| self.may_send(now, gid))?;
        let (kind, text) = self
            .outgoing
            .message(request)
            .and_then(content)
            .unwrap_or((Kind::Text, String::new()));
        let id = self.ids.as_ref().map(|ids| ids.of(request));
        let body = Body {
            kind,
            uid: self.uid(),
            gid: Some(gid),
            content: Cow::Owned(text),
            client_msg_id: Cow::Owned(id.unwrap_or_default()),
            ..Body::default()
        };
        self.outgoing.written(now, request);
        let event = Event::Msg;
        let text = Packet { event, body }.encode();
        Some(Transmit::Frame(Frame::Text(Cow::Owned(text))))
    }

    /// Whether a message for a group may be written now. Behind one of which the history must tell, others wait.
    fn may_send(&self, now: Now, gid: u64) -> bool {
        let Some(room) = self.rooms.get(&gid) else {
            return false;
        };
        if self.outgoing.doubts(gid) {
            return false;
        }
        let company = room.company(self.uid(), now.mono, COMPANY_AGE);
        self.server == Server::Own || company == Company::Some
    }

    /// Sees to it that what waits can be written, or fails.
    pub(super) fn prepare(&mut self, now: Now) {
        if self.phase != Phase::Up || !self.outgoing.has_waiting() {
            return;
        }
        for gid in self.outgoing.wanted() {
            let Some(room) = self.rooms.get(&gid) else {
                // It may be among those that are being asked for.
                if !self.recheck_open && self.discovering.is_none() {
                    let error = Error::new(ErrorKind::NotFound, "the user is not in this group");
                    self.fail_waiting(gid, &error);
                }
                continue;
            };
            if self.server == Server::Own {
                continue;
            }
            match room.company(self.uid(), now.mono, COMPANY_AGE) {
                Company::Some => {}
                Company::Unknown => self.ask_members(gid),
                Company::None => {
                    let error = Error::new(
                        ErrorKind::Rejected,
                        "nobody else is in this group, and this server breaks when somebody talks alone",
                    );
                    self.fail_waiting(gid, &error);
                }
            }
        }
    }

    fn fail_waiting(&mut self, gid: u64, error: &Error) {
        while let Some((request, _)) = self.outgoing.next(|waiting| waiting == gid) {
            let events = self.outgoing.fail(request, error);
            self.events.extend(events);
        }
    }

    /// The server has taken something.
    pub(super) fn acknowledged(&mut self, now: Now, ack: &Ack<'_>) {
        let ids = self.ids.as_ref();
        if let Some(request) = ids.and_then(|ids| ids.request(&ack.client_msg_id)) {
            match ack.server_msg_id.filter(|id| *id > 0) {
                Some(id) => self.confirm(now, request, id, ack.ts),
                None => self.skipped += 1,
            }
            return;
        }
        let Some((wait, _)) = self.frames.waits.remove(ack.client_msg_id.as_ref()) else {
            return;
        };
        match wait {
            Wait::Login => {
                self.frames.signed_in = true;
                self.logged_in(now, ack);
            }
            Wait::Read { gid, id, request } => self.was_read(gid, id, request),
            Wait::Probe { covers } => {
                for gid in self.outgoing.doubt_written(covers) {
                    self.look_again(gid);
                }
            }
            Wait::Logout => self.leave_now(),
        }
    }

    /// The `Logout` is said.
    fn leave_now(&mut self) {
        let error = self.parting.take();
        self.close(error);
    }

    /// An own message has got its id.
    pub(super) fn confirm(&mut self, now: Now, request: RequestId, id: u64, ts: Option<i64>) {
        let gid = self.outgoing.gid(request);
        let time = self.clock.live(id, ts, now.utc);
        let events = self.outgoing.confirm(request, |message| {
            message.id = Some(id.into());
            message.timestamp = time;
        });
        if !events.is_empty()
            && let Some(room) = gid.and_then(|gid| self.rooms.get_mut(&gid))
        {
            room.seen.note(id);
        }
        self.events.extend(events);
    }

    /// Judges the server's silence.
    pub(super) fn watch(&mut self, now: Now) {
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping => self.pings.want(None),
            Tick::Silent => self.silent(),
        }
        if self.ack_deadline().is_none_or(|due| due > now.mono) {
            return;
        }
        let due =
            |(_, (wait, since)): &(&String, &(Wait, Duration))| *since + limit(*wait) <= now.mono;
        let overdue: Vec<String> = self
            .frames
            .waits
            .iter()
            .filter(due)
            .map(|(id, _)| id.clone())
            .collect();
        for id in overdue {
            match self.frames.waits.remove(&id) {
                Some((Wait::Login, _)) => {
                    // Perhaps it is the token that the server does not take.
                    self.rest.set_token(None);
                    self.part(Error::new(
                        ErrorKind::TimedOut,
                        "the server does not answer the sign-in",
                    ));
                }
                Some((Wait::Probe { .. }, _)) => self.silent(),
                Some((Wait::Logout, _)) => self.leave_now(),
                Some((Wait::Read { request, .. }, _)) => {
                    let error = Error::new(ErrorKind::TimedOut, "the server does not confirm it");
                    self.failed(request, &error);
                }
                None => {}
            }
        }
        if self.message_deadline().is_some_and(|due| due <= now.mono) {
            self.probe();
        }
    }

    fn probe(&mut self) {
        let Some(gid) = self.outgoing.first_written() else {
            return;
        };
        let newest = self.rooms.get(&gid).map_or(0, |room| room.seen.newest());
        let id = newest.max(1);
        self.frames.wishes.push_back(Wish::Probe { gid, id });
    }

    /// The server may be slow and not dead, so it gets its `Logout` too.
    fn silent(&mut self) {
        let error = Error::new(ErrorKind::TimedOut, "the server has stopped answering");
        self.keepalive.stop();
        match self.phase {
            Phase::LoggingIn(_) | Phase::Up => self.part(error),
            _ => self.close(Some(error)),
        }
    }

    /// When a message's acknowledgement is overdue.
    fn message_deadline(&self) -> Option<Duration> {
        if self.phase != Phase::Up || self.frames.is_probing() {
            return None;
        }
        Some(self.outgoing.oldest_written()? + ACK_LIMIT)
    }

    /// When some acknowledgement is overdue.
    pub(super) fn ack_deadline(&self) -> Option<Duration> {
        if self.keepalive.is_paused() || matches!(self.phase, Phase::Down | Phase::Closing) {
            return None;
        }
        let waits = self.frames.waits.values();
        let due = waits.map(|(wait, since)| *since + limit(*wait));
        due.chain(self.message_deadline()).min()
    }

    /// Counts the time from `now` again: nobody was listening meanwhile.
    pub(super) fn restart_clocks(&mut self, now: Now) {
        self.outgoing.restart_clocks(now);
        for (_, since) in self.frames.waits.values_mut() {
            *since = now.mono;
        }
        for until in self.graces.values_mut() {
            *until = now.mono + super::showing::RELAY_GRACE;
        }
    }
}

fn limit(wait: Wait) -> Duration {
    match wait {
        Wait::Logout => LOGOUT_LIMIT,
        Wait::Login | Wait::Read { .. } | Wait::Probe { .. } => ACK_LIMIT,
    }
}
