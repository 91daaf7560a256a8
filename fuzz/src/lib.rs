//! Plays any sans-IO session through a script of what users, peers, sockets and clocks may do, in any order that a driver
//! allows, and checks what must be true of every session whatever happens:
//!
//! * it does not panic, and it comes to rest: an input is followed by a bounded number of events and wishes;
//! * a request that it accepted ends in exactly one `Done` or `Failed`, at the latest when the user has left; one that it
//!   refused is never heard of;
//! * a deadline that was kept is gone or moved on, so that no driver spins;
//! * secrets of the login form never show in an event.
//!
//! A target in `fuzz_targets/` names the session, its login form and what its server answers. Start at [`play`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use chrono::{DateTime, Utc};
use kaiwa_protocols::session::{
    Closed, Frame, HttpRequest, HttpResponse, HttpToken, Now, Session, Transmit,
};
use kaiwa_protocols::{
    AuthField, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind,
    Member, Message, MessageFragment, RequestId, Role, StatusEvent, UserEvent,
};

/// Events and wishes that one input may cause: far beyond the thousand messages that a session holds.
const REST: usize = 10_000;

/// HTTP requests that a session may have under way.
const MAX_EXCHANGES: usize = 64;

/// A network, as a fuzz target describes it.
pub struct Network<S> {
    /// The session.
    pub session: S,
    /// What the user fills into the login form, by field.
    pub login: &'static [(&'static str, &'static str)],
    /// A value of the form that must never show.
    pub secret: &'static str,
    /// What the server sends back for a text frame that the session wrote. Panics if no server would understand it.
    pub answer: fn(&str, DateTime<Utc>) -> String,
    /// What the server answers to an HTTP request. Panics if no server would understand it.
    pub http: fn(&HttpRequest) -> HttpResponse,
    /// How the network spells the id of what a script names by its number.
    pub id: fn(Thing, u8) -> String,
}

/// What has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A channel.
    Channel,
    /// A message.
    Message,
    /// Somebody.
    User,
}

/// The id of a network that counts everything.
pub fn number(_: Thing, number: u8) -> String {
    number.to_string()
}

