//! The Sock Chat session: signing in, signs of life, one channel at a time.
//!
//! * `places`: the channels, and moving between them; `people`: who is there; `talk`: what is said.
//! * `pace`: when the next packet may go.

mod pace;
mod people;
mod places;
mod talk;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{Closed, Frame, Now, Seed, Session, SessionEvent, Target, Transmit};
use kaiwa_core::{
    AuthField, Capabilities, ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, EventKind,
    Protocol, RequestId, StatusEvent, UserEvent,
};

use self::pace::Pace;
use self::people::People;
use self::places::Places;
use self::talk::Talk;
use super::login::{self, Login};
use super::wire::{ClientPacket, RefusalReason, Removal, ServerPacket, Welcome};
use crate::keepalive::{Keepalive, Tick};

/// How long signing in may take: some servers do not answer at all where they do not understand who signs in.
pub const SIGN_IN_LIMIT: Duration = Duration::from_secs(20);

/// How long the echo of an own message may take: far more than a round trip.
pub const ECHO_LIMIT: Duration = Duration::from_secs(15);

/// How long it may be quiet before a ping. Servers throw out who sent none for three minutes; other clients take the same.
const PING_INTERVAL: Duration = Duration::from_secs(40);

/// How long the answer to a ping may take.
const PONG_LIMIT: Duration = Duration::from_secs(20);

/// The largest packet taken, in bytes: a list of tens of thousands of people.
const MAX_INCOMING_BYTES: usize = 4 * 1024 * 1024;

/// The longest text announced, in bytes, as long as the server has said nothing: servers take 2,000 characters and more.
const MAX_TEXT_BYTES: u64 = 2_000;

/// A Sock Chat session.
#[derive(Debug)]
pub struct SockchatSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// Until when the server must have let the user in.
    sign_in_by: Option<Duration>,
    /// The user's id.
    me: Option<String>,
    outbox: Outbox,
    keepalive: Keepalive,
    /// When the next ping is due. Servers count pings only, however much else is said.
    ping_at: Option<Duration>,
    /// A ping is to be written before all else.
    ping_is_due: bool,
    /// Pings that the user asked for.
    pings: Vec<RequestId>,
    pace: Pace,
    /// When the session was last woken: what was due then waits for the transport, not for the clock.
    woken_at: Duration,
    /// Commands that wait to be written.
    commands: VecDeque<String>,
    places: Places,
    people: People,
    talk: Talk,
    skipped: u64,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Opening,
    /// Packet 1 is written.
    SigningIn,
    Up,
    /// The user leaves: what may be written at once is.
    Leaving,
    Closing,
}

impl Default for SockchatSession {
    fn default() -> Self {
        Self::new()
    }
}

