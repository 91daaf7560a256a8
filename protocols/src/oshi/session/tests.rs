//! A session and what it wants, without a server: each test says what the server says.
#![allow(
    clippy::needless_pass_by_value,
    reason = "frames are written where they are used"
)]

mod joining;
mod requests;
mod sending;
mod sign_in;
mod streams;
mod uploads;
mod words;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::DateTime;
use kaiwa_core::session::{
    Closed, Frame, HttpRequest, HttpResponse, HttpToken, Now, Session, Transmit,
};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, MessageFragment,
    RequestId, StatusEvent, UserEvent,
};
use serde_json::{Value, json};

use self::words::short;
use super::OshiSession;

const SECRET: &str = "correct-horse";
const TOKEN: &str = "token-of-ann";

struct Rig {
    session: OshiSession,
    mono: Duration,
    /// Frames written and not looked at.
    frames: VecDeque<Value>,
    uploads: VecDeque<(HttpToken, HttpRequest)>,
    cancelled: Vec<HttpToken>,
    events: Vec<(Option<RequestId>, ConnectionEvent)>,
    opened: usize,
    closed: Option<Option<Error>>,
    pings: usize,
    form: Vec<(&'static str, &'static str)>,
}

impl Rig {
    fn new(form: &[(&'static str, &'static str)]) -> Self {
        let mut rig = Self {
            session: OshiSession::new(),
            mono: Duration::from_secs(1),
            frames: VecDeque::new(),
            uploads: VecDeque::new(),
            cancelled: Vec::new(),
            events: Vec::new(),
            opened: 0,
            closed: None,
            pings: 0,
            form: form.to_vec(),
        };
        rig.connect();
        rig
    }

    /// Signed in with the circle `c1`, its stream `s1`, and the subscription to it; `s1` waits to be looked at.
    fn online() -> Self {
        let mut rig = Self::new(&[]);
        rig.frame("auth");
        rig.greet(&[("s1", 0)]);
        rig
    }

    /// The same, and `s1` has been looked at: nothing was said before.
    fn caught_up() -> Self {
        let mut rig = Self::online();
        rig.answer_sub(0, 0, 1, false);
        rig.page("s1", &[], false);
        rig.events.clear();
        rig
    }

    fn connect(&mut self) {
        let mut form = self.session.protocol_spec().auth.unwrap();
        let given = [
            ("url", "ws://localhost/"),
            ("account", "ann"),
            ("password", SECRET),
        ];
        for (name, value) in given.iter().chain(&self.form) {
            let field = form.iter_mut().find(|field| field.name == *name).unwrap();
            field.set((*value).to_owned());
        }
        let now = self.now();
        self.closed = None;
        self.session.handle_connect(now, &form, [7; 32]).unwrap();
        self.settle();
    }

    fn greet(&mut self, subs: &[(&str, i64)]) {
        self.hello();
        let streams: Vec<Value> = subs.iter().map(|(id, _)| stream(id, "c1")).collect();
        let subs: Vec<Value> = subs
            .iter()
            .map(|(id, read)| json!({"stream": id, "last_read": read}))
            .collect();
        let circle = json!({"id": "c1", "name": "Lobby", "public": true, "owner": null, "role": "member", "streams": streams});
        self.say(
            json!({"op": "state", "circles": [circle], "streams": [], "subs": subs, "data": {}}),
        );
    }

    fn hello(&mut self) {
        self.say(json!({"op": "hello", "v": 1, "user": {"id": "u1", "name": "ann", "display": "Ann"}, "token": TOKEN,
            "server": "test", "limits": {"text": 4000, "streams": 500, "file": 1000, "pub": {"count": 3, "ms": 10_000}}}));
    }

    fn now(&self) -> Now {
        Now {
            mono: self.mono,
            utc: DateTime::UNIX_EPOCH + self.mono,
        }
    }

    fn collect(&mut self) {
        let events = std::iter::from_fn(|| self.session.poll_event());
        self.events
            .extend(events.map(|event| (event.request, event.event)));
    }

    fn settle(&mut self) {
        self.collect();
        let now = self.now();
        while let Some(transmit) = self.session.poll_transmit(now) {
            match transmit {
                Transmit::Open(_) => {
                    self.opened += 1;
                    self.session.handle_open(now);
                }
                Transmit::Frame(Frame::Text(text)) => {
                    self.frames.push_back(serde_json::from_str(&text).unwrap());
                }
                Transmit::Frame(Frame::Ping(_)) => self.pings += 1,
                Transmit::Http { token, request } => self.uploads.push_back((token, request)),
                Transmit::CancelHttp { token } => self.cancelled.push(token),
                Transmit::Close { error, .. } => self.closed = Some(error),
                other => panic!("{other:?}"),
            }
            self.collect();
        }
        self.collect();
    }

    /// The server says something.
    fn say(&mut self, frame: Value) {
        self.say_text(&frame.to_string());
    }