/// One thing that may happen. What makes no sense just then (a frame without a connection) does not happen.
#[derive(Debug, Arbitrary)]
pub enum Action<'a> {
    /// The user connects.
    Connect,
    /// The transport stands.
    Open,
    /// The peer sends text.
    Text(&'a str),
    /// The peer sends bytes.
    Binary(&'a [u8]),
    /// The peer answers a ping that was written, counted from the last, or gives a sign of life unasked.
    Pong(u8),
    /// The peer asks for one.
    Ping,
    /// The server answers a text frame that was written, counted from the last.
    Answer(u8),
    /// The user says something, in a channel or without one.
    Say(Option<&'a str>, &'a str),
    /// The user asks for a sign of life.
    Ask,
    /// The user wants something else, if the network does it.
    Want(Wanted<'a>),
    /// The server answers an HTTP request, counted from the oldest.
    Http(u8),
    /// The server answers it with this status and body.
    HttpOdd(u8, u16, &'a [u8]),
    /// It comes to nothing.
    HttpLost(u8),
    /// So many milliseconds pass.
    Wait(u32),
    /// Time passes until the session wants to be called.
    Deadline,
    /// Reading stops.
    Pause,
    /// Reading goes on.
    Resume,
    /// The transport takes nothing for now.
    Block,
    /// The transport takes again.
    Unblock,
    /// The user leaves.
    Disconnect,
    /// The connection breaks.
    Break,
}

/// What a user may want besides talking; channels, users and messages by their numbers.
#[derive(Debug, Arbitrary)]
pub enum Wanted<'a> {
    /// Older messages.
    History(u8, Option<u8>, u8),
    /// Marking as read.
    Read(u8, u8),
    /// A talk with somebody, or a group.
    Channel(bool, &'a str),
    /// Another name.
    Rename(u8, &'a str),
    /// Joining.
    Join(u8),
    /// Leaving.
    Leave(u8),
    /// Adding members, or asking for them.
    Members(u8, Option<u8>),
    /// Removing one.
    Remove(u8, u8),
    /// Asking for contact.
    Request(&'a str),
    /// Answering that.
    Respond(u8, bool),
    /// Saying something in a channel by its number, perhaps as an answer.
    Say(u8, Option<u8>, &'a str),
    /// Another text of a message.
    Edit(u8, u8, &'a str),
    /// Taking a message back.
    Delete(u8, u8),
    /// A reaction, or no longer.
    React(u8, u8, &'a str, bool),
    /// Typing, or no longer.
    Typing(u8, bool),
    /// What a channel is about.
    Topic(u8, Option<&'a str>),
    /// A channel in another one.
    Create(Option<u8>, &'a str, bool),
    /// The end of a channel.
    End(u8),
    /// Joining with an invitation.
    JoinWith(u8, &'a str),
    /// An invitation.
    Invite(u8, Option<u8>),
    /// What there is to join.
    Directory(Option<&'a str>),
    /// Keeping something, in a channel or not, or nothing any more.
    Keep(Option<u8>, &'a str, Option<i64>),
    /// What is kept.
    Kept(Option<u8>, &'a str),
    /// A role for somebody.
    Promote(u8, u8),
}

impl Wanted<'_> {
    fn event(&self, now: DateTime<Utc>, id: fn(Thing, u8) -> String) -> ConnectionEvent {
        let place = |channel: &u8| id(Thing::Channel, *channel);
        let here = |channel: &u8| Some(place(channel));
        let message = |number: &u8| id(Thing::Message, *number);
        let person = |user: &u8| id(Thing::User, *user);
        match self {
            Self::History(channel, before, limit) => ChatEvent::RequestHistory {
                channel_id: here(channel),
                before: before.as_ref().map(message),
                limit: (*limit).into(),
            }
            .into(),
            Self::Read(channel, id) => ChatEvent::Read {
                channel_id: here(channel),
                message_id: message(id),
                user_id: None,
            }
            .into(),
            Self::Channel(direct, name) => ChannelEvent::New {
                channel: Channel {
                    id: (*name).to_owned(),
                    name: Some((*name).to_owned()),
                    channel_type: if *direct {
                        ChannelType::Direct
                    } else {
                        ChannelType::Group
                    },
                },
            }
            .into(),
            Self::Rename(channel, name) => ChannelEvent::Update {
                channel_id: place(channel),
                new_channel: named(place(channel), name),
            }
            .into(),
            Self::Join(channel) => ChannelEvent::Join {
                channel_id: place(channel),
            }
            .into(),
            Self::Leave(channel) => ChannelEvent::Leave {
                channel_id: place(channel),
            }
            .into(),
            Self::Members(channel, user) => ChannelEvent::Members {
                channel_id: place(channel),
                members: user
                    .iter()
                    .map(|user| member(person(user), Role::Member))
                    .collect(),
            }
            .into(),
            Self::Promote(channel, user) => ChannelEvent::Members {
                channel_id: place(channel),
                members: vec![member(person(user), Role::Admin)],
            }
            .into(),
            Self::Remove(channel, user) => UserEvent::Remove {
                channel_id: here(channel),
                user_id: person(user),
            }
            .into(),
            Self::Request(user) => UserEvent::Request {
                user_id: (*user).to_owned(),
                own: true,
                text: None,
            }
            .into(),
            Self::Respond(user, accept) => UserEvent::Respond {
                user_id: person(user),
                accept: *accept,
            }
            .into(),
            Self::Say(channel, reply, text) => {
                let mut said = Message::text(*text, now);
                let reply = reply.as_ref().map(message);
                let reply = reply.map(|message_id| MessageFragment::Reply { message_id });
                said.content.extend(reply);
                ChatEvent::New {
                    channel_id: here(channel),
                    message: said,
                }
                .into()
            }
            Self::Edit(channel, id, text) => ChatEvent::Update {
                channel_id: here(channel),
                message_id: message(id),
                new_message: Message::text(*text, now),
            }
            .into(),
            Self::Delete(channel, id) => ChatEvent::Remove {
                channel_id: here(channel),
                message_id: message(id),
            }
            .into(),
            Self::React(channel, id, emoji, on) => ChatEvent::React {
                channel_id: here(channel),
                message_id: message(id),
                user_id: None,
                emoji: (*emoji).to_owned(),
                on: *on,
            }
            .into(),
            Self::Typing(channel, typing) => ChatEvent::Typing {
                channel_id: here(channel),
                user_id: None,
                typing: *typing,
            }
            .into(),
            Self::Topic(channel, topic) => ChannelEvent::Topic {
                channel_id: place(channel),
                topic: topic.map(str::to_owned),
            }
            .into(),
            Self::Create(parent, name, public) => ChannelEvent::Create {
                parent_id: parent.as_ref().map(place),
                channel: named(String::new(), name),
                public: *public,
            }
            .into(),
            Self::End(channel) => ChannelEvent::Remove {
                channel_id: place(channel),
            }
            .into(),
            Self::JoinWith(channel, key) => ChannelEvent::JoinWith {
                channel_id: place(channel),
                key: (*key).to_owned(),
            }
            .into(),
            Self::Invite(channel, user) => ChannelEvent::Invite {
                channel_id: place(channel),
                user_id: user.as_ref().map(person),
                code: None,
            }
            .into(),
            Self::Directory(query) => ChannelEvent::Directory {
                query: query.map(str::to_owned),
                channels: Vec::new(),
            }
            .into(),
            Self::Keep(channel, key, value) => UserEvent::Data {
                channel_id: channel.as_ref().map(place),
                key: (*key).to_owned(),
                value: value.map(Into::into),
            }
            .into(),
            Self::Kept(channel, key) => UserEvent::RequestData {
                channel_id: channel.as_ref().map(place),
                key: (*key).to_owned(),
            }
            .into(),
        }
    }
}

fn named(id: String, name: &str) -> Channel {
    Channel {
        id,
        name: Some(name.to_owned()),
        channel_type: ChannelType::Group,
    }
}

fn member(user_id: String, role: Role) -> Member {
    Member { user_id, role }
}

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
                session.handle_open(now);
            }
            Action::Text(text) if stands && !self.paused => {
                session.handle_frame(now, Frame::Text(Cow::Borrowed(text)));
            }
            Action::Binary(bytes) if stands && !self.paused => {
                session.handle_frame(now, Frame::Binary(Cow::Borrowed(bytes)));
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
                    session.handle_frame(now, Frame::Text(Cow::Owned(answer)));
                }
            }
            Action::Say(channel, text) if self.connected_once => {
                let channel_id = channel.map(str::to_owned);
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
                self.written.push(text.into_owned());
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

    fn now(&self) -> Now {
        let utc = DateTime::UNIX_EPOCH + self.mono;
        Now {
            mono: self.mono,
            utc,
        }
    }
}
