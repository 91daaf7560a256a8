//! Connections: who is signed in where, and who hears of what.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{SockchatServer, State};

/// Who is connected.
#[derive(Default)]
pub(crate) struct Sockets {
    pub(super) clients: BTreeMap<u64, Client>,
    next: u64,
}

pub(super) struct Client {
    out: mpsc::UnboundedSender<Out>,
    pub(super) user: Option<u32>,
    /// When the last ping came.
    pub(super) pinged: Instant,
    /// When packets came.
    pub(super) paces: Vec<Instant>,
    /// The connection is gone, and nobody has seen it.
    is_dead: bool,
}

enum Out {
    Frame(Message),
    /// The end, with a goodbye of this code or without.
    End(Option<u16>),
}

/// Who hears of something.
#[derive(Clone, Copy, Debug)]
pub(super) enum To<'a> {
    Client(u64),
    User(u32),
    Channel(&'a str),
    /// All in the channel but one.
    Others(&'a str, u32),
    /// Everybody of at least this rank.
    Rank(i64),
}

/// Serves a connection until it ends.
pub(super) fn serve(
    server: SockchatServer,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    tokio::spawn(async move {
        let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
            return;
        };
        let (out, frames) = mpsc::unbounded_channel();
        let id = server.lock().enter(out);
        talk(&server, id, socket, frames).await;
        server.lock().leave(id);
    });
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    server: &SockchatServer,
    id: u64,
    socket: tokio_tungstenite::WebSocketStream<S>,
    mut frames: mpsc::UnboundedReceiver<Out>,
) {
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(out) = frames.recv().await {
            let sent = match out {
                Out::Frame(frame) => sink.send(frame).await,
                Out::End(Some(code)) => {
                    let goodbye = CloseFrame {
                        code: code.into(),
                        reason: "".into(),
                    };
                    let _ = sink.send(Message::Close(Some(goodbye))).await;
                    break;
                }
                Out::End(None) => return,
            };
            if sent.is_err() {
                break;
            }
        }
        // The end is seen by who reads.
        std::future::pending::<()>().await;
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(text) => server.lock().take(id, &text),
                Message::Binary(bytes) => {
                    let nonsense = format!("{} bytes", bytes.len());
                    server.lock().journal.nonsense.push(nonsense);
                }
                _ => {}
            }
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

    pub(super) fn send(&self, id: u64, packet: &str) {
        if let Some(client) = self.clients.get(&id) {
            let _ = client.out.send(Out::Frame(Message::text(packet)));
        }
    }

    /// Says goodbye to one; it is nobody's any more.
    pub(super) fn close(&mut self, id: u64, code: u16) {
        if let Some(client) = self.clients.remove(&id) {
            let _ = client.out.send(Out::End(Some(code)));
        }
    }

    fn cut(&mut self, id: u64) {
        if let Some(client) = self.clients.get(&id) {
            let _ = client.out.send(Out::End(None));
        }
    }

    /// The connections of somebody.
    pub(super) fn of(&self, user: u32) -> Vec<u64> {
        let clients = self.clients.iter();
        clients
            .filter_map(|(id, client)| (client.user == Some(user)).then_some(*id))
            .collect()
    }
}

impl State {
    /// A connection has come.
    fn enter(&mut self, out: mpsc::UnboundedSender<Out>) -> u64 {
        self.sockets.next += 1;
        let id = self.sockets.next;
        let client = Client {
            out,
            user: None,
            pinged: Instant::now(),
            paces: Vec::new(),
            is_dead: false,
        };
        self.sockets.clients.insert(id, client);
        id
    }

    /// A connection has ended.
    fn leave(&mut self, id: u64) {
        if self.faults.lingering
            && let Some(client) = self.sockets.clients.get_mut(&id)
        {
            client.is_dead = true;
            return;
        }
        let client = self.sockets.clients.remove(&id);
        if let Some(user) = client.and_then(|client| client.user) {
            self.gone(user, "leave");
        }
    }

