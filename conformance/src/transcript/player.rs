//! Plays a transcript on a session.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::DateTime;
use kaiwa_core::session::{
    Closed, Frame, HttpBody, HttpRequest, HttpResponse, HttpToken, Now, Session, SessionEvent,
    Target, Transmit,
};
use kaiwa_core::{AuthField, Error, ErrorKind, EventKind, FieldValue, RequestId};

use super::Feeding;
use super::line::{Answer, Line, Said, Step, Wanted, find_kind, pictured};
use super::pattern::Names;

/// A transcript begins at this wall time (2026-01-01).
const BEGIN_SECONDS: i64 = 1_767_225_600;

/// Deadlines that may pass in one `T:`; a session that wants more never lets time pass.
const MAX_TIMEOUTS: usize = 1000;

pub(super) struct Player<'a> {
    session: &'a mut dyn Session,
    feeding: Feeding,
    dice: u64,
    lines: bool,
    /// The session has asked to close the transport, so it is asked for nothing more, as the driver does it.
    closing: bool,
    form: Vec<AuthField>,
    now: Duration,
    /// What the last ping carried: its pong carries the same.
    ping: Vec<u8>,
    /// Said and not yet handed over.
    input: Vec<Said>,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
    names: Names,
    requests: BTreeMap<String, RequestId>,
    exchanges: BTreeMap<String, HttpToken>,
}

impl<'a> Player<'a> {
    pub(super) fn new(session: &'a mut dyn Session, feeding: Feeding) -> Self {
        let dice = match feeding {
            Feeding::Cut(seed) => seed,
            Feeding::Whole | Feeding::Pieces => 0,
        };
        Self {
            session,
            feeding,
            dice: dice.wrapping_mul(2).wrapping_add(1),
            lines: false,
            closing: false,
            form: Vec::new(),
            now: Duration::from_secs(1),
            ping: Vec::new(),
            input: Vec::new(),
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            names: Names::default(),
            requests: BTreeMap::new(),
            exchanges: BTreeMap::new(),
        }
    }

    pub(super) fn play(mut self, lines: &[Line]) -> Result<(), String> {
        for Line { number, step } in lines {
            self.step(step)
                .map_err(|wrong| format!("{number}: {wrong}"))?;
        }
        self.feed();
        self.nothing_left().map_err(|wrong| format!("end: {wrong}"))
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Step::Server(said) = step {
            if self.input.is_empty() {
                self.nothing_left()?;
            }
            self.input.push(match said {
                Said::Text(text) => Said::Text(self.names.fill(text)?),
                other => other.clone(),
            });
            return Ok(());
        }
        self.feed();
        match step {
            Step::Open(target) => return self.open(target),
            Step::Client(said) => return self.client(said),
            Step::Event { cause, event } => return self.event(cause.as_deref(), event),
            Step::Close(kind) => return self.close(*kind),
            Step::Http { name, wanted } => return self.http(name, wanted),
            _ => {}
        }
        self.nothing_left()?;
        self.input_step(step)?;
        self.collect();
        Ok(())
    }

    fn input_step(&mut self, step: &Step) -> Result<(), String> {
        let now = self.time();
        match step {
            Step::Transport { lines } => self.lines = *lines,
            Step::Form(json) => self.form = form(json)?,
            Step::Connect(expected) => {
                self.closing = false;
                let mut seed = [0; 32];
                seed.fill_with(|| self.roll().to_le_bytes()[0]);
                let result = self.session.handle_connect(now, &self.form, seed);
                return compare("connect", *expected, result);
            }
            Step::User { name, event } => return self.user(name, event),
            Step::Time(time) => return self.pass(*time),
            Step::Pause => self.session.handle_pause(now),
            Step::Resume => self.session.handle_resume(now),
            Step::Disconnect => self.session.handle_disconnect(now),
            Step::Closed => self.session.handle_close(
                now,
                &Closed {
                    asked: true,
                    code: None,
                    error: None,
                },
            ),
            Step::Lost => {
                let error = Error::new(ErrorKind::Lost, "the transport is gone");
                let closed = Closed {
                    asked: false,
                    code: None,
                    error: Some(&error),
                };
                self.session.handle_close(now, &closed);
            }
            Step::Answer { name, answer } => return self.answer(name, answer),
            Step::Open(_)
            | Step::Http { .. }
            | Step::Server(_)
            | Step::Client(_)
            | Step::Event { .. }
            | Step::Close(_) => {}
        }
        Ok(())
    }

