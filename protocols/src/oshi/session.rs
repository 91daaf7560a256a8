//! The Oshi session: one WebSocket, and uploads beside it.
//!
//! The first frame signs in; the server greets and tells the user's circles, streams and subscriptions. With that the
//! session is `Connected` and shows them all. What was said in the streams follows a few streams at a time, those first
//! where something happens ([`catch_up`]); live changes of a stream wait for its own backlog only.
//!
//! Requests are numbered and the server answers each ([`calls`], [`tasks`]). An own message has a nonce, by which the server
//! knows it again: what was not confirmed before a connection broke is sent again ([`outgoing`], [`sending`]).

mod calls;
mod catch_up;
mod changes;
mod failure;
mod lists;
mod live;
mod nonces;
mod outgoing;
mod pace;
mod people;
mod pings;
mod places;
mod reacted;
mod requests;
mod sending;
mod showing;
mod sign_in;
mod silence;
mod tasks;
#[cfg(test)]
mod tests;
mod typing;
mod uploads;
mod want_channel;
mod want_chat;
mod want_user;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use kaiwa_core::session::{
    Closed, Frame, HttpResponse, HttpToken, Now, Seed, Session, SessionEvent, Transmit,
};
use kaiwa_core::{
    AuthField, Capabilities, ConnectionEvent, Error, ErrorKind, EventKind, Id, Protocol, RequestId,
    StatusEvent,
};

use self::calls::{Calls, Purpose};
use self::nonces::Nonces;
use self::outgoing::Outgoing;
use self::pace::Pace;
use self::people::People;
use self::pings::Pings;
use self::places::{Circle, Stream};
use self::reacted::Reacted;
use self::sign_in::Greeting;
use self::tasks::Reply;
use self::typing::Typing;
use self::uploads::Uploads;
use super::login::{self, Login};
use super::wire::{CircleId, ServerFrame, StreamId, UserId, limit};
use crate::keepalive::Keepalive;

/// How long it may be quiet before a ping: less than the minute after which middle boxes forget.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How long the answer to a ping may take.
const PONG_LIMIT: Duration = Duration::from_secs(10);

/// What `send` takes.
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
    EventKind::ChannelTopic,
    EventKind::ChannelMembers,
    EventKind::ChannelCreate,
    EventKind::ChannelJoinWith,
    EventKind::ChannelInvite,
    EventKind::ChannelDirectory,
    EventKind::UserUpdate,
    EventKind::UserRemove,
    EventKind::UserData,
    EventKind::UserRequestData,
    EventKind::StatusPing,
];

/// An Oshi session.
pub struct OshiSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    /// What signs in the next time, and uploads.
    token: Option<String>,
    /// The account is there: it need not be made.
    registered: bool,
    /// The account was there before it could be made.
    name_taken: bool,
    /// Known from the first sign-in on.
    me: Option<Me>,
    /// The same for the life of the session, so that own messages are known again.
    nonces: Option<Nonces>,
    /// The frame that signs in, until it is written.
    first_frame: Option<String>,
    greeting: Greeting,
    calls: Calls,
    circles: BTreeMap<CircleId, Circle>,
    streams: BTreeMap<StreamId, Stream>,
    /// Channels of another account, to be taken away when this one is signed in.
    departed: Vec<Id>,
    people: People,
    /// Keys of what the user keeps on the server.
    data: BTreeSet<String>,
    outgoing: Outgoing,
    uploads: Uploads,
    pace: Pace,
    typing: Typing,
    pings: Pings,
    reacted: Reacted,
    /// Requests of the user that are no messages, until each has ended.
    open: BTreeSet<RequestId>,
    /// Streams to be looked at, in this order.
    line: VecDeque<StreamId>,
    /// Streams that are looked at.
    busy: BTreeSet<StreamId>,
    /// Bytes of changes that are held back.
    held_bytes: usize,
    keepalive: Keepalive,
    skipped: u64,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
}

