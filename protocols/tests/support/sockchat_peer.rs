//! Sock Chat for the conformance suite: the server in this process, in each dialect, behind a relay that breaks connections.

use std::sync::Arc;

use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::sockchat::{self, SockchatSession};
use kaiwa_protocols::{AuthField, Connection, Id};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::memory::Memory;
use super::sockchat_server::dialect::Dialect;
use super::sockchat_server::world::{LOBBY, Rights};
use super::sockchat_server::{Listening, SockchatServer, SockchatWires};

const LACKS: &[Need] = &[
    // What became of a message whose connection broke, the backlog tells; its echo went to the connection that is gone.
    Need::Late,
    // A server sends a message back or says nothing.
    Need::Refusal,
    // A message is its words.
    Need::Replies,
    // Channels lie side by side.
    Need::Nesting,
];

/// What the original server cannot do besides.
const PHP_LACKS: &[Need] = &[
    Need::Late,
    Need::Refusal,
    Need::Replies,
    Need::Nesting,
    // Only words end being away.
    Need::Returning,
];

macro_rules! harnesses {
    ($($(#[$doc:meta])* $name:ident = $dialect:ident, $paused:literal, $lacks:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Harness for $name {
            type Peer = SockchatPeer;
            const LACKS: &'static [Need] = $lacks;
            const PAUSED: bool = $paused;

            async fn start() -> SockchatPeer {
                SockchatPeer::start(Dialect::$dialect, $paused).await
            }
        }
    )*};
}

harnesses! {
    /// The original server over real sockets on loopback, with the transports that programs use.
    PhpSockets = Php, false, PHP_LACKS;
    /// The server of today over real sockets.
    W25Sockets = W25, false, LACKS;
    /// The original server over streams in memory, where time may be paused.
    PhpPaused = Php, true, PHP_LACKS;
    /// The one of 2020 in memory.
    Sc20Paused = Sc20, true, LACKS;
    /// The one of 2021 in memory.
    Sc21Paused = Sc21, true, LACKS;
    /// The server of today in memory.
    W25Paused = W25, true, LACKS;
}

/// The server and the relay before it.
pub(crate) struct SockchatPeer {
    wires: SockchatWires,
    changes: watch::Receiver<u64>,
    somebody: u32,
    url: String,
    /// Accepts sockets; `None` where all is in memory.
    listening: Option<Listening>,
}

impl SockchatPeer {
    async fn start(dialect: Dialect, in_memory: bool) -> Self {
        let server = SockchatServer::new(dialect);
        let somebody = {
            let mut state = server.lock();
            let somebody = state.world.register("somebody", "secret", Rights::MEMBER);
            state.come(somebody);
            somebody
        };
        let changes = server.changes();
        let mut peer = Self {
            wires: SockchatWires::new(server),
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

    fn server(&self) -> &SockchatServer {
        &self.wires.server
    }

    fn garbage(&self, seed: u64) {
        let packets = [
            "",
            "garbage",
            "⇥⇥⇥",
            "99⇥x",
            "-1⇥x",
            "1e3⇥x",
            "0",
            "1",
            "1⇥y",
            "1⇥y⇥9⇥again⇥⇥⇥Lobby",
            "1⇥z⇥x",
            "1⇥n⇥authfail",
            "2",
            "2⇥x",
            "2⇥x⇥99⇥nobody⇥⇥",
            "2⇥99999999999999999999⇥1⇥x",
            "3⇥99⇥nobody⇥x",
            "3",
            "4",
            "4⇥0",
            "4⇥2⇥never there",
            "4⇥9⇥x",
            "5",
            "5⇥0⇥1",
            "5⇥1⇥99⇥1",
            "5⇥9⇥x",
            "6",
            "6⇥never said",
            "7",
            "7⇥0",
            "7⇥0⇥10000000⇥91⇥a⇥⇥⇥1⇥92⇥b⇥⇥⇥1⇥93⇥c⇥⇥⇥1",
            "7⇥0⇥-5",
            "7⇥1⇥x",
            "7⇥1⇥1⇥1⇥a",
            "7⇥2⇥10⇥Lobby⇥0⇥0",
            "7⇥9⇥x",
            "8",
            "8⇥9",
            "8⇥x⇥y",
            "9",
            "9⇥x",
            "10",
            "10⇥99⇥nobody⇥⇥",
            "11⇥TYPING MCHAN",
            "12⇥Lobby⇥1⇥5",
            "13⇥x",
            "14⇥x",
        ];
        let at = usize::try_from(seed).unwrap() % (packets.len() + 6);
        let send = |message: Message| self.server().lock().send_all(&message);
        match packets.get(at) {
            Some(packet) => send(Message::text(packet.replace('⇥', "\t"))),
            None => match at - packets.len() {
                0 => send(Message::binary(vec![0xff; 100])),
                1 => send(Message::Pong(b"unasked".as_slice().into())),
                2 => send(Message::text("\t".repeat(100_000))),
                3 => {
                    let deep = "[b]".repeat(300_000);
                    send(Message::text(format!(
                        "2\t1\t{}\t{deep}\tdeep\t10010",
                        self.somebody
                    )));
                }
                // Below WebSocket: a reserved opcode, and text that is not UTF-8.
                4 => self.wires.sockets.inject(Way::ToClient, &[0x83, 0x00]),
                _ => {
                    let bytes = [0x81, 0x02, 0xff, 0xfe];
                    self.wires.sockets.inject(Way::ToClient, &bytes);
                }
            },
        }
    }
}

impl Peer for SockchatPeer {
    fn connection(&self) -> Box<dyn Connection> {
        if self.listening.is_some() {
            return Box::new(sockchat::connection());
        }
        let wires = self.wires.clone();
        Box::new(Driver::new(SockchatSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        }))
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let name = format!("me{who}");
        let token = format!("{SECRET}-{who}");
        let id = {
            let world = &mut self.server().lock().world;
            // The first one may throw others out.
            let rights = if who == 0 {
                Rights::OPERATOR
            } else {
                Rights::MEMBER
            };
            match world.by_name(&name) {
                Some(user) => user.id,
                None => world.register(&name, &token, rights),
            }
        };
        let mut form = sockchat::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "sockchat_url" => field.set(self.url.clone()),
                "token" => field.set(token.clone()),
                "uid" => field.set(id.to_string()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        LOBBY.into()
    }

    async fn say(&mut self, text: &str) {
        self.server().lock().say(self.somebody, text);
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
        let sockets = &self.wires.sockets;
        match fault {
            Fault::Cut => sockets.cut(),
            Fault::Goodbye => self.server().lock().close_all(),
            Fault::HalfClose => sockets.half_close(Way::ToClient),
            Fault::Reading(true) => sockets.flow(Way::ToServer, Flow::Open),
            Fault::Reading(false) => sockets.flow(Way::ToServer, Flow::Stalled),
            Fault::Silence => sockets.flow(Way::ToClient, Flow::Muted),
            Fault::Stall => sockets.flow_of_new(Way::ToClient, Flow::Muted),
            Fault::Down(down) => sockets.refuse(down),
            Fault::RefuseSignIn => self.server().lock().faults.refuse_sign_ins = 1,
            Fault::Hold => {
                self.server().lock().faults.held.get_or_insert_default();
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
                    state.say(self.somebody, &format!("flood {number}"));
                }
            }
            other => panic!("Sock Chat cannot {other:?}"),
        }
    }
}
