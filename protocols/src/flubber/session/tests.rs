//! The session without a child: what it asks, and what it tells of what is said.

mod extension;
mod hosting;
mod saying;
mod sending_files;

use std::time::Duration;

use chrono::DateTime;
use kaiwa_core::session::{Closed, Now, Seed, Session, Transmit};
use kaiwa_core::{
    AuthField, ChatEvent, ConnectionEvent, Error, ErrorKind, Message, RequestId, StatusEvent,
};
use serde_json::{Value, json};

use super::super::login::protocol;
use super::FlubberSession;

const INIT: &str = r#"{"backend_name":"t","backend_version":[0,0,1],"protocol_version":[0,1,0]}"#;

/// A session, its clock, and the backend's side of it.
struct Desk {
    session: FlubberSession,
    mono: Duration,
}

impl Desk {
    /// A backend that has been started.
    fn started() -> Self {
        let mut desk = Self {
            session: FlubberSession::new(),
            mono: Duration::ZERO,
        };
        desk.start();
        desk
    }

    /// One that has said its init info, and whose room `#a` is joined.
    fn joined() -> Self {
        let mut desk = Self::started();
        desk.hear(INIT);
        desk.join();
        desk.events();
        desk
    }

    fn join(&mut self) {
        self.answer(json!({"type": "RoomID", "value": "!a"}));
        self.answer(json!({"type": "Success"}));
        let room = json!({"id": "!a", "name": "#a", "sendable": true});
        self.answer(json!({"type": "Room", "value": room}));
    }

    fn start(&mut self) {
        let mut form = protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "command" => field.set("backend".to_owned()),
                "rooms" => field.set("#a".to_owned()),
                _ => {}
            }
        }
        let (now, form): (Now, &[AuthField]) = (self.now(), &form);
        self.session
            .handle_connect(now, form, Seed::default())
            .unwrap();
        assert!(matches!(
            self.session.poll_transmit(now),
            Some(Transmit::Open(_))
        ));
        self.session.handle_open(now);
    }

    /// It has ended by itself.
    fn crash(&mut self) {
        let error = Error::new(ErrorKind::Lost, "the backend has ended");
        let closed = Closed {
            asked: false,
            code: None,
            error: Some(&error),
        };
        self.session.handle_close(self.now(), &closed);
    }

    fn now(&self) -> Now {
        Now {
            mono: self.mono,
            utc: DateTime::from_timestamp(1_000_000, 0).unwrap() + self.mono,
        }
    }

    fn hear(&mut self, text: &str) {
        self.session.handle_bytes(self.now(), text.as_bytes());
    }

    fn update(&mut self, kind: &str, value: &Value) {
        self.hear(&json!({"type": kind, "value": value}).to_string());
    }

    /// The next request, answered by this; gives what it wanted.
    #[allow(clippy::needless_pass_by_value, reason = "it is made where it is said")]
    fn answer(&mut self, body: Value) -> Value {
        let request = self.asked();
        let number = &request["sequence_number"];
        self.hear(&json!({"sequence_number": number, "body": body}).to_string());
        request["body"].clone()
    }

    /// The next request.
    fn asked(&mut self) -> Value {
        self.try_asked().expect("a request")
    }

    fn try_asked(&mut self) -> Option<Value> {
        match self.session.poll_transmit(self.now())? {
            Transmit::Bytes(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Why the session closes.
    fn closes(&mut self) -> ErrorKind {
        match self.session.poll_transmit(self.now()) {
            Some(Transmit::Close { error, .. }) => error.unwrap().kind(),
            other => panic!("{other:?}"),
        }
    }

    fn wait(&mut self, time: Duration) {
        self.mono += time;
        while self.session.deadline().is_some_and(|at| at <= self.mono) {
            self.session.handle_timeout(self.now());
        }
    }

    fn send(&mut self, event: impl Into<ConnectionEvent>) -> RequestId {
        let request = RequestId::fresh();
        self.session
            .handle_send(self.now(), request, event.into())
            .unwrap();
        request
    }

    fn say(&mut self, text: &str) -> RequestId {
        let message = Message::text(text, DateTime::UNIX_EPOCH);
        self.send(ChatEvent::New {
            channel_id: Some("!a".into()),
            message,
        })
    }

    fn events(&mut self) -> Vec<ConnectionEvent> {
        std::iter::from_fn(|| self.session.poll_event().map(|event| event.event)).collect()
    }

    /// The events in few words.
    fn told(&mut self) -> Vec<String> {
        self.events().iter().map(words).collect()
    }
}

/// An event in few words: its kind, and what it is about.
fn words(event: &ConnectionEvent) -> String {
    let about = match event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } => message.plain_text(),
        ConnectionEvent::Chat {
            event: ChatEvent::Update { new_message, .. },
        } => format!("{} {:?}", new_message.plain_text(), new_message.status),
        ConnectionEvent::Chat {
            event: ChatEvent::History {
                messages, complete, ..
            },
        } => {
            let texts: Vec<String> = messages.iter().map(Message::plain_text).collect();
            format!("{} {complete}", texts.join(","))
        }
        ConnectionEvent::Status {
            event: StatusEvent::Failed { error, .. },
        } => format!("{:?}", error.kind),
        ConnectionEvent::Channel { event } => {
            let json = serde_json::to_value(event).unwrap();
            let inner = json
                .as_object()
                .and_then(|map| map.values().next())
                .cloned();
            let inner = inner.unwrap_or_default();
            let id = inner["channel"]["id"]
                .as_str()
                .or_else(|| inner["channel_id"].as_str());
            id.unwrap_or_default().to_owned()
        }
        ConnectionEvent::User { event } => {
            let json = serde_json::to_value(event).unwrap().to_string();
            json.split('"')
                .rfind(|part| part.starts_with('@') || *part == "self")
                .unwrap_or_default()
                .to_owned()
        }
        _ => String::new(),
    };
    format!("{} {about}", event.kind()).trim_end().to_owned()
}

/// A message as backends write it, said `age` seconds ago.
fn message(id: &str, sender: &str, recipient: &str, text: &str, age: i64) -> Value {
    let time = (1_000_000 - age) * 1000;
    json!({
        "id": id, "sender": sender, "recipient": recipient, "attachments": [], "create_time": time,
        "edit_time": time, "content": {"type": "Text", "value": text},
    })
}
