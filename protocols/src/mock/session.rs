//! The mock network's session: every kind of event, acknowledgements with ids, a history that tells what arrived.

mod news;

use std::collections::VecDeque;
use std::time::Duration;

use kaiwa_core::session::{
    Closed, HttpResponse, HttpToken, Now, Seed, Session, SessionEvent, Target, Transmit,
};
use kaiwa_core::{
    AuthField, Capabilities, ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind, EventKind,
    Id, MessageFragment, Protocol, RequestId, StatusEvent, UserEvent,
};

use super::requests::Requests;
use super::roster::Roster;
use super::typing::Typing;
use super::who::Who;
use super::wire::{
    ClientPacket, LOBBY, Lines, MAX_FILE_BYTES, MAX_PACKET_BYTES, MAX_TEXT_BYTES, SayLine,
    ServerPacket, decode_server, encode_client,
};
use crate::keepalive::{Keepalive, Tick};

/// The name in the registry.
pub const NAME: &str = "mock";

/// From the open transport to the last word of the greeting: as long as an impatient person waits.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(30);

/// What a server may promise: more often would be a flood, more seldom is no promise.
const SHORTEST_SILENCE: Duration = Duration::from_secs(1);
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// Pings and their answers that wait to be written; a peer that asks for more without reading gets none.
const CONTROL_PACKETS: usize = 16;

/// Everything that a user can want (docs/events.md, column "sent").
const SENDS: &[EventKind] = &[
    EventKind::ChatNew,
    EventKind::ChatUpdate,
    EventKind::ChatRemove,
    EventKind::ChatRequestHistory,
    EventKind::ChatRead,
    EventKind::ChatTyping,
    EventKind::ChatReact,
    EventKind::ChannelNew,
    EventKind::ChannelUpdate,
    EventKind::ChannelRemove,
    EventKind::ChannelJoin,
    EventKind::ChannelLeave,
    EventKind::ChannelSwitch,
    EventKind::ChannelTopic,
    EventKind::ChannelMembers,
    EventKind::ChannelCreate,
    EventKind::ChannelJoinWith,
    EventKind::ChannelInvite,
    EventKind::ChannelDirectory,
    EventKind::UserRemove,
    EventKind::UserPresence,
    EventKind::UserRequest,
    EventKind::UserRespond,
    EventKind::UserData,
    EventKind::UserRequestData,
    EventKind::UserBan,
    EventKind::StatusPing,
];

/// A session of the mock network over a byte stream.
#[derive(Debug)]
pub struct MockSession {
    phase: Phase,
    who: Who,
    /// The channel meant by `None`.
    current: Id,
    lines: Lines,
    requests: Requests,
    /// The newest message of others.
    seen: Option<u64>,
    roster: Roster,
    typing: Typing,
    keepalive: Keepalive,
    control: VecDeque<Transmit>,
    events: VecDeque<SessionEvent>,
    skipped: u64,
    capabilities: Capabilities,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Down,
    Opening,
    Greeting {
        since: Duration,
    },
    Syncing {
        since: Duration,
    },
    Live,
    /// The user leaves: what waits is written, then the goodbye.
    Leaving,
    Closing,
}

impl Default for MockSession {
    fn default() -> Self {
        Self::new()
    }
}

