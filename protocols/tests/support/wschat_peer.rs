//! A wschat server as the original behaves, behind a relay that breaks connections; and its harness for the suite.
//!
//! It is written on its own, not with `wschat::wire`, so that both are not wrong in the same way.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::{SinkExt, StreamExt};
use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::{AuthField, Connection, wschat};
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

/// wschat over real sockets on loopback.
pub(crate) struct Wschat;

impl Harness for Wschat {
    type Peer = WschatPeer;

    const LACKS: &'static [Need] = &[
        // A name is free; the token is looked at per message.
        Need::SignIn,
        // The server keeps nothing.
        Need::History,
        // The nonce is public: who repeats it is somebody else.
        Need::Duplicates,
    ];

    const PAUSED: bool = false;

    async fn start() -> WschatPeer {
        WschatPeer::start().await
    }
}

/// The server.
pub(crate) struct WschatPeer {
    relay: Relay,
    hub: Arc<Hub>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Hub {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    clients: BTreeMap<u64, mpsc::UnboundedSender<Message>>,
    accepted: Vec<String>,
    /// Relayed messages that are kept back.
    held: Option<Vec<String>>,
    /// As in JWT mode with a wrong token: messages are dropped silently.
    refuse: bool,
    /// Time stamps given so far.
    ticks: u32,
}

impl WschatPeer {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let relay = Relay::to(listener.local_addr().unwrap()).await.unwrap();
        let hub = Arc::new(Hub::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&hub)));
        Self { relay, hub, task }
    }

    /// Sends to all, not by way of anybody's message.
    fn send(&self, message: &Message) {
        self.hub.lock().send(message);
    }

    fn garbage(&self, seed: u64) {
        let texts = [
            "",
            "not JSON",
            "{}",
            "[]",
            "null",
            "7",
            r#"{"usr":"#,
            r#"{"usr":null,"msg":5,"tim":[]}"#,
            r#"{"usr":{"a":1},"msg":"x","tim":"yesterday","kaiwa":"0-1"}"#,
            "{\"usr\":\"a\\u0000b\",\"msg\":\"\\u0000\",\"tim\":\"9999-99-99\"}",
        ];
        let at = usize::try_from(seed).unwrap() % (texts.len() + 5);
        match texts.get(at) {
            Some(text) => self.send(&Message::text(*text)),
            None => match at - texts.len() {
                0 => self.send(&Message::binary(vec![0xff; 100])),
                1 => self.send(&Message::Pong(b"unasked".as_slice().into())),
                2 => self.send(&Message::text("[".repeat(100_000))),
                // Below WebSocket: a reserved opcode, and text that is not UTF-8.
                3 => self.relay.inject(Way::ToClient, &[0x83, 0x00]),
                _ => self.relay.inject(Way::ToClient, &[0x81, 0x02, 0xff, 0xfe]),
            },
        }
    }
}

impl Drop for WschatPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn take(&self, text: &str) {
        let mut state = self.lock();
        // The original dies of anything but an object.
        let Ok(Value::Object(object)) = serde_json::from_str(text) else {
            return;
        };
        let said = object
            .get("msg")
            .and_then(Value::as_str)
            .unwrap_or_default();
        state.accepted.push(said.to_owned());
        if !state.refuse {
            let relayed = state.stamp(object);
            match &mut state.held {
                Some(held) => held.push(relayed),
                None => state.send(&Message::text(relayed)),
            }
        }
        drop(state);
        self.changed.notify_one();
    }
}

impl State {
    /// Sets the time; the token stays in, as the original leaves it.
    fn stamp(&mut self, mut object: Map<String, Value>) -> String {
        self.ticks += 1;
        let tim = format!("2026-01-01T00:00:00.{:09}Z", self.ticks);
        object.insert("tim".to_owned(), Value::from(tim));
        Value::Object(object).to_string()
    }

    fn say(&mut self, text: &str) {
        let said = json!({ "usr": "somebody", "msg": text });
        let Value::Object(object) = said else {
            unreachable!("an object")
        };
        let relayed = self.stamp(object);
        self.send(&Message::text(relayed));
    }

    fn send(&self, message: &Message) {
        for client in self.clients.values() {
            let _ = client.send(message.clone());
        }
    }
}

async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    for id in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        // Before the handshake, so that nothing is missed by who has just connected.
        let (sender, messages) = mpsc::unbounded_channel();
        hub.lock().clients.insert(id, sender);
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            serve(stream, messages, &hub).await;
            hub.lock().clients.remove(&id);
        });
    }
}

async fn serve(stream: TcpStream, mut messages: mpsc::UnboundedReceiver<Message>, hub: &Hub) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(message) = messages.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = message {
                hub.take(&text);
            }
        }
    };
    // Writing may end first, with a goodbye whose answer is still to be read.
    tokio::pin!(read);
    tokio::select! {
        () = &mut read => {}
        () = write => read.await,
    }
}

impl Peer for WschatPeer {
    fn connection(&self) -> Box<dyn Connection> {
        Box::new(wschat::connection())
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let mut form = wschat::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "url" => field.set(format!("ws://{}/", self.relay.address())),
                "name" => field.set(format!("me{who}")),
                "jwt" => field.set(SECRET.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> String {
        wschat::LOBBY.to_owned()
    }

    async fn say(&mut self, text: &str) {
        self.hub.lock().say(text);
    }

    fn accepted(&self) -> Vec<String> {
        self.hub.lock().accepted.clone()
    }

    fn open(&self) -> usize {
        self.relay.open()
    }

    async fn changed(&mut self) {
        tokio::select! {
            () = self.relay.changed() => {}
            () = self.hub.changed.notified() => {}
        }
    }

    async fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Cut => self.relay.cut(),
            Fault::Goodbye => self.send(&Message::Close(None)),
            Fault::HalfClose => self.relay.half_close(Way::ToClient),
            Fault::Reading(true) => self.relay.flow(Way::ToServer, Flow::Open),
            Fault::Reading(false) => self.relay.flow(Way::ToServer, Flow::Stalled),
            Fault::Silence => self.relay.flow(Way::ToClient, Flow::Muted),
            Fault::Stall => self.relay.flow_of_new(Way::ToClient, Flow::Muted),
            Fault::Down(down) => self.relay.refuse(down),
            Fault::RefuseMessages => self.hub.lock().refuse = true,
            Fault::Hold => {
                self.hub.lock().held.get_or_insert_default();
            }
            Fault::Release(order) => {
                let mut state = self.hub.lock();
                let mut held = state.held.take().unwrap_or_default();
                if order == Order::Reversed {
                    held.reverse();
                }
                for relayed in held {
                    state.send(&Message::text(relayed));
                }
            }
            Fault::Garbage(seed) => self.garbage(seed),
            Fault::Flood(count) => {
                let mut state = self.hub.lock();
                for number in 0..count {
                    state.say(&format!("flood {number}"));
                }
            }
            other => panic!("wschat cannot {other:?}"),
        }
    }
}
