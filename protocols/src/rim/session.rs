//! The rim session: REST and WebSocket together.
//!
//! A sign-in asks for a token (or tries the one of before), who that is, and the first look at groups (chat list and group
//! list, in parallel); then it opens the WebSocket and logs in there. With the acknowledgement it is `Connected` and shows
//! all groups. Members and missed messages of the groups come after that in the background, a few requests at a time and those
//! first where something happens; a group's live messages wait for its own backlog only ([`catch_up`]).
//!
//! rim has no negative answers on the WebSocket and does not remove duplicates. So an own message without an acknowledgement
//! is looked for in the history before it is sent again ([`sending`]).

mod answer;
mod catch_up;
mod clock;
mod contacts;
mod find;
mod groups;
mod history;
mod ids;
mod joining;
mod live;
mod members;
mod outgoing;
mod people;
mod requests;
mod rest;
mod rooms;
mod seen;
mod sending;
mod showing;
mod sign_in;
mod talks;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use kaiwa_core::session::{
    Closed, Frame, HttpResponse, HttpToken, Now, Seed, Session, SessionEvent, Transmit,
};
use kaiwa_core::{
    AuthField, Capabilities, ConnectionEvent, Error, ErrorKind, EventKind, Protocol, RequestId,
    StatusEvent,
};

use self::clock::Clock;
use self::contacts::Contacts;
use self::ids::Ids;
use self::live::Pings;
use self::outgoing::Outgoing;
use self::people::People;
use self::rest::Rest;
use self::rooms::Rooms;
use self::sending::Frames;
use self::sign_in::Lists;
use super::login::{self, Login};
use crate::keepalive::Keepalive;

/// How long the acknowledgement of anything sent over the WebSocket may take: the fact sheet's advice, since refusals are
/// silent.
pub const ACK_LIMIT: Duration = Duration::from_secs(5);

/// How long it may be quiet before a ping: less than the minute after which middle boxes forget.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How long the answer to a ping may take.
const PONG_LIMIT: Duration = Duration::from_secs(10);

/// The longest text announced, in bytes. Nobody knows how long the original's column is, and a text that does not fit breaks
/// it; a MySQL `TEXT` takes 65,535.
const MAX_TEXT_BYTES: u64 = 60 * 1024;

/// What `send` takes.
const SENDS: &[EventKind] = &[
    EventKind::ChatNew,
    EventKind::ChatRequestHistory,
    EventKind::ChatRead,
    EventKind::ChannelNew,
    EventKind::ChannelUpdate,
    EventKind::ChannelJoin,
    EventKind::ChannelLeave,
    EventKind::ChannelMembers,
    EventKind::UserRemove,
    EventKind::UserRequest,
    EventKind::UserRespond,
    EventKind::StatusPing,
];

/// A rim session.
pub struct RimSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// The user's id and name; known from the first sign-in on.
    me: Option<(u64, String)>,
    /// Which server it is, as far as it has shown on this connection.
    server: Server,
    /// The same for the life of the session, so that own messages are known again.
    ids: Option<Ids>,
    rest: Rest,
    /// What the sign-in has learned before the WebSocket stands.
    lists: Lists,
    rooms: Rooms,
    people: People,
    contacts: Contacts,
    clock: Clock,
    outgoing: Outgoing,
    frames: Frames,
    pings: Pings,
    /// Requests of the user that are no messages, until each has ended.
    open: BTreeSet<RequestId>,
    /// Talks with somebody that are wanted, until the members of all groups are known.
    talks: Vec<(RequestId, u64)>,
    /// Speakers that are no members, told of on this connection.
    introduced: BTreeSet<u64>,
    /// Groups to be looked at, in this order.
    line: VecDeque<u64>,
    /// Groups whose members may have changed.
    stale: BTreeSet<u64>,
    /// Until when groups wait for relays of what their history shows already.
    graces: BTreeMap<u64, Duration>,
    /// Groups whose history is to be looked at again, and when.
    looks: Vec<(Duration, u64)>,
    /// The head of the chat list is asked for a second time; groups wait for it.
    recheck_open: bool,
    /// When it is asked for next.
    recheck_at: Option<Duration>,
    /// Live messages of unknown groups, until all groups have been asked for.
    strangers: BTreeMap<u64, Vec<rooms::Kept>>,
    /// Whether all groups are being asked for, and whether they must be again after that.
    discovering: Option<bool>,
    /// Bytes of live messages that are held back.
    held_bytes: usize,
    keepalive: Keepalive,
    skipped: u64,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
    /// Why the session leaves by itself.
    parting: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    /// REST, before the WebSocket.
    SigningIn,
    Opening,
    /// The WebSocket stands since then; its `Login` is not acknowledged.
    LoggingIn(Duration),
    Up,
    /// The user leaves: what waits is written, then the `Logout`. Or the session gives up: then the `Logout` alone.
    Leaving,
    /// The `Logout` was written at that time.
    LoggingOut(Duration),
    Closing,
}

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Original,
    /// kaiwa's own.
    Own,
}

