//! A client that says what it is told to: to try the server, and to be somebody else in tests.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kaiwa_protocols::rim::wire::Endpoint;
use kaiwa_protocols::session::{HttpRequest, HttpResponse};
use kaiwa_protocols::transport::HttpProgress;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::RimWires;
use crate::support::http;
use crate::support::memory::Wires;

/// Somebody with a token.
pub(crate) struct Raw {
    pub(crate) wires: RimWires,
    pub(crate) uid: u64,
    pub(crate) token: String,
}

/// A WebSocket of somebody.
pub(crate) struct RawSocket {
    uid: u64,
    token: String,
    socket: WebSocketStream<DuplexStream>,
    sent: u64,
}

impl Raw {
    /// Signs in.
    pub(crate) async fn sign_in(wires: &RimWires, account: &str, password: &str) -> Self {
        let mut raw = Self {
            wires: wires.clone(),
            uid: 0,
            token: String::new(),
        };
        let login = json!({"account": account, "password": password});
        let (_, answer) = raw.post(Endpoint::UserLogin, &login).await;
        raw.token = answer["data"].as_str().expect("a token").to_owned();
        let query = format!("token={}", raw.token);
        let (_, answer) = raw.get(Endpoint::UserToken, &query).await;
        raw.uid = answer["data"]["id"].as_u64().expect("an id");
        raw
    }

    /// Status and JSON.
    pub(crate) async fn get(&self, endpoint: Endpoint, query: &str) -> (u16, Value) {
        let target = format!("{}?{query}", endpoint.path());
        parsed(&self.ask("GET", &target, b"").await.unwrap())
    }

    /// Status and JSON.
    pub(crate) async fn post(&self, endpoint: Endpoint, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let response = self.ask("POST", endpoint.path(), body.as_bytes()).await;
        parsed(&response.unwrap())
    }

    /// What a request gives; the error is the transport's.
    pub(crate) async fn ask(
        &self,
        method: &'static str,
        target: &str,
        body: &[u8],
    ) -> Result<HttpResponse, kaiwa_protocols::Error> {
        let base = self.wires.server.lock().flavour.base();
        let request = HttpRequest {
            method,
            url: format!("http://memory{base}{target}"),
            headers: vec![("Authorization".to_owned(), format!("Bearer {}", self.token))],
            body: body.to_vec().into(),
            timeout: Duration::from_secs(60),
            max_response_bytes: 1024 * 1024,
        };
        let stream = self.wires.http().expect("nobody listens");
        http::ask(stream, request, &HttpProgress::default()).await
    }

    /// A WebSocket that has not signed in.
    pub(crate) async fn open(&self) -> RawSocket {
        let stream = self.wires.socket().expect("nobody listens");
        let (socket, _) = client_async("ws://memory/", stream).await.unwrap();
        RawSocket {
            uid: self.uid,
            token: self.token.clone(),
            socket,
            sent: 0,
        }
    }

    /// A WebSocket that has signed in.
    pub(crate) async fn online(&self) -> RawSocket {
        let mut socket = self.open().await;
        let login = json!({"content": socket.token, "notify": true});
        let ack = socket.request("Login", &login).await;
        assert_eq!(ack["content"], "Ok", "{ack}");
        socket
    }
}

impl RawSocket {
    /// Sends a packet: the body is completed by what is always required. Gives its `clientMsgId`.
    pub(crate) async fn packet(&mut self, event: &str, fields: &Value) -> String {
        self.sent += 1;
        let id = format!("{}-{}", self.uid, self.sent);
        let mut body = json!({"kind": "Text", "uid": self.uid, "content": "", "clientMsgId": id});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let packet = json!({"event": event, "body": body});
        self.send(Message::text(packet.to_string())).await;
        body["clientMsgId"].as_str().unwrap_or_default().to_owned()
    }

    /// Sends a packet, and gives what comes next, which must be its acknowledgement.
    pub(crate) async fn request(&mut self, event: &str, fields: &Value) -> Value {
        let id = self.packet(event, fields).await;
        let ack = self.next().await.expect("an acknowledgement");
        assert_eq!(ack["clientMsgId"], id, "{ack}");
        assert_eq!(ack["kind"], "Ack", "{ack}");
        assert!(ack.get("event").is_none(), "{ack}");
        ack
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next text, as JSON; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Signs out and closes.
    pub(crate) async fn leave(mut self) {
        self.packet("Logout", &json!({})).await;
        while let Some(frame) = self.next().await {
            if frame.get("event").is_none() {
                break;
            }
        }
        let _ = self.socket.close(None).await;
    }
}

/// Status and JSON; a page is a string.
fn parsed(response: &HttpResponse) -> (u16, Value) {
    let text = || Value::from(String::from_utf8_lossy(&response.body).into_owned());
    let body = serde_json::from_slice(&response.body).unwrap_or_else(|_| text());
    (response.status, body)
}
