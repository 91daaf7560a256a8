//! The driver of a script: it allows what a driver of ours allows, and looks at all that the session does.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use chrono::DateTime;
use kaiwa_protocols::session::{
    Closed, Frame, HttpRequest, HttpResponse, HttpToken, Now, Session, Transmit,
};
use kaiwa_protocols::{
    AuthField, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, RequestId, StatusEvent,
};

use crate::{Action, Network};

/// Events and wishes that one input may cause: far beyond the thousand messages that a session holds.
const REST: usize = 10_000;

/// HTTP requests that a session may have under way.
const MAX_EXCHANGES: usize = 64;

/// Plays the script, then lets the user leave for good.
pub fn play<S: Session>(network: Network<S>, script: &[Action<'_>]) {
    let mut player = Player {
        auth: filled(&network),
        network,
        link: Link::Down,
        connected_once: false,
        blocked: false,
        mono: Duration::ZERO,
        paused: false,
        written: Vec::new(),
        paces: VecDeque::new(),
        pings: Vec::new(),
        exchanges: Vec::new(),
        open: BTreeSet::new(),
    };
    for action in script {
        player.act(action);
        player.settle();
    }
    player.end(None, true);
    player.settle();
    assert!(
        player.open.is_empty(),
        "the user has left, and these are still open: {:?}",
        player.open
    );
}

fn filled<S: Session>(network: &Network<S>) -> Vec<AuthField> {
    let mut form = network.session.protocol_spec().auth.unwrap_or_default();
    for field in &mut form {
        if let Some((_, value)) = network.login.iter().find(|(name, _)| field.name == *name) {
            field.set((*value).to_owned());
        }
    }
    form
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Down,
    /// The session has not asked for a transport yet.
    Connecting,
    Opening,
    Standing,
    /// The user has asked to leave; the session has not said goodbye.
    Leaving,
}

struct Player<S> {
    network: Network<S>,
    auth: Vec<AuthField>,
    link: Link,
    connected_once: bool,
    blocked: bool,
    mono: Duration,
    paused: bool,
    written: Vec<String>,
    /// When the last of them were written.
    paces: VecDeque<Duration>,
    pings: Vec<Vec<u8>>,
    exchanges: Vec<(HttpToken, HttpRequest)>,
    open: BTreeSet<RequestId>,
}

impl<S: Session> Player<S> {
    fn act(&mut self, action: &Action<'_>) {
        let now = self.now();
        let stands = matches!(self.link, Link::Standing | Link::Leaving);
        let session = &mut self.network.session;
        match action {
            Action::Connect if self.link == Link::Down => {
                let accepted = session.handle_connect(now, &self.auth, [7; 32]);
                assert!(accepted.is_ok(), "the form is complete: {accepted:?}");
                (self.link, self.connected_once) = (Link::Connecting, true);
            }
            Action::Open if self.link == Link::Opening => {
                self.link = Link::Standing;
                self.paces.clear();
                session.handle_open(now);
            }
            Action::Text(text) if stands && !self.paused => {
                // A session takes frames or bytes, and leaves the other alone.
                session.handle_frame(now, Frame::Text(Cow::Borrowed(text)));
                session.handle_bytes(now, text.as_bytes());
            }
            Action::Binary(bytes) if stands && !self.paused => {
                session.handle_frame(now, Frame::Binary(Cow::Borrowed(bytes)));
                session.handle_bytes(now, bytes);
            }
            Action::Pong(back) if stands && !self.paused => {
                let at = self.pings.len().checked_sub(usize::from(*back) + 1);
                let asked = at.and_then(|at| self.pings.get(at));
                let payload = asked.map_or(&b"unasked"[..], Vec::as_slice);
                session.handle_frame(now, Frame::Pong(Cow::Borrowed(payload)));
            }
            Action::Ping if stands && !self.paused => {
                session.handle_frame(now, Frame::Ping(Cow::Borrowed(b"kaiwa")));
            }
            Action::Answer(back) if stands && !self.paused => {
                let at = self.written.len().checked_sub(usize::from(*back) + 1);
                if let Some(text) = at.and_then(|at| self.written.get(at)) {
                    let answer = (self.network.answer)(text, now.utc);
                    session.handle_bytes(now, answer.as_bytes());
                    session.handle_frame(now, Frame::Text(Cow::Owned(answer)));
                }
            }
            Action::Say(channel, text) if self.connected_once => {
                let channel_id = channel.map(Id::from);
                let message = Message::text(*text, now.utc);
                self.submit(
                    ChatEvent::New {
                        channel_id,
                        message,
                    }
                    .into(),
                );
            }
            Action::Ask if self.connected_once => {
                self.submit(StatusEvent::Ping { artifact: None }.into());
            }
            Action::Want(wanted) if self.connected_once => {
                let event = wanted.event(now.utc, self.network.id);
                if session.capabilities().check(&event).is_ok() {
                    self.submit(event);
                }
            }
            Action::Http(at) => {
                if let Some((token, request)) = self.take_exchange(*at) {
                    let answer = (self.network.http)(&request);
                    self.network.session.handle_http(now, token, Ok(answer));
                }
            }
            Action::HttpOdd(at, status, body) => {
                if let Some((token, _)) = self.take_exchange(*at) {
                    let answer = HttpResponse {
                        status: *status,
                        headers: Vec::new(),
                        body: body.to_vec(),
                    };
                    self.network.session.handle_http(now, token, Ok(answer));
                }
            }
            Action::HttpLost(at) => {
                if let Some((token, _)) = self.take_exchange(*at) {
                    let lost = Err(Error::new(ErrorKind::Lost, "broken"));
                    self.network.session.handle_http(now, token, lost);
                }
            }
            Action::Wait(ms) => self.wait_until(self.mono + Duration::from_millis((*ms).into())),
            Action::Deadline => {
                if let Some(deadline) = session.deadline() {
                    self.wait_until(deadline.max(self.mono));
                }
            }
            Action::Pause if stands && !self.paused => {
                self.paused = true;
                session.handle_pause(now);
            }
            Action::Resume if self.paused => {
                self.paused = false;
                session.handle_resume(now);
            }
            Action::Block => self.blocked = true,
            Action::Unblock => self.blocked = false,
            Action::Disconnect if self.link == Link::Standing => {
                self.link = Link::Leaving;
                session.handle_disconnect(now);
            }
            Action::Disconnect if self.link == Link::Opening => self.end(None, true),
            Action::Break if self.link != Link::Down => {
                let asked = self.link == Link::Leaving;
                self.end(Some(&Error::new(ErrorKind::Lost, "broken")), asked);
            }
            _ => {}
        }
    }

    fn take_exchange(&mut self, at: u8) -> Option<(HttpToken, HttpRequest)> {
        let at = usize::from(at);
        (at < self.exchanges.len()).then(|| self.exchanges.remove(at))
    }

    fn submit(&mut self, event: ConnectionEvent) {
        let request = RequestId::fresh();
        if self
            .network
            .session
            .handle_send(self.now(), request, event)
            .is_ok()
        {
            self.open.insert(request);
        }
    }

    /// Keeps every deadline on the way, as a driver does.
    fn wait_until(&mut self, end: Duration) {
        for _ in 0..REST {
            let Some(deadline) = self.network.session.deadline().filter(|at| *at <= end) else {
                self.mono = end;
                return;
            };
            self.mono = self.mono.max(deadline);
            self.network.session.handle_timeout(self.now());
            let next = self.network.session.deadline();
            assert!(
                next.is_none_or(|next| next > self.mono),
                "called at {:?}, the session wants to be called at {next:?}",
                self.mono
            );
            self.settle();
        }
        // A long wait with a busy clock: the rest of it has nothing new.
        self.mono = end;
    }

    fn end(&mut self, error: Option<&Error>, asked: bool) {
        let error = if asked { None } else { error };
        let closed = Closed {
            asked,
            code: None,
            error,
        };
        self.network.session.handle_close(self.now(), &closed);
        (self.link, self.paused) = (Link::Down, false);
        self.exchanges.clear();
    }

    /// Takes events and wishes until there are none.
    fn settle(&mut self) {
        for _ in 0..REST {
            let mut moved = self.take_event();
            let takes = match self.link {
                Link::Down | Link::Opening => false,
                Link::Connecting => true,
                Link::Standing | Link::Leaving => !self.blocked,
            };
            if takes && let Some(wish) = self.network.session.poll_transmit(self.now()) {
                self.grant(wish);
                moved = true;
            }
            if !moved {
                return;
            }
        }
        panic!("the session does not come to rest");
    }

    fn take_event(&mut self) -> bool {
        let Some(caused) = self.network.session.poll_event() else {
            return false;
        };
        assert!(
            !format!("{caused:?}").contains(self.network.secret),
            "an event shows a secret"
        );
        if let ConnectionEvent::Status { event } = &caused.event {
            let ended = match event {
                StatusEvent::Done { request } | StatusEvent::Failed { request, .. } => *request,
                _ => return true,
            };
            assert_eq!(caused.request, Some(ended));
            assert!(self.open.remove(&ended), "{ended} was not open: {event:?}");
        }
        true
    }

    fn grant(&mut self, wish: Transmit) {
        match wish {
            Transmit::Open(_) => {
                assert_eq!(self.link, Link::Connecting, "a transport is there already");
                self.link = Link::Opening;
            }
            Transmit::Frame(Frame::Text(text)) => {
                // Whatever the user said, a server must understand it.
                let _ = (self.network.answer)(&text, self.now().utc);
                self.keep_pace();
                self.written.push(text.into_owned());
            }
            Transmit::Bytes(bytes) => {
                let text = String::from_utf8(bytes).expect("sessions of bytes write text");
                let _ = (self.network.answer)(&text, self.now().utc);
                self.written.push(text);
            }
            Transmit::Close { error, .. } => {
                let asked = self.link == Link::Leaving;
                self.end(error.as_ref(), asked);
            }
            Transmit::Frame(Frame::Ping(payload)) => self.pings.push(payload.into_owned()),
            Transmit::Http { token, request } => {
                assert!(
                    self.exchanges.len() < MAX_EXCHANGES,
                    "{MAX_EXCHANGES} HTTP requests are under way"
                );
                assert!(self.exchanges.iter().all(|(open, _)| *open != token));
                self.exchanges.push((token, request));
            }
            Transmit::CancelHttp { token } => self.exchanges.retain(|(open, _)| *open != token),
            _ => {}
        }
    }

    /// A frame is written on this connection.
    fn keep_pace(&mut self) {
        let Some((frames, span)) = self.network.pace else {
            return;
        };
        self.paces.push_back(self.mono);
        if self.paces.len() > frames
            && let Some(first) = self.paces.pop_front()
        {
            let passed = self.mono - first;
            assert!(passed >= span, "{} frames within {passed:?}", frames + 1);
        }
    }

    fn now(&self) -> Now {
        let utc = DateTime::UNIX_EPOCH + self.mono;
        Now {
            mono: self.mono,
            utc,
        }
    }
}
