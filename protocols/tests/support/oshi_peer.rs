//! Oshi for the conformance suite: the server in this process, behind relays that break connections.

use std::sync::Arc;

use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::oshi::wire::{Role, UserId};
use kaiwa_protocols::oshi::{self, OshiSession};
use kaiwa_protocols::{AuthField, Connection, Id};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::memory::Memory;
use super::oshi_server::world::{GENERAL, LOBBY};
use super::oshi_server::{Listening, OshiServer, OshiWires};

const LACKS: &[Need] = &[
    // What becomes of a message whose connection broke is told when it is sent again; an answer goes to the connection of
    // its request, which is gone.
    Need::Late,
    // How far somebody has read is told in talks of two only.
    Need::Receipts,
    // Nobody is put into a circle: people are invited.
    Need::Adding,
];

macro_rules! harnesses {
    ($($(#[$doc:meta])* $name:ident = $paused:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Harness for $name {
            type Peer = OshiPeer;
            const LACKS: &'static [Need] = LACKS;
            const PAUSED: bool = $paused;

            async fn start() -> OshiPeer {
                OshiPeer::start($paused).await
            }
        }
    )*};
}

harnesses! {
    /// Over real sockets on loopback, with the transports that programs use.
    Sockets = false;
    /// Over streams in memory, where time may be paused.
    Paused = true;
}

/// The server and the relays before it.
pub(crate) struct OshiPeer {
    wires: OshiWires,
    changes: watch::Receiver<u64>,
    somebody: UserId,
    url: String,
    /// Accepts sockets; `None` where all is in memory.
    listening: Option<Listening>,
}

impl OshiPeer {
    async fn start(in_memory: bool) -> Self {
        let server = OshiServer::new();
        let somebody = server
            .lock()
            .world
            .register("somebody", "secret", "Somebody");
        let changes = server.changes();
        let mut peer = Self {
            wires: OshiWires::new(server),
            changes,
            somebody,
            url: "ws://memory/".to_owned(),
            listening: None,
        };
        if !in_memory {
            let listening = peer.server().listen().await;
            let (sockets, address) = Relay::to(listening.address).await.unwrap();
            peer.wires.sockets = Arc::new(sockets);
            peer.url = format!("ws://{address}/");
            peer.listening = Some(listening);
        }
        peer
    }

    fn server(&self) -> &OshiServer {
        &self.wires.server
    }

    fn garbage(&self, seed: u64) {
        let texts = [
            "",
            "not JSON",
            "{}",
            "[]",
            "null",
            "7",
            r#"{"op":"#,
            r#"{"op":5}"#,
            r#"{"op":"dance","re":1}"#,
            r#"{"op":"msg"}"#,
            r#"{"op":"msg","stream":"s1","seq":-1,"rev":1e300,"id":null}"#,
            r#"{"op":"msg","stream":"s99","seq":1,"rev":1,"id":"m1","text":"nowhere"}"#,
            r#"{"op":"msg","stream":"s1","seq":9007199254740991,"rev":0,"id":"m1","from":7,"text":[],"ts":"x"}"#,
            r#"{"op":"upd","stream":"s1","seq":9007199254740990,"rev":0,"id":"m9","deleted":true}"#,
            r#"{"op":"react","stream":"s1","seq":0,"rev":0,"user":"u0","emoji":"","on":1}"#,
            r#"{"op":"ok","re":9007199254740991,"seq":1,"id":"m1","rev":1}"#,
            r#"{"op":"ok"}"#,
            r#"{"op":"error","code":"dance"}"#,
            r#"{"op":"history","stream":"s1","messages":[],"more":true}"#,
            r#"{"op":"hello","v":1,"user":{"id":"u999","name":"x"},"token":"x"}"#,
            r#"{"op":"stream","change":"delete","stream":{"id":"s99","circle":"c99"}}"#,
            r#"{"op":"circle","change":"delete","circle":{"id":"c99"}}"#,
            r#"{"op":"member","circle":"c99","user":"u99","change":"kick"}"#,
            r#"{"op":"pong"}"#,
        ];
        let at = usize::try_from(seed).unwrap() % (texts.len() + 5);
        let send = |message: Message| self.server().lock().send_all(&message);
        match texts.get(at) {
            Some(text) => send(Message::text(*text)),
            None => match at - texts.len() {
                0 => send(Message::binary(vec![0xff; 100])),
                1 => send(Message::Pong(b"unasked".as_slice().into())),
                2 => send(Message::text("[".repeat(100_000))),
                // Below WebSocket: a reserved opcode, and text that is not UTF-8.
                3 => self.wires.sockets.inject(Way::ToClient, &[0x83, 0x00]),
                _ => {
                    let bytes = [0x81, 0x02, 0xff, 0xfe];
                    self.wires.sockets.inject(Way::ToClient, &bytes);
                }
            },
        }
    }
}

