//! The wschat session: the lobby, own messages and their echoes, dead servers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;
use std::time::Duration;

use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{Closed, Frame, Now, Seed, Session, SessionEvent, Target, Transmit};
use kaiwa_core::{
    AuthField, Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error,
    ErrorKind, EventKind, Message, MessageFragment, MessageStatus, MessageType, Profile, Protocol,
    RequestId, StatusEvent, UserEvent,
};

use super::wire::{Outgoing, Relayed};
use crate::keepalive::{Keepalive, Tick};

/// Id of the one channel.
pub const LOBBY: &str = "lobby";

/// How long the echo of an own message may take before the server is asked whether it lives. An echo is one round trip; a
/// server that takes longer is overloaded, dead for this client, or refuses the token.
pub const ECHO_LIMIT: Duration = Duration::from_secs(5);

/// How long it may be quiet before a ping: the fact sheet's advice, and less than the minute after which middle boxes forget.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How long the answer to a ping may take.
const PONG_LIMIT: Duration = Duration::from_secs(10);

/// The largest message taken, in bytes: the original relays frames up to 16 MiB.
const MAX_INCOMING_BYTES: usize = 16 * 1024 * 1024;

/// The largest message sent, in bytes: what kaiwa's own server takes by default.
const MAX_OUTGOING_BYTES: usize = 64 * 1024;

/// The longest text announced, in bytes: leaves room for the name, the token and some escapes.
const MAX_TEXT_BYTES: u64 = 60 * 1024;

/// Speakers remembered, so that each is introduced once. Nobody ever leaves a wschat room, and names are free.
const SPEAKERS: usize = 1000;

/// Message ids remembered, to tell equal messages apart.
const RECENT_IDS: usize = 4096;

/// A wschat session.
#[derive(Debug)]
pub struct WschatSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// Begins the nonce of every own message; the same for the life of the session, so that late echoes are known.
    nonce: String,
    outbox: Outbox,
    /// Pings that the user asked for.
    pings: Vec<RequestId>,
    /// The server is being asked whether it lives, because an echo is overdue; since when.
    probe: Option<Duration>,
    keepalive: Keepalive,
    speakers: BTreeSet<String>,
    recent_ids: BTreeMap<u64, u32>,
    skipped: u64,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Opening,
    Open,
    /// The user leaves: what waits is written, then the goodbye.
    Leaving,
    Closing,
}

struct Login {
    name: String,
    jwt: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Default for WschatSession {
    fn default() -> Self {
        Self::new()
    }
}

impl WschatSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capabilities: Self::capabilities(),
            phase: Phase::Down,
            login: None,
            nonce: String::new(),
            outbox: Outbox::new(),
            pings: Vec::new(),
            probe: None,
            keepalive: Keepalive::new(PING_INTERVAL, PONG_LIMIT),
            speakers: BTreeSet::new(),
            recent_ids: BTreeMap::new(),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// Name and login form.
    #[must_use]
    pub fn protocol() -> Protocol {
        Protocol {
            name: "wschat".to_owned(),
            auth: Some(vec![
                AuthField::text("url", "Server (ws:// or wss://)", None, true),
                AuthField::text("name", "Your name", None, true),
                AuthField::password("jwt", "Token, where the server demands one", false),
            ]),
        }
    }