/// Who the user is.
struct Me {
    id: UserId,
    /// Login name and display name.
    profile: (String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Opening,
    /// The transport stands since then.
    SigningIn(Duration),
    Up,
    /// The user leaves since then, if something was polled: what waits is written, and its answers are waited for.
    Leaving(Duration),
    Closing,
}

impl Default for OshiSession {
    fn default() -> Self {
        Self::new()
    }
}

impl OshiSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capabilities: Self::capabilities(),
            phase: Phase::Down,
            login: None,
            token: None,
            registered: false,
            name_taken: false,
            me: None,
            nonces: None,
            first_frame: None,
            greeting: Greeting::default(),
            calls: Calls::default(),
            circles: BTreeMap::new(),
            streams: BTreeMap::new(),
            departed: Vec::new(),
            people: People::default(),
            data: BTreeSet::new(),
            outgoing: Outgoing::default(),
            uploads: Uploads::default(),
            pace: Pace::default(),
            typing: Typing::default(),
            pings: Pings::default(),
            reacted: Reacted::default(),
            open: BTreeSet::new(),
            line: VecDeque::new(),
            busy: BTreeSet::new(),
            held_bytes: 0,
            keepalive: Keepalive::new(PING_INTERVAL, PONG_LIMIT),
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// What Oshi can do; a server may have other limits.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(SENDS)
            .max_text_bytes(limit::TEXT_CHARS)
            .max_file_bytes(limit::FILE_BYTES)
    }

    fn me_id(&self) -> Option<UserId> {
        self.me.as_ref().map(|me| me.id)
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

    /// Reads a frame of a connection that is signed in.
    fn heard(&mut self, now: Now, text: &str) {
        match ServerFrame::parse(text) {
            Ok(ServerFrame::Event(event)) => self.happened(now, event),
            Ok(ServerFrame::Ok { re, answer }) => {
                self.answered(now, re.as_ref(), Reply::Answer(answer));
            }
            Ok(ServerFrame::History(mut page)) => {
                let re = page.re.take();
                self.answered(now, re.as_ref(), Reply::Page(page));
            }
            Ok(ServerFrame::Pong { re }) => self.answered(now, re.as_ref(), Reply::Pong),
            Ok(ServerFrame::Error(failure)) => self.not_answered(now, &failure),
            Ok(ServerFrame::Hello(_) | ServerFrame::State(_) | ServerFrame::Other) | Err(_) => {
                self.skipped += 1;
            }
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

    /// The next frame to write once signed in.
    fn next_frame(&mut self, now: Now) -> Option<Transmit> {
        let text = |frame: String| Transmit::Frame(Frame::Text(frame.into()));
        if self.pings.write() {
            return Some(Transmit::Frame(Frame::Ping(Cow::Borrowed(&[]))));
        }
        if let Some(frame) = self.calls.next(now.mono) {
            return Some(text(frame));
        }
        if self.calls.has_paced() && self.pace.is_open(now.mono) {
            self.pace.sent(now.mono);
            return self.calls.next_paced(now.mono).map(text);
        }
        self.next_message(now)
    }

    /// The connection is gone: nothing of it is waited for any more, and all streams must be looked at again.
    fn forget_connection(&mut self) {
        self.phase = Phase::Down;
        self.keepalive.stop();
        self.transmits.clear();
        self.first_frame = None;
        self.greeting = Greeting::default();
        for purpose in self.calls.end() {
            let Purpose::Task { step, .. } = purpose else {
                continue;
            };
            if let Some((stream, rev)) = step.looks() {
                self.forget_told(stream, rev);
            }
        }
        self.pings.end();
        self.uploads.end();
        self.people.end();
        self.line.clear();
        self.busy.clear();
        self.held_bytes = 0;
        for stream in self.streams.values_mut() {
            stream.catch_up = None;
        }
    }
}

impl Session for OshiSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let login = Login::read(auth)?;
        if let Some(known) = &self.login {
            if !known.is_same_account(&login) {
                self.forget_account();
            } else if known.password != login.password {
                // It is to be tried.
                self.token = None;
            }
        }
        self.nonces.get_or_insert_with(|| Nonces::new(&seed));
        self.login = Some(login);
        self.open();
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::SigningIn(now.mono);
        self.keepalive.heard(now.mono);
        self.authenticate();
    }

    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        self.keepalive.heard(now.mono);
        match (frame, self.phase) {
            (Frame::Text(text), Phase::SigningIn(_)) => self.greeted(now, &text),
            (Frame::Text(text), Phase::Up | Phase::Leaving(_)) => self.heard(now, &text),
            (Frame::Pong(_), Phase::Up | Phase::Leaving(_)) => self.pong(),
            (Frame::Binary(_), _) => self.skipped += 1,
            (Frame::Text(_) | Frame::Ping(_) | Frame::Pong(_), _) => {}
        }
    }

    fn handle_http_progress(&mut self, _now: Now, token: HttpToken, sent: u64, total: u64) {
        self.upload_progress(token, sent, total);
    }

    fn handle_http(&mut self, now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        self.upload_ended(now, token, result);
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
        if !expired.is_empty() {
            self.events.extend(expired);
            self.prune_uploads();
        }
        self.catch_up_timeout(now.mono);
        self.typing_timeout(now.mono);
        self.pace.woken(now.mono);
        self.watch(now);
    }

    fn handle_pause(&mut self, _now: Now) {
        self.keepalive.pause();
    }

    fn handle_resume(&mut self, now: Now) {
        self.keepalive.resume(now.mono);
        self.calls.restart_clocks(now.mono);
        self.restart_replays(now.mono);
        if let Phase::SigningIn(since) = &mut self.phase {
            *since = now.mono;
        }
    }

    fn handle_disconnect(&mut self, now: Now) {
        match self.phase {
            Phase::Up => self.phase = Phase::Leaving(now.mono),
            Phase::Opening | Phase::SigningIn(_) => self.close(None),
            Phase::Down | Phase::Leaving(_) | Phase::Closing => {}
        }
    }

    fn handle_close(&mut self, now: Now, closed: &Closed<'_>) {
        self.forget_typing();
        self.forget_connection();
        self.reacted = Reacted::default();
        let error = Error::new(ErrorKind::Lost, "the connection ended first");
        for request in std::mem::take(&mut self.open) {
            let error = error.info();
            self.tell(Some(request), StatusEvent::Failed { request, error });
        }
        if closed.asked {
            let ended = self.outgoing.end();
            self.events.extend(ended);
            self.uploads.clear();
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
        match self.phase {
            Phase::SigningIn(_) => {
                let frame = self.first_frame.take()?;
                Some(Transmit::Frame(Frame::Text(frame.into())))
            }
            Phase::Up => {
                self.work();
                self.next_frame(now).or_else(|| self.next_upload(now))
            }
            Phase::Leaving(_) => self.next_frame(now).or_else(|| {
                // What is left now waits for the pace, or for answers.
                if self.calls.is_empty() {
                    self.close(None);
                }
                self.transmits.pop_front()
            }),
            Phase::Down | Phase::Opening | Phase::Closing => None,
        }
    }

    fn deadline(&self) -> Option<Duration> {
        [
            self.outgoing.deadline(),
            self.keepalive.deadline(),
            self.answer_deadline(),
            self.pace_deadline(),
            self.catch_up_deadline(),
            self.typing.deadline(),
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

impl std::fmt::Debug for OshiSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OshiSession")
            .field("phase", &self.phase)
            .field("me", &self.me_id())
            .field("circles", &self.circles.len())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}
