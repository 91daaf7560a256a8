//! An Oshi client that says exactly what a test wants.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::common::{Client, Site};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// Somebody's connection that is signed in.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) hello: Value,
    /// All frames of `state` as one.
    pub(crate) state: Value,
    /// Events that came before an answer.
    kept: VecDeque<Value>,
    next: u64,
}

/// Opens a connection and sends what it begins with.
pub(crate) async fn open(site: &Site, first: &Value) -> Client {
    let mut client = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
    client.send(first.to_string()).await;
    client
}

/// Makes an account and signs in.
pub(crate) async fn register(site: &Site, name: &str) -> Person {
    let auth = json!({
        "op": "auth", "v": 1, "user": name, "password": PASSWORD, "register": true,
        "display": format!("Name of {name}"),
    });
    Person::of(open(site, &auth).await).await
}

/// Signs somebody in who has an account.
pub(crate) async fn sign_in(site: &Site, name: &str) -> Person {
    let auth = json!({ "op": "auth", "v": 1, "user": name, "password": PASSWORD });
    Person::of(open(site, &auth).await).await
}

/// Signs somebody in by token.
pub(crate) async fn resume(site: &Site, token: &str) -> Person {
    let auth = json!({ "op": "auth", "v": 1, "token": token });
    Person::of(open(site, &auth).await).await
}

impl Person {
    /// Reads what comes after a first frame that is in order.
    pub(crate) async fn of(mut client: Client) -> Self {
        let hello = client.json().await;
        assert_eq!(hello["op"], "hello", "{hello}");
        let state = state(&mut client).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            id: text(&hello["user"]["id"]),
            name: text(&hello["user"]["name"]),
            token: text(&hello["token"]),
            client,
            hello,
            state,
            kept: VecDeque::new(),
            next: 0,
        }
    }

    /// Sends a request with a fresh id, which it gives.
    pub(crate) async fn send(&mut self, op: &str, fields: Value) -> u64 {
        self.next += 1;
        let mut request = fields;
        request["op"] = json!(op);
        request["id"] = json!(self.next);
        self.client.send(request.to_string()).await;
        self.next
    }

    /// The answer to a request, be it a success or not; events that come before are kept.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let frame = self.client.json().await;
            if frame.get("re").is_none() {
                self.kept.push_back(frame);
                continue;
            }
            assert_eq!(frame["re"], id, "an answer to something else: {frame}");
            return frame;
        }
    }

    pub(crate) async fn ask(&mut self, op: &str, fields: Value) -> Value {
        let id = self.send(op, fields).await;
        self.answer(id).await
    }

    /// The answer to a request that must succeed.
    pub(crate) async fn ok(&mut self, op: &str, fields: Value) -> Value {
        let shown = fields.to_string();
        let answer = self.ask(op, fields).await;
        assert!(
            answer["op"] != "error" && answer["op"].is_string(),
            "{op} {shown}: {answer}"
        );
        answer
    }

    /// The code of a request that must fail.
    pub(crate) async fn fails(&mut self, op: &str, fields: Value) -> String {
        let shown = fields.to_string();
        let answer = self.ask(op, fields).await;
        assert_eq!(answer["op"], "error", "{op} {shown}: {answer}");
        let words = answer["message"].as_str().unwrap();
        assert!(!words.is_empty() && !words.contains('\n'), "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        if let Some(event) = self.kept.pop_front() {
            return event;
        }
        let event = self.client.json().await;
        assert!(event.get("re").is_none(), "{event}");
        event
    }

    /// The next event, which must be of this kind.
    pub(crate) async fn heard(&mut self, op: &str) -> Value {
        let event = self.event().await;
        assert_eq!(event["op"], op, "{event}");
        event
    }

    /// The text of the next event, which must be a message.
    pub(crate) async fn text(&mut self) -> String {
        let message = self.heard("msg").await;
        message["text"].as_str().unwrap().to_owned()
    }

    /// All events that came before this: what is asked now is answered in order with everything.
    pub(crate) async fn settle(&mut self) -> Vec<Value> {
        self.ok("data.set", json!({ "key": "settle", "value": null }))
            .await;
        self.kept.drain(..).collect()
    }

    /// That nothing came before this.
    pub(crate) async fn quiet(&mut self) {
        let events = self.settle().await;
        assert!(events.is_empty(), "{}: {events:?}", self.name);
    }

    /// Says something; gives its sequence.
    pub(crate) async fn say(&mut self, stream: &str, text: &str) -> u64 {
        let answer = self
            .ok("pub", json!({ "stream": stream, "text": text }))
            .await;
        answer["seq"].as_u64().unwrap()
    }

    pub(crate) async fn sub(&mut self, stream: &str) -> Value {
        self.ok("sub", json!({ "stream": stream })).await
    }

    /// The texts of the newest page of a stream.
    pub(crate) async fn history(&mut self, stream: &str) -> Vec<String> {
        let page = self.ok("history", json!({ "stream": stream })).await;
        texts(&page["messages"])
    }

    /// Makes a circle; gives its id and that of its first stream.
    pub(crate) async fn circle(&mut self, name: &str, public: bool) -> (String, String) {
        let answer = self
            .ok("circle.create", json!({ "name": name, "public": public }))
            .await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let circle = &answer["circle"];
        (text(&circle["id"]), text(&circle["streams"][0]["id"]))
    }

    /// Lets somebody into a circle of one's own, by invitation.
    pub(crate) async fn let_in(&mut self, circle: &str, other: &mut Self) {
        let invite = self.ok("circle.invite", json!({ "circle": circle })).await;
        let join = json!({ "circle": circle, "invite": invite["invite"] });
        other.ok("circle.join", join).await;
        self.settle().await;
        other.settle().await;
    }
}

/// Reads all frames of a state and puts them together.
async fn state(client: &mut Client) -> Value {
    let mut whole = json!({ "circles": [], "streams": [], "subs": [], "data": {} });
    loop {
        let text = client.text().await;
        assert!(text.len() <= 64 * 1024, "{}", text.len());
        let part: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(part["op"], "state", "{part}");
        for list in ["circles", "streams", "subs"] {
            if let Some(items) = part[list].as_array() {
                whole[list].as_array_mut().unwrap().extend(items.clone());
            }
        }
        if let Some(data) = part["data"].as_object() {
            whole["data"].as_object_mut().unwrap().extend(data.clone());
        }
        if part["more"] != true {
            return whole;
        }
    }
}

/// The texts of messages.
pub(crate) fn texts(messages: &Value) -> Vec<String> {
    let text = |message: &Value| message["text"].as_str().unwrap_or("(deleted)").to_owned();
    messages.as_array().unwrap().iter().map(text).collect()
}

/// Reads to the end of a connection: its last frame and the close code.
pub(crate) async fn end(client: &mut Client) -> (Value, u16) {
    use futures_util::StreamExt as _;
    use tokio_tungstenite::tungstenite::Message;
    let mut last = Value::Null;
    let mut code = None;
    while let Some(Ok(message)) = crate::common::bounded(client.ws.next()).await {
        match message {
            Message::Text(text) => last = serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => code = frame.map(|frame| u16::from(frame.code)),
            _ => {}
        }
    }
    (last, code.expect("a close frame"))
}
