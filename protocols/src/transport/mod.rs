//! What lies below a session: sockets, TLS, proxies, HTTP. Knows no network.
//!
//! The driver sees three things only: a [`Connector`] that opens a [`Target`], the [`Transport`] it gives, and
//! [`Connector::http`] beside it. Tests bring a connector of their own.
//!
//! The real one is [`Network`], made from [`TransportOptions`]: `dial` and `proxy` reach a server, `tls` secures the way,
//! `websocket` and `stream` are the two transports, `http` runs requests, `upload` feeds them files, which `file` reads.

use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use kaiwa_core::Error;
use kaiwa_core::session::{Frame, HttpRequest, HttpResponse, Target};

#[cfg(feature = "transport")]
mod address;
#[cfg(feature = "transport")]
mod ahead;
#[cfg(feature = "transport")]
mod deadline;
#[cfg(feature = "transport")]
mod dial;
#[cfg(feature = "files")]
mod file;
#[cfg(feature = "transport")]
mod http;
#[cfg(feature = "transport")]
mod network;
#[cfg(feature = "transport")]
mod options;
mod progress;
#[cfg(feature = "transport")]
mod proxy;
#[cfg(feature = "transport")]
mod stream;
#[cfg(feature = "transport")]
mod tls;
#[cfg(feature = "transport")]
mod upload;
#[cfg(feature = "transport")]
mod websocket;

#[cfg(feature = "files")]
pub use file::read_file;
#[cfg(feature = "transport")]
pub use network::Network;
#[cfg(feature = "transport")]
pub use options::{CONNECT_TIMEOUT, TransportOptions};
pub use progress::HttpProgress;
#[cfg(feature = "transport")]
pub use proxy::Proxy;

/// How long a peer may take to answer a goodbye: one that answers at all needs a round trip, and a user who leaves does
/// not wait longer.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Opens transports and runs HTTP requests for one account.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Opens `target`. Dropping the future gives it up and closes the socket.
    ///
    /// # Errors
    /// `Invalid` for an address that makes no sense, `Resolve`, `Refused`, `Unreachable`, `Tls`, `Proxy`, `TimedOut`;
    /// `Handshake` for a server that answers with something else, `Auth`, `Forbidden` or `RateLimited` where it says why.
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error>;

    /// Runs one HTTP request, whatever status it ends in, and tells how far its file is, if it has one.
    ///
    /// # Errors
    /// As [`Connector::open`], `Lost` for an answer that breaks off, `TooLarge` for one over the request's limit; for a file
    /// those of [`HttpBody::File`](kaiwa_core::session::HttpBody::File).
    ///
    /// # Cancel safety
    /// Dropping the future closes the request's connection.
    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error>;

    /// How long to wait for a peer after [`Transport::poll_close`] began; whoever polls keeps the time.
    fn close_timeout(&self) -> Duration {
        CLOSE_TIMEOUT
    }
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A frame of a framed transport.
    Frame(Frame<'a>),
    /// Bytes of a byte stream.
    Bytes(&'a [u8]),
    /// The peer ends the connection in its orderly way (for a byte stream: its end); nothing follows.
    Closed {
        /// The peer's close code.
        code: Option<u16>,
        /// The peer's words.
        reason: &'a str,
    },
}

/// What goes out.
#[derive(Debug)]
pub enum Outgoing {
    /// A frame, for framed transports.
    Frame(Frame<'static>),
    /// Bytes, for byte streams.
    Bytes(Vec<u8>),
}

/// An open transport. Polled from one task; the wakers of the last calls are woken.
#[async_trait]
pub trait Transport: Send {
    /// Waits for input and hands it to `take` once. `Err` ends the transport: `Lost` when the socket breaks or ends without a
    /// goodbye, `Tls` when its encryption does, `Protocol` or `TooLarge` when the peer misbehaves.
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>>;

    /// Ready when one more [`Transport::start_send`] is taken without unbounded buffering.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// Takes one item; call only after `poll_ready` said so.
    ///
    /// # Errors
    /// `Internal` for an item of the wrong kind, `Lost` when the socket is broken.
    fn start_send(&mut self, item: Outgoing) -> Result<(), Error>;

    /// Pushes what was taken to the socket.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// Says goodbye in the orderly way; input may still come until [`Incoming::Closed`] or the end. Poll until ready.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<u16>,
        reason: &str,
    ) -> Poll<Result<(), Error>>;

    /// Turns a byte stream into TLS made out to `host`.
    ///
    /// # Errors
    /// `Internal` where the transport is no plain byte stream, otherwise as [`Connector::open`].
    async fn start_tls(self: Box<Self>, host: &str) -> Result<Box<dyn Transport>, Error>;
}
