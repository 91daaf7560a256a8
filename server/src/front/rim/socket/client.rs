//! One client: who it is, and what becomes of what it says.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use kaiwa_protocols::rim::wire::{Ack, Body, Event, Kind, Packet};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::{Rim, client_id, number, room_id, user_id};
use super::login::{Login, SignedIn};
use super::mark;
use crate::front::signed_out::Place;
use crate::store::writer::Job;
use crate::store::{LOBBY, MessageKind, NewMessage, Posted, Repeat, Sender};
use crate::world::{Batch, Counting, Receiver, Submission, World};
use crate::ws::{Handler, put_text_with};

/// How long a socket may stay signed out: the original's front end opens it before the user has typed a password.
const SIGNED_OUT_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The same for one that signs out while too many of its address are: time to read the acknowledgement and to close.
const LEAVING_LIMIT: Duration = Duration::from_secs(10);

/// One client.
pub(super) struct Client {
    front: Arc<Rim>,
    world: Arc<World>,
    receiver: Arc<Receiver>,
    peer: IpAddr,
    state: State,
}

/// Who it is.
pub(super) enum State {
    /// Nobody.
    Out(SignedOut),
    /// Somebody or nobody, depending on what the store says.
    Entering(oneshot::Receiver<Self>),
    /// Somebody.
    In(SignedIn),
}

/// A socket that nobody has signed in on.
pub(super) struct SignedOut {
    until: Instant,
    _place: Option<Place>,
}

impl SignedOut {
    fn new(place: Option<Place>) -> Self {
        let limit = match place {
            Some(_) => SIGNED_OUT_LIMIT,
            None => LEAVING_LIMIT,
        };
        Self {
            until: Instant::now() + limit,
            _place: place,
        }
    }
}

impl Client {
    pub(super) fn new(
        front: Arc<Rim>,
        world: Arc<World>,
        receiver: Arc<Receiver>,
        peer: IpAddr,
        place: Place,
    ) -> Self {
        Self {
            front,
            world,
            receiver,
            peer,
            state: State::Out(SignedOut::new(Some(place))),
        }
    }

    /// What is to be done; nothing means silence.
    fn take(&mut self, packet: Packet<'_>) -> Option<Job> {
        let Packet { event, body } = packet;
        if body.client_msg_id.len() > client_id::MAX_BYTES {
            return None;
        }
        if event == Event::Login {
            return Some(self.login(&body));
        }
        let State::In(own) = &self.state else {
            return None;
        };
        if own.user != user_id(body.uid) {
            return None;
        }
        match event {
            Event::Msg => self.say(own, body),
            Event::Ack => mark::delivered(own.user, &self.receiver, &body),
            Event::Read => mark::read(own.user, &self.receiver, &body),
            Event::Logout => Some(self.logout(&body)),
            Event::Heart => Some(self.acknowledge(&body, ())),
            Event::Login | Event::Notify | Event::Other => None,
        }
    }

    fn login(&mut self, body: &Body<'_>) -> Job {
        let (reply, answer) = oneshot::channel();
        let login = Login::new(body, self.peer, Arc::clone(&self.receiver));
        let former = std::mem::replace(&mut self.state, State::Entering(answer));
        login.job(
            Arc::clone(&self.front),
            Arc::clone(&self.world),
            former,
            reply,
        )
    }

    fn logout(&mut self, body: &Body<'_>) -> Job {
        let place = self.front.signed_out.enter(self.peer);
        let state = State::Out(SignedOut::new(place));
        // What was said before is acknowledged before; the seat is kept until then.
        let former = std::mem::replace(&mut self.state, state);
        self.acknowledge(body, former)
    }

    /// Acknowledges in order with everything else, and lets go of something then.
    fn acknowledge<T: Send + 'static>(&self, body: &Body<'_>, held: T) -> Job {
        let ack = ack(&Ack {
            client_msg_id: body.client_msg_id.clone(),
            ..Ack::default()
        });
        let receiver = Arc::clone(&self.receiver);
        Job::work(
            |_, _| Ok(()),
            move |_, outcome| {
                drop(held);
                if outcome.is_ok() {
                    give(&receiver, ack);
                }
            },
        )
    }

    fn say(&self, own: &SignedIn, body: Body<'_>) -> Option<Job> {
        let room = room_id(body.gid?);
        let kind = match body.kind {
            Kind::Text => MessageKind::Text,
            Kind::RichText => MessageKind::RichText,
            Kind::Image => MessageKind::Image,
            Kind::Other => return None,
        };
        let counting = self.world.counting();
        Counting::add(&counting.taken);
        if room == LOBBY && !self.front.rules.lobby {
            Counting::add(&counting.refused);
            return Some(nothing());
        }
        let message = NewMessage {
            room,
            at: Utc::now(),
            sender: Sender::Account(own.user),
            kind,
            text: Some(body.content.into_owned()),
            client_id: Some(body.client_msg_id.into_owned()),
            reply: None,
            files: Vec::new(),
            extra: None,
        };
        Some(Job::Post(Box::new(Submission {
            message,
            // The original takes the same id twice as two messages.
            repeat: Repeat::Another,
            sender_name: Some(own.name.clone()),
            files: Vec::new(),
            prepared: None,
            log_line: None,
            origin: Arc::clone(&self.receiver),
            answer: Some(Box::new(|message, outcome| {
                Some(taken(message, outcome.ok()?))
            })),
            explain: None,
        })))
    }
}

impl Handler for Client {
    fn text(&mut self, text: &str) -> Option<Job> {
        let job = match Packet::parse(text) {
            Ok(packet) => self.take(packet),
            Err(error) => {
                tracing::debug!(%error, "packet not understood");
                None
            }
        };
        if job.is_none() {
            Counting::add(&self.world.counting().malformed);
        }
        job
    }

    /// The original takes it as text.
    fn binary(&mut self, bytes: &[u8]) -> Option<Job> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(text),
            Err(_) => {
                Counting::add(&self.world.counting().malformed);
                None
            }
        }
    }

    /// Who speaks is known before the next word is read.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Entering(answer) = &mut self.state else {
            return Poll::Ready(());
        };
        std::pin::Pin::new(answer).poll(cx).map(|state| {
            // Without an answer the server is stopping.
            self.state = state.unwrap_or_else(|_| State::Out(SignedOut::new(None)));
        })
    }

    fn overdue_at(&self) -> Option<Instant> {
        match &self.state {
            State::Out(out) => Some(out.until),
            State::Entering(_) | State::In(_) => None,
        }
    }
}

/// Silence.
fn nothing() -> Job {
    Job::work(|_, _| Ok(()), |_, _| {})
}

/// The answer to a message that is kept.
fn taken(message: &NewMessage, posted: &Posted) -> Bytes {
    ack(&Ack {
        client_msg_id: message.client_id.as_deref().unwrap_or_default().into(),
        server_msg_id: Some(number(posted.position.id.0)),
        ts: Some(posted.at.timestamp_millis()),
        server: None,
    })
}

/// An acknowledgement as a frame.
pub(super) fn ack(ack: &Ack<'_>) -> Bytes {
    let mut out = Vec::with_capacity(ack.client_msg_id.len() + 128);
    put_text_with(&mut out, |out| ack.encode_into(out));
    out.into()
}

/// Sends a frame to one client.
pub(super) fn give(receiver: &Receiver, bytes: Bytes) {
    receiver.push(&Batch { bytes, messages: 1 }, Instant::now());
}
