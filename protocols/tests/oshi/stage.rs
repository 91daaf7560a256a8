//! A server, people with our sessions, and what these were told.

use std::time::Duration;

use chrono::Utc;
use kaiwa_conformance::{Outcome, Watch};
use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::oshi::wire::{StreamId, UserId};
use kaiwa_protocols::oshi::{self, OshiSession};
use kaiwa_protocols::{
    AuthField, ChatEvent, Connection, ConnectionEvent, Error, ErrorKind, Message, RequestId,
    StatusEvent,
};

use crate::support::memory::Memory;
use crate::support::oshi_server::raw::Raw;
use crate::support::oshi_server::world::GENERAL;
use crate::support::oshi_server::{Guard, OshiServer, OshiWires, State};

pub(crate) const PASSWORD: &str = "secret";

/// A server with ann, bob and eve.
pub(crate) struct Stage {
    pub(crate) wires: OshiWires,
}

pub(crate) const ANN: UserId = UserId(2);
pub(crate) const BOB: UserId = UserId(3);
pub(crate) const EVE: UserId = UserId(4);

/// Somebody with our session.
pub(crate) struct Person {
    pub(crate) connection: Driver,
    pub(crate) watch: Watch,
    pub(crate) form: Vec<AuthField>,
    /// What their program makes of what was told and looked at.
    pub(crate) state: ConnectionState,
}

/// A text as it was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    News(String),
    History(String),
    Gap,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let wires = OshiWires::new(OshiServer::new());
        for (name, id) in [("ann", ANN), ("bob", BOB), ("eve", EVE)] {
            let registered = wires.server.lock().world.register(name, PASSWORD, name);
            assert_eq!(registered, id);
        }
        Self { wires }
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        self.wires.server.lock()
    }

    pub(crate) fn server(&self) -> &OshiServer {
        &self.wires.server
    }

    /// Somebody says something in the lobby, connected or not.
    pub(crate) fn say(&self, user: UserId, text: &str) -> i64 {
        self.lock().say(user, GENERAL, text)
    }

    /// Our session of somebody, not connected.
    pub(crate) fn person(&self, account: &str) -> Person {
        let wires = self.wires.clone();
        let connection = Driver::new(OshiSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        });
        let mut form = oshi::protocol().auth.unwrap();
        set(&mut form, "url", "ws://memory/");
        set(&mut form, "account", account);
        set(&mut form, "password", PASSWORD);
        Person {
            watch: Watch::new(&connection, true),
            connection,
            form,
            state: ConnectionState::new(account.to_owned(), "oshi".to_owned()),
        }
    }

    /// Our session of somebody, connected and done with all that follows.
    pub(crate) async fn online(&self, account: &str) -> Person {
        let mut person = self.person(account);
        person.connect().await.unwrap();
        settle().await;
        person.take();
        person
    }

    /// Somebody with a client of their own.
    pub(crate) async fn raw(&self, account: &str) -> Raw {
        Raw::online(&self.wires, account, PASSWORD).await
    }

    /// Breaks all connections at once.
    pub(crate) fn cut(&self) {
        self.wires.sockets.cut();
        self.wires.rest.cut();
    }

    /// Waits until so many requests of this kind have come, whatever became of them.
    pub(crate) async fn until_asked(&self, op: &str, count: usize) {
        let asked = |state: &State| (state.journal.requests(op).len() >= count).then_some(());
        self.server().until(op, asked).await;
    }

    /// The texts that the lobby keeps, in order.
    pub(crate) fn kept(&self) -> Vec<String> {
        let state = self.lock();
        let messages = state.world.streams[&GENERAL].log.messages();
        messages
            .map(|message| message.text.as_deref().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Person {
    pub(crate) async fn connect(&mut self) -> Result<(), Error> {
        self.connection.connect(self.form.clone()).await
    }

    /// Connects again, and gives what was told until all is quiet.
    pub(crate) async fn reconnect(&mut self) -> Vec<ConnectionEvent> {
        self.connect().await.unwrap();
        settle().await;
        self.take()
    }

    pub(crate) async fn send(
        &mut self,
        event: impl Into<ConnectionEvent>,
    ) -> Result<RequestId, Error> {
        self.connection.send(event.into()).await
    }

    /// Says something in the lobby.
    pub(crate) async fn say(&mut self, text: &str) -> RequestId {
        self.send(said(text)).await.unwrap()
    }

    /// What became of a request; what is told meanwhile is looked at.
    pub(crate) async fn outcome(&mut self, request: RequestId) -> Outcome {
        loop {
            if let Some(outcome) = self.watch.known_outcome(request) {
                return outcome;
            }
            let event = self.watch.next().await.unwrap();
            self.state.apply(&event);
        }
    }

    /// What was told and not looked at.
    pub(crate) fn take(&mut self) -> Vec<ConnectionEvent> {
        let events: Vec<ConnectionEvent> = std::iter::from_fn(|| self.watch.try_next()).collect();
        for event in &events {
            self.state.apply(event);
        }
        events
    }

    /// Waits until the connection is lost; gives why.
    pub(crate) async fn lost(&mut self) -> ErrorKind {
        self.until_lost().await.0
    }

    /// The same; gives also what was told before.
    pub(crate) async fn until_lost(&mut self) -> (ErrorKind, Vec<ConnectionEvent>) {
        let (mut why, mut events) = (None, Vec::new());
        loop {
            let event = self.watch.next().await.unwrap();
            self.state.apply(&event);
            match &event {
                ConnectionEvent::Status {
                    event: StatusEvent::Lost { error, .. },
                } => why = Some(error.kind),
                ConnectionEvent::Status {
                    event: StatusEvent::Disconnected { .. },
                } => return (why.unwrap(), events),
                _ => {}
            }
            events.push(event);
        }
    }

    /// Breaks the connection from outside and waits until that is seen.
    pub(crate) async fn cut(&mut self, stage: &Stage) {
        stage.cut();
        self.lost().await;
    }

    pub(crate) async fn leave(mut self) {
        self.connection.disconnect().await.unwrap();
    }
}

/// Waits until nobody has anything to do but to wait for time to pass: it is paused. Longer than any time that a session waits
/// for something in particular.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(25)).await;
}

/// A text, to be said in the lobby.
pub(crate) fn said(text: &str) -> ChatEvent {
    ChatEvent::New {
        channel_id: Some(GENERAL.into()),
        message: Message::text(text, Utc::now()),
    }
}

fn set(form: &mut [AuthField], name: &str, value: &str) {
    let field = form.iter_mut().find(|field| field.name == name);
    field.unwrap().set(value.to_owned());
}

/// The texts of a stream, in the order in which they were told.
pub(crate) fn told(events: &[ConnectionEvent], stream: StreamId) -> Vec<Told> {
    let here = |id: &str| id == stream.to_string();
    let mut told = Vec::new();
    for event in events {
        let ConnectionEvent::Chat { event } = event else {
            continue;
        };
        match event {
            ChatEvent::New {
                channel_id: Some(id),
                message,
            } if here(id) => told.push(Told::News(message.plain_text())),
            ChatEvent::History {
                channel_id: id,
                messages,
                ..
            } if here(id) => {
                let texts = messages.iter().map(Message::plain_text);
                told.extend(texts.map(Told::History));
            }
            ChatEvent::Gap { channel_id: id, .. } if here(id) => told.push(Told::Gap),
            _ => {}
        }
    }
    told
}

pub(crate) fn news(text: &str) -> Told {
    Told::News(text.to_owned())
}

pub(crate) fn history(text: &str) -> Told {
    Told::History(text.to_owned())
}
