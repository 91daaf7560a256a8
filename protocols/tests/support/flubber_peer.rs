//! Backends for the conformance suite: in memory, and as real child processes, behind a relay that breaks connections.

use std::net::Ipv4Addr;
use std::sync::Arc;

use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Order, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::flubber::{self, FlubberSession};
use kaiwa_protocols::{AuthField, Connection, Id};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::flubber_hub::{Hub, ROOM, ROOM_NAME, serve};
use super::memory::STREAM_BYTES;
use super::pipes::Pipes;

const LACKS: &[Need] = &[
    // Credentials are the backend's affair.
    Need::SignIn,
    // Nothing of the protocol asks whether somebody is there.
    Need::Liveness,
    // What was said meanwhile comes only if a backend says it.
    Need::History,
    // A new backend knows nothing of the old one's requests.
    Need::Late,
    // A message is its words.
    Need::Replies,
    // A backend ends by ending its output.
    Need::Goodbye,
];

/// A child that is nothing but a wire: what a host says goes to a port on loopback, and back.
const WIRE: &str = r"
import os, socket, sys, threading
wire = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
wire.sendall(sys.argv[2].encode() + b'\n')
def up():
    while data := os.read(0, 65536):
        wire.sendall(data)
    wire.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
try:
    while data := wire.recv(65536):
        while data:
            data = data[os.write(1, data):]
finally:
    os._exit(0)
";

/// As real child processes.
pub(crate) struct Children;

impl Harness for Children {
    type Peer = FlubberPeer;
    const LACKS: &'static [Need] = LACKS;
    const PAUSED: bool = false;

    async fn start() -> FlubberPeer {
        let hub = Arc::new(Hub::new());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (relay, address) = Relay::to(listener.local_addr().unwrap()).await.unwrap();
        let task = tokio::spawn(accept(listener, Arc::clone(&hub)));
        FlubberPeer {
            relay: Arc::new(relay),
            hub,
            port: address.port(),
            task: Some(task),
        }
    }
}

/// The first line of each is the name of its user.
async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    use tokio::io::AsyncReadExt as _;
    while let Ok((mut stream, _)) = listener.accept().await {
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            let mut user = String::new();
            loop {
                match stream.read_u8().await {
                    Ok(b'\n') => return serve(stream, &hub, user),
                    Ok(byte) => user.push(char::from(byte)),
                    Err(_) => return,
                }
            }
        });
    }
}

/// Over streams in memory, where time may be paused.
pub(crate) struct Paused;

impl Harness for Paused {
    type Peer = FlubberPeer;
    const LACKS: &'static [Need] = LACKS;
    const PAUSED: bool = true;

    async fn start() -> FlubberPeer {
        FlubberPeer {
            relay: Arc::new(Relay::new()),
            hub: Arc::new(Hub::new()),
            port: 0,
            task: None,
        }
    }
}

/// The network and the relay before it.
pub(crate) struct FlubberPeer {
    relay: Arc<Relay>,
    hub: Arc<Hub>,
    port: u16,
    /// Accepts children; `None` where all is in memory.
    task: Option<JoinHandle<()>>,
}

impl FlubberPeer {
    fn in_memory(&self) -> Driver {
        let relay = Arc::clone(&self.relay);
        let hub = Arc::clone(&self.hub);
        Driver::new(FlubberSession::new, move |form| {
            let relay = Arc::clone(&relay);
            let hub = Arc::clone(&hub);
            let user = AuthField::require(form, "args")?.to_owned();
            Ok(Box::new(Pipes(move || {
                let (host, far_host) = tokio::io::duplex(STREAM_BYTES);
                let (backend, far_backend) = tokio::io::duplex(STREAM_BYTES);
                relay.join(far_host, far_backend).then(|| {
                    serve(backend, &hub, user.clone());
                    host
                })
            })))
        })
    }

    fn garbage(&self, seed: u64) {
        let hub = self.hub.lock();
        let texts = [
            "[]",
            "null",
            "7 ",
            "\"x\"",
            "{}",
            r#"{"type":"Nonsense","value":1}"#,
            r#"{"type":"MessageUpsert","value":{"id":"x"}}"#,
            r#"{"type":"RoomDelete","value":"!none"}{"type":"MessageDelete","value":"none"}"#,
            r#"{"sequence_number":4000000000,"body":{"type":"Success"}}"#,
            r#"{"sequence_number":4000000000,"body":{"type":"Nonsense"}}"#,
            r#"{"sequence_number":-1,"body":{"type":"Success"}}"#,
            r#"{"type":"Kaiwa","value":{"hello":1}}"#,
            r#"{"type":"Kaiwa","value":{"event":{"Channel":{"event":"ClearList"}}}}"#,
            "not JSON ",
            "}",
            "{]",
            r#"{"type":}"#,
            r#"{"type":"RoomDelete","value":"\ud800"}"#,
        ];
        let at = usize::try_from(seed).unwrap() % (texts.len() + 3);
        match texts.get(at) {
            Some(text) => hub.send(text),
            None => match at - texts.len() {
                0 => hub.send(&"[".repeat(100_000)),
                1 => self.relay.inject(Way::ToClient, b"{\"type\":\"\xff\"}"),
                _ => self.relay.inject(Way::ToClient, b"\xff\xfe\x00 "),
            },
        }
    }
}

impl Drop for FlubberPeer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Peer for FlubberPeer {
    fn connection(&self) -> Box<dyn Connection> {
        match self.task {
            Some(_) => Box::new(flubber::connection()),
            None => Box::new(self.in_memory()),
        }
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let mut form = flubber::protocol().auth.unwrap();
        let user = format!("@me{who}");
        for field in &mut form {
            match field.name.as_str() {
                "command" => field.set("python3".to_owned()),
                "args" if self.task.is_some() => {
                    field.set(format!("-I -S -c \"{WIRE}\" {} {user}", self.port));
                }
                "args" => field.set(user.clone()),
                "env" => field.set(format!("TOKEN={SECRET}")),
                "rooms" => field.set(ROOM_NAME.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        ROOM.into()
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
                for answer in &held {
                    state.release(answer);
                    if order == Order::Twice {
                        state.release(answer);
                    }
                }
            }
            Fault::Garbage(seed) => self.garbage(seed),
            Fault::Flood(count) => {
                let mut state = self.hub.lock();
                for number in 0..count {
                    state.say(&format!("flood {number}"));
                }
            }
            other => panic!("backends cannot {other:?}"),
        }
    }
}