impl Default for RimSession {
    fn default() -> Self {
        Self::new()
    }
}

impl RimSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capabilities: Self::capabilities(),
            phase: Phase::Down,
            login: None,
            me: None,
            server: Server::Original,
            ids: None,
            rest: Rest::default(),
            lists: Lists::default(),
            rooms: Rooms::new(),
            people: People::default(),
            contacts: Contacts::default(),
            clock: Clock::default(),
            outgoing: Outgoing::default(),
            frames: Frames::default(),
            pings: Pings::default(),
            open: BTreeSet::new(),
            talks: Vec::new(),
            introduced: BTreeSet::new(),
            line: VecDeque::new(),
            stale: BTreeSet::new(),
            graces: BTreeMap::new(),
            looks: Vec::new(),
            recheck_open: false,
            recheck_at: None,
            strangers: BTreeMap::new(),
            discovering: None,
            held_bytes: 0,
            keepalive: Keepalive::new(PING_INTERVAL, PONG_LIMIT),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            parting: None,
        }
    }

    /// What rim can do.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(SENDS)
            .max_text_bytes(MAX_TEXT_BYTES)
    }

    /// The user's id; 0 before the first sign-in.
    fn uid(&self) -> u64 {
        self.me.as_ref().map_or(0, |(uid, _)| *uid)
    }

    fn event(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    /// Tells of something that the user asked for, or that happened.
    fn tell(&mut self, request: Option<RequestId>, event: impl Into<ConnectionEvent>) {
        let event = event.into();
        self.events.push_back(SessionEvent { request, event });
    }

    /// A request of the user is carried out.
    fn done(&mut self, request: RequestId) {
        if self.open.remove(&request) {
            self.tell(Some(request), StatusEvent::Done { request });
        }
    }

    /// A request of the user is not carried out.
    fn failed(&mut self, request: RequestId, error: &Error) {
        if self.open.remove(&request) {
            let error = error.info();
            self.tell(Some(request), StatusEvent::Failed { request, error });
        }
    }

    /// Gives up: says `Logout` first, since the original breaks when somebody speaks to one who went without. Should it
    /// arrive after the next `Login`, the worst is that news come by the five-minute look only.
    fn part(&mut self, error: Error) {
        match self.phase {
            Phase::LoggingIn(_) | Phase::Up => {
                self.phase = Phase::Leaving;
                self.parting = Some(error);
            }
            Phase::SigningIn | Phase::Opening => self.close(Some(error)),
            Phase::Down | Phase::Leaving | Phase::LoggingOut(_) | Phase::Closing => {}
        }
    }

    /// Closes the connection; nothing goes out any more.
    fn close(&mut self, error: Option<Error>) {
        self.keepalive.stop();
        if matches!(self.phase, Phase::Down | Phase::Closing) {
            return;
        }
        self.phase = Phase::Closing;
        self.transmits.push_back(Transmit::Close {
            code: Some(if error.is_some() { 1001 } else { 1000 }),
            reason: String::new(),
            error,
        });
    }

    /// The connection is gone: nothing of it is waited for any more, and all groups must be looked at again.
    fn forget_connection(&mut self) {
        self.phase = Phase::Down;
        self.server = Server::Original;
        self.keepalive.stop();
        self.transmits.clear();
        self.parting = None;
        self.rest.end();
        self.lists = Lists::default();
        self.frames.end();
        self.pings.end();
        self.contacts.end();
        self.talks.clear();
        self.introduced.clear();
        self.line.clear();
        self.stale.clear();
        self.graces.clear();
        self.looks.clear();
        self.strangers.clear();
        self.recheck_open = false;
        self.recheck_at = None;
        self.discovering = None;
        self.held_bytes = 0;
        for room in self.rooms.values_mut() {
            room.catch_up = None;
            room.shown = None;
            room.announced = false;
            room.fresh_at = None;
            room.asking = false;
        }
    }

    /// Another account signs in: what was learned of the one before is not this one's.
    fn forget_account(&mut self) {
        let ended = self.outgoing.end();
        self.events.extend(ended);
        self.me = None;
        self.rest.set_token(None);
        self.rooms.clear();
        self.people = People::default();
        self.contacts = Contacts::default();
        self.clock = Clock::default();
    }
}