impl MockSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            phase: Phase::Down,
            who: Who::default(),
            current: LOBBY.into(),
            lines: Lines::default(),
            requests: Requests::default(),
            seen: None,
            roster: Roster::default(),
            typing: Typing::default(),
            keepalive: Keepalive::new(LONGEST_SILENCE, LONGEST_SILENCE),
            control: VecDeque::new(),
            events: VecDeque::new(),
            skipped: 0,
            capabilities: Self::capabilities(),
        }
    }

    /// Name and login form.
    #[must_use]
    pub fn protocol() -> Protocol {
        Protocol {
            name: NAME.to_owned(),
            auth: Some(vec![
                AuthField::text("name", "Your name", Some("me"), false),
                AuthField::password("password", "Password; any will do", false),
                AuthField::text(
                    "script",
                    "What the peer does: echo, flood:1000, …",
                    None,
                    false,
                ),
                AuthField::text("seed", "Number that chooses the course", None, false),
            ]),
        }
    }

    /// What the mock can do.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(SENDS)
            .max_text_bytes(MAX_TEXT_BYTES)
            .max_file_bytes(MAX_FILE_BYTES)
    }

    fn handle_line(&mut self, now: Now, line: &[u8]) {
        if self.phase == Phase::Closing {
            return;
        }
        if let Phase::Syncing { .. } | Phase::Live | Phase::Leaving = self.phase
            && let Some(say) = SayLine::parse(line)
        {
            self.handle_say(now, &say);
            return;
        }
        match decode_server(line) {
            Some(packet) => self.handle_packet(now, packet),
            None => self.skipped += 1,
        }
    }

    fn handle_packet(&mut self, now: Now, packet: ServerPacket) {
        match (self.phase, packet) {
            (
                Phase::Greeting { .. },
                ServerPacket::Welcome {
                    user_id,
                    silence_ms,
                },
            ) => self.welcome(now, user_id, silence_ms.map(Duration::from_millis)),
            (Phase::Greeting { .. }, ServerPacket::Refuse { error }) => {
                self.close(Some(refusal(error)));
            }
            (Phase::Syncing { .. }, ServerPacket::Live) => {
                self.phase = Phase::Live;
                self.events.extend(self.roster.gone());
                self.events.extend(self.requests.settle_cut());
            }
            (_, ServerPacket::Ping) if self.control.len() < CONTROL_PACKETS => {
                self.write(&ClientPacket::Pong);
            }
            (_, ServerPacket::Pong) => {}
            (_, ServerPacket::Bye { reason }) => self.close(Some(Error::new(
                ErrorKind::Lost,
                format!("the server says goodbye: {}", reason.escape_debug()),
            ))),
            (Phase::Syncing { .. } | Phase::Live | Phase::Leaving, packet) => {
                self.handle_news(now, packet);
            }
            _ => self.skipped += 1,
        }
    }

    fn welcome(&mut self, now: Now, user_id: Id, promise: Option<Duration>) {
        self.phase = Phase::Syncing { since: now.mono };
        self.keepalive.stop();
        if let Some(promise) = promise {
            let limit = promise.clamp(SHORTEST_SILENCE, LONGEST_SILENCE);
            self.keepalive = Keepalive::new(limit, limit);
            self.keepalive.heard(now.mono);
        }
        self.roster.begin();
        self.who.user_id = Some(user_id.clone());
        self.happened(StatusEvent::Connected { artifact: None });
        self.happened(UserEvent::Identify { user_id });
    }

    /// Names the channel that is meant by none.
    fn fill_in(&self, event: &mut ChatEvent) {
        if let ChatEvent::Update { channel_id, .. }
        | ChatEvent::Remove { channel_id, .. }
        | ChatEvent::RequestHistory { channel_id, .. }
        | ChatEvent::Read { channel_id, .. }
        | ChatEvent::Typing { channel_id, .. }
        | ChatEvent::React { channel_id, .. } = event
        {
            channel_id.get_or_insert_with(|| self.current.clone());
        }
    }

    fn happened(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    fn write(&mut self, packet: &ClientPacket) {
        match encode_client(packet) {
            Ok(line) => self.control.push_back(Transmit::Bytes(line)),
            Err(error) => self.close(Some(error)),
        }
    }

    fn close(&mut self, error: Option<Error>) {
        self.phase = Phase::Closing;
        self.keepalive.stop();
        self.control.clear();
        if let Ok(line) = encode_client(&ClientPacket::Bye) {
            self.control.push_back(Transmit::Bytes(line));
        }
        self.control.push_back(Transmit::Close {
            code: None,
            reason: String::new(),
            error,
        });
    }
}