impl SockchatSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capabilities: Self::capabilities(),
            phase: Phase::Down,
            login: None,
            sign_in_by: None,
            me: None,
            outbox: Outbox::new(),
            keepalive: Keepalive::new(PING_INTERVAL, PONG_LIMIT),
            ping_at: None,
            ping_is_due: false,
            woken_at: Duration::ZERO,
            pings: Vec::new(),
            pace: Pace::default(),
            commands: VecDeque::new(),
            places: Places::default(),
            people: People::default(),
            talk: Talk::default(),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// What Sock Chat can do.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(&[
                EventKind::ChatNew,
                EventKind::ChannelJoin,
                EventKind::ChannelSwitch,
                EventKind::ChannelJoinWith,
                EventKind::StatusPing,
            ])
            .max_text_bytes(MAX_TEXT_BYTES)
            .confirmation(Confirmation::Echo)
    }

    fn event(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    fn finish(&mut self, request: RequestId, result: Result<(), Error>) {
        let status = match result {
            Ok(()) => StatusEvent::Done { request },
            Err(error) => StatusEvent::Failed {
                request,
                error: error.info(),
            },
        };
        self.events.push_back(SessionEvent::caused(request, status));
    }

    fn packet(&mut self, now: Now, packet: ServerPacket<'_>) {
        if is_live(&packet) {
            self.end_backlog();
        }
        match packet {
            ServerPacket::Pong => self.pong(),
            ServerPacket::Welcome(welcome) => self.welcome(now, &welcome),
            ServerPacket::Refused { reason, until } => {
                let until = until.map(|until| until - now.utc);
                self.refused(reason, until.and_then(|wait| wait.to_std().ok()));
            }
            ServerPacket::Removed(removal) => self.removed(now, removal),
            ServerPacket::Message(message) => self.said(now, &message),
            ServerPacket::Backlog(message) => self.said_before(now, &message),
            ServerPacket::Deleted { message_id } => self.event(ChatEvent::Remove {
                channel_id: self.places.current().map(str::to_owned),
                message_id: message_id.to_owned(),
            }),
            ServerPacket::Joined { user, .. } | ServerPacket::Entered { user, .. } => {
                self.came(&user);
            }
            ServerPacket::Left { user_id, .. } => self.went(user_id),
            ServerPacket::Departed { user_id, .. } => self.departed(user_id),
            ServerPacket::UserUpdated(user) => self.changed(&user),
            ServerPacket::Users { users, missing } => {
                self.skipped += u64::from(missing > 0);
                self.listed(&users);
            }
            ServerPacket::Channels { channels, missing } => {
                self.skipped += u64::from(missing > 0);
                self.channels(&channels, true);
                self.end_backlog();
            }
            ServerPacket::ChannelCreated(channel) => self.channels(&[channel], false),
            ServerPacket::ChannelUpdated { old_name, channel } => {
                self.channel_changed(old_name, &channel);
            }
            ServerPacket::ChannelRemoved { name } => self.channel_removed(name),
            ServerPacket::Moved { channel } => self.moved(channel),
            ServerPacket::Clear { mode, channel } => self.clear(mode, channel),
            // Nothing that a user would miss: what the server can do, and who writes, which no known server says.
            _ => self.skipped += 1,
        }
    }

    fn welcome(&mut self, now: Now, welcome: &Welcome<'_>) {
        if self.phase != Phase::SigningIn {
            self.skipped += 1;
            return;
        }
        self.phase = Phase::Up;
        self.sign_in_by = None;
        self.talk.set_limit(welcome.max_length());
        self.me = Some(welcome.user.id.to_owned());
        self.event(StatusEvent::Connected { artifact: None });
        self.event(UserEvent::Identify {
            user_id: welcome.user.id.to_owned(),
        });
        self.arrive(welcome.channel);
        self.came(&welcome.user);
        self.ping_at = Some(now.mono + PING_INTERVAL);
        // The backlog may hold what was not confirmed, but a message in it cannot be told from another one of the same words.
        let unknown = self.outbox.settle_cut();
        self.events.extend(unknown);
    }

    fn refused(&mut self, reason: RefusalReason<'_>, wait: Option<Duration>) {
        if self.phase != Phase::SigningIn {
            self.skipped += 1;
            return;
        }
        let error = match reason {
            RefusalReason::Credentials => Error::new(
                ErrorKind::Auth,
                "the server does not accept the token: check the login fields `token`, `uid` and `scheme`",
            ),
            RefusalReason::AlreadyIn => Error::new(
                ErrorKind::Conflict,
                "the user is signed in already; a lost session ends after some minutes",
            ),
            RefusalReason::TooManySessions => {
                Error::new(ErrorKind::Conflict, "the user is signed in too often")
            }
            RefusalReason::Banned => Error::new(ErrorKind::Banned, "the user is banned"),
            RefusalReason::Other(_) => Error::new(ErrorKind::Rejected, "the server refuses"),
        };
        self.close(match wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }

    /// Nobody shall come back at once after this.
    fn removed(&mut self, now: Now, removal: Removal) {
        let (ban, text, until) = match removal {
            Removal::Kicked => (false, "thrown out by a moderator", None),
            Removal::Banned { until } => (true, "banned by a moderator", until),
        };
        self.event(ChannelEvent::Kick {
            channel_id: None,
            reason: None,
            ban,
        });
        let error = Error::new(ErrorKind::Banned, text);
        // One server gives a ban without end an end that has passed.
        let wait = until.and_then(|until| (until - now.utc).to_std().ok());
        self.close(match wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }

    fn close(&mut self, error: Error) {
        if self.phase == Phase::Closing {
            return;
        }
        self.phase = Phase::Closing;
        self.sign_in_by = None;
        self.ping_at = None;
        self.keepalive.stop();
        self.transmits.push_back(Transmit::Close {
            code: Some(1000),
            reason: String::new(),
            error: Some(error),
        });
    }

    fn ping(&mut self, now: Now) {
        self.keepalive.asked(now.mono);
        self.ping_is_due = self.is_up();
        self.ping_at = self.is_up().then(|| now.mono + PING_INTERVAL);
    }

    fn pong(&mut self) {
        self.event(StatusEvent::Ping { artifact: None });
        for request in std::mem::take(&mut self.pings) {
            self.finish(request, Ok(()));
        }
    }

    fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up | Phase::Leaving)
    }

    /// What is to be written next.
    fn next_frame(&mut self, now: Now) -> Option<String> {
        let me = self.me.clone()?;
        if std::mem::take(&mut self.ping_is_due) {
            let ping = ClientPacket::Ping {
                user_id: &me,
                time: None,
            };
            return Some(ping.encode());
        }
        let text = match self.commands.pop_front() {
            Some(command) => command,
            None => self.next_message(now)?,
        };
        let message = ClientPacket::Message {
            user_id: &me,
            text: &text,
            channel: None,
        };
        Some(message.encode())
    }

    fn has_to_write(&self) -> bool {
        self.ping_is_due || !self.commands.is_empty() || self.outbox.next_waiting().is_some()
    }
}

