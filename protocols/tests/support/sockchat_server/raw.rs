//! A client that says what it is told to: to try the server, and to be somebody else in tests.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::SockchatWires;
use crate::support::memory::Wires;

/// A connection.
pub(crate) struct Raw {
    socket: WebSocketStream<DuplexStream>,
    /// The id with which it signed in.
    user: u32,
    /// The code of the goodbye, once it came.
    pub(crate) closed: Option<u16>,
}

impl Raw {
    /// A connection that has not signed in.
    pub(crate) async fn open(wires: &SockchatWires) -> Self {
        let stream = wires.socket().expect("nobody listens");
        let (socket, _) = client_async("ws://memory/", stream).await.unwrap();
        Self {
            socket,
            user: 0,
            closed: None,
        }
    }

    /// A connection that has signed in; gives also what the server said, in the notation of the sheet.
    pub(crate) async fn online(
        wires: &SockchatWires,
        user: u32,
        token: &str,
    ) -> (Self, Vec<String>) {
        let mut raw = Self::open(wires).await;
        raw.user = user;
        raw.send(&format!("1⇥{user}⇥{token}")).await;
        let said = raw.rest().await;
        (raw, said)
    }

    /// Sends a packet, in the notation of the sheet.
    pub(crate) async fn send(&mut self, packet: &str) {
        let packet = packet.replace('⇥', "\t").replace('␌', "\u{c}");
        self.socket.send(Message::text(packet)).await.unwrap();
    }

    /// Says something, or gives a command; gives all that the server says to it then.
    pub(crate) async fn say(&mut self, text: &str) -> Vec<String> {
        let user = self.user;
        self.send(&format!("2⇥{user}⇥{text}")).await;
        self.rest().await
    }

    /// All that the server says until it has nothing more to say: time is paused.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        let quiet = Duration::from_millis(10);
        while let Ok(Some(packet)) = tokio::time::timeout(quiet, self.next()).await {
            said.push(packet);
        }
        said
    }

    /// The next packet, in the notation of the sheet; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => {
                    return Some(text.replace('\t', "⇥").replace('\u{c}', "␌"));
                }
                Ok(Message::Close(Some(frame))) => self.closed = Some(frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