    fn time(&self) -> Now {
        let begin = DateTime::from_timestamp(BEGIN_SECONDS, 0).unwrap_or_default();
        Now {
            mono: self.now,
            utc: begin + self.now,
        }
    }

    fn roll(&mut self) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.dice >> 33
    }

    /// Hands over what the server has said since something came out.
    fn feed(&mut self) {
        let input = std::mem::take(&mut self.input);
        if input.is_empty() {
            return;
        }
        if self.lines {
            self.feed_bytes(&input);
        } else {
            for said in input {
                self.feed_frame(said);
                if self.feeding == Feeding::Pieces || self.roll().is_multiple_of(2) {
                    self.collect();
                }
            }
        }
        self.collect();
    }

    fn feed_frame(&mut self, said: Said) {
        let now = self.time();
        let frame = match said {
            Said::Text(text) => Frame::Text(Cow::Owned(text)),
            Said::Binary(bytes) | Said::Bytes(bytes) => Frame::Binary(Cow::Owned(bytes)),
            Said::Ping => Frame::Ping(Cow::Borrowed(b"")),
            Said::Pong => Frame::Pong(Cow::Owned(self.ping.clone())),
        };
        self.session.handle_frame(now, frame);
    }

    fn feed_bytes(&mut self, input: &[Said]) {
        let mut stream = Vec::new();
        for said in input {
            match said {
                Said::Text(line) => {
                    stream.extend_from_slice(line.as_bytes());
                    stream.push(b'\n');
                }
                Said::Bytes(bytes) | Said::Binary(bytes) => stream.extend_from_slice(bytes),
                Said::Ping | Said::Pong => {}
            }
        }
        let mut rest = stream.as_slice();
        while !rest.is_empty() {
            let length = match self.feeding {
                Feeding::Whole => rest.len(),
                Feeding::Pieces => 1,
                Feeding::Cut(_) => {
                    usize::try_from(self.roll()).unwrap_or(1) % rest.len().min(64) + 1
                }
            };
            let (piece, after) = rest.split_at(length);
            self.session.handle_bytes(self.time(), piece);
            self.collect();
            rest = after;
        }
    }

    /// Polls everything that the session wants to come out; polling may bring events too.
    fn collect(&mut self) {
        self.events
            .extend(std::iter::from_fn(|| self.session.poll_event()));
        loop {
            if self.closing || matches!(self.transmits.back(), Some(Transmit::Open(_))) {
                return;
            }
            let transmit = self.session.poll_transmit(self.time());
            self.events
                .extend(std::iter::from_fn(|| self.session.poll_event()));
            let Some(transmit) = transmit else {
                return;
            };
            self.closing = matches!(transmit, Transmit::Close { .. });
            self.transmits.push_back(transmit);
        }
    }

    fn nothing_left(&self) -> Result<(), String> {
        if let Some(event) = self.events.front() {
            return Err(format!(
                "before this comes the event {}",
                json(&event.event)
            ));
        }
        match self.transmits.front() {
            Some(transmit) => Err(format!("before this comes {}", show(transmit))),
            None => Ok(()),
        }
    }

    fn open(&mut self, expected: &str) -> Result<(), String> {
        match self.transmits.pop_front() {
            Some(Transmit::Open(target)) => {
                self.names.check(expected, &address(&target))?;
                self.session.handle_open(self.time());
                self.collect();
                Ok(())
            }
            other => Err(format!(
                "expected a wish to open, but got {}",
                show_any(other.as_ref())
            )),
        }
    }

    fn client(&mut self, expected: &Said) -> Result<(), String> {
        let transmit = self.transmits.pop_front();
        match (expected, &transmit) {
            (Said::Text(expected), Some(Transmit::Bytes(bytes))) => self
                .names
                .check(expected, String::from_utf8_lossy(bytes).trim_end()),
            (Said::Text(expected), Some(Transmit::Frame(Frame::Text(text)))) => {
                self.names.check(expected, text)
            }
            (Said::Binary(expected), Some(Transmit::Frame(Frame::Binary(bytes))))
                if **expected == **bytes =>
            {
                Ok(())
            }
            (Said::Ping, Some(Transmit::Frame(Frame::Ping(carried)))) => {
                self.ping = carried.to_vec();
                Ok(())
            }
            (Said::Pong, Some(Transmit::Frame(Frame::Pong(_)))) => Ok(()),
            (expected, other) => Err(format!(
                "expected {expected:?}, but got {}",
                show_any(other.as_ref())
            )),
        }
    }

    fn http(&mut self, name: &str, wanted: &Wanted) -> Result<(), String> {
        let Some(Transmit::Http { token, request }) = self.transmits.front() else {
            let other = show_any(self.transmits.front());
            return Err(format!("expected an HTTP request, but got {other}"));
        };
        let HttpRequest {
            method, url, body, ..
        } = request;
        let header = request
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let authorization = header.map_or("", |(_, value)| value);
        let expected = wanted.authorization.as_deref().unwrap_or_default();
        self.names.check(expected, authorization)?;
        let (line, actual) = (
            format!("{} {}", wanted.method, wanted.url),
            format!("{method} {url}"),
        );
        self.names.check(&line, &actual)?;
        self.names.check(&wanted.body, &show_body(body))?;
        self.exchanges.insert(name.to_owned(), *token);
        self.transmits.pop_front();
        Ok(())
    }

    fn answer(&mut self, name: &str, answer: &Answer) -> Result<(), String> {
        let token = self.exchanges.remove(name);
        let token = token.ok_or_else(|| format!("no open HTTP request is called {name}"))?;
        let result = match answer {
            Answer::Response { status, body } => Ok(HttpResponse {
                status: *status,
                headers: Vec::new(),
                body: self.names.fill(body)?.into_bytes(),
            }),
            Answer::Failed(kind) => Err(Error::new(*kind, "the exchange failed")),
        };
        self.session.handle_http(self.time(), token, result);
        self.collect();
        Ok(())
    }

    fn close(&mut self, expected: Option<ErrorKind>) -> Result<(), String> {
        match self.transmits.pop_front() {
            Some(Transmit::Close { error, .. }) => {
                compare("close", expected, error.map_or(Ok(()), Err))
            }
            other => Err(format!(
                "expected a wish to close, but got {}",
                show_any(other.as_ref())
            )),
        }
    }

    fn event(&mut self, cause: Option<&str>, expected: &str) -> Result<(), String> {
        let Some(SessionEvent { request, event }) = self.events.pop_front() else {
            return Err(format!("no event, expected {expected}"));
        };
        if let Some(name) = cause {
            let named = self.requests.get(name).copied();
            if named.is_none() || named != request {
                return Err(format!("caused by {request:?}, expected {name} {named:?}"));
            }
        }
        if expected.starts_with('{') {
            return self.names.check(expected, &json(&event));
        }
        let (kind, fields) = expected.split_once(' ').unwrap_or((expected, ""));
        if event.kind().to_string() != kind {
            return Err(format!("expected {expected}\n  but got {}", json(&event)));
        }
        if fields.is_empty() {
            return Ok(());
        }
        self.names
            .check(&whole(event.kind(), fields), &json(&event))
    }

    fn user(&mut self, name: &str, event: &str) -> Result<(), String> {
        let event = self.names.fill(event)?;
        let event = match event.split_once(' ') {
            Some((kind, fields)) if !kind.starts_with('{') => {
                let known = EventKind::ALL
                    .iter()
                    .find(|known| known.to_string() == kind);
                whole(*known.ok_or("no such event")?, fields)
            }
            _ => event,
        };
        let event = serde_json::from_str(&event).map_err(|e| format!("no event: {e}"))?;
        let request = RequestId::fresh();
        let result = match self.session.capabilities().check(&event) {
            Ok(()) => self.session.handle_send(self.time(), request, event),
            refused => refused,
        };
        let expected = find_kind(name);
        if expected.is_none() {
            self.names.set(name, request.to_string());
            self.requests.insert(name.to_owned(), request);
        }
        compare("U", expected, result)
    }

    /// Lets time pass, stopping at every deadline on the way.
    fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now + time;
        for _ in 0..MAX_TIMEOUTS {
            match self.session.deadline() {
                Some(deadline) if deadline <= end => {
                    self.now = self.now.max(deadline);
                    self.session.handle_timeout(self.time());
                    self.collect();
                }
                _ => {
                    self.now = end;
                    return Ok(());
                }
            }
        }
        Err("the session's deadlines never end".to_owned())
    }
}

