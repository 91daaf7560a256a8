//! A wschat server as the original behaves.
//!
//! It is written on its own, not with `wschat::wire`, so that both are not wrong in the same way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::Utc;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;

/// The server, shared by its connections and whoever makes it misbehave.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// A message has arrived.
    pub(crate) changed: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    clients: BTreeMap<u64, mpsc::UnboundedSender<Message>>,
    next: u64,
    pub(crate) accepted: Vec<String>,
    /// Relayed messages that are kept back.
    pub(crate) held: Option<Vec<String>>,
    /// As in JWT mode with a wrong token: messages are dropped silently.
    pub(crate) refuse: bool,
    /// Time stamps given so far.
    ticks: u32,
}

impl Hub {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn take(&self, text: &str) {
        let mut state = self.lock();
        // The original dies of anything but an object.
        let Ok(Value::Object(object)) = serde_json::from_str(text) else {
            return;
        };
        let said = object
            .get("msg")
            .and_then(Value::as_str)
            .unwrap_or_default();
        state.accepted.push(said.to_owned());
        if !state.refuse {
            let relayed = state.stamp(object);
            match &mut state.held {
                Some(held) => held.push(relayed),
                None => state.send(&Message::text(relayed)),
            }
        }
        drop(state);
        self.changed.notify_one();
    }
}

impl State {
    fn add(&mut self, client: mpsc::UnboundedSender<Message>) -> u64 {
        self.next += 1;
        self.clients.insert(self.next, client);
        self.next
    }

    /// Sets the time; the token stays in, as the original leaves it.
    fn stamp(&mut self, mut object: Map<String, Value>) -> String {
        self.ticks += 1;
        let now = Utc::now().format("%Y-%m-%dT%H:%M:%S%.3f");
        let tim = format!("{now}{:06}Z", self.ticks);
        object.insert("tim".to_owned(), Value::from(tim));
        Value::Object(object).to_string()
    }

    /// Somebody says a text.
    pub(crate) fn say(&mut self, text: &str) {
        let said = json!({ "usr": "somebody", "msg": text });
        let Value::Object(object) = said else {
            unreachable!("an object")
        };
        let relayed = self.stamp(object);
        self.send(&Message::text(relayed));
    }

    /// Sends to all, not by way of anybody's message.
    pub(crate) fn send(&self, message: &Message) {
        for client in self.clients.values() {
            let _ = client.send(message.clone());
        }
    }
}

/// Serves a connection until it ends.
pub(crate) fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, hub: &Arc<Hub>) {
    // Known before the handshake, so that nothing is missed by who has just connected.
    let (sender, messages) = mpsc::unbounded_channel();
    let id = hub.lock().add(sender);
    let hub = Arc::clone(hub);
    tokio::spawn(async move {
        talk(stream, messages, &hub).await;
        hub.lock().clients.remove(&id);
    });
}

/// Serves everybody who connects.
pub(crate) async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    while let Ok((stream, _)) = listener.accept().await {
        serve(stream, &hub);
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mut messages: mpsc::UnboundedReceiver<Message>,
    hub: &Hub,
) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(message) = messages.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = message {
                hub.take(&text);
            }
        }
    };
    // Writing may end first, with a goodbye whose answer is still to be read.
    tokio::pin!(read);
    tokio::select! {
        () = &mut read => {}
        () = write => read.await,
    }
}
