//! A small network that uses everything a session can: frames, bytes, TLS begun later, HTTP, deadlines.
//!
//! The login field `how` is `frames`, `bytes`, `tls` (bytes, TLS begun by the session, to the host in field `host`),
//! `token` (an HTTP request first, then frames), or `early` (a word before there is a transport). The peer's words are in [`Toy::line`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaiwa_protocols::outbox::Outbox;
use kaiwa_protocols::session::{
    Closed, Frame, HttpBody, HttpRequest, HttpResponse, HttpToken, Now, Seed, Session,
    SessionEvent, Target, Transmit,
};
use kaiwa_protocols::{
    AuthField, Capabilities, ChatEvent, ConnectionEvent, Error, ErrorKind, EventKind, Message,
    Protocol, RequestId, StatusEvent,
};

/// The token of the request that asks for a sign-in.
const SIGN_IN: HttpToken = HttpToken(1000);

/// What the driver told the session, for tests to read.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) struct Toy {
    log: Log,
    capabilities: Capabilities,
    how: String,
    host: String,
    buffer: Vec<u8>,
    outbox: Outbox,
    pings: Vec<RequestId>,
    open: bool,
    leaving: bool,
    /// Frames without an end.
    stream: bool,
    bomb: Option<Bomb>,
    tick: Option<Duration>,
    /// Requests are cancelled when their file is through.
    cancel_at_end: bool,
    events: VecDeque<SessionEvent>,
    transmits: VecDeque<Transmit>,
}

/// What panics next.
#[derive(Clone, Copy, PartialEq)]
enum Bomb {
    Timeout,
    Close,
    Event,
}

impl Toy {
    pub(crate) fn new(log: &Log) -> Self {
        log.lock().unwrap().push("made".to_owned());
        Self {
            log: Arc::clone(log),
            capabilities: Capabilities::new()
                .sends(&[EventKind::ChatNew, EventKind::StatusPing])
                .max_text_bytes(100),
            how: String::new(),
            host: String::new(),
            buffer: Vec::new(),
            outbox: Outbox::new(),
            pings: Vec::new(),
            open: false,
            leaving: false,
            stream: false,
            bomb: None,
            tick: None,
            cancel_at_end: false,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    fn say(&mut self, text: &str) {
        let text = text.to_owned();
        self.transmits.push_back(match self.how.as_str() {
            "bytes" | "tls" => Transmit::Bytes(format!("{text}\n").into_bytes()),
            _ => Transmit::Frame(Frame::Text(text.into())),
        });
    }

    fn event(&mut self, event: impl Into<ConnectionEvent>) {
        self.events.push_back(SessionEvent::happened(event));
    }

    fn show(&mut self, now: Now, text: &str) {
        self.event(ChatEvent::New {
            channel_id: None,
            message: Message::text(text, now.utc),
        });
    }

    fn close(&mut self, code: u16, error: Option<Error>) {
        self.transmits.push_back(Transmit::Close {
            code: Some(code),
            reason: "toy".to_owned(),
            error,
        });
    }

    fn fetch(&mut self, token: HttpToken) {
        self.transmits.push_back(Transmit::Http {
            token,
            request: HttpRequest {
                method: "GET",
                url: format!("http://toy/{}", token.0),
                headers: Vec::new(),
                body: HttpBody::EMPTY,
                timeout: Duration::from_secs(10),
                max_response_bytes: 100,
            },
        });
    }

    /// One word of the peer's and what it makes the session do.
    fn line(&mut self, now: Now, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "welcome" => self.event(StatusEvent::Connected { artifact: None }),
            "denied" => self.close(4001, Some(Error::new(ErrorKind::Auth, "no"))),
            "enough" => self.close(4002, None),
            "go" => self.transmits.push_back(Transmit::StartTls {
                host: self.host.clone(),
            }),
            "ok" => {
                let number = rest.parse::<std::num::NonZeroU64>().unwrap();
                let events = self.outbox.confirm(number.into(), |_| {});
                self.events.extend(events);
            }
            "fetch" => (0..rest.parse().unwrap()).for_each(|n| self.fetch(HttpToken(n))),
            "cancel" => self.transmits.push_back(Transmit::CancelHttp {
                token: HttpToken(rest.parse().unwrap()),
            }),
            "cancel-at-end" => self.cancel_at_end = true,
            "tick" => self.tick = Some(now.mono + Duration::from_millis(rest.parse().unwrap())),
            "spin" => self.tick = Some(Duration::ZERO),
            "stream" => self.stream = true,
            "reopen" => self.transmits.push_back(web_socket("ws://toy/")),
            "ignored" => {}
            "panic" => panic!("planned: frame"),
            "bomb" => {
                self.bomb = Some(match rest {
                    "timeout" => Bomb::Timeout,
                    "close" => Bomb::Close,
                    "event" => Bomb::Event,
                    other => panic!("no bomb {other}"),
                });
                if self.bomb == Some(Bomb::Timeout) {
                    self.tick = Some(now.mono + Duration::from_secs(1));
                }
            }
            _ => self.show(now, line),
        }
    }

    fn blow(&self, bomb: Bomb) {
        assert!(self.bomb != Some(bomb), "planned: bomb");
    }
}

impl Session for Toy {
    fn handle_connect(&mut self, _now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        assert_ne!(seed, Seed::default());
        let how = AuthField::require(auth, "how")?;
        assert_ne!(how, "panic", "planned: connect");
        self.how = how.to_owned();
        self.host = AuthField::find(auth, "host").unwrap_or_default().to_owned();
        self.note(format!("connect {how}"));
        match how {
            "token" => self.fetch(SIGN_IN),
            "frames" => self.transmits.push_back(web_socket("ws://toy/")),
            "early" => self.say("hello"),
            _ => self.transmits.push_back(Transmit::Open(Target::Tcp {
                host: "toy".to_owned(),
                port: 1,
            })),
        }
        Ok(())
    }

