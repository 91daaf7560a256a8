//! A server, people with our sessions, and what these were told.

use std::time::Duration;

use chrono::Utc;
use kaiwa_conformance::{Outcome, Watch};
use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::sockchat::{self, SockchatSession};
use kaiwa_protocols::{
    AuthField, ChannelEvent, ChatEvent, Connection, ConnectionEvent, Error, ErrorKind, Id, Message,
    RequestId, StatusEvent, UserEvent,
};

use crate::support::memory::Memory;
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::raw::Raw;
use crate::support::sockchat_server::world::{LOBBY, Rights};
use crate::support::sockchat_server::{Guard, SockchatServer, SockchatWires};

/// A server with ann, who may do everything, and bob and eve, who may do little.
pub(crate) struct Stage {
    pub(crate) wires: SockchatWires,
}

pub(crate) const ANN: u32 = 1;
pub(crate) const BOB: u32 = 2;
pub(crate) const EVE: u32 = 3;

/// Somebody with our session.
pub(crate) struct Person {
    pub(crate) connection: Driver,
    pub(crate) watch: Watch,
    pub(crate) form: Vec<AuthField>,
    /// What their program makes of what was told and looked at.
    pub(crate) state: ConnectionState,
}

/// A text as it was told, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    News(String, String),
    History(String, String),
    Gap(String),
}

impl Stage {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let wires = SockchatWires::new(SockchatServer::new(dialect));
        let people = [
            ("ann", ANN, Rights::OPERATOR),
            ("bob", BOB, Rights::MEMBER),
            ("eve", EVE, Rights::MEMBER),
        ];
        for (name, id, rights) in people {
            let registered = wires
                .server
                .lock()
                .world
                .register(name, &token(name), rights);
            assert_eq!(registered, id);
        }
        Self { wires }
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        self.wires.server.lock()
    }

    pub(crate) fn server(&self) -> &SockchatServer {
        &self.wires.server
    }

    /// Somebody is there without a connection.
    pub(crate) fn enter(&self, user: u32) {
        self.lock().come(user);
    }

    /// Somebody says something where they are.
    pub(crate) fn say(&self, user: u32, text: &str) -> String {
        self.lock().say(user, text)
    }

    /// Our session of somebody, not connected.
    pub(crate) fn person(&self, name: &str) -> Person {
        let wires = self.wires.clone();
        let connection = Driver::new(SockchatSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        });
        let mut form = sockchat::protocol().auth.unwrap();
        set(&mut form, "sockchat_url", "ws://memory/");
        set(&mut form, "token", &token(name));
        let id = self.lock().world.by_name(name).unwrap().id;
        set(&mut form, "uid", &id.to_string());
        Person {
            watch: Watch::new(&connection, true),
            connection,
            form,
            state: ConnectionState::new(name.to_owned(), "sockchat".to_owned()),
        }
    }

    /// Our session of somebody, connected and done with all that follows.
    pub(crate) async fn online(&self, name: &str) -> Person {
        let mut person = self.person(name);
        person.connect().await.unwrap();
        settle().await;
        person.take();
        person
    }

    /// Somebody with a client of their own.
    pub(crate) async fn raw(&self, user: u32) -> Raw {
        let name = self.lock().world.users[&user].name.clone();
        Raw::online(&self.wires, user, &token(&name)).await.0
    }

    /// Breaks all connections at once.
    pub(crate) fn cut(&self) {
        self.wires.sockets.cut();
    }

    /// The texts that came to the server from clients, in order.
    pub(crate) fn accepted(&self) -> Vec<String> {
        self.lock().journal.said.clone()
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

    /// Says something where they are.
    pub(crate) async fn say(&mut self, text: &str) -> RequestId {
        self.send(said(None, text)).await.unwrap()
    }

    /// Goes to a channel.
    pub(crate) async fn join(&mut self, channel: &str) -> Outcome {
        let event = ChannelEvent::Join {
            channel_id: channel.into(),
        };
        let request = self.send(event).await.unwrap();
        self.outcome(request).await
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

    /// Waits until the connection is lost; gives why, and what was told before.
    pub(crate) async fn lost(&mut self) -> (ErrorKind, Vec<ConnectionEvent>) {
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

    /// Ids of those who are shown in a channel.
    pub(crate) fn shown_in(&self, channel: &str) -> Vec<Id> {
        let users = &self.state.channels[channel].users;
        users.keys().cloned().collect()
    }
}

/// Waits until nobody has anything to do but to wait for time to pass: it is paused. Longer than any time that a session waits
/// for something in particular.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(25)).await;
}

/// A text, to be said somewhere, or where one is.
pub(crate) fn said(channel: Option<&str>, text: &str) -> ChatEvent {
    ChatEvent::New {
        channel_id: channel.map(Into::into),
        message: Message::text(text, Utc::now()),
    }
}

fn token(name: &str) -> String {
    format!("token-of-{name}")
}

pub(crate) fn set(form: &mut [AuthField], name: &str, value: &str) {
    let field = form.iter_mut().find(|field| field.name == name);
    field.unwrap().set(value.to_owned());
}

/// The texts of people, in the order in which they were told; not those of the server.
pub(crate) fn told(events: &[ConnectionEvent]) -> Vec<Told> {
    let mut told = Vec::new();
    let of_people = |message: &&Message| message.sender_id.as_deref() != Some("-1");
    for event in events {
        let ConnectionEvent::Chat { event } = event else {
            continue;
        };
        match event {
            ChatEvent::New {
                channel_id: Some(id),
                message,
            } if of_people(&message) => told.push(Told::News(id.to_string(), message.plain_text())),
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                let messages = messages.iter().filter(of_people).map(Message::plain_text);
                told.extend(messages.map(|text| Told::History(channel_id.to_string(), text)));
            }
            ChatEvent::Gap { channel_id, .. } => told.push(Told::Gap(channel_id.to_string())),
            _ => {}
        }
    }
    told
}

/// The codes of what the server says.
pub(crate) fn notices(events: &[ConnectionEvent]) -> Vec<String> {
    let news = events.iter().filter_map(|event| match event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } => Some(message),
        _ => None,
    });
    let codes = news.flat_map(|message| {
        message.content.iter().filter_map(|part| match part {
            kaiwa_protocols::MessageFragment::Notice { code, .. } => Some(code.clone()),
            _ => None,
        })
    });
    codes.collect()
}

/// Who was told as gone.
pub(crate) fn gone(events: &[ConnectionEvent]) -> Vec<Id> {
    let gone = events.iter().filter_map(|event| match event {
        ConnectionEvent::User {
            event: UserEvent::Remove { user_id, .. },
        } => Some(user_id.clone()),
        _ => None,
    });
    gone.collect()
}

pub(crate) fn news(text: &str) -> Told {
    Told::News(LOBBY.to_owned(), text.to_owned())
}

pub(crate) fn history(text: &str) -> Told {
    Told::History(LOBBY.to_owned(), text.to_owned())
}
