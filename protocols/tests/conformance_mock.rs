//! The scripted mock passes the conformance suite, with a memory and without.

#![cfg(feature = "mock")]

use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer, conformance};
use kaiwa_protocols::mock::wire::LOBBY;
use kaiwa_protocols::mock::{self, MockPeer, MockSession, Script};
use kaiwa_protocols::session::Session as _;
use kaiwa_protocols::{AuthField, Connection, Id};

/// A peer that remembers: after a reconnect it tells what was said and what arrived.
struct Remembering;

impl Harness for Remembering {
    type Peer = Scripted;
    // What has arrived is told again at once after the reconnect, so nothing is left to be late.
    const LACKS: &'static [Need] = &[Need::Late];
    const PAUSED: bool = true;

    async fn start() -> Scripted {
        Scripted::new(Script::echo())
    }
}

/// A peer that tells nothing about the past.
struct Forgetful;

impl Harness for Forgetful {
    type Peer = Scripted;
    const LACKS: &'static [Need] = &[Need::History];
    const PAUSED: bool = true;

    async fn start() -> Scripted {
        Scripted::new(Script::echo().forgetful())
    }
}

/// A peer that answers late, and in no order.
struct Muddled;

impl Harness for Muddled {
    type Peer = Scripted;
    // As above.
    const LACKS: &'static [Need] = &[Need::Late];
    const PAUSED: bool = true;

    async fn start() -> Scripted {
        Scripted::new(Script::echo().seed(7).reorder(3))
    }
}

conformance!(remembering, Remembering);
conformance!(forgetful, Forgetful);
conformance!(muddled, Muddled);

struct Scripted {
    peer: MockPeer,
    script: Script,
}

impl Scripted {
    fn new(script: Script) -> Self {
        let peer = MockPeer::new(script.clone());
        Self { peer, script }
    }
}

impl Peer for Scripted {
    fn connection(&self) -> Box<dyn Connection> {
        Box::new(self.peer.connection())
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let mut form = MockSession::new().protocol_spec().auth.unwrap_or_default();
        form.retain(|field| field.name == "name" || field.name == "password");
        for field in &mut form {
            field.set(match field.name.as_str() {
                "password" => SECRET.to_owned(),
                _ => format!("me{who}"),
            });
        }
        form
    }

    fn channel(&self) -> Id {
        LOBBY.into()
    }

    async fn say(&mut self, text: &str) {
        self.peer.say(text);
    }

    fn accepted(&self) -> Vec<String> {
        self.peer.received()
    }

    fn open(&self) -> usize {
        self.peer.connections()
    }

    async fn changed(&mut self) {
        self.peer.changed().await;
    }

    async fn fault(&mut self, fault: Fault) {
        let peer = &self.peer;
        match fault {
            Fault::Cut => peer.cut(),
            Fault::Goodbye => peer.bye("enough"),
            Fault::HalfClose => peer.half_close(),
            Fault::Reading(reading) => peer.read(reading),
            Fault::Silence => peer.fall_silent(),
            Fault::Stall => peer.stall(true),
            Fault::Down(down) => peer.down(down),
            Fault::RefuseSignIn => peer.refuse_sign_ins(1),
            Fault::RefuseMessages => peer.play(self.script.clone().fail()),
            Fault::Hold => peer.hold(),
            Fault::Release(Order::Straight) => peer.release(mock::Order::Straight),
            Fault::Release(Order::Reversed) => peer.release(mock::Order::Reversed),
            Fault::Release(Order::Twice) => peer.release(mock::Order::Twice),
            Fault::Garbage(_) => peer.garbage(5),
            Fault::Flood(count) => peer.flood(count),
            other => panic!("the mock cannot {other:?}"),
        }
    }
}