/// Whether a packet comes after the backlog, if there is one: it is no part of what a server says about a channel at first.
fn is_live(packet: &ServerPacket<'_>) -> bool {
    !matches!(
        packet,
        ServerPacket::Backlog(_)
            | ServerPacket::Users { .. }
            | ServerPacket::Channels { .. }
            | ServerPacket::Welcome(_)
            | ServerPacket::Clear { .. }
            | ServerPacket::Departed { .. }
            | ServerPacket::Moved { .. }
    )
}

impl Session for SockchatSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], _seed: Seed) -> Result<(), Error> {
        let (url, login) = Login::read(auth)?;
        self.login = Some(login);
        self.phase = Phase::Opening;
        self.transmits.push_back(Transmit::Open(Target::WebSocket {
            url,
            headers: Vec::new(),
            max_message_bytes: MAX_INCOMING_BYTES,
        }));
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::SigningIn;
        self.keepalive.heard(now.mono);
        self.sign_in_by = Some(now.mono + SIGN_IN_LIMIT);
        self.pace.clear();
        self.pace.sent(now.mono);
        let frame = self.login.as_ref().map(Login::frame).unwrap_or_default();
        self.transmits
            .push_back(Transmit::Frame(Frame::Text(Cow::Owned(frame))));
    }

    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        if self.phase == Phase::Closing {
            return;
        }
        self.keepalive.heard(now.mono);
        match frame {
            Frame::Text(text) => match ServerPacket::parse(&text) {
                Ok(packet) => self.packet(now, packet),
                Err(_) => self.skipped += 1,
            },
            Frame::Ping(_) | Frame::Pong(_) => {}
            Frame::Binary(_) => self.skipped += 1,
        }
    }

    fn handle_send(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => self.say(now, request, channel_id.as_deref(), message),
            ConnectionEvent::Channel {
                event: ChannelEvent::Join { channel_id } | ChannelEvent::Switch { channel_id },
            } => self.go(request, channel_id, None),
            ConnectionEvent::Channel {
                event: ChannelEvent::JoinWith { channel_id, key },
            } => self.go(request, channel_id, Some(&key)),
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } if self.phase == Phase::Up => {
                self.ping(now);
                self.pings.push(request);
                Ok(())
            }
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } => Err(Error::new(ErrorKind::State, "not connected")),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("sockchat takes no {}", other.kind()),
            )),
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        let is_due = |deadline: Option<Duration>| deadline.is_some_and(|due| due <= now.mono);
        self.woken_at = now.mono;
        let expired = self.outbox.expire(now);
        self.events.extend(expired);
        if is_due(self.sign_in_by) {
            self.close(Error::new(
                ErrorKind::TimedOut,
                "the server does not answer the sign-in; an older one wants the login field `uid`",
            ));
        }
        if is_due(self.talk.backlog_ends()) {
            self.end_backlog();
        }
        self.give_up_echoes(now);
        if is_due(self.ping_at) {
            self.ping(now);
        }
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping => self.ping(now),
            Tick::Silent => self.close(Error::new(
                ErrorKind::TimedOut,
                "the server has stopped answering",
            )),
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.keepalive.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.keepalive.resume(now.mono);
        self.outbox.restart_clocks(now);
        self.talk.restart_clocks(now.mono);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        self.phase = Phase::Leaving;
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.phase = Phase::Down;
        self.sign_in_by = None;
        self.keepalive.stop();
        self.transmits.clear();
        self.commands.clear();
        self.ping_is_due = false;
        self.ping_at = None;
        self.end_backlog();
        self.talk.cut();
        let goes = self.places.take_requests();
        for request in std::mem::take(&mut self.pings).into_iter().chain(goes) {
            let lost = Error::new(ErrorKind::Lost, "the connection ended first");
            self.finish(request, Err(lost));
        }
        if closed.asked {
            let ended = self.outbox.end();
            self.events.extend(ended);
        } else {
            self.outbox.cut();
        }
    }

    fn poll_event(&mut self) -> Option<SessionEvent> {
        let event = self.events.pop_front();
        if event.is_none() {
            // An idle account keeps no room for events, which are large.
            self.events = VecDeque::new();
        }
        event
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.transmits.pop_front() {
            return Some(transmit);
        }
        if self.is_up()
            && self.pace.next() <= now.mono
            && let Some(frame) = self.next_frame(now)
        {
            self.pace.sent(now.mono);
            return Some(Transmit::Frame(Frame::Text(Cow::Owned(frame))));
        }
        if self.phase == Phase::Leaving {
            self.phase = Phase::Closing;
            return Some(Transmit::Close {
                code: Some(1000),
                reason: String::new(),
                error: None,
            });
        }
        None
    }

    fn deadline(&self) -> Option<Duration> {
        let pace = (self.phase == Phase::Up && self.has_to_write()).then(|| self.pace.next());
        let pace = pace.filter(|next| *next > self.woken_at);
        [
            self.outbox.deadline(),
            self.keepalive.deadline(),
            self.sign_in_by,
            self.ping_at,
            self.talk.backlog_ends(),
            self.echo_deadline(),
            pace,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn protocol_spec(&self) -> Protocol {
        login::protocol()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}
