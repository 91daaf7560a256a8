//! The mock network as a backend, over streams in memory: what a host is told of what happens, and how hosts that misbehave fare.

#![cfg(all(feature = "flubber-backend", feature = "mock"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy's exception for tests does not reach their helpers"
)]

use std::future::pending;
use std::time::Duration;

use kaiwa_protocols::flubber::backend::Backend;
use kaiwa_protocols::mock::{self, MockPeer, Script};
use kaiwa_protocols::{
    AuthField, Channel, ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message,
    MessageStatus,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Bytes that lie in a pipe.
const PIPE_BYTES: usize = 4096;

/// Longer than any limit here; time is paused, so nobody waits.
const PATIENCE: Duration = Duration::from_secs(600);

/// A host and its backend.
struct Host {
    asks: Option<DuplexStream>,
    hears: BufReader<DuplexStream>,
    serves: JoinHandle<Result<(), Error>>,
    next: u32,
    /// The types and values of what was told unasked.
    updates: Vec<(String, Value)>,
}

impl Host {
    fn start(peer: &MockPeer, extended: bool) -> Self {
        let (asks, input) = duplex(PIPE_BYTES);
        let (output, hears) = duplex(PIPE_BYTES);
        let name = AuthField::text("name", "", Some("ann"), false);
        let backend = Backend::new(Box::new(peer.connection()), vec![name]).extended(extended);
        Self {
            asks: Some(asks),
            hears: BufReader::new(hears),
            serves: tokio::spawn(backend.serve(input, output, pending())),
            next: 0,
            updates: Vec::new(),
        }
    }

    /// The next value; `None` at the end.
    async fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.hears.read_line(&mut line)).await;
        let count = read.expect("something is said").unwrap();
        (count > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    async fn ask(&mut self, kind: &str, value: Value) -> u32 {
        let number = self.next;
        self.next += 1;
        let request =
            json!({ "body": { "type": kind, "value": value }, "sequence_number": number });
        let asks = self.asks.as_mut().unwrap();
        asks.write_all(request.to_string().as_bytes())
            .await
            .unwrap();
        number
    }

    /// The type and the value of the answer; what is told before it is kept.
    async fn answer(&mut self, number: u32) -> (String, Value) {
        loop {
            let mut said = self.hear().await.expect("an answer");
            match said.get("sequence_number") {
                Some(of) if *of == number => {
                    let body = said["body"].take();
                    return (
                        body["type"].as_str().unwrap().to_owned(),
                        body["value"].clone(),
                    );
                }
                _ => self.keep(&said),
            }
        }
    }

    async fn result(&mut self, kind: &str, value: Value) -> (String, Value) {
        let number = self.ask(kind, value).await;
        self.answer(number).await
    }

    /// The value of the next update of this type.
    async fn told(&mut self, kind: &str) -> Value {
        loop {
            let said = self.hear().await.expect("an update");
            self.keep(&said);
            let (last, value) = self.updates.last().unwrap();
            if last == kind {
                return value.clone();
            }
        }
    }

    fn keep(&mut self, said: &Value) {
        let kind = said["type"].as_str().unwrap_or_default().to_owned();
        self.updates.push((kind, said["value"].clone()));
    }

    /// Signed in, with the init info and the lobby heard.
    async fn in_lobby(peer: &MockPeer) -> Self {
        let mut host = Self::start(peer, false);
        assert_eq!(host.hear().await.unwrap()["backend_name"], "kaiwa mock");
        let found = host.result("RoomLookup", json!("#Lobby")).await;
        assert_eq!(found, ("RoomID".to_owned(), json!("!lobby")));
        host
    }

    /// What serving came to, once the host has closed its end.
    async fn leave(mut self) -> Result<(), Error> {
        self.asks = None;
        while self.hear().await.is_some() {}
        self.serves.await.unwrap()
    }
}

fn text(id: &str, said: &str) -> Message {
    let mut message = Message::text(said, chrono::DateTime::UNIX_EPOCH);
    message.id = Some(id.into());
    message.sender_id = Some("somebody".into());
    message.status = MessageStatus::Delivered;
    message
}

fn new_text(recipient: &str, said: &str) -> Value {
    let content = json!({ "type": "Text", "value": said });
    json!({ "attachments": [], "content": content, "recipient": recipient })
}

fn channel(id: &str, name: &str) -> Channel {
    Channel {
        id: id.into(),
        name: Some(name.to_owned()),
        ..Channel::default()
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_told_as_they_change() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    peer.say("hello");
    let told = host.told("MessageUpsert").await;
    assert_eq!(told["content"], json!({ "type": "Text", "value": "hello" }));
    assert_eq!(
        (&told["sender"], &told["recipient"]),
        (&json!("@somebody"), &json!("!lobby"))
    );
    let id = told["id"].as_str().unwrap().to_owned();
    assert_eq!(
        host.result("MessageGet", json!(id)).await,
        ("Message".to_owned(), told)
    );

    let own_id = id.strip_prefix("lobby/").unwrap();
    let channel_id = Some(Id::from("lobby"));
    let edited = ChatEvent::Update {
        channel_id: channel_id.clone(),
        message_id: own_id.into(),
        new_message: text(own_id, "goodbye"),
    };
    peer.announce(&edited.into());
    let told = host.told("MessageUpsert").await;
    assert_eq!(
        (&told["id"], &told["content"]["value"]),
        (&json!(id), &json!("goodbye"))
    );

    let removed = ChatEvent::Remove {
        channel_id: channel_id.clone(),
        message_id: own_id.into(),
    };
    peer.announce(&removed.into());
    assert_eq!(host.told("MessageDelete").await, json!(id));
    assert_eq!(host.result("MessageGet", json!(id)).await.0, "Error");

    peer.say("one more");
    let id = host.told("MessageUpsert").await["id"].clone();
    peer.announce(&ChannelEvent::Wipe { channel_id }.into());
    assert_eq!(host.told("MessageDelete").await, id);
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rooms_are_told_as_they_change() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    let announce = |event: ChannelEvent| peer.announce(&ConnectionEvent::from(event));
    announce(ChannelEvent::New {
        channel: channel("t/1", "tea"),
    });
    let room = json!({ "id": "!t/1", "name": "tea", "parent": null, "sendable": true });
    assert_eq!(host.told("RoomUpsert").await, room);
    announce(ChannelEvent::Parent {
        channel_id: "t/1".into(),
        parent_id: Some("lobby".into()),
    });
    assert_eq!(host.told("RoomUpsert").await["parent"], "!lobby");
    let found = host.result("RoomLookup", json!("Lobby/tea")).await;
    assert_eq!(found, ("RoomID".to_owned(), json!("!t/1")));
    announce(ChannelEvent::Update {
        channel_id: "t/1".into(),
        new_channel: channel("t/1", "coffee"),
    });
    assert_eq!(host.told("RoomUpsert").await["name"], "coffee");
    announce(ChannelEvent::Remove {
        channel_id: "t/1".into(),
    });
    assert_eq!(host.told("RoomDelete").await, "!t/1");
    assert_eq!(host.result("RoomGet", json!("!t/1")).await.0, "Error");
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rooms_are_made_joined_and_left() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    let new = json!({ "parent": "!lobby", "name": "tea", "sendable": true });
    let (kind, id) = host.result("RoomCreate", new).await;
    assert_eq!(kind, "RoomID", "{id}");
    let (kind, room) = host.result("RoomGet", id.clone()).await;
    assert_eq!((kind.as_str(), &room["parent"]), ("Room", &json!("!lobby")));
    for kind in ["RoomLeave", "RoomJoin"] {
        let done = host.result(kind, id.clone()).await;
        assert_eq!(done.0, "Success", "{kind}: {done:?}");
    }
    assert_eq!(host.result("RoomJoin", json!("no room")).await.0, "Error");
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn older_messages_come_before_the_success() {
    let peer = MockPeer::new(Script::echo().history(200));
    let mut host = Host::in_lobby(&peer).await;
    let first = host
        .updates
        .iter()
        .find(|(kind, _)| kind == "MessageUpsert");
    let first = first.expect("a backlog").1["id"].clone();
    host.updates.clear();
    let done = host.result("MessageGetBefore", first).await;
    assert_eq!(done.0, "Success", "{done:?}");
    assert_eq!(host.updates.len(), 50);
    assert!(host.updates.iter().all(|(kind, _)| kind == "MessageUpsert"));
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_person_can_be_written_to() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    let (kind, id) = host
        .result("MessageSend", new_text("@somebody", "psst"))
        .await;
    assert_eq!(kind, "MessageID", "{id}");
    let told = host.updates.iter().find(|(_, value)| value["id"] == id);
    let room = told.expect("the message is told").1["recipient"].clone();
    assert_ne!(room, "!lobby");
    assert_eq!(host.result("RoomGet", room).await.0, "Room");
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_the_end() {
    let peer = MockPeer::new(Script::echo());
    let host = Host::in_lobby(&peer).await;
    peer.cut();
    let error = host.serves.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_refused_sign_in_is_the_end_before_it_begins() {
    let peer = MockPeer::new(Script::echo().refuse());
    let mut host = Host::start(&peer, false);
    assert_eq!(host.hear().await, None);
    let error = host.serves.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[tokio::test(start_paused = true)]
async fn with_the_extension_a_refused_sign_in_is_told() {
    let peer = MockPeer::new(Script::echo().refuse());
    let mut host = Host::start(&peer, true);
    assert_eq!(host.hear().await.unwrap()["backend_name"], "kaiwa mock");
    let hello = host.told("Kaiwa").await;
    assert_eq!(
        hello["capabilities"],
        serde_json::to_value(mock::capabilities()).unwrap()
    );
    let mut last = Value::Null;
    while let Some(said) = host.hear().await {
        if said.pointer("/value/event/Status/event/Lost").is_some() {
            last = said;
        }
    }
    let kind = last.pointer("/value/event/Status/event/Lost/error/kind");
    assert_eq!(kind, Some(&json!("Auth")), "{last}");
    assert_eq!(
        host.serves.await.unwrap().unwrap_err().kind(),
        ErrorKind::Auth
    );
}

/// The init info does not wait for ever, requests do, and leaving needs no connection.
#[tokio::test(start_paused = true)]
async fn a_network_that_does_not_answer_is_waited_for() {
    let peer = MockPeer::new(Script::echo());
    peer.stall(true);
    let began = Instant::now();
    let mut host = Host::start(&peer, false);
    host.ask("RoomLookup", json!("lobby")).await;
    assert!(host.hear().await.unwrap().get("backend_name").is_some());
    assert_eq!(began.elapsed().as_secs(), 5);
    let left = Instant::now();
    host.leave().await.unwrap();
    assert!(
        left.elapsed() < Duration::from_secs(5),
        "{:?}",
        left.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_that_reads_late_loses_nothing() {
    const COUNT: u64 = 5_000;
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    peer.flood(COUNT);
    tokio::time::sleep(Duration::from_secs(60)).await;
    for _ in 0..COUNT {
        host.told("MessageUpsert").await;
    }
    host.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_read_can_leave() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    peer.flood(5_000);
    tokio::time::sleep(Duration::from_secs(60)).await;
    host.asks = None;
    let began = Instant::now();
    host.serves.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(peer.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_only_asks_is_given_up() {
    let peer = MockPeer::new(Script::echo());
    let mut host = Host::in_lobby(&peer).await;
    let mut asks = host.asks.take().unwrap();
    let request = br#"{"sequence_number":1,"body":{"type":"Nonsense","value":null}}"#;
    let flood = async { while asks.write_all(request).await.is_ok() {} };
    timeout(PATIENCE, flood).await.expect("an end");
    let error = host.serves.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_gone_is_no_error() {
    let peer = MockPeer::new(Script::echo());
    let host = Host::in_lobby(&peer).await;
    let Host {
        asks,
        hears,
        serves,
        ..
    } = host;
    drop(hears);
    peer.say("is anybody there?");
    serves.await.unwrap().unwrap();
    assert_eq!(peer.connections(), 0);
    drop(asks);
}