    /// What wschat can do.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(&[EventKind::ChatNew, EventKind::StatusPing])
            .max_text_bytes(MAX_TEXT_BYTES)
            .confirmation(Confirmation::Echo)
    }

    fn event(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    fn send_message(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<&str>,
        mut message: Message,
    ) -> Result<(), Error> {
        let Some(login) = &self.login else {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        };
        if channel_id.is_some_and(|id| id != LOBBY) {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("wschat has one channel only: {LOBBY}"),
            ));
        }
        let carried = |fragment: &MessageFragment| {
            matches!(fragment, MessageFragment::Text(_) | MessageFragment::Url(_))
        };
        if !message.content.iter().all(carried) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "wschat carries text only",
            ));
        }
        let length = login
            .outgoing(&message.plain_text(), &self.nonce_of(request))
            .len();
        if length > MAX_OUTGOING_BYTES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!(
                    "the message takes {length} bytes on the wire, at most {MAX_OUTGOING_BYTES} are sent"
                ),
            ));
        }
        message.sender_id = Some(login.name.clone());
        let echo = self
            .outbox
            .accept(now, request, Some(LOBBY.to_owned()), message)?;
        self.events.push_back(echo);
        Ok(())
    }

    fn ping(&mut self, now: Now) {
        self.keepalive.asked(now.mono);
        // One that is not written yet serves: a transport that takes nothing must not pile them up.
        let waits = |wish: &Transmit| matches!(wish, Transmit::Frame(Frame::Ping(_)));
        if !self.transmits.iter().any(waits) {
            self.transmits
                .push_back(Transmit::Frame(Frame::Ping(Cow::Borrowed(b"kaiwa"))));
        }
    }

    fn nonce_of(&self, request: RequestId) -> String {
        format!("{}-{request}", self.nonce)
    }

    /// The request of an own message's nonce.
    fn own_request(&self, nonce: &str) -> Option<RequestId> {
        let number = nonce.strip_prefix(&self.nonce)?.strip_prefix('-')?;
        Some(RequestId::from(number.parse::<NonZeroU64>().ok()?))
    }

    fn relayed(&mut self, now: Now, relayed: Relayed<'_>) {
        self.skipped += relayed.extra as u64;
        let timestamp = relayed.tim.unwrap_or(now.utc);
        let usr = relayed.usr.unwrap_or_default();
        let msg = relayed.msg.unwrap_or_default();
        let id = self.message_id(&usr, &msg, timestamp.timestamp_nanos_opt().unwrap_or(0));
        self.introduce(&usr);
        let content = vec![MessageFragment::Text(msg.into_owned())];
        let own = relayed.nonce.and_then(|nonce| self.own_request(&nonce));
        let mut message = Message {
            id: Some(id),
            sender_id: Some(usr.into_owned()),
            content,
            timestamp,
            message_type: MessageType::Normal,
            status: MessageStatus::Delivered,
        };
        if let Some(request) = own {
            message.message_type = MessageType::CurrentUser;
            let settled = self
                .outbox
                .confirm(request, |open| open.clone_from(&message));
            if !settled.is_empty() {
                self.events.extend(settled);
                return;
            }
            // Somebody repeats a nonce of ours: a message like any other.
            message.message_type = MessageType::Normal;
        }
        self.event(ChatEvent::New {
            channel_id: Some(LOBBY.to_owned()),
            message,
        });
    }

    /// Unique within this session: a hash of what came, and a counter for equal ones.
    fn message_id(&mut self, usr: &str, msg: &str, nanos: i64) -> String {
        let mut hasher = DefaultHasher::new();
        (usr, msg, nanos).hash(&mut hasher);
        let hash = hasher.finish();
        if self.recent_ids.len() >= RECENT_IDS {
            self.recent_ids.clear();
        }
        let count = self.recent_ids.entry(hash).or_default();
        *count += 1;
        match *count {
            1 => format!("{hash:016x}"),
            more => format!("{hash:016x}-{more}"),
        }
    }

    /// The first message of somebody is all that wschat tells about them.
    fn introduce(&mut self, usr: &str) {
        if self.speakers.len() < SPEAKERS && !self.speakers.contains(usr) {
            self.speakers.insert(usr.to_owned());
            self.event(user_new(usr));
        }
    }

    /// Whether the server lives has been answered: then it has read the messages whose echo is overdue, and does not want
    /// them.
    fn probe_answered(&mut self) {
        let Some(asked) = self.probe.take() else {
            return;
        };
        let refused = Error::new(
            ErrorKind::Auth,
            "the server answers but does not relay the message: check the login field `jwt`",
        );
        let failed = self
            .outbox
            .fail_written(asked.saturating_sub(ECHO_LIMIT), &refused);
        self.events.extend(failed);
    }

    /// When an echo is overdue, unless the server is being asked about it already.
    fn echo_deadline(&self) -> Option<Duration> {
        if self.phase != Phase::Open || self.probe.is_some() || self.keepalive.is_paused() {
            return None;
        }
        self.outbox
            .oldest_written()
            .map(|(_, written)| written + ECHO_LIMIT)
    }

    fn give_up(&mut self, error: Error) {
        self.phase = Phase::Closing;
        self.transmits.push_back(Transmit::Close {
            code: Some(1001),
            reason: String::new(),
            error: Some(error),
        });
    }
}

impl Login {
    fn outgoing(&self, text: &str, nonce: &str) -> String {
        Outgoing {
            usr: &self.name,
            msg: text,
            jwt: self.jwt.as_deref(),
            nonce: Some(nonce),
        }
        .encode()
    }
}

fn user_new(name: &str) -> UserEvent {
    UserEvent::New {
        channel_id: Some(LOBBY.to_owned()),
        user: Profile {
            id: Some(name.to_owned()),
            username: Some(name.to_owned()),
            ..Profile::default()
        },
    }
}

