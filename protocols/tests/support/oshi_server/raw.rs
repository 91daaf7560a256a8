//! A client that says what it is told to: to try the server, and to be somebody else in tests.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::OshiWires;
use crate::support::memory::Wires;

/// A connection.
pub(crate) struct Raw {
    socket: WebSocketStream<DuplexStream>,
    sent: u64,
    /// What came before an answer that was waited for.
    pub(crate) told: Vec<Value>,
    /// The code of the goodbye, once it came.
    pub(crate) closed: Option<u16>,
}

impl Raw {
    /// A connection that has not signed in.
    pub(crate) async fn open(wires: &OshiWires) -> Self {
        let stream = wires.socket().expect("nobody listens");
        let (socket, _) = client_async("ws://memory/", stream).await.unwrap();
        Self {
            socket,
            sent: 0,
            told: Vec::new(),
            closed: None,
        }
    }

    /// A connection that has signed in and taken its state.
    pub(crate) async fn online(wires: &OshiWires, user: &str, password: &str) -> Self {
        let mut raw = Self::open(wires).await;
        let auth = json!({"op": "auth", "v": 1, "user": user, "password": password});
        raw.send(&auth).await;
        let hello = raw.next().await.expect("a hello");
        assert_eq!(hello["op"], "hello", "{hello}");
        while raw.next().await.expect("the state")["more"] == true {}
        raw
    }

    /// Sends anything.
    pub(crate) async fn send(&mut self, frame: &Value) {
        let text = Message::text(frame.to_string());
        self.socket.send(text).await.unwrap();
    }

    /// Sends anything else.
    pub(crate) async fn message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Asks, and gives the answer; what comes before is in `told`.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.sent += 1;
        request["id"] = json!(self.sent);
        self.send(&request).await;
        loop {
            let frame = self.next().await.expect("an answer");
            if frame["re"] == json!(self.sent) {
                return frame;
            }
            self.told.push(frame);
        }
    }

    /// Asks, and gives the answer, which must be no error.
    pub(crate) async fn done(&mut self, request: Value) -> Value {
        let answer = self.ask(request).await;
        assert_ne!(answer["op"], "error", "{answer}");
        answer
    }

    /// Asks, and gives the error's code.
    pub(crate) async fn refused(&mut self, request: Value) -> String {
        let answer = self.ask(request).await;
        assert_eq!(answer["op"], "error", "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(Some(frame))) => self.closed = Some(frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// The next frame of this kind.
    pub(crate) async fn next_of(&mut self, op: &str) -> Value {
        loop {
            let frame = self.next().await.expect(op);
            if frame["op"] == op {
                return frame;
            }
        }
    }

    /// All that the server has said by now.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let pong = self.ask(json!({"op": "ping"})).await;
        assert_eq!(pong["op"], "pong");
        std::mem::take(&mut self.told)
    }
}
