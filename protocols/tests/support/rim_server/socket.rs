//! The WebSocket half: who is connected as whom, and what becomes of their packets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::Utc;
use futures_util::{SinkExt, StreamExt};
use kaiwa_protocols::rim::wire::{Ack, Body, Event, Kind, Notice, Packet, SERVER};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::journal::Seen;
use super::talk::MessageRow;
use super::{RimServer, State};

/// Who is connected.
#[derive(Default)]
pub(super) struct Sockets {
    clients: BTreeMap<u64, Client>,
    /// The connection to which a user's messages go. The original keeps it when the connection ends.
    registered: BTreeMap<u64, u64>,
    next: u64,
}

struct Client {
    out: mpsc::UnboundedSender<Out>,
    /// Who has signed in last.
    uid: Option<u64>,
    /// Wants to be told of changes.
    notify: bool,
}

enum Out {
    Frame(Message),
    /// The end, without a goodbye.
    End,
}

/// Serves a connection until it ends.
pub(super) fn serve(
    server: RimServer,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    tokio::spawn(async move {
        let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
            return;
        };
        let (out, frames) = mpsc::unbounded_channel();
        let id = server.lock().enter(out);
        talk(&server, id, socket, frames).await;
        let mut state = server.lock();
        state.sockets.leave(id);
        state.journal.see(id, Seen::End);
    });
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    server: &RimServer,
    id: u64,
    socket: tokio_tungstenite::WebSocketStream<S>,
    mut frames: mpsc::UnboundedReceiver<Out>,
) {
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(Out::Frame(frame)) = frames.recv().await {
            if sink.send(frame).await.is_err() {
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
    /// Every connection ends, and nobody is signed in.
    pub(super) fn end(&mut self) {
        for client in std::mem::take(&mut self.clients).values() {
            let _ = client.out.send(Out::End);
        }
        self.registered.clear();
    }

    /// A connection has ended.
    fn leave(&mut self, id: u64) {
        self.clients.remove(&id);
    }

    fn send(&self, id: u64, message: Message) {
        if let Some(client) = self.clients.get(&id) {
            let _ = client.out.send(Out::Frame(message));
        }
    }
}

impl State {
    /// A connection has come.
    fn enter(&mut self, out: mpsc::UnboundedSender<Out>) -> u64 {
        self.sockets.next += 1;
        let id = self.sockets.next;
        self.journal.see(id, Seen::Open);
        if self.poison.is_some() {
            let _ = out.send(Out::End);
        }
        let client = Client {
            out,
            uid: None,
            notify: false,
        };
        self.sockets.clients.insert(id, client);
        id
    }

    /// The original's lock breaks: everybody is gone, and nobody comes in until it is started again.
    fn poison_by(&mut self, cause: &'static str) {
        if !self.is_kaiwa() {
            self.poison.get_or_insert(cause);
            self.sockets.end();
        }
    }

    /// Something came in.
    fn take(&mut self, id: u64, message: &Message) {
        match message {
            Message::Text(text) => self.take_text(id, text),
            Message::Binary(bytes) => {
                self.journal.see(id, Seen::Binary);
                match std::str::from_utf8(bytes) {
                    Ok(text) => self.take_text(id, text),
                    Err(_) => self.poison_by("a binary frame that is not UTF-8"),
                }
            }
            Message::Ping(payload) => {
                self.journal.see(id, Seen::Ping(payload.to_vec()));
                if std::str::from_utf8(payload).is_err() {
                    self.poison_by("a ping that is not UTF-8");
                }
            }
            Message::Pong(payload) => {
                self.journal.see(id, Seen::Pong(payload.to_vec()));
                self.poison_by("an unasked pong");
            }
            Message::Close(_) => self.journal.see(id, Seen::Close),
            Message::Frame(_) => {}
        }
    }

    fn take_text(&mut self, id: u64, text: &str) {
        let Ok(packet) = Packet::parse(text) else {
            self.journal.see(id, Seen::Nonsense(text.to_owned()));
            return;
        };
        let Packet { event, body } = packet;
        self.journal.see(
            id,
            Seen::Packet {
                event,
                gid: body.gid,
                client_msg_id: body.client_msg_id.clone().into_owned(),
                msg_id: body.msg_id,
            },
        );
        if self.poison.is_some() || !self.sockets.clients.contains_key(&id) {
            return;
        }
        match event {
            Event::Login => self.login(id, &body),
            Event::Heart if self.is_kaiwa() => self.ack(id, &body, None),
            Event::Heart => self.poison_by("Heart"),
            Event::Msg | Event::Read | Event::Ack | Event::Logout if !self.knows(id, body.uid) => {}
            Event::Msg => self.msg(id, &body),
            Event::Read | Event::Ack => self.mark(id, event, &body),
            Event::Logout => {
                self.sockets.registered.remove(&body.uid);
                self.ack(id, &body, None);
            }
            Event::Notify | Event::Other => {}
        }
    }

    /// Whether a packet of `uid` may come over this connection. The original takes it from anybody, as long as the user is
    /// signed in somewhere.
    fn knows(&self, id: u64, uid: u64) -> bool {
        if self.is_kaiwa() {
            let client = self.sockets.clients.get(&id);
            return client.is_some_and(|client| client.uid == Some(uid));
        }
        self.sockets.registered.contains_key(&uid)
    }

    fn login(&mut self, id: u64, body: &Body<'_>) {
        if !self.is_kaiwa() && body.content.contains('\'') {
            self.poison_by("an apostrophe in the token of a Login");
            return;
        }
        let whose = if self.is_kaiwa() {
            self.world.token(&body.content)
        } else {
            self.world.any_token(&body.content)
        };
        if whose != Some(body.uid) {
            return;
        }
        let notify = self.is_kaiwa() && body.notify;
        if let Some(client) = self.sockets.clients.get_mut(&id) {
            client.uid = whose;
            client.notify = notify;
        }
        self.sockets.registered.insert(body.uid, id);
        if self.faults.mute_logins {
            return;
        }
        let ack = Ack {
            client_msg_id: Cow::Borrowed(&body.client_msg_id),
            server: notify.then_some(Cow::Borrowed(SERVER)),
            ..Ack::default()
        };
        self.sockets.send(id, Message::text(encode(&ack)));
    }

    fn msg(&mut self, id: u64, body: &Body<'_>) {
        if let Some(left) = self.faults.swallow.checked_sub(1) {
            self.faults.swallow = left;
            return;
        }
        let Some(gid) = body.gid else { return };
        if self.faults.refuse_messages || !self.world.is_member(gid, body.uid) {
            return;
        }
        let alone = self
            .world
            .members(gid)
            .iter()
            .all(|member| member.uid == body.uid);
        if alone && !self.is_kaiwa() {
            self.poison_by("a message to a group of the sender alone");
            return;
        }
        if self.idempotent {
            let talk = &self.world.talk;
            let repeated = talk.repeated(body.uid, gid, &body.client_msg_id);
            if let Some(kept) = repeated.map(|kept| kept.id) {
                self.ack_msg(id, body, kept);
                return;
            }
        }
        self.journal.said.push(body.content.clone().into_owned());
        let kept = self.keep(body.uid, gid, body.kind, &body.content, &body.client_msg_id);
        self.ack_msg(id, body, kept);
        self.relay(kept);
    }

    /// Says a text as somebody, who need not be connected.
    pub(crate) fn say(&mut self, uid: u64, gid: u64, text: &str) -> u64 {
        self.say_kind(uid, gid, Kind::Text, text)
    }

    /// Says something as somebody, who need not be connected.
    pub(crate) fn say_kind(&mut self, uid: u64, gid: u64, kind: Kind, text: &str) -> u64 {
        let client_msg_id = format!("theirs-{}", self.world.talk.messages().len());
        let kept = self.keep(uid, gid, kind, text, &client_msg_id);
        self.relay(kept);
        kept
    }

    fn keep(&mut self, uid: u64, gid: u64, kind: Kind, content: &str, client_msg_id: &str) -> u64 {
        let row = MessageRow {
            id: 0,
            kind,
            content: content.to_owned(),
            gid,
            uid,
            client_msg_id: client_msg_id.to_owned(),
            at: Utc::now(),
        };
        let members = self.world.members(gid).to_vec();
        self.world.talk.keep(row, &members)
    }

    /// Passes a kept message on: to each member row but the sender's, as far as that user is connected.
    fn relay(&mut self, mid: u64) {
        let Some(message) = self.world.talk.message(mid) else {
            return;
        };
        let (gid, sender) = (message.gid, message.uid);
        let kaiwa = self.is_kaiwa();
        let packet = Packet {
            event: Event::Msg,
            body: Body {
                kind: if kaiwa { message.kind } else { Kind::Text },
                uid: sender,
                gid: Some(gid),
                content: Cow::Borrowed(&message.content),
                client_msg_id: Cow::Borrowed(&message.client_msg_id),
                msg_id: Some(mid),
                ts: kaiwa.then(|| message.at.timestamp_millis()),
                ..Body::default()
            },
        };
        let relayed = Message::text(packet.encode());
        let mut ghost = false;
        for member in self.world.members(gid) {
            let id = self.sockets.registered.get(&member.uid);
            let Some(id) = id.filter(|_| member.uid != sender) else {
                continue;
            };
            if !self.sockets.clients.contains_key(id) && !kaiwa {
                ghost = true;
                break;
            }
            self.sockets.send(*id, relayed.clone());
        }
        if ghost {
            self.poison_by("a message for somebody who went without Logout");
        }
    }

    /// `Read` and `Ack`: of this message alone.
    fn mark(&mut self, id: u64, event: Event, body: &Body<'_>) {
        let (Some(gid), Some(mid)) = (body.gid, body.msg_id) else {
            return;
        };
        let talk = &mut self.world.talk;
        if event == Event::Read {
            talk.change_inbox(body.uid, gid, mid, |row| row.read = true);
        } else {
            talk.change_inbox(body.uid, gid, mid, |row| row.sent = true);
        }
        self.ack(id, body, (event == Event::Read).then_some(mid));
        self.tell_read(body.uid, gid);
    }

    /// Tells the others how far somebody has read now.
    pub(super) fn tell_read(&mut self, uid: u64, gid: u64) {
        if let Some(msg_id) = self.world.talk.move_mark(uid, gid) {
            let others = self.world.members(gid).iter().map(|member| member.uid);
            for other in others.filter(|other| *other != uid) {
                self.notify(other, Notice::Read { uid, gid, msg_id });
            }
        }
    }

    fn ack(&self, id: u64, body: &Body<'_>, server_msg_id: Option<u64>) {
        let ack = Ack {
            client_msg_id: Cow::Borrowed(&body.client_msg_id),
            server_msg_id,
            ..Ack::default()
        };
        self.sockets.send(id, Message::text(encode(&ack)));
    }

    /// Acknowledges a message, or keeps that back.
    fn ack_msg(&mut self, id: u64, body: &Body<'_>, mid: u64) {
        let at = self.world.talk.message(mid).map(|message| message.at);
        let ack = Ack {
            client_msg_id: Cow::Borrowed(&body.client_msg_id),
            server_msg_id: Some(mid),
            ts: at
                .filter(|_| self.is_kaiwa())
                .map(|at| at.timestamp_millis()),
            server: None,
        };
        let text = encode(&ack);
        match &mut self.faults.held {
            Some(held) => held.push((body.uid, text)),
            None => self.sockets.send(id, Message::text(text)),
        }
    }

    /// Sends a text to somebody, if they are connected.
    pub(crate) fn send_to(&self, uid: u64, message: Message) {
        if let Some(id) = self.sockets.registered.get(&uid) {
            self.sockets.send(*id, message);
        }
    }

    /// Sends to everybody who is connected.
    pub(crate) fn send_all(&self, message: &Message) {
        for id in self.sockets.clients.keys() {
            self.sockets.send(*id, message.clone());
        }
    }

    /// Whether somebody is signed in on a connection that stands.
    pub(crate) fn is_online(&self, uid: u64) -> bool {
        let id = self.sockets.registered.get(&uid);
        id.is_some_and(|id| self.sockets.clients.contains_key(id))
    }

    /// How many connections stand.
    pub(crate) fn connected(&self) -> usize {
        self.sockets.clients.len()
    }

    /// Breaks every connection at once; with the original, what a restart of the program does too.
    pub(crate) fn drop_all(&mut self) {
        self.sockets.end();
    }

    /// Tells somebody who wants to be told.
    pub(super) fn notify(&self, uid: u64, notice: Notice) {
        let id = self.sockets.registered.get(&uid);
        let client = id.and_then(|id| self.sockets.clients.get(id));
        if let Some(client) = client.filter(|client| client.notify) {
            let text = Message::text(Packet::notify(notice).encode());
            let _ = client.out.send(Out::Frame(text));
        }
    }

    /// Tells all members who want to be told.
    pub(super) fn notify_group(&self, gid: u64, notice: Notice) {
        for member in self.world.members(gid) {
            self.notify(member.uid, notice);
        }
    }
}

fn encode(ack: &Ack<'_>) -> String {
    let mut bytes = Vec::new();
    ack.encode_into(&mut bytes);
    String::from_utf8(bytes).unwrap()
}
