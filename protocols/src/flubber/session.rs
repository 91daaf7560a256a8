//! The host's session: starts a backend, asks it what the user wants, and tells what it says.

mod answers;
mod asks;
mod extension;
mod past;
mod requests;
mod rooms;
mod seen;
mod sign_in;
mod talk;
#[cfg(test)]
mod tests;
mod uploads;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::outbox::Outbox;
use kaiwa_core::session::{
    Closed, HttpResponse, HttpToken, Now, Seed, Session, SessionEvent, Transmit,
};
use kaiwa_core::{
    AuthField, Capabilities, ConnectionEvent, Error, ErrorKind, EventKind, Id, Protocol, RequestId,
    StatusEvent,
};

use self::asks::{Asks, Why};
use self::extension::Extension;
use self::past::Past;
use self::rooms::Rooms;
use self::talk::Talk;
use self::uploads::{MAX_FILE_BYTES, Uploads};
use super::login::{self, Login};
use super::wire::{Fault, FromBackend, Reader, WireError, sequence_number};

/// How long a backend may take from its start to its init info.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How long a backend may take to answer a request.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// How long a backend may take from its init info to whatever comes next. It says that it speaks the extension right after
/// its init info, so one that has said nothing by then is taken for a plain one that waits to be asked, until it says otherwise.
const HELLO_LIMIT: Duration = Duration::from_secs(1);

/// What the user is called as long as the backend has not said so, which the protocol lacks.
pub const SELF: &str = "self";

/// A host's session with a backend.
#[derive(Debug)]
pub struct FlubberSession {
    capabilities: Capabilities,
    phase: Phase,
    login: Option<Login>,
    reader: Reader,
    /// When a backend has been silent for too long at its start.
    greet_by: Option<Duration>,
    /// When the backend stood; what was said long before is no news.
    up_since: DateTime<Utc>,
    /// The own id, once it is known.
    me: Option<Id>,
    asks: Asks,
    rooms: Rooms,
    talk: Talk,
    past: Past,
    extension: Extension,
    outbox: Outbox,
    uploads: Uploads,
    /// What was cut off by the last end has been settled.
    is_settled: bool,
    is_paused: bool,
    skipped: u64,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Opening,
    /// The init info is awaited.
    Greeting,
    /// It has come; the next value says whether the backend speaks the extension.
    Deciding,
    /// The extension is spoken; the backend connects.
    Connecting,
    Up,
    /// The user leaves: what waits is written, then the goodbye.
    Leaving,
    Closing,
}

impl Default for FlubberSession {
    fn default() -> Self {
        Self::new()
    }
}

impl FlubberSession {
    /// A session that has never been connected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capabilities: Self::capabilities(),
            phase: Phase::Down,
            login: None,
            reader: Reader::default(),
            greet_by: None,
            up_since: DateTime::UNIX_EPOCH,
            me: None,
            asks: Asks::default(),
            rooms: Rooms::default(),
            talk: Talk::default(),
            past: Past::default(),
            extension: Extension::default(),
            outbox: Outbox::new(),
            uploads: Uploads::default(),
            is_settled: true,
            is_paused: false,
            skipped: 0,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// What every backend can do; one that speaks the extension says what else.
    #[must_use]
    pub fn capabilities() -> Capabilities {
        Capabilities::new()
            .sends(&[
                EventKind::ChatNew,
                EventKind::ChatRequestHistory,
                EventKind::ChannelNew,
                EventKind::ChannelCreate,
                EventKind::ChannelJoin,
                EventKind::ChannelLeave,
            ])
            .max_file_bytes(MAX_FILE_BYTES)
            .confirmation(Confirmation::Acknowledged)
    }

    fn event(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    fn event_of(&mut self, request: Option<RequestId>, event: impl Into<ConnectionEvent>) {
        let event = event.into();
        self.events.push_back(SessionEvent { request, event });
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

    fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up | Phase::Leaving)
    }

    fn close(&mut self, error: Option<Error>) {
        self.phase = Phase::Closing;
        self.greet_by = None;
        self.transmits.push_back(Transmit::Close {
            code: None,
            reason: String::new(),
            error,
        });
    }

    /// One value of the backend's.
    fn value(&mut self, now: Now, json: &str) {
        if self.phase == Phase::Greeting {
            return self.greeted(now, json);
        }
        match FromBackend::decode(json) {
            Ok(FromBackend::Answer {
                body,
                sequence_number,
            }) => {
                self.decide(now);
                self.answered(now, sequence_number, Ok(body));
            }
            Ok(FromBackend::Update(update)) => self.updated(now, update),
            Err(error) if error.fault() == Fault::Data => {
                self.decide(now);
                match sequence_number(json) {
                    Some(number) => self.answered(now, number, Err(error)),
                    None => self.skipped += 1,
                }
            }
            Err(error) => self.broken(error),
        }
    }