    /// Something came in.
    fn take(&mut self, id: u64, packet: &str) {
        self.journal
            .packets
            .push((id, Instant::now(), packet.to_owned()));
        self.sweep();
        if !self.sockets.clients.contains_key(&id) || !self.pace(id) {
            return;
        }
        let fields: Vec<&str> = packet.split('\t').collect();
        let user = self.sockets.clients[&id].user;
        match (fields[0], user) {
            ("0", _) if fields.len() < 2 => {
                self.journal.nonsense.push(packet.to_owned());
                if self.dialect.is_sharp() {
                    self.sockets.close(id, 1011);
                    user.into_iter().for_each(|user| self.gone(user, "leave"));
                }
            }
            ("0", user) => self.ping(id, user, fields[1]),
            ("1", None) if fields.len() > 1 => self.sign_in(id, &fields[1..]),
            // Whatever follows a further TAB is lost.
            ("2", Some(user)) if fields.len() > 2 && fields[1] == user.to_string() => {
                self.text(user, fields[2]);
            }
            _ => {}
        }
        if self.faults.drop_after && fields[0] == "2" {
            self.faults.drop_after = false;
            self.sockets.cut(id);
        }
    }

    fn ping(&mut self, id: u64, user: Option<u32>, of: &str) {
        if user.is_none_or(|user| user.to_string() != of) {
            self.journal.nonsense.push(format!("0 {of}"));
            return;
        }
        self.sockets.clients.get_mut(&id).unwrap().pinged = Instant::now();
        let pong = self.dialect.pong(self.now());
        self.sockets.send(id, &pong);
    }

    /// Throws out who has not pinged for long; looked at only when something comes.
    fn sweep(&mut self) {
        let patience = Duration::from_secs(self.dialect.patience());
        let late = |client: &Client| client.user.is_some() && client.pinged.elapsed() > patience;
        let clients = self.sockets.clients.iter();
        let late: Vec<u64> = clients
            .filter(|(_, client)| late(client))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            let client = self.sockets.clients.remove(&id).unwrap();
            let _ = client.out.send(Out::End(None));
            if let Some(user) = client.user {
                let reason = if self.dialect.is_sharp() {
                    "timeout"
                } else {
                    "leave"
                };
                self.gone(user, reason);
            }
        }
    }

    /// Tells some of something.
    pub(super) fn tell(&mut self, to: To<'_>, packet: &str) {
        for id in self.hearing(to) {
            self.sockets.send(id, packet);
        }
    }

    /// The connections that hear of something.
    pub(super) fn hearing(&self, to: To<'_>) -> Vec<u64> {
        let hears = |user: u32| {
            let user = &self.world.users[&user];
            match to {
                To::Client(_) => false,
                To::User(id) => user.id == id,
                To::Channel(name) => user.place.as_deref() == Some(name),
                To::Others(name, but) => user.place.as_deref() == Some(name) && user.id != but,
                To::Rank(rank) => user.rights.rank >= rank,
            }
        };
        let is_it = |id: u64, client: &Client| match to {
            To::Client(one) => id == one,
            _ => !client.is_dead && client.user.is_some_and(hears),
        };
        let clients = self.sockets.clients.iter();
        clients
            .filter_map(|(id, client)| is_it(*id, client).then_some(*id))
            .collect()
    }

    /// How many connections stand.
    pub(crate) fn connected(&self) -> usize {
        self.sockets.clients.len()
    }

    /// Says goodbye to everybody.
    pub(crate) fn close_all(&mut self) {
        let ids: Vec<u64> = self.sockets.clients.keys().copied().collect();
        for id in ids {
            let user = self.sockets.clients[&id].user;
            self.sockets.close(id, 1001);
            user.into_iter().for_each(|user| self.gone(user, "leave"));
        }
    }

    /// Sends to everybody who is connected.
    pub(crate) fn send_all(&self, message: &Message) {
        for client in self.sockets.clients.values() {
            let _ = client.out.send(Out::Frame(message.clone()));
        }
    }

    /// Sends the echoes that were kept back, to connections that still stand; from now on none is.
    pub(crate) fn release(&mut self, reversed: bool, copies: usize) {
        let mut held = self.faults.held.take().unwrap_or_default();
        if reversed {
            held.reverse();
        }
        for (id, packet) in held {
            for _ in 0..copies {
                self.sockets.send(id, &packet);
            }
        }
    }
}
