//! Connections: who is signed in where, and who hears of what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kaiwa_protocols::oshi::wire::{
    AUTH_FAILED, Answer, CLOSE_LOGOUT, CLOSE_MALFORMED, ClientFrame, ErrorCode, Event, Failure,
    Message as Said, Request, ServerFrame, StreamId, Tag, UserId, limit,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::calls::{Caller, Fail};
use super::fault::CallFault;
use super::journal::Seen;
use super::{OshiServer, State};

/// Who is connected.
#[derive(Default)]
pub(crate) struct Sockets {
    clients: BTreeMap<u64, Client>,
    next: u64,
    /// What is told after the answer to the request that caused it.
    later: Vec<(u64, String)>,
}

struct Client {
    out: mpsc::UnboundedSender<Out>,
    user: Option<UserId>,
    /// What the client signed in with or was given.
    token: String,
    malformed: u32,
    /// When messages came.
    paces: Vec<Instant>,
}

enum Out {
    Frame(Message),
    /// The end, with a goodbye or without.
    End(Option<CloseFrame>),
}

/// Serves a connection until it ends.
pub(super) fn serve(
    server: OshiServer,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    tokio::spawn(async move {
        let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
            return;
        };
        let (out, frames) = mpsc::unbounded_channel();
        let id = server.lock().enter(out);
        let late = server.clone();
        let patience = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(limit::AUTH_MS)).await;
            late.lock().hurry(id);
        });
        talk(&server, id, socket, frames).await;
        patience.abort();
        let mut state = server.lock();
        state.leave(id);
        state.journal.see(id, Seen::End);
    });
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    server: &OshiServer,
    id: u64,
    socket: tokio_tungstenite::WebSocketStream<S>,
    mut frames: mpsc::UnboundedReceiver<Out>,
) {
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(out) = frames.recv().await {
            let sent = match out {
                Out::Frame(frame) => sink.send(frame).await,
                Out::End(Some(goodbye)) => {
                    let _ = sink.send(Message::Close(Some(goodbye))).await;
                    break;
                }
                Out::End(None) => break,
            };
            if sent.is_err() {
                // The end is seen by who reads.
                std::future::pending::<()>().await;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            server.lock().take(id, &message);
        }
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
}

impl Sockets {
    /// Every connection ends, without a goodbye.
    pub(super) fn end(&mut self) {
        for client in std::mem::take(&mut self.clients).values() {
            let _ = client.out.send(Out::End(None));
        }
    }

    pub(super) fn send(&self, id: u64, text: String) {
        if let Some(client) = self.clients.get(&id) {
            let _ = client.out.send(Out::Frame(Message::text(text)));
        }
    }

    pub(super) fn close(&mut self, id: u64, code: u16, reason: &'static str) {
        if let Some(client) = self.clients.remove(&id) {
            let reason = reason.into();
            let code = code.into();
            let _ = client.out.send(Out::End(Some(CloseFrame { code, reason })));
        }
    }

    /// Somebody has signed in.
    pub(super) fn seat(&mut self, id: u64, user: UserId, token: String) {
        let client = self.clients.get_mut(&id).unwrap();
        (client.user, client.token) = (Some(user), token);
    }

    fn cut(&mut self, id: u64) {
        if let Some(client) = self.clients.remove(&id) {
            let _ = client.out.send(Out::End(None));
        }
    }

    fn of(&self, user: UserId) -> impl Iterator<Item = u64> {
        let clients = self.clients.iter();
        clients.filter_map(move |(id, client)| (client.user == Some(user)).then_some(*id))
    }
}

impl State {
    /// A connection has come.
    fn enter(&mut self, out: mpsc::UnboundedSender<Out>) -> u64 {
        self.sockets.next += 1;
        let id = self.sockets.next;
        self.journal.see(id, Seen::Open);
        let client = Client {
            out,
            user: None,
            token: String::new(),
            malformed: 0,
            paces: Vec::new(),
        };
        self.sockets.clients.insert(id, client);
        id
    }

    /// A connection has ended.
    fn leave(&mut self, id: u64) {
        let user = self
            .sockets
            .clients
            .remove(&id)
            .and_then(|client| client.user);
        if let Some(user) = user.filter(|user| !self.is_online(*user)) {
            self.tell_presence(user, false);
        }
    }

    /// Whoever has said nothing by now has to go.
    fn hurry(&mut self, id: u64) {
        let client = self.sockets.clients.get(&id);
        if client.is_some_and(|client| client.user.is_none()) && !self.faults.mute_hellos {
            self.refuse(id, Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED));
        }
    }

    /// Something came in.
    fn take(&mut self, id: u64, message: &Message) {
        match message {
            Message::Text(text) => self.take_text(id, text),
            Message::Binary(_) => {
                self.journal.see(id, Seen::Binary);
                self.malformed(id, Failure::new(None, ErrorCode::BadFrame, "no text"));
            }
            Message::Ping(_) => self.journal.see(id, Seen::Ping),
            Message::Pong(_) => self.journal.see(id, Seen::Pong),
            Message::Close(_) => self.journal.see(id, Seen::Close),
            Message::Frame(_) => {}
        }
    }

    fn take_text(&mut self, id: u64, text: &str) {
        self.journal.see(
            id,
            match serde_json::from_str(text) {
                Ok(value @ serde_json::Value::Object(_)) => Seen::Request(value),
                _ => Seen::Nonsense(text.to_owned()),
            },
        );
        let Some(client) = self.sockets.clients.get(&id).filter(|_| !self.faults.hang) else {
            return;
        };
        let frame = ClientFrame::parse(text);
        match (client.user, frame) {
            (
                None,
                Ok(ClientFrame {
                    request: Request::Auth(auth),
                    ..
                }),
            ) => self.sign_in(id, auth.credentials),
            (None, _) => self.refuse(id, Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED)),
            (Some(user), Ok(frame)) => {
                self.sockets.clients.get_mut(&id).unwrap().malformed = 0;
                let op = serde_json::from_str::<serde_json::Value>(text).unwrap()["op"].clone();
                self.request(Caller { id, user }, op.as_str().unwrap(), frame);
            }
            (Some(_), Err(refusal)) => {
                let message = refusal.to_string();
                let field = refusal.field.map(Into::into);
                let failure = Failure::new(refusal.id.map(Tag::into_owned), refusal.code, message);
                self.malformed(id, Failure { field, ..failure });
            }
        }
    }

    fn malformed(&mut self, id: u64, failure: Failure<'static>) {
        let Some(client) = self.sockets.clients.get_mut(&id) else {
            return;
        };
        client.malformed += 1;
        if client.malformed > limit::MALFORMED {
            self.sockets
                .close(id, CLOSE_MALFORMED, "too much that is malformed");
        } else if client.user.is_none() {
            self.refuse(id, Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED));
        } else {
            self.sockets.send(id, ServerFrame::Error(failure).encode());
        }
    }

    fn request(&mut self, caller: Caller, op: &str, frame: ClientFrame<'_>) {
        let ClientFrame { id: re, request } = frame;
        let re = re.map(Tag::into_owned);
        let is_message = matches!(request, Request::Pub(_) | Request::Dm { .. });
        if is_message && let Some(left) = self.faults.swallow.checked_sub(1) {
            self.faults.swallow = left;
            return;
        }
        let fault = self.faults.take_call(op);
        match &fault {
            Some(CallFault::Drop) => return self.sockets.cut(caller.id),
            Some(CallFault::Answer(frame)) => return self.sockets.send(caller.id, frame.clone()),
            Some(CallFault::Crowd { user, count }) => self.crowd(&request, *user, *count),
            _ => {}
        }
        if is_message && let Err(fail) = self.pace(caller.id) {
            return self.sockets.send(caller.id, fail.frame(re));
        }
        let logout = matches!(request, Request::Logout);
        let is_history = matches!(request, Request::History { .. });
        let answer = match self.call(caller, re.clone(), request) {
            Ok(frame) => frame.encode(),
            Err(fail) => fail.frame(re),
        };
        if fault == Some(CallFault::DropAfter) {
            self.sockets.cut(caller.id);
        } else if let (true, Some(held)) = (is_message, &mut self.faults.held) {
            held.answers.push((caller.id, answer));
        } else if let (true, Some(slow)) = (is_history, &mut self.faults.slow_history) {
            slow.push((caller.id, answer));
        } else if fault != Some(CallFault::Unanswered) {
            self.sockets.send(caller.id, answer);
        }
        self.flush();
        if logout {
            self.sockets.close(caller.id, CLOSE_LOGOUT, "logout");
        }
    }

    /// Somebody talks before a request is carried out.
    fn crowd(&mut self, request: &Request<'_>, user: UserId, count: usize) {
        let (Request::Sub { stream, .. } | Request::History { stream, .. }) = request else {
            panic!("nobody can crowd {request:?}");
        };
        for number in 0..count {
            self.say(user, *stream, &format!("crowd {number}"));
        }
    }

    /// Whether a message may come now.
    fn pace(&mut self, id: u64) -> Result<(), Fail> {
        let fast = |retry_ms| {
            Err(Fail {
                retry_ms: Some(retry_ms),
                ..Fail::new(ErrorCode::Rate)
            })
        };
        if let Some(left) = self.faults.too_fast.checked_sub(1) {
            self.faults.too_fast = left;
            return fast(self.faults.retry_ms);
        }
        let (Some((count, ms)), Some(client)) =
            (self.faults.rate, self.sockets.clients.get_mut(&id))
        else {
            return Ok(());
        };
        let (now, span) = (Instant::now(), Duration::from_millis(ms));
        client.paces.retain(|at| *at + span > now);
        if let Some(oldest) = client.paces.first().filter(|_| client.paces.len() >= count) {
            let wait = *oldest + span - now;
            return fast(u64::try_from(wait.as_millis()).unwrap() + 1);
        }
        client.paces.push(now);
        Ok(())
    }

    /// Tells what waited for an answer.
    pub(super) fn flush(&mut self) {
        for (id, text) in std::mem::take(&mut self.sockets.later) {
            self.sockets.send(id, text);
        }
    }

    /// Tells one connection, after the answer.
    pub(super) fn tell(&mut self, id: u64, event: &Event<'_>) {
        self.sockets.later.push((id, event.encode()));
    }

    /// Tells all connections of some users but one.
    pub(super) fn tell_users(
        &mut self,
        users: &BTreeSet<UserId>,
        except: Option<u64>,
        event: &Event<'_>,
    ) {
        let ids: Vec<u64> = users
            .iter()
            .flat_map(|user| self.sockets.of(*user))
            .collect();
        for id in ids.into_iter().filter(|id| Some(*id) != except) {
            self.tell(id, event);
        }
    }

    /// Tells who is subscribed to a stream.
    pub(super) fn tell_stream(&mut self, stream: StreamId, except: Option<u64>, event: &Event<'_>) {
        let subscribed = self.world.subscriptions.iter();
        let users = subscribed
            .filter(|(_, of)| *of == stream)
            .map(|(user, _)| *user);
        self.tell_users(&users.collect(), except, event);
    }

    /// Tells of a new message; the nonce only its sender.
    pub(super) fn tell_said(&mut self, mut said: Said<'static>) {
        let from = said.from.unwrap();
        let subscribed = self.world.subscriptions.iter();
        let users = subscribed
            .filter(|(_, of)| *of == said.stream)
            .map(|(user, _)| *user);
        let mut users: BTreeSet<UserId> = users.collect();
        if users.remove(&from) {
            let own = Event::Msg(said.clone()).encode();
            let ids: Vec<u64> = self.sockets.of(from).collect();
            match &mut self.faults.held {
                Some(held) => held
                    .messages
                    .extend(ids.into_iter().map(|id| (id, own.clone()))),
                None => self
                    .sockets
                    .later
                    .extend(ids.into_iter().map(|id| (id, own.clone()))),
            }
        }
        said.nonce = None;
        self.tell_users(&users, None, &Event::Msg(said));
    }

    pub(super) fn tell_presence(&mut self, user: UserId, online: bool) {
        let peers = self.world.peers(user);
        self.tell_users(&peers, None, &Event::Presence { user, online });
        self.flush();
    }

    /// Forgets the token of a connection.
    pub(super) fn revoke(&mut self, id: u64) {
        let token = &self.sockets.clients[&id].token;
        self.world.tokens.remove(token);
    }

    /// Whether somebody is connected.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.sockets.of(user).next().is_some()
    }

    /// How many connections stand.
    pub(crate) fn connected(&self) -> usize {
        self.sockets.clients.len()
    }

    /// Says goodbye to everybody.
    pub(crate) fn close_all(&mut self, code: u16, reason: &'static str) {
        let ids: Vec<u64> = self.sockets.clients.keys().copied().collect();
        for id in ids {
            self.sockets.close(id, code, reason);
        }
    }

    /// Sends to everybody who is connected.
    pub(crate) fn send_all(&self, message: &Message) {
        for client in self.sockets.clients.values() {
            let _ = client.out.send(Out::Frame(message.clone()));
        }
    }

    /// Sends to everybody who is signed in as somebody.
    pub(crate) fn send_to(&self, user: UserId, text: &str) {
        for id in self.sockets.of(user) {
            self.sockets.send(id, text.to_owned());
        }
    }

    /// Sends what was kept back of the confirmations, answers first, to connections that still stand; from now on none is.
    pub(crate) fn release(&mut self, reversed: bool, copies: usize) {
        let mut held = self.faults.held.take().unwrap_or_default();
        if reversed {
            held.answers.reverse();
        }
        for (id, text) in held.answers.into_iter().chain(held.messages) {
            for _ in 0..copies {
                self.sockets.send(id, text.clone());
            }
        }
    }

    /// Sends the pages that were kept back; from now on none is.
    pub(crate) fn release_history(&mut self) {
        for (id, text) in self.faults.slow_history.take().unwrap_or_default() {
            self.sockets.send(id, text);
        }
    }
}

/// An answer in a frame.
pub(super) fn ok(re: Option<Tag<'static>>, answer: Answer<'static>) -> ServerFrame<'static> {
    ServerFrame::Ok { re, answer }
}
