//! The Sock Chat session: signing in, signs of life, one channel at a time.
//!
//! * `packets`: what each packet means; `sign_in`: being let in, refused, thrown out; `places`: the channels, and moving between them; `way_back`: to
//!   where one was before the connection broke; `people`: who is there;
//!   `talk`: what is said; `backlog` and `past`: what was said before, once.
//! * `requests`: what the user wants; `saying`: what the user says; `commands`: the table of what becomes of it; `answers`:
//!   how it is known that it arrived.
//! * `rights`: what the user may do; `assets`: emotes; `pace`: when the next packet may go.

mod answers;
mod assets;
mod backlog;
mod commands;
mod pace;
mod packets;
mod past;
mod people;
mod places;
mod requests;
mod rights;
mod saying;
mod sign_in;
mod talk;
#[cfg(test)]
mod tests;
mod way_back;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{
    Closed, Frame, HttpResponse, HttpToken, Now, Seed, Session, SessionEvent, Target, Transmit,
};
use kaiwa_core::{
    AuthField, Capabilities, ConnectionEvent, Error, ErrorKind, Id, Protocol, RequestId,
    StatusEvent,
};

use self::answers::Answers;
use self::assets::Assets;
use self::backlog::Backlog;
use self::pace::Pace;
use self::past::Past;
use self::people::People;
use self::places::Places;
use self::requests::Requests;
use self::rights::Rights;
use self::talk::Talk;
use self::way_back::WayBack;
use super::login::{self, Login};
use super::wire::{ClientPacket, ServerPacket};
use crate::keepalive::{Keepalive, Tick};

/// How long signing in may take: some servers do not answer at all where they do not understand who signs in.
pub const SIGN_IN_LIMIT: Duration = Duration::from_secs(20);

/// How long the answer to a command, or the echo of an own message, may take: far more than a round trip.
pub const ECHO_LIMIT: Duration = Duration::from_secs(15);

/// How long it may be quiet before a ping. Servers throw out who sent none for three minutes; other clients take the same.
const PING_INTERVAL: Duration = Duration::from_secs(40);

/// How long the answer to a ping may take.
const PONG_LIMIT: Duration = Duration::from_secs(20);

/// The largest packet taken, in bytes: a list of tens of thousands of people.
const MAX_INCOMING_BYTES: usize = 4 * 1024 * 1024;

/// A Sock Chat session.
pub struct SockchatSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// Until when the server must have let the user in.
    sign_in_by: Option<Duration>,
    /// The user's id.
    me: Option<Id>,
    outbox: Outbox,
    keepalive: Keepalive,
    /// When the next ping is due. Servers count pings only, however much else is said.
    ping_at: Option<Duration>,
    /// A ping is to be written before all else.
    ping_is_due: bool,
    /// Pings that the user asked for and that are not written.
    pings: Vec<RequestId>,
    /// Of each ping that is written and not answered: those that it was asked for by.
    pinged: VecDeque<Vec<RequestId>>,
    pace: Pace,
    /// When the session was last woken: what was due then waits for the transport, not for the clock.
    woken_at: Duration,
    requests: Requests,
    answers: Answers,
    rights: Rights,
    assets: Assets,
    places: Places,
    way_back: WayBack,
    /// Nobody goes back to where they were thrown out.
    is_thrown_out: bool,
    /// The address of the server.
    url: String,
    people: People,
    talk: Talk,
    backlog: Backlog,
    past: Past,
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

impl fmt::Debug for SockchatSession {
    /// Without what is said and asked, in which passwords may be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SockchatSession")
            .field("phase", &self.phase)
            .field("me", &self.me)
            .field("places", &self.places)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
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
            pinged: VecDeque::new(),
            pace: Pace::default(),
            requests: Requests::default(),
            answers: Answers::default(),
            rights: Rights::default(),
            assets: Assets::default(),
            places: Places::default(),
            way_back: WayBack::default(),
            is_thrown_out: false,
            url: String::new(),
            people: People::default(),
            talk: Talk::default(),
            backlog: Backlog::default(),
            past: Past::default(),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// What Sock Chat can do, with every right.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        rights::capabilities()
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

    /// Gives up on what the server does not answer; a late echo still counts.
    fn give_up(&mut self, now: Now) {
        if self.keepalive.is_paused() {
            return;
        }
        for request in self.answers.give_up(now.mono) {
            let words = if self.outbox.contains(request) {
                "the server has not sent the message back; the user may be silenced"
            } else {
                "the server has not answered"
            };
            self.settle(request, Err(Error::new(ErrorKind::OutcomeUnknown, words)));
        }
    }

    /// A ping is due by the clock.
    fn ping(&mut self, now: Now) {
        self.keepalive.asked(now.mono);
        self.ping_is_due = self.is_up();
        self.ping_at = self.is_up().then(|| now.mono + PING_INTERVAL);
    }

    /// A ping is being written, by the clock or for the user: it does for both.
    fn next_ping(&mut self, now: Now, user_id: &str) -> String {
        self.ping(now);
        self.ping_is_due = false;
        self.pinged.push_back(std::mem::take(&mut self.pings));
        let ping = ClientPacket::Ping {
            user_id,
            time: None,
        };
        ping.encode()
    }

