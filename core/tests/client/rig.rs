//! A client with one account, and short words for what happens.

use std::future::Future;
use std::time::Duration;

use chrono::Utc;
use kaiwa_core::client::{AccountId, ClientEvents, Event};
use kaiwa_core::{
    AuthField, ChatEvent, Client, ConnectionEvent, Error, Message, RequestId, StatusEvent,
};

use crate::fake::{Remote, fake};

/// Waits at most ten days of the paused clock, which pass at once when nothing else can happen.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(864_000), future)
        .await
        .expect("this never comes")
}

/// Lets every other task run until nothing can happen without the clock.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) account: AccountId,
    pub(crate) events: ClientEvents,
    pub(crate) remote: Remote,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let client = Client::new();
        let events = client.subscribe();
        let (connection, remote) = fake();
        let account = client.add(connection).unwrap();
        Self {
            client,
            account,
            events,
            remote,
        }
    }

    /// A rig that is connected; `Connecting` and `Connected` are read.
    pub(crate) async fn connected() -> Self {
        let mut rig = Self::new();
        rig.connect();
        rig.until_connected().await;
        rig
    }

    pub(crate) fn connect(&self) {
        self.client.connect(self.account, form("one")).unwrap();
    }

    pub(crate) async fn until_connected(&mut self) {
        while self.next().await != "Connected" {}
        self.remote.until_up().await;
    }

    pub(crate) fn send(&self, text: &str) -> Result<RequestId, Error> {
        self.client.send(self.account, message(text))
    }

    pub(crate) async fn event(&mut self) -> Event {
        within(self.events.recv()).await.expect("an event")
    }

    pub(crate) async fn next(&mut self) -> String {
        short(&self.event().await)
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
            .map(|event| short(&event))
            .collect()
    }

    /// The `retry_in_ms` of the next `Lost`.
    pub(crate) async fn lost(&mut self) -> Option<u64> {
        loop {
            if let ConnectionEvent::Status {
                event: StatusEvent::Lost { retry_in_ms, .. },
            } = self.event().await.event
            {
                return retry_in_ms;
            }
        }
    }

    /// The texts that were submitted since the last look.
    pub(crate) fn submitted(&self) -> Vec<String> {
        self.remote
            .submitted()
            .into_iter()
            .map(|(_, event)| text(&event))
            .collect()
    }
}

pub(crate) fn form(value: &str) -> Vec<AuthField> {
    AuthField::filled(vec![AuthField::text("name", "Name", Some(value), true)])
}

pub(crate) fn message(text: &str) -> ConnectionEvent {
    ChatEvent::New {
        channel_id: Some("room".into()),
        message: Message::text(text, Utc::now()),
    }
    .into()
}

pub(crate) fn ping() -> ConnectionEvent {
    StatusEvent::Ping { artifact: None }.into()
}

pub(crate) fn short(event: &Event) -> String {
    text(&event.event)
}

/// An event in a few words.
pub(crate) fn text(event: &ConnectionEvent) -> String {
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
