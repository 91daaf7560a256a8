//! The mock network's session: every kind of event, acknowledgements with ids, a history that tells what arrived.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU64;
use std::time::Duration;

use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{Closed, Now, Seed, Session, SessionEvent, Target, Transmit};
use kaiwa_core::{
    AuthField, Capabilities, ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind,
    EventKind, Message, MessageStatus, MessageType, Protocol, RequestId, StatusEvent, UserEvent,
};

use super::roster::Roster;
use super::silence::{Silence, Verdict};
use super::wire::{
    Accepted, ClientPacket, Hello, LOBBY, Lines, MAX_PACKET_BYTES, MAX_TEXT_BYTES, ServerPacket,
    decode_server, encode_client, time,
};

/// The name in the registry.
pub const NAME: &str = "mock";

/// From the open transport to the last word of the greeting: as long as an impatient person waits.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(30);

/// A message that is not answered for this long is given up: the peer lives, but has lost it.
const CONFIRM_LIMIT: Duration = Duration::from_secs(60);

/// Requests other than messages that are open at once: as many as messages.
const OPEN_REQUESTS: usize = kaiwa_core::outbox::OUTBOX_MESSAGES;

/// Answers to pings that wait to be written; a peer that asks for more without reading gets none.
const CONTROL_PACKETS: usize = 16;

/// Everything that a user can want here.
const SENDS: &[EventKind] = &[
    EventKind::ChatNew,
    EventKind::ChatUpdate,
    EventKind::ChatRemove,
    EventKind::ChannelNew,
    EventKind::ChannelUpdate,
    EventKind::ChannelRemove,
    EventKind::ChannelJoin,
    EventKind::ChannelLeave,
    EventKind::ChannelSwitch,
    EventKind::ChannelWipe,
    EventKind::UserUpdate,
    EventKind::UserRemove,
    EventKind::StatusPing,
    EventKind::AssetNew,
    EventKind::AssetUpdate,
    EventKind::AssetRemove,
];

/// A session of the mock network over a byte stream.
#[derive(Debug)]
pub struct MockSession {
    phase: Phase,
    who: Who,
    /// The channel meant by `None`.
    current: String,
    lines: Lines,
    outbox: Outbox,
    /// Open requests that are no messages, and those of them not yet written.
    open: BTreeSet<RequestId>,
    waiting: VecDeque<(RequestId, ConnectionEvent)>,
    /// The newest message of others.
    seen: Option<u64>,
    roster: Roster,
    silence: Silence,
    control: VecDeque<Transmit>,
    events: VecDeque<SessionEvent>,
    skipped: u64,
    capabilities: Capabilities,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Down,
    Opening,
    Greeting { since: Duration },
    Syncing { since: Duration },
    Live,
    Closing,
}

/// Who signs in.
#[derive(Default)]
struct Who {
    name: String,
    password: Option<String>,
    /// Made at the first attempt to connect.
    session: Option<String>,
    user_id: Option<String>,
}

impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Who")
            .field("name", &self.name)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
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
            current: LOBBY.to_owned(),
            lines: Lines::default(),
            outbox: Outbox::new(),
            open: BTreeSet::new(),
            waiting: VecDeque::new(),
            seen: None,
            roster: Roster::default(),
            silence: Silence::default(),
            control: VecDeque::new(),
            events: VecDeque::new(),
            skipped: 0,
            capabilities: Capabilities::new()
                .sends(SENDS)
                .max_text_bytes(MAX_TEXT_BYTES),
        }
    }

    fn handle_line(&mut self, now: Now, line: &[u8]) {
        if self.phase == Phase::Closing {
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
            ) => self.welcome(now, user_id, silence_ms),
            (Phase::Greeting { .. }, ServerPacket::Refuse { error }) => {
                self.close(Some(refusal(error)));
            }
            (Phase::Syncing { .. }, ServerPacket::Live) => {
                self.phase = Phase::Live;
                self.events.extend(self.roster.gone());
                self.events.extend(self.outbox.settle_cut());
            }
            (Phase::Syncing { .. } | Phase::Live, ServerPacket::Say(say)) => {
                self.accept(None, say.into_event());
            }
            (Phase::Syncing { .. } | Phase::Live, ServerPacket::Event { cause, event }) => {
                self.accept(cause, event);
            }
            (Phase::Syncing { .. } | Phase::Live, ServerPacket::Ack { number, message }) => {
                self.acknowledge(number, message);
            }
            (Phase::Syncing { .. } | Phase::Live, ServerPacket::Nak { number, error }) => {
                self.refuse(number, &refusal(error));
            }
            (_, ServerPacket::Ping) if self.control.len() < CONTROL_PACKETS => {
                self.write(&ClientPacket::Pong);
            }
            (_, ServerPacket::Pong) => {}
            (_, ServerPacket::Bye { reason }) => self.close(Some(Error::new(
                ErrorKind::Lost,
                format!("the server says goodbye: {reason}"),
            ))),
            _ => self.skipped += 1,
        }
    }

    fn welcome(&mut self, now: Now, user_id: String, silence_ms: Option<u64>) {
        self.phase = Phase::Syncing { since: now.mono };
        self.silence
            .begin(now, silence_ms.map(Duration::from_millis));
        self.roster.begin();
        self.who.user_id = Some(user_id.clone());
        self.happened(StatusEvent::Connected { artifact: None });
        self.happened(UserEvent::Identify { user_id });
    }

    /// Tells of what the server says has happened, unless it cannot have.
    fn accept(&mut self, cause: Option<u64>, mut event: ConnectionEvent) {
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
                event: ChatEvent::New { message, .. },
            } => {
                message.message_type = MessageType::Normal;
                message.status = MessageStatus::Delivered;
                self.saw(message.id.as_deref());
            }
            ConnectionEvent::Chat {
                event: ChatEvent::History { messages, .. },
            } => {
                for message in messages {
                    self.saw(message.id.as_deref());
                }
            }
            ConnectionEvent::Channel {
                event: ChannelEvent::Switch { channel_id },
            } => self.current.clone_from(channel_id),
            _ => {}
        }
        let request = cause.and_then(request).filter(|id| self.open.contains(id));
        self.events.push_back(SessionEvent { request, event });
    }

    fn saw(&mut self, id: Option<&str>) {
        self.seen = self.seen.max(id.and_then(|id| id.parse().ok()));
    }

    fn acknowledge(&mut self, number: u64, accepted: Option<Accepted>) {
        let Some(request) = request(number) else {
            self.skipped += 1;
            return;
        };
        if self.open.remove(&request) {
            self.events
                .push_back(SessionEvent::caused(request, StatusEvent::Done { request }));
            return;
        }
        let sender = &self.who.user_id;
        let settled = self.outbox.confirm(request, |message: &mut Message| {
            message.sender_id.clone_from(sender);
            if let Some(Accepted { id, at_ms }) = accepted {
                message.id = Some(id.to_string());
                message.timestamp = time(at_ms);
            }
        });
        self.events.extend(settled);
    }

    fn refuse(&mut self, number: u64, error: &Error) {
        let Some(request) = request(number) else {
            self.skipped += 1;
            return;
        };
        if self.open.remove(&request) {
            self.fail_request(request, error);
        } else {
            self.events.extend(self.outbox.fail(request, error));
        }
    }

    fn fail_request(&mut self, request: RequestId, error: &Error) {
        let error = error.info();
        self.events.push_back(SessionEvent::caused(
            request,
            StatusEvent::Failed { request, error },
        ));
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
        self.silence = Silence::default();
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

    /// The request to write next, in the order in which they were made.
    fn next_want(&mut self, now: Now) -> Option<ClientPacket> {
        let message = self.outbox.next_waiting().map(|pending| pending.request);
        let other = self.waiting.front().map(|(request, _)| *request);
        if other.is_some_and(|other| message.is_none_or(|message| other < message)) {
            let (request, event) = self.waiting.pop_front()?;
            return Some(ClientPacket::Want {
                number: request.get(),
                event,
            });
        }
        let pending = self.outbox.next_waiting()?;
        let request = pending.request;
        let event = ChatEvent::New {
            channel_id: pending.channel_id.map(str::to_owned),
            message: pending.message.clone(),
        };
        self.outbox.written(now, request);
        Some(ClientPacket::Want {
            number: request.get(),
            event: event.into(),
        })
    }
}

