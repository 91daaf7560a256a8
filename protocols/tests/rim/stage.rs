//! A server, people with our sessions, and what these were told.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use kaiwa_conformance::{Outcome, Watch};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::rim::wire::Event;
use kaiwa_protocols::rim::{self, RimSession};
use kaiwa_protocols::{
    AuthField, Channel, ChannelEvent, ChatEvent, Connection, ConnectionEvent, Error, Id, Message,
    RequestId, StatusEvent, UserEvent,
};

use crate::support::memory::Memory;
use crate::support::rim_server::raw::Raw;
use crate::support::rim_server::{Flavour, Guard, RimServer, RimWires, State};

/// The original, with a database that makes its chat list work.
pub(crate) const ORIGINAL: Flavour = Flavour::Original { chat_uid: true };

/// Both servers, for what holds with both.
pub(crate) const BOTH: [Flavour; 2] = [ORIGINAL, Flavour::Kaiwa];

pub(crate) const PASSWORD: &str = "secret";

/// A server with ann, bob and eve, whose ids are 1, 2 and 3.
pub(crate) struct Stage {
    pub(crate) wires: RimWires,
}

pub(crate) const ANN: u64 = 1;
pub(crate) const BOB: u64 = 2;
pub(crate) const EVE: u64 = 3;

/// Somebody with our session.
pub(crate) struct Person {
    pub(crate) connection: Driver,
    pub(crate) watch: Watch,
    pub(crate) form: Vec<AuthField>,
}

/// A text as it was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    News(String),
    History(String),
    Gap,
}

impl Stage {
    pub(crate) fn new(flavour: Flavour) -> Self {
        let wires = RimWires::new(RimServer::new(flavour));
        for name in ["ann", "bob", "eve"] {
            wires.server.lock().world.register(name, PASSWORD);
        }
        Self { wires }
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        self.wires.server.lock()
    }

    pub(crate) fn server(&self) -> &RimServer {
        &self.wires.server
    }

    /// A group; nobody is told.
    pub(crate) fn group(&self, name: &str, uids: &[u64]) -> u64 {
        self.lock().world.group_of(name, 2, uids)
    }

    /// Somebody says something, connected or not.
    pub(crate) fn say(&self, uid: u64, gid: u64, text: &str) -> u64 {
        self.lock().say(uid, gid, text)
    }

    /// Our session of somebody, not connected.
    pub(crate) fn person(&self, account: &str) -> Person {
        let wires = self.wires.clone();
        let connection = Driver::new(RimSession::new, move |_| {
            Ok(Box::new(Memory(wires.clone())))
        });
        let mut form = rim::protocol().auth.unwrap();
        let base = self.lock().flavour.base();
        set(&mut form, "url", &format!("http://memory{base}"));
        set(&mut form, "ws_url", "ws://memory/");
        set(&mut form, "account", account);
        set(&mut form, "password", PASSWORD);
        Person {
            watch: Watch::new(&connection, true),
            connection,
            form,
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
        Raw::sign_in(&self.wires, account, PASSWORD).await
    }

    /// Breaks all connections at once. The original's program is started again, as after a power cut: those who are gone
    /// would kill it with the next message.
    pub(crate) fn cut(&self) {
        self.wires.sockets.cut();
        self.wires.rest.cut();
        if self.lock().flavour != Flavour::Kaiwa {
            self.server().restart();
        }
    }

    /// Waits until somebody is no longer connected.
    pub(crate) async fn until_gone(&self, uid: u64) {
        let gone = |state: &State| (!state.is_online(uid)).then_some(());
        self.server().until("the end of a connection", gone).await;
    }

    /// Waits until so many messages have come over WebSockets, whatever became of them.
    pub(crate) async fn until_written(&self, count: usize) {
        let written = |state: &State| {
            let packets = state.journal.packets(Event::Msg).count();
            (packets >= count).then_some(())
        };
        self.server().until("messages", written).await;
    }

    /// The texts that the server keeps, in order.
    pub(crate) fn kept(&self) -> Vec<String> {
        let state = self.lock();
        let messages = state.world.talk.messages().iter();
        messages.map(|message| message.content.clone()).collect()
    }

    /// Checks that nobody has killed the server.
    pub(crate) fn is_well(&self) {
        assert_eq!(self.server().poison(), None);
    }
}

impl Person {
    pub(crate) fn set(&mut self, field: &str, value: &str) {
        set(&mut self.form, field, value);
    }

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

    /// Sends, and gives what came of it and all that was told meanwhile.
    pub(crate) async fn ask(
        &mut self,
        event: impl Into<ConnectionEvent>,
    ) -> (Outcome, Vec<ConnectionEvent>) {
        self.take();
        let request = self.send(event).await.unwrap();
        let mut events = Vec::new();
        while self.watch.known_outcome(request).is_none() {
            events.push(self.watch.next().await.unwrap());
        }
        (self.watch.known_outcome(request).unwrap(), events)
    }

