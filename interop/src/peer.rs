//! A raw WebSocket client that waits only so long. It fails by panic: it is part of tests.
//!
//! A peer stays connected until the process ends. The original wschat breaks off the broadcast, and drops its sender, when
//! somebody leaves in the middle of it; checks that run at the same time would disturb one another so.

use std::mem::ManuallyDrop;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a peer waits for what must come. Nothing here waits for something not to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
#[derive(Debug)]
pub struct Peer {
    socket: ManuallyDrop<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Peer {
    /// Connects.
    pub async fn connect(url: &str) -> Self {
        match timeout(PATIENCE, connect_async(url)).await {
            Ok(Ok((socket, _))) => Self {
                socket: ManuallyDrop::new(socket),
            },
            Ok(Err(error)) => panic!("connecting to {url}: {error}"),
            Err(_) => panic!("connecting to {url} takes more than {PATIENCE:?}"),
        }
    }

    /// The HTTP status with which an address refuses a WebSocket.
    pub async fn refusal(url: &str) -> u16 {
        match timeout(PATIENCE, connect_async(url)).await {
            Ok(Err(Error::Http(answer))) => answer.status().as_u16(),
            other => panic!("{url} was not refused with an HTTP status: {other:?}"),
        }
    }

    /// Sends a text frame.
    pub async fn text(&mut self, text: String) {
        self.send(Message::Text(text.into())).await;
    }

    /// Sends a binary frame.
    pub async fn binary(&mut self, bytes: Vec<u8>) {
        self.send(Message::Binary(bytes.into())).await;
    }

    /// Sends a ping and waits for its pong, over whatever else comes in.
    pub async fn ping(&mut self, payload: &'static [u8]) {
        let payload = Bytes::from_static(payload);
        self.send(Message::Ping(payload.clone())).await;
        while self.receive().await != Message::Pong(payload.clone()) {}
    }

    /// The next text frame.
    pub async fn next_text(&mut self) -> String {
        loop {
            if let Message::Text(text) = self.receive().await {
                return text.as_str().to_owned();
            }
        }
    }

    async fn send(&mut self, message: Message) {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => {}
            other => panic!("sending: {other:?}"),
        }
    }

    async fn receive(&mut self) -> Message {
        match timeout(PATIENCE, self.socket.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(other) => panic!("the server ended the connection: {other:?}"),
            Err(_) => panic!("nothing more came within {PATIENCE:?}"),
        }
    }
}