    /// Servers answer pings in order.
    fn pong(&mut self) {
        self.event(StatusEvent::Ping { artifact: None });
        for request in self.pinged.pop_front().unwrap_or_default() {
            self.finish(request, Ok(()));
        }
    }

    fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up | Phase::Leaving)
    }

    /// What is to be written next, and may be by the pace.
    fn next_frame(&mut self, now: Now) -> Option<String> {
        let me = self.me.clone()?;
        if self.ping_is_due && self.pace.next_ping() <= now.mono {
            return Some(self.next_ping(now, &me));
        }
        if self.pace.next() > now.mono {
            return None;
        }
        let text = match self.next_wish()? {
            Wish::Ping => return Some(self.next_ping(now, &me)),
            Wish::Request => self.next_request(now)?,
            Wish::Message => self.next_message(now)?,
        };
        let message = ClientPacket::Message {
            user_id: &me,
            text: &text,
            channel: None,
        };
        Some(message.encode())
    }

    /// What has waited for longest of that which may be written now.
    fn next_wish(&self) -> Option<Wish> {
        let message = self.next_to_say().map(|pending| pending.request);
        let ping = self.pings.first().map(|ping| (*ping, Wish::Ping));
        let request = self.requests.next().map(|request| (request, Wish::Request));
        let message = message.map(|message| (message, Wish::Message));
        let wishes = [ping, request, message].into_iter().flatten();
        wishes.min_by_key(|(asked, _)| *asked).map(|(_, wish)| wish)
    }

    /// When the pace lets the next packet go, if one waits.
    fn next_packet(&self) -> Option<Duration> {
        let ping = self.ping_is_due.then(|| self.pace.next_ping());
        let wish = self.next_wish().map(|_| self.pace.next());
        ping.into_iter().chain(wish).min()
    }
}

/// What waits to be written besides the pings of the clock.
enum Wish {
    Ping,
    Request,
    Message,
}

impl SockchatSession {
    /// An idle account keeps no room for events, which are large.
    fn drop_room(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
    }
}

impl Session for SockchatSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], _seed: Seed) -> Result<(), Error> {
        let (url, login) = Login::read(auth)?;
        self.login = Some(login);
        if self.url != url {
            // A password is for the server that it was given to.
            self.way_back.forget();
            self.url.clone_from(&url);
        }
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
        self.request(now, request, event)
    }

    fn handle_http(&mut self, _now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        self.emotes_came(token, result);
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
        if is_due(self.backlog.ends()) {
            self.end_backlog();
        }
        self.give_up(now);
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
        self.answers.restart_clocks(now.mono);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        match self.phase {
            Phase::Up => self.phase = Phase::Leaving,
            Phase::Leaving | Phase::Closing => {}
            // Nobody is let in yet: nothing may be said.
            Phase::Down | Phase::Opening | Phase::SigningIn => {
                self.phase = Phase::Closing;
                self.sign_in_by = None;
                self.transmits.push_back(Transmit::Close {
                    code: Some(1000),
                    reason: String::new(),
                    error: None,
                });
            }
        }
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.phase = Phase::Down;
        self.sign_in_by = None;
        self.keepalive.stop();
        self.transmits.clear();
        self.ping_is_due = false;
        self.ping_at = None;
        let cut = self.answers.cut();
        let asked = cut.iter().filter(|open| open.echo.is_none());
        let mut lost: Vec<RequestId> = asked.map(|open| open.request).collect();
        lost.retain(|request| !self.outbox.contains(*request));
        lost.extend(self.requests.take_all());
        lost.retain(|request| !self.way_back.is(*request));
        let was_up = self.places.is_in();
        let was_in = self.places.cut();
        if was_up {
            lost.extend(self.way_back.cut(was_in));
        }
        if closed.asked || std::mem::take(&mut self.is_thrown_out) {
            self.way_back.forget();
        }
        lost.append(&mut self.pings);
        lost.extend(self.pinged.drain(..).flatten());
        for request in lost {
            let lost = Error::new(ErrorKind::Lost, "the connection ended first");
            self.finish(request, Err(lost));
        }
        self.backlog.cut(cut);
        self.past.leave_all();
        self.talk.cut();
        self.assets.cut();
        if closed.asked {
            let ended = self.outbox.end();
            self.events.extend(ended);
        } else {
            self.outbox.cut();
        }
    }

    fn farewell(&mut self) -> Option<Error> {
        self.transmits
            .iter_mut()
            .find_map(|transmit| match transmit {
                Transmit::Close { error, .. } => error.take(),
                _ => None,
            })
    }

    fn poll_event(&mut self) -> Option<SessionEvent> {
        let event = self.events.pop_front();
        if event.is_none() && !self.is_up() {
            self.drop_room();
        }
        event
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.transmits.pop_front() {
            return Some(transmit);
        }
        if self.is_up()
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
        // All that came together has been read by now.
        self.drop_room();
        None
    }

    fn deadline(&self) -> Option<Duration> {
        let pace = self.next_packet().filter(|_| self.phase == Phase::Up);
        let pace = pace.filter(|next| *next > self.woken_at);
        let answers = self.answers.deadline();
        [
            self.outbox.deadline(),
            self.keepalive.deadline(),
            self.sign_in_by,
            self.ping_at,
            self.backlog.ends(),
            answers.filter(|_| !self.keepalive.is_paused()),
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