impl Session for RimSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let login = Login::read(auth)?;
        let same = |known: &Login| known.is_same_account(&login);
        if !self.login.as_ref().is_some_and(same) {
            self.forget_account();
        }
        let changed = |known: &Login| known.password != login.password;
        if self.login.as_ref().is_some_and(changed) {
            // It is to be tried.
            self.rest.set_token(None);
        }
        self.ids.get_or_insert_with(|| Ids::new(&seed));
        self.rest.begin(&login.rest);
        self.login = Some(login);
        self.phase = Phase::SigningIn;
        self.sign_in();
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::LoggingIn(now.mono);
        self.keepalive.heard(now.mono);
        self.frames.log_in();
    }

    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        self.keepalive.heard(now.mono);
        match frame {
            Frame::Text(text) => self.text(now, &text),
            Frame::Binary(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.text(now, text),
                Err(_) => self.skipped += 1,
            },
            Frame::Pong(_) => self.pong(),
            Frame::Ping(_) => {}
        }
    }

    fn handle_http(&mut self, now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        let Some(call) = self.rest.take(token) else {
            return;
        };
        if call.needs_token() && !call.again && answer::wants_login(&result) {
            self.rest.ask_again(call);
            return self.renew();
        }
        self.answered(now, call.purpose, &result);
    }

    fn handle_send(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        self.requested(now, request, event)
    }

    fn handle_timeout(&mut self, now: Now) {
        let expired = self.outgoing.expire(now);
        self.events.extend(expired);
        self.catch_up_timeout(now);
        self.recheck_timeout(now);
        self.watch(now);
    }

    fn handle_pause(&mut self, _now: Now) {
        self.keepalive.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.keepalive.resume(now.mono);
        self.restart_clocks(now);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        match self.phase {
            Phase::Up | Phase::LoggingIn(_) => self.phase = Phase::Leaving,
            Phase::SigningIn | Phase::Opening => self.close(None),
            Phase::Down | Phase::Leaving | Phase::LoggingOut(_) | Phase::Closing => {}
        }
    }

    fn handle_close(&mut self, now: Now, closed: &Closed<'_>) {
        self.forget_connection();
        let error = Error::new(ErrorKind::Lost, "the connection ended first");
        for request in std::mem::take(&mut self.open) {
            let error = error.info();
            self.tell(Some(request), StatusEvent::Failed { request, error });
        }
        if closed.asked {
            let ended = self.outgoing.end();
            self.events.extend(ended);
        } else {
            self.outgoing.cut(now);
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
        if matches!(self.phase, Phase::Down | Phase::Closing) {
            return None;
        }
        self.work(now);
        self.prepare(now);
        let leaves = matches!(self.phase, Phase::Leaving | Phase::LoggingOut(_));
        let exchange = if leaves { None } else { self.rest.poll() };
        exchange.or_else(|| self.next_frame(now))
    }

    fn deadline(&self) -> Option<Duration> {
        [
            self.outgoing.deadline(),
            self.keepalive.deadline(),
            self.ack_deadline(),
            self.catch_up_deadline(),
            self.recheck_deadline(),
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

impl fmt::Debug for RimSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RimSession")
            .field("phase", &self.phase)
            .field("server", &self.server)
            .field("rooms", &self.rooms.len())
            .finish_non_exhaustive()
    }
}
