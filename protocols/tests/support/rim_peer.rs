//! rim for the conformance suite: the server in this process, behind relays that break connections.

use std::sync::Arc;

use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::rim::{self, RimSession};
use kaiwa_protocols::{AuthField, Connection, Id};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::memory::Memory;
use super::rim_server::{Flavour, Listening, RimServer, RimWires};

/// What becomes of a message whose connection broke is told by the history before any late acknowledgement could come, and
/// that goes to the connection of its message, which is gone.
const KAIWA_LACKS: &[Need] = &[
    Need::Late,
    // A message is its words.
    Need::Replies,
];

const ORIGINAL_LACKS: &[Need] = &[
    // As above.
    Need::Late,
    Need::Replies,
    // Nobody is told that their message was read.
    Need::Receipts,
    // Each side of a contact sees its own relation only.
    Need::Contacts,
];

const ORIGINAL: Flavour = Flavour::Original { chat_uid: true };

macro_rules! harnesses {
    ($($(#[$doc:meta])* $name:ident = $flavour:expr, $lacks:expr, $paused:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Harness for $name {
            type Peer = RimPeer;
            const LACKS: &'static [Need] = $lacks;
            const PAUSED: bool = $paused;

            async fn start() -> RimPeer {
                RimPeer::start($flavour, $paused).await
            }
        }
    )*};
}

harnesses! {
    /// The original over real sockets on loopback, with the transports that programs use.
    OriginalSockets = ORIGINAL, ORIGINAL_LACKS, false;
    /// The original over streams in memory, where time may be paused.
    OriginalPaused = ORIGINAL, ORIGINAL_LACKS, true;
    /// kaiwa's own over real sockets.
    KaiwaSockets = Flavour::Kaiwa, KAIWA_LACKS, false;
    /// kaiwa's own over streams in memory.
    KaiwaPaused = Flavour::Kaiwa, KAIWA_LACKS, true;
}

/// The server and the relays before it.
pub(crate) struct RimPeer {
    wires: RimWires,
    changes: watch::Receiver<u64>,
    /// Somebody else, and the group of all.
    somebody: u64,
    group: u64,
    rest_url: String,
    ws_url: String,
    /// Accepts sockets; `None` where all is in memory.
    listening: Option<Listening>,
}

impl RimPeer {
    async fn start(flavour: Flavour, in_memory: bool) -> Self {
        let server = RimServer::new(flavour);
        let (somebody, group) = {
            let mut state = server.lock();
            let somebody = state.world.register("somebody", "secret");
            (somebody, state.world.group_of("Everybody", 2, &[somebody]))
        };
        let changes = server.changes();
        let base = flavour.base();
        if in_memory {
            return Self {
                wires: RimWires::new(server),
                changes,
                somebody,
                group,
                rest_url: format!("http://memory{base}"),
                ws_url: "ws://memory/".to_owned(),
                listening: None,
            };
        }
        let listening = server.listen().await;
        let (sockets, ws) = Relay::to(listening.ws).await.unwrap();
        let (rest, http) = Relay::to(listening.rest).await.unwrap();
        let wires = RimWires {
            server,
            sockets: Arc::new(sockets),
            rest: Arc::new(rest),
        };
        Self {
            wires,
            changes,
            somebody,
            group,
            rest_url: format!("http://{http}{base}"),
            ws_url: format!("ws://{ws}/"),
            listening: Some(listening),
        }
    }

    fn server(&self) -> &RimServer {
        &self.wires.server
    }

    /// Breaks all that is open. The original's program is started again: whoever is gone without a `Logout` would kill it
    /// with the next message, and no client can help that.
    fn cut(&self) {
        self.wires.sockets.cut();
        self.wires.rest.cut();
        if self.server().lock().flavour != Flavour::Kaiwa {
            self.server().restart();
        }
    }

