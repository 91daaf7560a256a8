//! The wschat session: the lobby, own messages and their echoes.

mod probe;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{Closed, Frame, Now, Seed, Session, SessionEvent, Target, Transmit};
use kaiwa_core::{
    AuthField, Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error,
    ErrorKind, EventKind, Id, Message, MessageFragment, MessageStatus, MessageType, Profile,
    Protocol, RequestId, StatusEvent, UserEvent,
};

use self::probe::Probe;
use super::ids::{MessageIds, Nonces};
use super::login::{self, Login};
use super::wire::Relayed;
use crate::keepalive::Keepalive;

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

/// The longest name, in bytes. Longer ones are cut: names are kept, and a person reads them on one line.
pub(super) const MAX_NAME_BYTES: usize = 1024;

/// Speakers remembered, so that each is introduced once. Nobody ever leaves a wschat room, and names are free.
const SPEAKERS: usize = 1000;

/// A wschat session.
#[derive(Debug)]
pub struct WschatSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// The same for the life of the session, so that late echoes are known; `None` until the first attempt.
    nonces: Option<Nonces>,
    outbox: Outbox,
    /// Pings sent; each carries its number, so that its answer is known.
    pings_sent: u64,
    /// Pings that the user asked for, with their numbers.
    pings: Vec<(u64, RequestId)>,
    probe: Option<Probe>,
    keepalive: Keepalive,
    speakers: BTreeSet<Id>,
    ids: MessageIds,
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
            nonces: None,
            outbox: Outbox::new(),
            pings_sent: 0,
            pings: Vec::new(),
            probe: None,
            keepalive: Keepalive::new(PING_INTERVAL, PONG_LIMIT),
            speakers: BTreeSet::new(),
            ids: MessageIds::default(),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
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
        message: Message,
    ) -> Result<(), Error> {
        let (Some(login), Some(nonces)) = (&self.login, &self.nonces) else {
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
        // wschat carries no styles, and nothing that is not shown; the message shall look as it will arrive.
        let mut message = message.lowered();
        message.content.retain(MessageFragment::is_shown);
        let carried = |fragment: &MessageFragment| {
            matches!(
                fragment,
                MessageFragment::Text(_) | MessageFragment::Url(_) | MessageFragment::File { .. }
            )
        };
        if !message.content.iter().all(carried) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "wschat carries text and addresses only",
            ));
        }
        let length = login
            .outgoing(&message.plain_text(), &nonces.of(request))
            .len();
        if length > MAX_OUTGOING_BYTES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!(
                    "the message takes {length} bytes on the wire, at most {MAX_OUTGOING_BYTES} are sent"
                ),
            ));
        }
        message.sender_id = Some(login.name.as_str().into());
        let echo = self
            .outbox
            .accept(now, request, Some(LOBBY.into()), message)?;
        self.events.push_back(echo);
        Ok(())
    }

    fn relayed(&mut self, now: Now, relayed: Relayed<'_>) {
        self.skipped += relayed.extra as u64;
        let timestamp = relayed.tim.unwrap_or(now.utc);
        let mut usr = relayed.usr.unwrap_or_default();
        if usr.len() > MAX_NAME_BYTES {
            self.skipped += 1;
            usr = Cow::Owned(cut(&usr, MAX_NAME_BYTES).to_owned());
        }
        let msg = relayed.msg.unwrap_or_default();
        let id = self.ids.next(&usr, &msg, timestamp);
        self.introduce(&usr);
        let content = vec![MessageFragment::Text(msg.into_owned())];
        let own = self.nonces.as_ref().zip(relayed.nonce);
        let own = own.and_then(|(nonces, nonce)| nonces.request(&nonce));
        let mut message = Message {
            id: Some(id),
            sender_id: Some(usr.into()),
            content,
            timestamp,
            message_type: MessageType::Normal,
            status: MessageStatus::Delivered,
        };
        // Others read our nonces, so one with other words, or one that is settled already, is a message like any other.
        if let Some(request) = own.filter(|request| self.is_echo(*request, &message)) {
            message.message_type = MessageType::CurrentUser;
            let settled = self
                .outbox
                .confirm(request, |open| open.clone_from(&message));
            self.events.extend(settled);
            self.drop_answered_probe();
            return;
        }
        self.event(ChatEvent::New {
            channel_id: Some(LOBBY.into()),
            message,
        });
    }

    /// Whether `message` is what was sent under `request` and is not confirmed yet.
    fn is_echo(&self, request: RequestId, message: &Message) -> bool {
        let sent = self.outbox.unconfirmed(request);
        sent.is_some_and(|sent| sent.plain_text() == message.plain_text())
    }

    /// The first message of somebody is all that wschat tells about them.
    fn introduce(&mut self, usr: &str) {
        if self.speakers.len() < SPEAKERS && !self.speakers.contains(usr) {
            self.speakers.insert(usr.into());
            self.event(user_new(usr));
        }
    }
}

/// The beginning of a text, at most `bytes` long.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}

fn user_new(name: &str) -> UserEvent {
    UserEvent::New {
        channel_id: Some(LOBBY.into()),
        user: Profile {
            id: Some(name.into()),
            username: Some(name.to_owned()),
            ..Profile::default()
        },
    }
}

impl Session for WschatSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let (url, login) = Login::read(auth)?;
        self.login = Some(login);
        self.nonces.get_or_insert_with(|| Nonces::new(seed));
        self.phase = Phase::Opening;
        self.transmits.push_back(Transmit::Open(Target::WebSocket {
            url,
            headers: Vec::new(),
            max_message_bytes: MAX_INCOMING_BYTES,
        }));
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::Open;
        self.keepalive.heard(now.mono);
        let name = Id::from(self.login.as_ref().map_or("", |login| &login.name));
        self.event(StatusEvent::Connected { artifact: None });
        self.event(UserEvent::Identify {
            user_id: name.clone(),
        });
        self.event(ChannelEvent::New {
            channel: Channel {
                id: LOBBY.into(),
                name: Some(LOBBY.to_owned()),
                channel_type: ChannelType::Broadcast,
            },
        });
        self.event(ChannelEvent::Join {
            channel_id: LOBBY.into(),
        });
        self.event(ChannelEvent::Switch {
            channel_id: LOBBY.into(),
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
            Frame::Pong(number) => {
                let number = std::str::from_utf8(&number).ok();
                self.pong(number.and_then(|text| text.parse().ok()).unwrap_or(0));
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
                let number = self.ping(now);
                self.pings.push((number, request));
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
        self.watch(now);
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
        for (_, request) in std::mem::take(&mut self.pings) {
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
        if !matches!(self.phase, Phase::Open | Phase::Leaving) {
            return None;
        }
        if let (Some(pending), Some(login), Some(nonces)) =
            (self.outbox.next_waiting(), &self.login, &self.nonces)
        {
            let request = pending.request;
            let text = login.outgoing(&pending.message.plain_text(), &nonces.of(request));
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
            self.probe_deadline(),
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