/// The login form in a JSON object of strings.
fn form(json: &str) -> Result<Vec<AuthField>, String> {
    let fields: BTreeMap<String, String> =
        serde_json::from_str(json).map_err(|e| format!("no form: {e}"))?;
    let field = |(name, value)| AuthField {
        name,
        display: None,
        value: FieldValue::Text(Some(value)),
        required: false,
    };
    Ok(fields.into_iter().map(field).collect())
}

fn compare(
    what: &str,
    expected: Option<ErrorKind>,
    result: Result<(), Error>,
) -> Result<(), String> {
    match (expected, result) {
        (None, Ok(())) => Ok(()),
        (Some(kind), Err(error)) if error.kind() == kind => Ok(()),
        (expected, Ok(())) => Err(format!("{what}: expected {expected:?}, but it succeeds")),
        (expected, Err(error)) => Err(format!("{what}: expected {expected:?}, but got {error:?}")),
    }
}

/// The JSON of an event from its name and fields.
fn whole(kind: EventKind, fields: &str) -> String {
    format!(
        r#"{{"{}":{{"event":{{"{}":{fields}}}}}}}"#,
        kind.group(),
        kind.variant()
    )
}

fn address(target: &Target) -> String {
    match target {
        Target::WebSocket { url, .. } => url.clone(),
        Target::Tcp { host, port } => format!("tcp {host}:{port}"),
        Target::Tls { host, port } => format!("tls {host}:{port}"),
        other => format!("{other:?}"),
    }
}

fn json(event: &impl serde::Serialize) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

fn show_any(transmit: Option<&Transmit>) -> String {
    transmit.map_or_else(|| "nothing".to_owned(), show)
}

fn show(transmit: &Transmit) -> String {
    match transmit {
        Transmit::Bytes(bytes) => {
            format!("what the client says: {}", String::from_utf8_lossy(bytes))
        }
        Transmit::Frame(Frame::Text(text)) => {
            format!("what the client says: {}", pictured(text))
        }
        Transmit::Http { request, .. } => {
            let HttpRequest {
                method, url, body, ..
            } = request;
            let body = show_body(body);
            format!("the HTTP request {method} {url} {body}")
        }
        other => format!("{other:?}"),
    }
}

/// The bytes, or `file PATH`.
fn show_body(body: &HttpBody) -> Cow<'_, str> {
    match body {
        HttpBody::Bytes(bytes) => String::from_utf8_lossy(bytes),
        HttpBody::File { path, .. } => format!("file {}", path.display()).into(),
        other => format!("{other:?}").into(),
    }
}
