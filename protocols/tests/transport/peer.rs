//! Peers and helpers: listeners, certificates, and a transport driven by `async` calls.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kaiwa_core::session::{Frame, Target};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::transport::{
    Connector, Incoming, Network, Outgoing, Transport, TransportOptions,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The largest message that test targets take, in bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Ends a test that hangs. Far above what any of them needs.
const HANG: Duration = Duration::from_secs(60);

/// Runs a test, at most for a minute.
pub(crate) async fn bounded<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, test)
        .await
        .expect("the test hangs")
}

/// Listens on a free port of loopback and hands each connection to `serve`.
pub(crate) async fn serve<F, R>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Listens, and serves one connection; its outcome is the task's.
pub(crate) async fn serve_once<F, R, T>(serve: F) -> (SocketAddr, JoinHandle<T>)
where
    F: FnOnce(TcpStream) -> R + Send + 'static,
    R: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await
    });
    (address, task)
}

/// An address where nobody listens.
pub(crate) async fn refusing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// Accepts a WebSocket and sends back what comes.
pub(crate) async fn echo<S: AsyncRead + AsyncWrite + Unpin>(stream: S) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    while let Some(Ok(message)) = socket.next().await {
        let is_data = message.is_text() || message.is_binary();
        if is_data && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Reads an HTTP head, up to the empty line.
pub(crate) async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads until the client is gone.
pub(crate) async fn read_to_end<S: AsyncRead + Unpin>(mut stream: S) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut all).await;
    all
}

/// A certificate authority and its root as a file.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            folder,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// Accepts TLS with a certificate made out to `name`.
    pub(crate) fn acceptor(&self, name: &str) -> TlsAcceptor {
        self.acceptor_with(name, |_| ())
    }

    pub(crate) fn acceptor_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config).into()
    }

    /// A network that trusts this authority.
    pub(crate) fn network(&self) -> Network {
        Network::new(self.options())
    }

    pub(crate) fn options(&self) -> TransportOptions {
        let mut options = TransportOptions::default();
        options.ca_file = Some(self.file());
        options
    }
}

/// A network with the default options.
pub(crate) fn network() -> Network {
    Network::new(TransportOptions::default())
}

pub(crate) fn websocket(url: impl Into<String>) -> Target {
    Target::WebSocket {
        url: url.into(),
        headers: Vec::new(),
        max_message_bytes: MAX_MESSAGE_BYTES,
    }
}

pub(crate) fn tcp(address: SocketAddr) -> Target {
    Target::Tcp {
        host: address.ip().to_string(),
        port: address.port(),
    }
}

/// Opens a target that must not open.
pub(crate) async fn refused(network: &Network, target: &Target) -> Error {
    match network.open(target).await {
        Ok(_) => panic!("{target:?} opened"),
        Err(error) => error,
    }
}

/// What came in, owned.
#[derive(Debug, PartialEq)]
pub(crate) enum Got {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Bytes(Vec<u8>),
    Closed(Option<u16>, String),
}

/// A transport, polled through `async` calls.
pub(crate) struct Open(pub(crate) Box<dyn Transport>);

impl Open {
    pub(crate) async fn to(network: &Network, target: &Target) -> Self {
        match network.open(target).await {
            Ok(transport) => Self(transport),
            Err(error) => panic!("{target:?}: {}", error.chain()),
        }
    }

    pub(crate) async fn recv(&mut self) -> Result<Got, Error> {
        let mut got = None;
        poll_fn(|cx| {
            self.0.poll_recv(cx, &mut |incoming| {
                assert!(got.is_none(), "one call, one item");
                got = Some(match incoming {
                    Incoming::Frame(Frame::Text(text)) => Got::Text(text.into_owned()),
                    Incoming::Frame(Frame::Binary(data)) => Got::Binary(data.into_owned()),
                    Incoming::Frame(Frame::Ping(data)) => Got::Ping(data.into_owned()),
                    Incoming::Frame(Frame::Pong(data)) => Got::Pong(data.into_owned()),
                    Incoming::Bytes(bytes) => Got::Bytes(bytes.to_vec()),
                    Incoming::Closed { code, reason } => Got::Closed(code, reason.to_owned()),
                });
            })
        })
        .await?;
        Ok(got.expect("a call that is ready took something"))
    }

    pub(crate) async fn send(&mut self, item: Outgoing) -> Result<(), Error> {
        poll_fn(|cx| self.0.poll_ready(cx)).await?;
        self.0.start_send(item)?;
        poll_fn(|cx| self.0.poll_flush(cx)).await
    }

    pub(crate) async fn text(&mut self, text: &str) {
        let frame = Frame::Text(text.to_owned().into());
        self.send(Outgoing::Frame(frame)).await.unwrap();
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.send(Outgoing::Bytes(bytes.to_vec())).await.unwrap();
    }

    /// Receives exactly these bytes, however they are cut.
    pub(crate) async fn expect_bytes(&mut self, expected: &[u8]) {
        let mut all = Vec::new();
        while all.len() < expected.len() {
            match self.recv().await.unwrap() {
                Got::Bytes(bytes) => all.extend(bytes),
                other => panic!("{other:?} instead of bytes"),
            }
        }
        assert_eq!(all, expected);
    }

    /// Sends a text and receives it back.
    pub(crate) async fn echoes(&mut self, text: &str) {
        self.text(text).await;
        assert_eq!(self.recv().await.unwrap(), Got::Text(text.to_owned()));
    }

    pub(crate) async fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Error> {
        poll_fn(|cx| self.0.poll_close(cx, code, reason)).await
    }

    /// The error that ends the transport.
    pub(crate) async fn ends(&mut self) -> Error {
        loop {
            if let Err(error) = self.recv().await {
                return error;
            }
        }
    }
}

/// Asserts kind and words of an error, and that its line is one.
pub(crate) fn assert_error(error: &Error, kind: ErrorKind, words: &[&str]) {
    let line = error.chain();
    assert_eq!(error.kind(), kind, "{line}");
    for word in words {
        assert!(line.contains(word), "`{word}` is not in: {line}");
    }
    assert!(!line.chars().any(char::is_control), "{line:?}");
}
