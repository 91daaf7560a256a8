//! WebSockets over streams in memory, for sessions whose tests want paused time.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use futures_util::{Sink, Stream};
use kaiwa_protocols::session::{Frame, HttpRequest, HttpResponse, Target};
use kaiwa_protocols::transport::{Connector, HttpProgress, Incoming, Outgoing, Transport};
use kaiwa_protocols::{Error, ErrorKind};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::http;

/// Bytes under way in each direction, as in a small socket.
pub(crate) const STREAM_BYTES: usize = 16 * 1024;

/// Makes streams to a server; `None` where nobody answers.
pub(crate) trait Wires: Send + Sync {
    /// For a WebSocket.
    fn socket(&self) -> Option<DuplexStream>;

    /// For an HTTP request.
    fn http(&self) -> Option<DuplexStream> {
        None
    }
}

impl<F: Fn() -> Option<DuplexStream> + Send + Sync> Wires for F {
    fn socket(&self) -> Option<DuplexStream> {
        self()
    }
}

/// WebSockets and HTTP over streams in memory.
pub(crate) struct Memory<W>(pub(crate) W);

#[async_trait]
impl<W: Wires> Connector for Memory<W> {
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error> {
        let Target::WebSocket { url, .. } = target else {
            return Err(ErrorKind::Internal.into());
        };
        let stream = self
            .0
            .socket()
            .ok_or_else(|| Error::from(ErrorKind::Refused))?;
        match client_async(url, stream).await {
            Ok((socket, _)) => Ok(Box::new(Socket(socket))),
            Err(error) => Err(Error::new(ErrorKind::Handshake, "no handshake").with_source(error)),
        }
    }

    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        let stream = self.0.http();
        let stream = stream.ok_or_else(|| Error::from(ErrorKind::Refused))?;
        http::ask(stream, request, progress).await
    }
}

struct Socket(WebSocketStream<DuplexStream>);

fn broken(error: WsError) -> Error {
    let kind = match error {
        WsError::Capacity(_) => ErrorKind::TooLarge,
        WsError::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => ErrorKind::Lost,
        WsError::Protocol(_) | WsError::Utf8(_) => ErrorKind::Protocol,
        _ => ErrorKind::Lost,
    };
    Error::new(kind, "the WebSocket broke").with_source(error)
}

#[async_trait]
impl Transport for Socket {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let message = match ready!(Pin::new(&mut self.0).poll_next(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(Err(broken(error))),
            None => return Poll::Ready(Err(ErrorKind::Lost.into())),
        };
        match &message {
            Message::Text(text) => take(Incoming::Frame(Frame::Text(Cow::Borrowed(text)))),
            Message::Binary(data) => take(Incoming::Frame(Frame::Binary(Cow::Borrowed(data)))),
            Message::Ping(data) => take(Incoming::Frame(Frame::Ping(Cow::Borrowed(data)))),
            Message::Pong(data) => take(Incoming::Frame(Frame::Pong(Cow::Borrowed(data)))),
            Message::Close(_) | Message::Frame(_) => take(Incoming::Closed {
                code: None,
                reason: "",
            }),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Everything written before has to leave first: the smallest buffer there can be.
        ready!(Pin::new(&mut self.0).poll_flush(cx)).map_err(broken)?;
        Pin::new(&mut self.0).poll_ready(cx).map_err(broken)
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let message = match item {
            Outgoing::Frame(Frame::Text(text)) => Message::text(text.into_owned()),
            Outgoing::Frame(Frame::Ping(data)) => Message::Ping(data.into_owned().into()),
            other => panic!("not written by any session here: {other:?}"),
        };
        Pin::new(&mut self.0).start_send(message).map_err(broken)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(broken)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(broken)
    }

    async fn start_tls(self: Box<Self>, _host: &str) -> Result<Box<dyn Transport>, Error> {
        Err(ErrorKind::Internal.into())
    }
}