impl Session for WschatSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let url = AuthField::require(auth, "url")?;
        if !url.starts_with("ws://") && !url.starts_with("wss://") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login field `url` must begin with ws:// or wss://, for example ws://localhost:80/",
            ));
        }
        self.login = Some(Login {
            name: AuthField::require(auth, "name")?.to_owned(),
            jwt: AuthField::find(auth, "jwt").map(str::to_owned),
        });
        if self.nonce.is_empty() {
            self.nonce = seed
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect();
        }
        self.phase = Phase::Opening;
        self.transmits.push_back(Transmit::Open(Target::WebSocket {
            url: url.to_owned(),
            headers: Vec::new(),
            max_message_bytes: MAX_INCOMING_BYTES,
        }));
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::Open;
        self.keepalive.heard(now.mono);
        let name = self
            .login
            .as_ref()
            .map_or("", |login| &login.name)
            .to_owned();
        self.event(StatusEvent::Connected { artifact: None });
        self.event(UserEvent::Identify {
            user_id: name.clone(),
        });
        self.event(ChannelEvent::New {
            channel: Channel {
                id: LOBBY.to_owned(),
                name: Some(LOBBY.to_owned()),
                channel_type: ChannelType::Broadcast,
            },
        });
        self.event(ChannelEvent::Join {
            channel_id: LOBBY.to_owned(),
        });
        self.event(user_new(&name));
        self.speakers.insert(name);
        // wschat has no backlog: what was not confirmed before the connection broke never will be, but for a late echo.
        let unknown = self.outbox.settle_cut();
        self.events.extend(unknown);
    }

    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        self.keepalive.heard(now.mono);
        match frame {
            Frame::Text(text) => match Relayed::decode(&text) {
                Ok(relayed) => self.relayed(now, relayed),
                Err(_) => self.skipped += 1,
            },
            Frame::Pong(_) => {
                self.event(StatusEvent::Ping { artifact: None });
                for request in std::mem::take(&mut self.pings) {
                    let done = StatusEvent::Done { request };
                    self.events.push_back(SessionEvent::caused(request, done));
                }
                self.probe_answered();
            }
            Frame::Binary(_) => self.skipped += 1,
            Frame::Ping(_) => {}
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
            } => self.send_message(now, request, channel_id.as_deref(), message),
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } if self.phase == Phase::Open => {
                self.pings.push(request);
                self.ping(now);
                Ok(())
            }
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } => Err(Error::new(ErrorKind::State, "not connected")),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("wschat takes no {}", other.kind()),
            )),
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        let expired = self.outbox.expire(now);
        self.events.extend(expired);
        match self.keepalive.tick(now.mono) {
            Tick::Wait => {}
            Tick::Ping => self.ping(now),
            Tick::Silent => {
                self.keepalive.stop();
                self.give_up(Error::new(
                    ErrorKind::TimedOut,
                    "the server has stopped answering",
                ));
            }
        }
        if self
            .echo_deadline()
            .is_some_and(|deadline| deadline <= now.mono)
        {
            self.probe = Some(now.mono);
            self.ping(now);
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.keepalive.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.keepalive.resume(now.mono);
        self.outbox.restart_clocks(now);
        self.probe = None;
    }

    fn handle_disconnect(&mut self, _now: Now) {
        if self.phase == Phase::Open {
            self.phase = Phase::Leaving;
        }
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.phase = Phase::Down;
        self.keepalive.stop();
        self.probe = None;
        self.transmits.clear();
        let error = Error::new(ErrorKind::Lost, "the connection ended first").info();
        for request in std::mem::take(&mut self.pings) {
            let failed = StatusEvent::Failed {
                request,
                error: error.clone(),
            };
            self.events.push_back(SessionEvent::caused(request, failed));
        }
        if closed.asked {
            let ended = self.outbox.end();
            self.events.extend(ended);
        } else {
            self.outbox.cut();
        }
    }

    fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.transmits.pop_front() {
            return Some(transmit);
        }
        if !matches!(self.phase, Phase::Open | Phase::Leaving) {
            return None;
        }
        if let (Some(pending), Some(login)) = (self.outbox.next_waiting(), &self.login) {
            let request = pending.request;
            let text = login.outgoing(&pending.message.plain_text(), &self.nonce_of(request));
            self.outbox.written(now, request);
            return Some(Transmit::Frame(Frame::Text(Cow::Owned(text))));
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
        [
            self.outbox.deadline(),
            self.keepalive.deadline(),
            self.echo_deadline(),
        ]
        .into_iter()
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