impl Session for MockSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        self.who.fill_in(auth, seed)?;
        self.phase = Phase::Opening;
        self.control.push_back(Transmit::Open(Target::Tcp {
            host: NAME.to_owned(),
            port: 1,
        }));
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::Greeting { since: now.mono };
        let hello = self.who.hello(self.seen);
        self.write(&ClientPacket::Hello(hello));
    }

    fn handle_bytes(&mut self, now: Now, bytes: &[u8]) {
        if matches!(self.phase, Phase::Syncing { .. } | Phase::Live) {
            self.keepalive.heard(now.mono);
        }
        let mut lines = std::mem::take(&mut self.lines);
        let cut = lines.push(bytes, |line| self.handle_line(now, line));
        self.lines = lines;
        if let Err(error) = cut
            && self.phase != Phase::Closing
        {
            self.close(Some(error));
        }
    }

    fn handle_send(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        // In JSON a text may grow to six times its length.
        if event.size() > MAX_PACKET_BYTES / 8 {
            return Err(Error::new(ErrorKind::TooLong, "the event is too long"));
        }
        match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        mut message,
                    },
            } if self.who.has_come() => {
                let channel_id = channel_id.unwrap_or_else(|| self.current.clone());
                message.sender_id.clone_from(&self.who.user_id);
                // The network alone says these.
                message.content.retain(|fragment| {
                    !matches!(
                        fragment,
                        MessageFragment::EditedAt(_) | MessageFragment::Reaction { .. }
                    )
                });
                let echo = self.requests.say(now, request, channel_id, message)?;
                self.events.push_back(echo);
                Ok(())
            }
            ConnectionEvent::Chat {
                event: ChatEvent::Remove { message_id, .. },
            } if self.requests.has_echoed(&message_id) => {
                let events = self.requests.take_back(request, &message_id)?;
                self.events.extend(events);
                Ok(())
            }
            mut event if matches!(self.phase, Phase::Syncing { .. } | Phase::Live) => {
                if let ConnectionEvent::Chat { event } = &mut event {
                    self.fill_in(event);
                }
                self.requests.want(request, event)
            }
            _ => Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            )),
        }
    }

    fn handle_http_progress(&mut self, _now: Now, token: HttpToken, sent: u64, total: u64) {
        let progress = self.requests.http_progress(token, sent, total);
        self.events.extend(progress);
    }

    fn handle_http(&mut self, _now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        self.events.extend(self.requests.http_ended(token, result));
    }

    fn handle_timeout(&mut self, now: Now) {
        let lapsed = self.typing.lapse(now.mono);
        self.events
            .extend(lapsed.into_iter().map(SessionEvent::happened));
        let listening = !self.keepalive.is_paused();
        self.events.extend(self.requests.expire(now, listening));
        match self.phase {
            Phase::Greeting { since } | Phase::Syncing { since }
                if since + SIGN_IN_LIMIT <= now.mono =>
            {
                self.close(Some(Error::new(
                    ErrorKind::TimedOut,
                    "the server did not finish the sign-in",
                )));
                return;
            }
            _ => {}
        }
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping if self.control.len() < CONTROL_PACKETS => {
                self.write(&ClientPacket::Ping);
            }
            Tick::Ping => {}
            Tick::Silent => self.close(Some(Error::new(
                ErrorKind::TimedOut,
                "the server has fallen silent",
            ))),
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.keepalive.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.keepalive.resume(now.mono);
        self.requests.restart_clocks(now);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        match self.phase {
            Phase::Live => self.phase = Phase::Leaving,
            Phase::Closing => {}
            _ => self.close(None),
        }
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.phase = Phase::Down;
        self.lines.clear();
        self.control.clear();
        self.keepalive.stop();
        self.typing.clear();
        self.events.extend(self.requests.close(closed.asked));
    }

    fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if self.control.is_empty() {
            match self.phase {
                Phase::Live | Phase::Leaving => match self.requests.next(now) {
                    Some(want) => self.write(&want),
                    None if self.phase == Phase::Live => return self.requests.next_http(),
                    None => self.close(None),
                },
                _ => {}
            }
        }
        self.control.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        let sign_in = match self.phase {
            Phase::Greeting { since } | Phase::Syncing { since } => Some(since + SIGN_IN_LIMIT),
            _ => None,
        };
        let requests = self.requests.deadline(!self.keepalive.is_paused());
        let others = [self.typing.deadline(), self.keepalive.deadline()];
        [sign_in, requests]
            .into_iter()
            .chain(others)
            .flatten()
            .min()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn protocol_spec(&self) -> Protocol {
        Self::protocol()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

/// An error that the server names: only refusals are its to name.
fn refusal(mut error: ErrorInfo) -> Error {
    if !(20..40).contains(&error.kind.number()) && error.kind != ErrorKind::NotFound {
        error.kind = ErrorKind::Rejected;
    }
    error.message = error.message.escape_debug().to_string();
    error.into()
}
