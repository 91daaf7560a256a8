//! The peer's WebSocket goodbye is answered, so that it sees an orderly end (RFC 6455 section 7.1.1).
#![cfg(feature = "wschat")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::time::Duration;

use futures_util::StreamExt;
use kaiwa_protocols::connection::{Connection, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{AuthField, ErrorKind, wschat};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_peers_goodbye_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let peer = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let goodbye = CloseFrame {
            code: CloseCode::Away,
            reason: "enough".into(),
        };
        socket.close(Some(goodbye)).await.unwrap();
        timeout(LIMIT, socket.next()).await.unwrap()
    });
    let mut connection = wschat::connection();
    let mut events = connection.subscribe();
    let form = vec![
        AuthField::text("url", "", Some(&url), true),
        AuthField::text("name", "", Some("ann"), true),
    ];
    connection.connect(form).await.unwrap();
    let answer = peer.await.unwrap();
    assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    let lost = loop {
        let event = timeout(LIMIT, events.recv()).await.unwrap().unwrap();
        if let ConnectionEvent::Status {
            event: StatusEvent::Lost { error, .. },
        } = event
        {
            break error;
        }
    };
    assert_eq!(lost.kind, ErrorKind::Lost);
    assert!(lost.message.contains("1001: enough"), "{}", lost.message);
}