    fn broken(&mut self, error: WireError) {
        let kind = match error.fault() {
            Fault::TooLarge | Fault::TooDeep => ErrorKind::TooLarge,
            Fault::Syntax | Fault::Utf8 | Fault::Data => ErrorKind::Protocol,
        };
        let text = format!("the backend does not speak its protocol: {error}");
        self.close(Some(Error::new(kind, text)));
    }
}

impl Session for FlubberSession {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], _seed: Seed) -> Result<(), Error> {
        let login = Login::read(auth)?;
        self.transmits
            .push_back(Transmit::Open(login.target.clone()));
        self.login = Some(login);
        self.phase = Phase::Opening;
        Ok(())
    }

    fn handle_open(&mut self, now: Now) {
        self.phase = Phase::Greeting;
        self.reader = Reader::default();
        self.greet_by = Some(now.mono + INIT_LIMIT);
    }

    fn handle_bytes(&mut self, now: Now, bytes: &[u8]) {
        let mut input = bytes;
        // Out of `self` meanwhile, for the values lie in it.
        let mut reader = std::mem::take(&mut self.reader);
        while !matches!(self.phase, Phase::Closing | Phase::Down) {
            match reader.next(&mut input) {
                Ok(Some(json)) => self.value(now, json),
                Ok(None) => break,
                Err(error) => self.broken(error),
            }
        }
        self.reader = reader;
    }

    fn handle_http_progress(&mut self, _now: Now, token: HttpToken, sent: u64, total: u64) {
        self.reading(token, sent, total);
    }

    fn handle_http(&mut self, _now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        self.was_read(token, result);
    }

    fn handle_send(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        self.request(now, request, event)
    }

    fn handle_timeout(&mut self, now: Now) {
        let expired = self.outbox.expire(now);
        self.events.extend(expired);
        self.asks.wake(now.mono);
        if self.greet_by.is_some_and(|by| by <= now.mono) {
            self.greet_by = None;
            match self.phase {
                Phase::Greeting => self.close(Some(Error::new(
                    ErrorKind::TimedOut,
                    "the backend says no init info",
                ))),
                Phase::Deciding => {
                    self.decide(now);
                    self.extension.may_follow(true);
                }
                _ => {}
            }
        }
        if !self.is_paused {
            self.give_up(now);
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.is_paused = true;
    }

    fn handle_resume(&mut self, now: Now) {
        self.is_paused = false;
        self.asks.restart_clocks(now.mono);
    }

    fn handle_disconnect(&mut self, _now: Now) {
        match self.phase {
            Phase::Up => self.phase = Phase::Leaving,
            Phase::Leaving | Phase::Closing => {}
            Phase::Down
            | Phase::Opening
            | Phase::Greeting
            | Phase::Deciding
            | Phase::Connecting => self.close(None),
        }
    }

    fn handle_close(&mut self, now: Now, closed: &Closed<'_>) {
        if self.rooms.were_told() {
            self.release_all(now);
        }
        self.phase = Phase::Down;
        self.greet_by = None;
        self.is_paused = false;
        self.reader = Reader::default();
        self.transmits.clear();
        for why in self.asks.cut() {
            let Some(request) = why.request() else {
                continue;
            };
            if self.outbox.contains(request) {
                self.extension.cut_off(request);
            } else if !matches!(why, Why::KaiwaSay(_)) {
                // A message that is in no outbox is settled; only the backend's `Done` had not come.
                let lost = Error::new(ErrorKind::Lost, "the backend ended first");
                self.finish(request, Err(lost));
            }
        }
        self.past.clear();
        self.uploads.cut();
        self.rooms.cut();
        if closed.asked {
            let ended = self.outbox.end();
            self.events.extend(ended);
        } else {
            self.outbox.cut();
        }
        self.is_settled = false;
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
        if event.is_none() && self.events.capacity() > 64 {
            // An idle account keeps no room for events, which are large.
            self.events = VecDeque::new();
        }
        event
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.transmits.pop_front() {
            return Some(transmit);
        }
        if let Some(transmit) = self.next_request(now) {
            return Some(transmit);
        }
        if self.phase == Phase::Leaving {
            self.close(None);
            return self.transmits.pop_front();
        }
        None
    }

    fn deadline(&self) -> Option<Duration> {
        let asks = self.asks.deadline(self.is_paused);
        [self.outbox.deadline(), self.greet_by, asks]
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
