//! Our own client against a wschat server: the same facts for the real program and for ours. Fails by panic: it is part of tests.
//!
//! Everybody stays until the end, since the original breaks off a broadcast when somebody leaves during it.

use std::time::Duration;

use kaiwa_protocols::connection::{ChatEvent, Connection, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{
    AuthField, ErrorKind, EventReceiver, Message, MessageStatus, MessageType, RequestId, wschat,
};
use tokio::time::timeout;

use crate::peer::Peer;
use crate::wschat::{Room, valid_token};

/// How long a client waits for what must come. Nothing here waits for something not to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Texts that a codec could spoil.
const TEXTS: [&str; 6] = [
    "hello",
    "größe 大 \u{1f600} e\u{301}",
    "\"quoted\" \\ / \u{8}\u{c}\n\r\t",
    "nul \0 and \u{1b}[31m",
    "<b>&amp;</b> /quit {\"usr\":\"x\"}",
    " ",
];

/// Talk between two of our clients and a plain WebSocket: each message once on each side, words and names intact, own ones
/// settled once, with the server's time.
pub async fn everybody_hears_everything_once(room: &Room) {
    let mut plain = Peer::connect(&room.url).await;
    let mut ann = Account::connect(room, "ann", true).await;
    let mut bob = Account::connect(room, "bob", true).await;
    let long = "x".repeat(60 * 1024);
    for (n, text) in TEXTS.into_iter().chain([long.as_str()]).enumerate() {
        let (from, to) = if n % 2 == 0 {
            (&mut ann, &mut bob)
        } else {
            (&mut bob, &mut ann)
        };
        let before = chrono::Utc::now();
        let request = from.say(text).await;
        let own = from.settled(request).await.unwrap();
        assert_eq!(own.plain_text(), text);
        assert_eq!(own.message_type, MessageType::CurrentUser);
        assert!(before <= own.timestamp && own.timestamp <= chrono::Utc::now());
        let heard = to.heard().await;
        assert_eq!(heard.plain_text(), text);
        assert_eq!(heard.sender_id.as_deref(), Some(from.name));
        assert_eq!(heard.timestamp, own.timestamp);
        let relayed: serde_json::Value = serde_json::from_str(&plain.next_text().await).unwrap();
        assert_eq!(relayed["msg"], text);
        assert_eq!(relayed["usr"], from.name);
    }
    let mut said = serde_json::json!({"usr": "plain", "msg": "hi", "more": [1]});
    if let Some(secret) = &room.secret {
        said["jwt"] = valid_token(secret).into();
    }
    plain.text(said.to_string()).await;
    for account in [&mut ann, &mut bob] {
        let heard = account.heard().await;
        assert_eq!(heard.plain_text(), "hi");
        assert_eq!(heard.sender_id.as_deref(), Some("plain"));
    }
    // In one go: order and number.
    let mut requests = Vec::new();
    for n in 0..200 {
        requests.push(ann.say(&format!("burst {n}")).await);
    }
    for n in 0..200 {
        assert_eq!(bob.heard().await.plain_text(), format!("burst {n}"));
    }
    for request in requests {
        ann.settled(request).await.unwrap();
    }
    ann.leave().await;
    bob.leave().await;
}

/// Where the server demands a token, a message without one, or with a wrong one, is told to have failed.
pub async fn a_refused_token_is_told(room: &Room) {
    let mut without = Account::connect(room, "without", false).await;
    let mut wrong = Account::connect(
        &Room {
            secret: Some("another secret".to_owned()),
            ..room.clone()
        },
        "wrong",
        true,
    )
    .await;
    let first = without.say("unsigned").await;
    let second = wrong.say("badly signed").await;
    let unsigned = without.settled(first).await.unwrap_err();
    assert_eq!(unsigned, ErrorKind::OutcomeUnknown);
    assert_eq!(wrong.settled(second).await.unwrap_err(), ErrorKind::Auth);
    without.leave().await;
    wrong.leave().await;
}

struct Account {
    name: &'static str,
    connection: Box<dyn Connection>,
    events: EventReceiver,
    /// Read while waiting for something else.
    heard: Vec<Message>,
    settled: Vec<(RequestId, Result<Message, ErrorKind>)>,
    updated: Option<Message>,
}

impl Account {
    async fn connect(room: &Room, name: &'static str, sign: bool) -> Self {
        let mut connection: Box<dyn Connection> = Box::new(wschat::connection());
        let events = connection.subscribe();
        let mut form = vec![
            AuthField::text("url", "", Some(&room.url), true),
            AuthField::text("name", "", Some(name), true),
        ];
        if let Some(secret) = room.secret.as_ref().filter(|_| sign) {
            let mut field = AuthField::password("jwt", "", false);
            field.set(valid_token(secret));
            form.push(field);
        }
        connection.connect(form).await.unwrap();
        Self {
            name,
            connection,
            events,
            heard: Vec::new(),
            settled: Vec::new(),
            updated: None,
        }
    }

    async fn say(&mut self, text: &str) -> RequestId {
        let say = ChatEvent::New {
            channel_id: None,
            message: Message::text(text, chrono::Utc::now()),
        };
        self.connection.send(say.into()).await.unwrap()
    }

    /// What became of a request: exactly one `Update`, then one `Done` or `Failed`.
    async fn settled(&mut self, request: RequestId) -> Result<Message, ErrorKind> {
        loop {
            if let Some(at) = self.settled.iter().position(|(of, _)| *of == request) {
                return self.settled.remove(at).1;
            }
            self.read().await;
        }
    }

    /// The next message of somebody else.
    async fn heard(&mut self) -> Message {
        while self.heard.is_empty() {
            self.read().await;
        }
        self.heard.remove(0)
    }

    async fn read(&mut self) {
        let event = timeout(PATIENCE, self.events.recv()).await;
        match event.expect("an event in time").expect("an open stream") {
            ConnectionEvent::Chat { event } => match event {
                ChatEvent::New { message, .. } => {
                    if message.status == MessageStatus::Delivered {
                        self.heard.push(message);
                    }
                }
                ChatEvent::Update { new_message, .. } => {
                    assert!(self.updated.replace(new_message).is_none(), "settled twice");
                }
                other => panic!("{other:?}"),
            },
            ConnectionEvent::Status { event } => match event {
                StatusEvent::Done { request } => {
                    let message = self.updated.take().expect("an Update before Done");
                    assert_eq!(message.status, MessageStatus::Delivered);
                    self.settled.push((request, Ok(message)));
                }
                StatusEvent::Failed { request, error } => {
                    let message = self.updated.take().expect("an Update before Failed");
                    assert_eq!(message.status, MessageStatus::Failed);
                    self.settled.push((request, Err(error.kind)));
                }
                StatusEvent::Lost { error, .. } => panic!("lost: {error}"),
                _ => {}
            },
            _ => {}
        }
    }

    /// Leaves; nothing that nobody asked for has come meanwhile.
    async fn leave(mut self) {
        self.connection.disconnect().await.unwrap();
        while let Some(event) = self.events.try_recv() {
            if let ConnectionEvent::Chat { event } = event {
                panic!("{} heard twice: {event:?}", self.name);
            }
        }
        assert!(self.heard.is_empty(), "{} heard too much", self.name);
    }
}
