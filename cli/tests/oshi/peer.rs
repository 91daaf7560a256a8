//! The server, a relay before it that breaks connections, and somebody else who talks and listens.

use std::sync::{Arc, Mutex};

use chrono::Utc;
use kaiwa_conformance::relay::{Flow, Relay, Way};
use kaiwa_conformance::samples::SECRET;
use kaiwa_conformance::{Fault, Harness, Need, Peer};
use kaiwa_protocols::connection::{
    ChatEvent, Connection, ConnectionEvent, EventReceiver, StatusEvent,
};
use kaiwa_protocols::{AuthField, ErrorKind, Id, Message, MessageType, RequestId, oshi};
use kaiwa_server::{Config, Server};
use tempfile::TempDir;
use tokio::sync::watch;

/// The lobby's stream.
const GENERAL: &str = "s1";

/// The suite against this repository's own server.
pub(crate) struct OwnServer;

impl Harness for OwnServer {
    type Peer = OshiSite;

    const LACKS: &'static [Need] = &[
        // Whoever has an account may sign in, and the suite's accounts have one.
        Need::SignIn,
        // The server refuses no message that is right, and answers once, in order, to the connection that asked.
        Need::Refusal,
        Need::Disorder,
        Need::Duplicates,
        Need::Late,
        // How far somebody has read is told in talks of two only.
        Need::Receipts,
        // Nobody is brought into a circle: people are invited, and come.
        Need::Adding,
        // The lobby is nobody's.
        Need::Topics,
        // It says goodbye when it stops, and the suite goes on.
        Need::Goodbye,
    ];

    const PAUSED: bool = false;

    async fn start() -> OshiSite {
        OshiSite::start().await
    }
}

pub(crate) struct OshiSite {
    relay: Relay,
    url: String,
    somebody: Arc<tokio::sync::Mutex<Box<dyn Connection>>>,
    heard: Arc<Mutex<Heard>>,
    changes: watch::Receiver<u64>,
    /// Stops when dropped, before its data go.
    _server: Server,
    _dir: TempDir,
}

/// What has reached somebody.
#[derive(Default)]
struct Heard {
    /// Texts of others.
    texts: Vec<String>,
    /// Own requests that have ended.
    ended: Vec<RequestId>,
}

impl OshiSite {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.listen.set_port(0);
        config.data_dir = dir.path().join("data");
        config.oshi_rate_count = 0;
        let server = Server::start(config).await.unwrap();
        let (relay, address) = Relay::to(server.local_addr()).await.unwrap();
        let mut somebody: Box<dyn Connection> = Box::new(oshi::connection());
        let events = somebody.subscribe();
        let url = format!("ws://{}/", server.local_addr());
        somebody.connect(form(&url, "somebody")).await.unwrap();
        let heard = Arc::default();
        let (changed, changes) = watch::channel(0);
        tokio::spawn(listen(events, Arc::clone(&heard), changed));
        Self {
            relay,
            url: format!("ws://{address}/"),
            somebody: Arc::new(tokio::sync::Mutex::new(somebody)),
            heard,
            changes,
            _server: server,
            _dir: dir,
        }
    }
}

impl Peer for OshiSite {
    fn connection(&self) -> Box<dyn Connection> {
        Box::new(oshi::connection())
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        form(&self.url, &format!("me{who}"))
    }

    fn channel(&self) -> Id {
        GENERAL.into()
    }

    async fn say(&mut self, text: &str) {
        let request = say(&self.somebody, text).await.unwrap();
        let heard = Arc::clone(&self.heard);
        let ended = |_: &u64| heard.lock().unwrap().ended.contains(&request);
        self.changes.wait_for(ended).await.unwrap();
    }

    fn accepted(&self) -> Vec<String> {
        self.heard.lock().unwrap().texts.clone()
    }

    fn open(&self) -> usize {
        self.relay.open()
    }

    async fn changed(&mut self) {
        tokio::select! {
            () = self.relay.changed() => {}
            _ = self.changes.changed() => {}
        }
    }

    async fn fault(&mut self, fault: Fault) {
        let relay = &self.relay;
        match fault {
            Fault::Cut => relay.cut(),
            Fault::HalfClose => relay.half_close(Way::ToClient),
            Fault::Reading(true) => relay.flow(Way::ToServer, Flow::Open),
            Fault::Reading(false) => relay.flow(Way::ToServer, Flow::Stalled),
            // Everything else is kept back too, which makes no difference to whoever waits for it.
            Fault::Hold => relay.flow(Way::ToClient, Flow::Stalled),
            Fault::Release(_) => relay.flow(Way::ToClient, Flow::Open),
            Fault::Silence => relay.flow(Way::ToClient, Flow::Muted),
            Fault::Stall => relay.flow_of_new(Way::ToClient, Flow::Muted),
            Fault::Down(down) => relay.refuse(down),
            Fault::Garbage(seed) => {
                let frames: [&[u8]; 5] = [
                    b"\x81\x00",
                    b"\x81\x08not JSON",
                    b"\x81\x0d{\"op\":\"msg\"} ",
                    &[0x83, 0x00],
                    &[0x81, 0x02, 0xff, 0xfe],
                ];
                let at = usize::try_from(seed).unwrap() % frames.len();
                relay.inject(Way::ToClient, frames[at]);
            }
            Fault::Flood(count) => {
                let somebody = Arc::clone(&self.somebody);
                let mut changes = self.changes.clone();
                tokio::spawn(async move {
                    for number in 0..count {
                        while say(&somebody, &format!("flood {number}")).await.is_none() {
                            changes.changed().await.unwrap();
                        }
                    }
                });
            }
            other => panic!("this server cannot {other:?}"),
        }
    }
}

fn form(url: &str, account: &str) -> Vec<AuthField> {
    let mut form = oshi::protocol().auth.unwrap();
    for field in &mut form {
        match field.name.as_str() {
            "url" => field.set(url.to_owned()),
            "account" => field.set(account.to_owned()),
            "password" => field.set(SECRET.to_owned()),
            "register" => field.set("yes".to_owned()),
            _ => {}
        }
    }
    form
}

/// Somebody says something; `None` where too much waits already.
async fn say(somebody: &tokio::sync::Mutex<Box<dyn Connection>>, text: &str) -> Option<RequestId> {
    let event = ChatEvent::New {
        channel_id: Some(GENERAL.into()),
        message: Message::text(text, Utc::now()),
    };
    match somebody.lock().await.send(event.into()).await {
        Ok(request) => Some(request),
        Err(error) if error.kind() == ErrorKind::Full => None,
        Err(error) => panic!("somebody cannot talk: {}", error.chain()),
    }
}

async fn listen(mut events: EventReceiver, heard: Arc<Mutex<Heard>>, changed: watch::Sender<u64>) {
    while let Some(event) = events.recv().await {
        let mut heard = heard.lock().unwrap();
        match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } if message.message_type == MessageType::Normal => {
                heard.texts.push(message.plain_text());
            }
            ConnectionEvent::Status {
                event: StatusEvent::Done { request } | StatusEvent::Failed { request, .. },
            } => heard.ended.push(request),
            _ => continue,
        }
        drop(heard);
        changed.send_modify(|count| *count += 1);
    }
}