    /// Sends, sees it done, and gives all that was told meanwhile.
    pub(crate) async fn does(&mut self, event: impl Into<ConnectionEvent>) -> Vec<ConnectionEvent> {
        let (outcome, events) = self.ask(event).await;
        assert_eq!(outcome, Outcome::Done, "{events:#?}");
        events
    }

    pub(crate) async fn say(&mut self, gid: u64, text: &str) -> RequestId {
        self.send(said(gid, text)).await.unwrap()
    }

    /// Says something and sees it delivered.
    pub(crate) async fn deliver(&mut self, gid: u64, text: &str) {
        let request = self.say(gid, text).await;
        assert_eq!(self.watch.outcome(request).await, Outcome::Done, "{text}");
    }

    /// What was told and not looked at.
    pub(crate) fn take(&mut self) -> Vec<ConnectionEvent> {
        std::iter::from_fn(|| self.watch.try_next()).collect()
    }

    /// Waits until the connection is lost.
    pub(crate) async fn lost(&mut self) -> kaiwa_protocols::ErrorKind {
        self.watch.until_lost().await
    }

    /// Breaks the connection from outside and waits until that is seen.
    pub(crate) async fn cut(&mut self, stage: &Stage) {
        stage.cut();
        self.lost().await;
    }

    pub(crate) async fn leave(mut self, stage: &Stage) {
        self.connection.disconnect().await.unwrap();
        stage.is_well();
    }
}

/// Waits until nobody has anything to do but to wait for time to pass: it is paused. Longer than any time that a session waits
/// for something in particular.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(20)).await;
}

pub(crate) fn said(gid: u64, text: &str) -> ChatEvent {
    ChatEvent::New {
        channel_id: Some(gid.into()),
        message: Message::text(text, Utc::now()),
    }
}

/// A request for the messages before one.
pub(crate) fn request_history(gid: u64, before: Option<&str>, limit: u32) -> ChatEvent {
    ChatEvent::RequestHistory {
        channel_id: Some(gid.into()),
        before: before.map(Into::into),
        limit,
    }
}

/// The one page that answers a request for history, and whether it is the last.
pub(crate) fn page(events: &[ConnectionEvent]) -> (Vec<Message>, bool) {
    let mut pages = events.iter().filter_map(|event| match event {
        ConnectionEvent::Chat {
            event: ChatEvent::History {
                messages, complete, ..
            },
        } => Some((messages.clone(), *complete)),
        _ => None,
    });
    let page = pages.next().expect("a page");
    assert!(pages.next().is_none(), "one page at a time");
    page
}

/// All messages of a group, asked for page by page from the newest on, with `meanwhile` before each.
pub(crate) async fn older(
    person: &mut Person,
    gid: u64,
    limit: u32,
    mut before: Option<Id>,
    mut meanwhile: impl FnMut(),
) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        meanwhile();
        let request = request_history(gid, before.as_deref(), limit);
        let (messages, complete) = page(&person.does(request).await);
        assert!(messages.len() <= limit as usize);
        before = messages.first().and_then(|message| message.id.clone());
        all.splice(0..0, messages);
        if complete {
            return all;
        }
        assert!(before.is_some(), "nothing, and not the end");
    }
}

fn set(form: &mut [AuthField], name: &str, value: &str) {
    let field = form.iter_mut().find(|field| field.name == name);
    field.unwrap().set(value.to_owned());
}

/// The texts of a group, in the order in which they were told.
pub(crate) fn told(events: &[ConnectionEvent], gid: u64) -> Vec<Told> {
    let here = |id: &str| id == gid.to_string();
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

/// The channels that there are after these events, with their names and types.
pub(crate) fn channels(events: &[ConnectionEvent]) -> BTreeMap<Id, Channel> {
    let mut channels = BTreeMap::new();
    for event in events {
        let ConnectionEvent::Channel { event } = event else {
            continue;
        };
        match event {
            ChannelEvent::New { channel } => {
                channels.insert(channel.id.clone(), channel.clone());
            }
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => {
                channels.remove(channel_id);
                channels.insert(new_channel.id.clone(), new_channel.clone());
            }
            ChannelEvent::Remove { channel_id } => {
                channels.remove(channel_id);
            }
            _ => {}
        }
    }
    channels
}

/// Every user id in a `User::New` of a group, as often as it is told.
pub(crate) fn members(events: &[ConnectionEvent], gid: u64) -> Vec<Id> {
    let told = events.iter().filter_map(|event| match event {
        ConnectionEvent::User {
            event:
                UserEvent::New {
                    channel_id: Some(id),
                    user,
                },
        } if *id == gid.to_string() => user.id.clone(),
        _ => None,
    });
    told.collect()
}

/// Whether the connection was lost.
pub(crate) fn is_lost(events: &[ConnectionEvent]) -> bool {
    events.iter().any(|event| {
        matches!(
            event,
            ConnectionEvent::Status {
                event: StatusEvent::Lost { .. }
            }
        )
    })
}
