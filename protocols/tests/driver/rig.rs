//! A driver with the toy network, and short words for what happens.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::{
    AuthField, ChatEvent, Connection, ConnectionEvent, Error, EventReceiver, Message, RequestId,
    StatusEvent,
};

use crate::net::{MemoryConnector, Net, Out, Peer, Plan, Server};
use crate::toy::{Log, Toy};

/// Waits at most an hour of the paused clock, which passes at once when nothing else can happen.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3600), future)
        .await
        .expect("this never comes")
}

/// Lets every other task run until nothing can happen without the clock.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub(crate) struct Rig {
    pub(crate) driver: Driver,
    pub(crate) events: EventReceiver,
    pub(crate) server: Server,
    pub(crate) net: Arc<Net>,
    pub(crate) log: Log,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let (net, server) = Net::new();
        let log = Log::default();
        let (shared_log, shared_net) = (Arc::clone(&log), Arc::clone(&net));
        let driver = Driver::new(
            move || Toy::new(&shared_log),
            move |form| {
                assert_ne!(
                    AuthField::find(form, "how"),
                    Some("bad connector"),
                    "planned: connector"
                );
                Ok(Box::new(MemoryConnector(Arc::clone(&shared_net))))
            },
        );
        Self {
            events: driver.subscribe(),
            driver,
            server,
            net,
            log,
        }
    }

    /// A rig that is signed in over frames; `Connecting` and `Connected` are read.
    pub(crate) async fn connected() -> (Self, Peer) {
        let mut rig = Self::new();
        let peer = rig.connect().await;
        (rig, peer)
    }

    /// Signs in over frames and reads the two events of that.
    pub(crate) async fn connect(&mut self) -> Peer {
        let peer = async {
            let peer = self.server.accept().await;
            assert_eq!(peer.heard().await, Out::Text("hello".to_owned()));
            peer.say("welcome");
            peer
        };
        let (connected, peer) = tokio::join!(self.driver.connect(form("frames")), peer);
        connected.unwrap();
        assert_eq!(self.next().await, "Connecting");
        assert_eq!(self.next().await, "Connected");
        peer
    }

    pub(crate) fn plan(&self, plan: Plan) {
        self.net.plans.lock().unwrap().push_back(plan);
    }

    pub(crate) async fn next(&mut self) -> String {
        text(within(self.events.recv()).await.expect("an event"))
    }

    /// The events up to `Disconnected`.
    pub(crate) async fn until_down(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while all.last().is_none_or(|last| last != "Disconnected") {
            all.push(self.next().await);
        }
        all
    }

    /// The events that are there.
    pub(crate) fn waiting(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.events.try_recv())
            .map(text)
            .collect()
    }

    pub(crate) async fn send(&mut self, text: &str) -> Result<RequestId, Error> {
        self.driver.send(message(text)).await
    }

    /// What the session was told since the last look.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

pub(crate) fn form(how: &str) -> Vec<AuthField> {
    vec![AuthField::text("how", "How", Some(how), true)]
}

pub(crate) fn message(text: &str) -> ConnectionEvent {
    ChatEvent::New {
        channel_id: None,
        message: Message::text(text, Utc::now()),
    }
    .into()
}

pub(crate) fn ping() -> ConnectionEvent {
    StatusEvent::Ping { artifact: None }.into()
}

/// An event in a few words.
pub(crate) fn text(event: ConnectionEvent) -> String {
    match event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } => format!("New {}", message.plain_text()),
        ConnectionEvent::Chat {
            event: ChatEvent::Update { new_message, .. },
        } => format!("Update {:?}", new_message.status),
        ConnectionEvent::Status {
            event: StatusEvent::Lost { error, .. },
        } => format!("Lost {:?}", error.kind),
        ConnectionEvent::Status {
            event: StatusEvent::Failed { error, .. },
        } => format!("Failed {:?}", error.kind),
        other => other.kind().variant().to_owned(),
    }
}