impl Peer for OshiPeer {
    fn connection(&self) -> Box<dyn Connection> {
        if self.listening.is_some() {
            return Box::new(oshi::connection());
        }
        let wires = self.wires.clone();
        Box::new(Driver::new(OshiSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        }))
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let account = format!("me{who}");
        {
            let world = &mut self.server().lock().world;
            if world.by_name(&account).is_none() {
                let user = world.register(&account, SECRET, &account);
                // The suite sets topics.
                world.enter(LOBBY, user, Role::Admin);
            }
        }
        let mut form = oshi::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "url" => field.set(self.url.clone()),
                "account" => field.set(account.clone()),
                "password" => field.set(SECRET.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        GENERAL.into()
    }

    async fn say(&mut self, text: &str) {
        self.server().lock().say(self.somebody, GENERAL, text);
    }

    fn accepted(&self) -> Vec<String> {
        self.server().lock().journal.said.clone()
    }

    fn open(&self) -> usize {
        self.wires.sockets.open()
    }

    async fn changed(&mut self) {
        tokio::select! {
            () = self.wires.sockets.changed() => {}
            _ = self.changes.changed() => {}
        }
    }

    async fn fault(&mut self, fault: Fault) {
        let Self { wires, .. } = self;
        let (sockets, http) = (&wires.sockets, &wires.rest);
        match fault {
            Fault::Cut => {
                sockets.cut();
                http.cut();
            }
            Fault::Goodbye => self.server().lock().close_all(1001, "the server stops"),
            Fault::HalfClose => sockets.half_close(Way::ToClient),
            Fault::Reading(true) => sockets.flow(Way::ToServer, Flow::Open),
            Fault::Reading(false) => sockets.flow(Way::ToServer, Flow::Stalled),
            Fault::Silence => {
                sockets.flow(Way::ToClient, Flow::Muted);
                http.flow(Way::ToClient, Flow::Muted);
            }
            Fault::Stall => sockets.flow_of_new(Way::ToClient, Flow::Muted),
            Fault::Down(down) => {
                sockets.refuse(down);
                http.refuse(down);
            }
            Fault::RefuseSignIn => {
                let mut state = self.server().lock();
                state.world.tokens.clear();
                state.faults.refuse_sign_ins = 1;
            }
            Fault::RefuseMessages => self.server().lock().faults.refuse_messages = true,
            Fault::Hold => {
                let mut state = self.server().lock();
                state.faults.held.get_or_insert_default();
            }
            Fault::Release(order) => {
                let copies = if order == Order::Twice { 2 } else { 1 };
                let reversed = order == Order::Reversed;
                self.server().lock().release(reversed, copies);
            }
            Fault::Garbage(seed) => self.garbage(seed),
            Fault::Flood(count) => {
                let mut state = self.server().lock();
                for number in 0..count {
                    state.say(self.somebody, GENERAL, &format!("flood {number}"));
                }
            }
            other => panic!("Oshi cannot {other:?}"),
        }
    }
}
