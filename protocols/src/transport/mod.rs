//! What lies below a session: sockets, TLS, proxies, HTTP. Knows no network.
//!
//! The driver sees three things only: a [`Connector`] that opens a [`Target`], the [`Transport`] it gives, and
//! [`Connector::http`] beside it. Tests bring a connector of their own.

use std::task::{Context, Poll};

use async_trait::async_trait;
use kaiwa_core::Error;
use kaiwa_core::session::{Frame, HttpRequest, HttpResponse, Target};

/// Opens transports and runs HTTP requests for one account.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Opens `target`. Dropping the future gives it up and closes the socket.
    ///
    /// # Errors
    /// `Invalid` for an address that makes no sense, `Resolve`, `Refused`, `Unreachable`, `Tls`, `Proxy`, `TimedOut`,
    /// `Handshake`.
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error>;

    /// Runs one HTTP request, whatever status it ends in.
    ///
    /// # Errors
    /// As [`Connector::open`], and `TooLarge` for an answer over the request's limit.
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, Error>;
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A frame of a framed transport.
    Frame(Frame<'a>),
    /// Bytes of a byte stream.
    Bytes(&'a [u8]),
    /// The peer ends the connection in its orderly way; nothing follows.
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
    /// goodbye, `Protocol` or `TooLarge` when the peer misbehaves.
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
