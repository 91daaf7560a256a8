//! A network for backends: rooms and messages, and the backend of each user, who speak JSON.
//!
//! It is written on its own, not with `flubber::wire`, so that both are not wrong in the same way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Deserializer, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// The id of the one room that is there from the start.
pub(crate) const ROOM: &str = "!1";

/// Its name.
pub(crate) const ROOM_NAME: &str = "#general";

/// Messages that one request for older ones brings.
const OLDER: usize = 7;

#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// A message has arrived.
    pub(crate) changed: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    backends: BTreeMap<u64, mpsc::UnboundedSender<String>>,
    next: u64,
    rooms: BTreeMap<String, Value>,
    messages: Vec<Value>,
    pub(crate) accepted: Vec<String>,
    /// Answers that are kept back.
    pub(crate) held: Option<Vec<(u64, String)>>,
    pub(crate) refuse: bool,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let hub = Self::default();
        let room = json!({"id": ROOM, "parent": null, "name": ROOM_NAME, "sendable": true});
        hub.lock().rooms.insert(ROOM.to_owned(), room);
        hub
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    /// Somebody says a text in the room.
    pub(crate) fn say(&mut self, text: &str) {
        let content = json!({"type": "Text", "value": text});
        let message = self.message("@somebody", ROOM, content, json!([]));
        self.update("MessageUpsert", &message);
    }

    #[allow(clippy::needless_pass_by_value, reason = "it is made where it is said")]
    fn message(
        &mut self,
        sender: &str,
        recipient: &str,
        content: Value,
        attachments: Value,
    ) -> Value {
        self.next += 1;
        // Each a millisecond after the other, and all now.
        let base = chrono::Utc::now().timestamp_millis();
        let last = self
            .messages
            .last()
            .and_then(|last| last["create_time"].as_i64());
        let time = base.max(last.map_or(0, |last| last + 1));
        let message = json!({
            "id": format!("m{}", self.next), "sender": sender, "recipient": recipient, "attachments": attachments,
            "content": content, "create_time": time, "edit_time": time,
        });
        self.messages.push(message.clone());
        message
    }

    fn update(&self, kind: &str, value: &Value) {
        self.send(&json!({"type": kind, "value": value}).to_string());
    }

    /// To all backends' hosts.
    pub(crate) fn send(&self, text: &str) {
        for backend in self.backends.values() {
            let _ = backend.send(text.to_owned());
        }
    }

    /// Sends an answer that was kept back, to its host or to whoever is there now.
    pub(crate) fn release(&self, (id, answer): &(u64, String)) {
        if let Some(backend) = self.backends.get(id) {
            let _ = backend.send(answer.clone());
        }
    }

    /// The updates and the answer to a request.
    fn answer(&mut self, user: &str, request: &Value) -> Value {
        let (kind, value) = (&request["body"]["type"], &request["body"]["value"]);
        let id = value.as_str().unwrap_or_default();
        let no = |text: &str| json!({"type": "Error", "value": {"message": text}});
        let yes = json!({"type": "Success"});
        match kind.as_str().unwrap_or_default() {
            "RoomLookup" => match self.rooms.values().find(|room| room["name"] == *value) {
                Some(room) => json!({"type": "RoomID", "value": room["id"]}),
                None => no("no such name"),
            },
            "RoomGet" => match self.rooms.get(id) {
                Some(room) => json!({"type": "Room", "value": room}),
                None => no("no such room"),
            },
            "RoomJoin" | "RoomLeave" if self.rooms.contains_key(id) => yes,
            "RoomCreate" => self.create(value),
            "MessageGetBefore" => {
                let messages = &self.messages;
                let Some(at) = messages.iter().position(|message| message["id"] == *value) else {
                    return no("no such message");
                };
                let older = messages[at.saturating_sub(OLDER)..at].to_vec();
                older
                    .iter()
                    .for_each(|message| self.update("MessageUpsert", message));
                yes
            }
            "MessageSend" => self.take(user, value),
            _ => no("cannot do that"),
        }
    }

    fn create(&mut self, value: &Value) -> Value {
        let parent = value["parent"].as_str();
        if parent.is_some_and(|parent| !self.rooms.contains_key(parent)) {
            return json!({"type": "Error", "value": {"message": "no such parent"}});
        }
        self.next += 1;
        let id = format!("!{}", self.next);
        let room = json!({"id": id, "parent": parent, "name": value["name"], "sendable": value["sendable"]});
        self.rooms.insert(id.clone(), room);
        json!({"type": "RoomID", "value": id})
    }

    /// The message is told to all, its sender too, before it is answered.
    fn take(&mut self, user: &str, value: &Value) -> Value {
        self.accepted.push(text(&value["content"]));
        if self.refuse {
            return json!({"type": "Error", "value": {"message": "not that", "retry": false}});
        }
        let recipient = value["recipient"].as_str().unwrap_or_default().to_owned();
        let attachments = value["attachments"].clone();
        let message = self.message(user, &recipient, value["content"].clone(), attachments);
        self.update("MessageUpsert", &message);
        json!({"type": "MessageID", "value": message["id"]})
    }
}

fn text(content: &Value) -> String {
    match &content["value"] {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text).collect(),
        other => text(other),
    }
}

/// The backend of a user, on a stream that stands for its pipes. Ends with its input.
pub(crate) fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    hub: &Arc<Hub>,
    user: String,
) {
    let (sender, mut texts) = mpsc::unbounded_channel();
    let init = r#"{"backend_name":"hub","backend_version":[1,2,3],"protocol_version":[0,1,0]}"#;
    sender.send(init.to_owned()).unwrap();
    let hub = Arc::clone(hub);
    let id = {
        let mut state = hub.lock();
        state.next += 1;
        let id = state.next;
        state.backends.insert(id, sender.clone());
        id
    };
    let (mut input, mut output) = tokio::io::split(stream);
    tokio::spawn(async move {
        let write = async {
            // No separator, and several values at once, as it comes.
            while let Some(text) = texts.recv().await {
                if output.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let read = async {
            let mut bytes = Vec::new();
            while matches!(input.read_buf(&mut bytes).await, Ok(1..)) {
                let mut values = Deserializer::from_slice(&bytes).into_iter::<Value>();
                let mut done = 0;
                while let Some(Ok(request)) = values.next() {
                    done = values.byte_offset();
                    let mut state = hub.lock();
                    let body = state.answer(&user, &request);
                    let is_message = body["type"] == "MessageID";
                    let answer =
                        json!({"sequence_number": request["sequence_number"], "body": body});
                    match &mut state.held {
                        Some(held) if is_message => held.push((id, answer.to_string())),
                        _ => drop(sender.send(answer.to_string())),
                    }
                    drop(state);
                    hub.changed.notify_one();
                }
                bytes.drain(..done);
            }
        };
        tokio::select! {
            () = write => {}
            () = read => {}
        }
        hub.lock().backends.remove(&id);
    });
}