    fn handle_open(&mut self, _now: Now) {
        self.note("open");
        self.open = true;
        self.say("hello");
    }

    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        match frame {
            Frame::Text(text) => self.line(now, &text),
            Frame::Pong(_) => {
                for request in std::mem::take(&mut self.pings) {
                    let done = StatusEvent::Done { request };
                    self.events.push_back(SessionEvent::caused(request, done));
                }
            }
            Frame::Binary(_) | Frame::Ping(_) => {}
        }
    }

    fn handle_bytes(&mut self, now: Now, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            self.line(now, line.trim_end());
        }
    }

    fn handle_http(&mut self, now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        match (token, result) {
            (SIGN_IN, Ok(answer)) if answer.status == 200 => {
                let ticket = String::from_utf8(answer.body).unwrap();
                self.transmits
                    .push_back(web_socket(&format!("ws://toy/{ticket}")));
            }
            (SIGN_IN, Ok(_)) => self.close(1000, Some(Error::new(ErrorKind::Auth, "no ticket"))),
            (SIGN_IN, Err(error)) => self.close(1000, Some(error)),
            (token, Ok(answer)) => self.show(now, &format!("http {} {}", token.0, answer.status)),
            (token, Err(error)) => {
                self.show(now, &format!("http {} {:?}", token.0, error.kind()));
            }
        }
    }

    fn handle_http_progress(&mut self, now: Now, token: HttpToken, sent: u64, total: u64) {
        self.show(now, &format!("http {} {sent}/{total}", token.0));
        if self.cancel_at_end && sent == total {
            self.transmits.push_back(Transmit::CancelHttp { token });
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
            } => {
                assert_ne!(message.plain_text(), "panic", "planned: send");
                let echo = self.outbox.accept(now, request, channel_id, message)?;
                self.events.push_back(echo);
                Ok(())
            }
            _ if self.open => {
                self.pings.push(request);
                self.transmits
                    .push_back(Transmit::Frame(Frame::Ping(Vec::new().into())));
                Ok(())
            }
            _ => Err(ErrorKind::State.into()),
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        self.blow(Bomb::Timeout);
        let expired = self.outbox.expire(now);
        self.events.extend(expired);
        if self.tick.is_some_and(|tick| tick <= now.mono) && self.tick != Some(Duration::ZERO) {
            self.tick = None;
            self.show(now, "tick");
        }
    }

    fn handle_pause(&mut self, _now: Now) {
        self.note("pause");
    }

    fn handle_resume(&mut self, _now: Now) {
        self.note("resume");
    }

    fn handle_disconnect(&mut self, _now: Now) {
        self.note("disconnect");
        self.leaving = true;
    }

    fn handle_close(&mut self, _now: Now, closed: &Closed<'_>) {
        self.blow(Bomb::Close);
        let kind = closed.error.map(Error::kind);
        self.note(format!(
            "close asked={} code={:?} error={kind:?}",
            closed.asked, closed.code
        ));
        self.open = false;
        self.leaving = false;
        self.stream = false;
        self.tick = None;
        self.buffer.clear();
        self.transmits.clear();
        for request in std::mem::take(&mut self.pings) {
            let failed = StatusEvent::Failed {
                request,
                error: Error::from(ErrorKind::Lost).info(),
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
        self.blow(Bomb::Event);
        self.events.pop_front()
    }

    fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        if let Some(transmit) = self.transmits.pop_front() {
            return Some(transmit);
        }
        if !self.open {
            return None;
        }
        if let Some(pending) = self.outbox.next_waiting() {
            let request = pending.request;
            let text = format!("msg {request} {}", pending.message.plain_text());
            self.outbox.written(now, request);
            self.say(&text);
        } else if self.leaving {
            self.leaving = false;
            self.say("bye");
            self.close(1000, None);
        } else if self.stream {
            self.say("more");
        }
        self.transmits.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        [self.tick, self.outbox.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn protocol_spec(&self) -> Protocol {
        Protocol {
            name: "toy".to_owned(),
            auth: Some(vec![AuthField::text("how", "How", None, true)]),
        }
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

fn web_socket(url: &str) -> Transmit {
    Transmit::Open(Target::WebSocket {
        url: url.to_owned(),
        headers: Vec::new(),
        max_message_bytes: 1000,
    })
}