    fn garbage(&self, seed: u64) {
        let texts = [
            "",
            "not JSON",
            "{}",
            "[]",
            "null",
            "7",
            r#"{"event":"#,
            r#"{"event":5,"body":[]}"#,
            r#"{"event":"Msg"}"#,
            r#"{"event":"Msg","body":{"gid":null,"uid":-1,"content":[],"msgId":"x"}}"#,
            r#"{"event":"Msg","body":{"kind":"Dance","uid":99,"gid":99,"content":"","clientMsgId":"","msgId":0}}"#,
            r#"{"event":"Notify","body":{"uid":1,"gid":99,"content":"groups","clientMsgId":"notify"}}"#,
            r#"{"event":"Heart","body":{}}"#,
            r#"{"clientMsgId":null,"serverMsgId":-1,"kind":7}"#,
            r#"{"clientMsgId":"never sent","serverMsgId":18446744073709551615,"kind":"Ack","content":"Ok"}"#,
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

    fn release(&self, order: Order) {
        let mut state = self.server().lock();
        let mut held = state.faults.held.take().unwrap_or_default();
        if order == Order::Reversed {
            held.reverse();
        }
        for (uid, ack) in held {
            let copies = if order == Order::Twice { 2 } else { 1 };
            for _ in 0..copies {
                state.send_to(uid, Message::text(ack.clone()));
            }
        }
    }
}

/// Whatever a case does, no session may kill the original.
impl Drop for RimPeer {
    fn drop(&mut self) {
        let poison = self.server().poison();
        assert!(
            poison.is_none() || std::thread::panicking(),
            "the original was killed by {poison:?}"
        );
    }
}

impl Peer for RimPeer {
    fn connection(&self) -> Box<dyn Connection> {
        if self.listening.is_some() {
            return Box::new(rim::connection());
        }
        let wires = self.wires.clone();
        Box::new(Driver::new(RimSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        }))
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let account = format!("me{who}");
        {
            let mut state = self.server().lock();
            let known = state.world.user_by_account(&account).map(|user| user.id);
            let uid = known.unwrap_or_else(|| state.world.register(&account, SECRET));
            state.world.join(self.group, uid);
        }
        let mut form = rim::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "url" => field.set(self.rest_url.clone()),
                "ws_url" => field.set(self.ws_url.clone()),
                "account" => field.set(account.clone()),
                "password" => field.set(SECRET.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        self.group.into()
    }

    async fn say(&mut self, text: &str) {
        let (uid, gid) = (self.somebody, self.group);
        self.server().lock().say(uid, gid, text);
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
        let (sockets, rest) = (&wires.sockets, &wires.rest);
        match fault {
            Fault::Cut => self.cut(),
            Fault::Goodbye => self.server().lock().send_all(&Message::Close(None)),
            Fault::HalfClose => sockets.half_close(Way::ToClient),
            Fault::Reading(true) => sockets.flow(Way::ToServer, Flow::Open),
            Fault::Reading(false) => sockets.flow(Way::ToServer, Flow::Stalled),
            Fault::Silence => {
                sockets.flow(Way::ToClient, Flow::Muted);
                rest.flow(Way::ToClient, Flow::Muted);
            }
            Fault::Stall => sockets.flow_of_new(Way::ToClient, Flow::Muted),
            Fault::Down(down) => {
                sockets.refuse(down);
                rest.refuse(down);
            }
            Fault::RefuseSignIn => {
                let mut state = self.server().lock();
                state.world.expire_tokens();
                state.faults.refuse_sign_ins = 1;
            }
            Fault::RefuseMessages => self.server().lock().faults.refuse_messages = true,
            Fault::Hold => {
                let mut state = self.server().lock();
                state.faults.held.get_or_insert_default();
            }
            Fault::Release(order) => self.release(order),
            Fault::Garbage(seed) => self.garbage(seed),
            Fault::Flood(count) => {
                let (uid, gid) = (self.somebody, self.group);
                let mut state = self.server().lock();
                for number in 0..count {
                    state.say(uid, gid, &format!("flood {number}"));
                }
            }
            other => panic!("rim cannot {other:?}"),
        }
    }
}
