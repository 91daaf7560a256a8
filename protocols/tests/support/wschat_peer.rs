//! wschat for the conformance suite: the server in this process, behind a relay that breaks connections.

use std::net::Ipv4Addr;
use std::sync::Arc;

use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::wschat::{self, WschatSession};
use kaiwa_protocols::{AuthField, Connection, Id};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::memory::{Memory, STREAM_BYTES};
use super::wschat_server::{Hub, accept, serve};

const LACKS: &[Need] = &[
    // A name is free; the token is looked at per message.
    Need::SignIn,
    // The server keeps nothing.
    Need::History,
    // The nonce is public: who repeats it is somebody else.
    Need::Duplicates,
    // A message is its words.
    Need::Replies,
];

/// Over real sockets on loopback, with the transports that programs use.
pub(crate) struct Sockets;

impl Harness for Sockets {
    type Peer = WschatPeer;
    const LACKS: &'static [Need] = LACKS;
    const PAUSED: bool = false;

    async fn start() -> WschatPeer {
        let hub = Arc::new(Hub::default());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        let (relay, address) = Relay::to(server).await.unwrap();
        let task = tokio::spawn(accept(listener, Arc::clone(&hub)));
        WschatPeer {
            relay: Arc::new(relay),
            hub,
            url: format!("ws://{address}/"),
            task: Some(task),
        }
    }
}

/// Over streams in memory, where time may be paused.
pub(crate) struct Paused;

impl Harness for Paused {
    type Peer = WschatPeer;
    const LACKS: &'static [Need] = LACKS;
    const PAUSED: bool = true;

    async fn start() -> WschatPeer {
        WschatPeer {
            relay: Arc::new(Relay::new()),
            hub: Arc::new(Hub::default()),
            url: "ws://memory/".to_owned(),
            task: None,
        }
    }
}

/// The server and the relay before it.
pub(crate) struct WschatPeer {
    relay: Arc<Relay>,
    hub: Arc<Hub>,
    url: String,
    /// Accepts sockets; `None` where all is in memory.
    task: Option<JoinHandle<()>>,
}

impl WschatPeer {
    /// A connection through streams in memory.
    fn in_memory(&self) -> Driver {
        let relay = Arc::clone(&self.relay);
        let hub = Arc::clone(&self.hub);
        Driver::new(WschatSession::new, move |_| {
            let relay = Arc::clone(&relay);
            let hub = Arc::clone(&hub);
            Ok(Box::new(Memory(move || {
                let (client, far_client) = tokio::io::duplex(STREAM_BYTES);
                let (server, far_server) = tokio::io::duplex(STREAM_BYTES);
                relay.join(far_client, far_server).then(|| {
                    serve(server, &hub);
                    client
                })
            })))
        })
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
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Peer for WschatPeer {
    fn connection(&self) -> Box<dyn Connection> {
        match self.task {
            Some(_) => Box::new(wschat::connection()),
            None => Box::new(self.in_memory()),
        }
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let mut form = wschat::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "url" => field.set(self.url.clone()),
                "name" => field.set(format!("me{who}")),
                "jwt" => field.set(SECRET.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        wschat::LOBBY.into()
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