impl Session for MockSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let name = AuthField::find(auth, "name").unwrap_or("me");
        if name.contains(char::is_whitespace) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "login field `name` must not have spaces",
            ));
        }
        self.who.name = name.to_owned();
        self.who.password = AuthField::find(auth, "password").map(str::to_owned);
        self.who.session.get_or_insert_with(|| hex(&seed));
        self.phase = Phase::Opening;
        self.control.push_back(Transmit::Open(Target::Tcp {
            host: NAME.to_owned(),
            port: 1,
        }));
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::Greeting { since: now.mono };
        let hello = Hello {
            name: self.who.name.clone(),
            password: self.who.password.clone(),
            session: self.who.session.clone().unwrap_or_default(),
            after: self.seen,
        };
        self.write(&ClientPacket::Hello(hello));
    }

    fn handle_bytes(&mut self, now: Now, bytes: &[u8]) {
        self.silence.heard(now);
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
        if let ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    mut message,
                },
        } = event
        {
            if self.who.session.is_none() {
                return Err(Error::new(ErrorKind::State, "not connected yet"));
            }
            let channel_id = channel_id.unwrap_or_else(|| self.current.clone());
            message.sender_id.clone_from(&self.who.user_id);
            let echo = self
                .outbox
                .accept(now, request, Some(channel_id), message)?;
            self.events.push_back(echo);
            return Ok(());
        }
        if !matches!(self.phase, Phase::Syncing { .. } | Phase::Live) {
            return Err(Error::new(ErrorKind::State, "not connected"));
        }
        if self.open.len() >= OPEN_REQUESTS {
            return Err(Error::new(
                ErrorKind::Full,
                format!("{OPEN_REQUESTS} requests are open already"),
            ));
        }
        self.open.insert(request);
        self.waiting.push_back((request, event));
        Ok(())
    }

    fn handle_timeout(&mut self, now: Now) {
        self.events.extend(self.outbox.expire(now));
        match self.phase {
            Phase::Greeting { since } | Phase::Syncing { since }
                if since + SIGN_IN_LIMIT <= now.mono =>
            {
                self.close(Some(Error::new(
                    ErrorKind::TimedOut,
                    "the server did not finish the sign-in",
                )));
            }
            Phase::Syncing { .. } | Phase::Live => {
                if let Some(until) = now.mono.checked_sub(CONFIRM_LIMIT) {
                    let error = Error::new(
                        ErrorKind::OutcomeUnknown,
                        "the server did not confirm the message",
                    );
                    self.events.extend(self.outbox.fail_written(until, &error));
                }
                match self.silence.judge(now) {
                    Verdict::Wait => {}
                    Verdict::Ask => self.write(&ClientPacket::Ping),
                    Verdict::Dead => self.close(Some(Error::new(
                        ErrorKind::TimedOut,
                        "the server has fallen silent",
                    ))),
                }
            }
            Phase::Down | Phase::Opening | Phase::Greeting { .. } | Phase::Closing => {}
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.silence.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.silence.resume(now);
        self.outbox.restart_clocks(now);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        self.close(None);
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.phase = Phase::Down;
        self.lines.clear();
        self.control.clear();
        self.silence = Silence::default();
        self.waiting.clear();
        let error = if closed.asked {
            Error::new(ErrorKind::Cancelled, "disconnected before it was answered")
        } else {
            Error::new(
                ErrorKind::Lost,
                "the connection broke before it was answered",
            )
        };
        for request in std::mem::take(&mut self.open) {
            self.fail_request(request, &error);
        }
        if closed.asked {
            self.events.extend(self.outbox.end());
        } else {
            self.outbox.cut();
        }
    }

    fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.control.pop_front() {
            return Some(transmit);
        }
        if self.phase != Phase::Live {
            return None;
        }
        let want = self.next_want(now)?;
        match encode_client(&want) {
            Ok(line) => Some(Transmit::Bytes(line)),
            Err(error) => {
                self.close(Some(error));
                self.control.pop_front()
            }
        }
    }

    fn deadline(&self) -> Option<Duration> {
        let sign_in = match self.phase {
            Phase::Greeting { since } | Phase::Syncing { since } => Some(since + SIGN_IN_LIMIT),
            Phase::Down | Phase::Opening | Phase::Live | Phase::Closing => None,
        };
        let confirm = match self.phase {
            Phase::Live => self
                .outbox
                .oldest_written()
                .map(|(_, at)| at + CONFIRM_LIMIT),
            _ => None,
        };
        [
            sign_in,
            confirm,
            self.silence.deadline(),
            self.outbox.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn protocol_spec(&self) -> Protocol {
        Protocol {
            name: NAME.to_owned(),
            auth: Some(vec![
                AuthField::text("name", "Name", Some("me"), false),
                AuthField::password("password", "Password", false),
                AuthField::text("script", "What the peer does", Some("echo"), false),
                AuthField::text("seed", "Seed of what is random", Some("0"), false),
            ]),
        }
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

fn request(number: u64) -> Option<RequestId> {
    NonZeroU64::new(number).map(RequestId::from)
}

/// An error that the server names: only refusals are its to name.
fn refusal(mut error: ErrorInfo) -> Error {
    if !(20..40).contains(&error.kind.number()) && error.kind != ErrorKind::NotFound {
        error.kind = ErrorKind::Rejected;
    }
    error.into()
}

/// Half of the seed is enough to never meet again.
fn hex(seed: &Seed) -> String {
    seed.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