    fn say_text(&mut self, text: &str) {
        let now = self.now();
        self.session
            .handle_frame(now, Frame::Text(text.to_owned().into()));
        self.settle();
    }

    /// The next frame, which must be this operation.
    fn frame(&mut self, op: &str) -> Value {
        let frame = self.frames.pop_front();
        let frame = frame.unwrap_or_else(|| panic!("no {op} is written"));
        assert_eq!(frame["op"], op, "{frame}");
        frame
    }

    /// Answers the next frame, which must be this operation; gives it.
    fn answer(&mut self, op: &str, answer: Value) -> Value {
        let frame = self.frame(op);
        self.reply(&frame, answer);
        frame
    }

    fn reply(&mut self, to: &Value, mut answer: Value) {
        if answer.get("op").is_none() {
            answer["op"] = "ok".into();
        }
        answer["re"] = to["id"].clone();
        self.say(answer);
    }

    fn refuse(&mut self, op: &str, code: &str) -> Value {
        self.answer(op, json!({"op": "error", "code": code, "message": "no"}))
    }

    fn answer_sub(&mut self, last: i64, rev: i64, epoch: i64, complete: bool) -> Value {
        self.answer(
            "sub",
            json!({"last": last, "rev": rev, "epoch": epoch, "complete": complete, "last_read": 0}),
        )
    }

    /// Answers the next request for a page.
    fn page(&mut self, stream: &str, messages: &[Value], more: bool) -> Value {
        self.answer(
            "history",
            json!({"op": "history", "stream": stream, "messages": messages, "more": more}),
        )
    }

    fn send(&mut self, event: impl Into<ConnectionEvent>) -> RequestId {
        let request = RequestId::fresh();
        let now = self.now();
        self.session
            .handle_send(now, request, event.into())
            .unwrap();
        self.settle();
        request
    }

    fn refused(&mut self, event: impl Into<ConnectionEvent>) -> Error {
        let now = self.now();
        let event = event.into();
        let refused = self.session.handle_send(now, RequestId::fresh(), event);
        self.settle();
        refused.unwrap_err()
    }

    fn write(&mut self, text: &str) -> RequestId {
        self.send(new("s1", vec![MessageFragment::Text(text.to_owned())]))
    }

    fn cut(&mut self) {
        let error = Error::new(ErrorKind::Lost, "cut");
        let closed = Closed {
            asked: false,
            code: None,
            error: Some(&error),
        };
        let now = self.now();
        self.session.handle_close(now, &closed);
        self.frames.clear();
        self.uploads.clear();
        self.settle();
    }

    /// Time passes, and the session's timers with it.
    fn wait(&mut self, time: Duration) {
        let until = self.mono + time;
        while let Some(due) = self.session.deadline().filter(|due| *due <= until) {
            self.mono = self.mono.max(due);
            let now = self.now();
            self.session.handle_timeout(now);
            self.settle();
            if self.session.deadline() == Some(due) {
                break;
            }
        }
        self.mono = until;
        let now = self.now();
        self.session.handle_timeout(now);
        self.settle();
    }

    /// What has happened since the last look, in short.
    fn told(&mut self) -> Vec<String> {
        let events = std::mem::take(&mut self.events);
        events.iter().map(|(_, event)| short(event)).collect()
    }

    /// The same, of what a request has caused.
    fn caused(&mut self, by: RequestId) -> Vec<String> {
        let events = std::mem::take(&mut self.events);
        let caused = events.iter().filter(|(request, _)| *request == Some(by));
        caused.map(|(_, event)| short(event)).collect()
    }
}

fn new(channel: &str, content: Vec<MessageFragment>) -> ChatEvent {
    let mut message = Message::text("", DateTime::UNIX_EPOCH);
    message.content = content;
    ChatEvent::New {
        channel_id: Some(channel.into()),
        message,
    }
}

fn stream(id: &str, circle: &str) -> Value {
    json!({"id": id, "kind": "channel", "circle": circle, "name": "general", "topic": "", "last": 0})
}

/// A message of somebody else's in `s1`.
fn message(seq: i64, rev: i64, text: &str) -> Value {
    json!({"stream": "s1", "seq": seq, "rev": rev, "id": format!("m{seq}"), "from": "u2", "name": "bob", "text": text,
        "ts": seq.wrapping_mul(1000), "edited": null, "deleted": false, "reply": null, "files": [], "reactions": [], "meta": {}})
}

fn with(mut frame: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        frame[name] = value.clone();
    }
    frame
}

fn msg(seq: i64, rev: i64, text: &str) -> Value {
    with(message(seq, rev, text), json!({"op": "msg"}))
}

fn upd(seq: i64, rev: i64, text: &str) -> Value {
    with(
        message(seq, rev, text),
        json!({"op": "upd", "edited": 5000}),
    )
}

fn react(seq: i64, rev: i64, user: &str, on: bool) -> Value {
    json!({"op": "react", "stream": "s1", "seq": seq, "rev": rev, "user": user, "emoji": "+1", "on": on})
}
