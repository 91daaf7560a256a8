//! A server for one test, and raw WebSocket clients for it.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use kaiwa_server::{Config, Server};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Nothing in these tests takes so long; what does is stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(30);

/// A running server with its directory.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) dir: TempDir,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::again(tempfile::tempdir().unwrap(), change).await
    }

    /// On the data of a former server.
    pub(crate) async fn again(dir: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&dir);
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        Self { server, dir }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.addr(), "/wschat", &[]).await.unwrap()
    }

    pub(crate) async fn shutdown(self) -> TempDir {
        bounded(self.server.shutdown()).await.unwrap();
        self.dir
    }
}

pub(crate) fn config(dir: &TempDir) -> Config {
    let mut config = Config::default();
    config.listen.set_port(0);
    config.data_dir = dir.path().join("data");
    config
}

pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    timeout(STUCK, future).await.expect("stuck")
}

/// A WebSocket client.
pub(crate) struct Client {
    pub(crate) ws: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(
        addr: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, WsError> {
        let mut request = format!("ws://{addr}{path}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let stream = bounded(TcpStream::connect(addr)).await?;
        let (ws, _) = bounded(client_async(request, stream)).await?;
        Ok(Self { ws })
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        bounded(self.ws.send(Message::text(text.into())))
            .await
            .unwrap();
    }

    pub(crate) async fn say(&mut self, usr: &str, msg: &str) {
        self.send(serde_json::json!({ "usr": usr, "msg": msg }).to_string())
            .await;
    }

    /// The next text, whatever else comes before it.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match bounded(self.ws.next()).await.expect("open").unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The next message's text.
    pub(crate) async fn msg(&mut self) -> String {
        self.json().await["msg"].as_str().unwrap().to_owned()
    }

    /// Reads to the end; the close code, if one came.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = bounded(self.ws.next()).await {
            if let Message::Close(frame) = message {
                code = frame.map(|frame| u16::from(frame.code));
            }
        }
        code
    }
}

/// Waits until `holds`, driven by the runtime, not by a clock.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    bounded(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sends bytes, reads to the end.
pub(crate) async fn raw(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = bounded(TcpStream::connect(addr)).await.unwrap();
    bounded(stream.write_all(bytes)).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = bounded(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A client frame: `first` is the byte with opcode and flags, the mask is zero.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ ..126) => frame.push(0x80 | u8::try_from(length).unwrap()),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A client that may send what it likes after the handshake.
pub(crate) struct RawClient {
    pub(crate) stream: TcpStream,
}

impl RawClient {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let mut stream = bounded(TcpStream::connect(addr)).await.unwrap();
        let request = format!(
            "GET /wschat HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        bounded(stream.write_all(request.as_bytes())).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(bounded(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        // The example of RFC 6455, section 1.3.
        assert!(
            head.starts_with("HTTP/1.1 101") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{head}"
        );
        Self { stream }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        bounded(self.stream.write_all(bytes)).await.unwrap();
    }

    /// The next frame: first byte and payload.
    pub(crate) async fn frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        bounded(async {
            let first = self.stream.read_u8().await?;
            let length = match self.stream.read_u8().await? {
                126 => u64::from(self.stream.read_u16().await?),
                127 => self.stream.read_u64().await?,
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await?;
            Ok((first, payload))
        })
        .await
    }

    /// Reads to the end; the close code, if one came.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Ok((first, payload)) = self.frame().await {
            if first == 0x88 {
                code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
        code
    }
}
