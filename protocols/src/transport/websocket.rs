//! WebSocket (RFC 6455), client side, over any stream.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Sink, Stream};
use kaiwa_core::session::Frame;
use kaiwa_core::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use super::address::{Address, UrlRule, invalid};
use super::ahead::ReadAhead;
use super::stream::Socket;
use super::{Incoming, Outgoing, Transport, tls};

/// Bytes of the buffer that an idle connection keeps: the library's default of 128 KiB would be most of what a connection
/// costs. Larger messages grow it, and [`ReadAhead`] reads more at once.
const READ_BUFFER_BYTES: usize = 512;

/// Bytes that small messages gather before they are written without a flush.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;

/// Answers to pings that may wait for the peer to read. One that pings without reading is not read any more, so that what
/// waits stays below this many times 131 bytes.
const MAX_UNSENT_PONGS: u8 = 32;

/// Bytes of a ping's payload and of a close frame's (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: usize = 125;

/// Headers that make up the handshake, and are not for a session to set.
const HANDSHAKE_HEADERS: [&str; 5] = [
    "host",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
];

/// What a WebSocket's address looks like.
pub(crate) const WEBSOCKET_URL: UrlRule = UrlRule {
    what: "WebSocket address",
    schemes: &["ws", "wss"],
    default_port: None,
    example: "wss://chat.example.org/path",
    secrets_go: "use the login fields for them",
};

/// An open WebSocket.
struct WebSocket<S> {
    inner: WebSocketStream<S>,
    unsent_pongs: u8,
    closing: bool,
}

/// The handshake's request.
///
/// # Errors
/// `Invalid` for an address or a header that HTTP does not allow.
pub(crate) fn request(url: &Url, headers: &[(String, String)]) -> Result<Request, Error> {
    let mut request = url.as_str().into_client_request().map_err(|error| {
        invalid("the WebSocket address does not fit into a request".to_owned()).with_source(error)
    })?;
    for (name, value) in headers {
        let bad = |how| invalid(format!("the header `{}` {how}", name.escape_debug()));
        let key = HeaderName::try_from(name).map_err(|_| bad("has a name that HTTP forbids"))?;
        if HANDSHAKE_HEADERS.contains(&key.as_str()) {
            return Err(bad("belongs to the handshake"));
        }
        let value =
            HeaderValue::try_from(value).map_err(|_| bad("has a value that HTTP forbids"))?;
        request.headers_mut().append(key, value);
    }
    Ok(request)
}

/// Does the handshake over a stream that stands.
///
/// # Errors
/// `Handshake`, `Auth`, `Forbidden`, `RateLimited`: what the server answered instead.
pub(crate) async fn open<S: Socket>(
    stream: S,
    request: Request,
    max_message_bytes: usize,
    address: &Address,
) -> Result<Box<dyn Transport>, Error> {
    let config = config(max_message_bytes);
    let stream = ReadAhead::up_to_head(stream);
    let (shaken, _) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|error| refused(address, error))?;
    // The buffer of the handshake would be used on, which has 4 KiB. Nothing is in it.
    let stream = shaken.into_inner().behind_head();
    let inner = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
    Ok(Box::new(WebSocket {
        inner,
        unsent_pongs: 0,
        closing: false,
    }))
}

#[async_trait]
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for WebSocket<S> {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        if self.unsent_pongs >= MAX_UNSENT_PONGS {
            ready!(self.poll_flush(cx))?;
        }
        let message = match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(Err(self.give_up(cx, error))),
            None => return Poll::Ready(Err(broken(WsError::AlreadyClosed))),
        };
        match &message {
            Message::Text(text) => take(Incoming::Frame(Frame::Text(Cow::Borrowed(text)))),
            Message::Binary(data) => take(Incoming::Frame(Frame::Binary(Cow::Borrowed(data)))),
            Message::Ping(data) => {
                self.unsent_pongs = self.unsent_pongs.saturating_add(1);
                take(Incoming::Frame(Frame::Ping(Cow::Borrowed(data))));
            }
            Message::Pong(data) => take(Incoming::Frame(Frame::Pong(Cow::Borrowed(data)))),
            Message::Close(frame) => take(Incoming::Closed {
                code: frame.as_ref().map(|frame| frame.code.into()),
                reason: frame.as_ref().map_or("", |frame| frame.reason.as_str()),
            }),
            // Only ever written.
            Message::Frame(_) => return Poll::Ready(Err(ErrorKind::Internal.into())),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Not ready as long as a write is blocked, so that at most the write buffer and one message wait.
        Pin::new(&mut self.inner).poll_ready(cx).map_err(broken)
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let Outgoing::Frame(frame) = item else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a WebSocket takes frames, not bytes",
            ));
        };
        Pin::new(&mut self.inner)
            .start_send(message(frame)?)
            .map_err(broken)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx)).map_err(broken)?;
        self.unsent_pongs = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<u16>,
        reason: &str,
    ) -> Poll<Result<(), Error>> {
        if !self.closing {
            ready!(self.poll_flush(cx))?;
            self.closing = true;
            self.start_close(code, reason)?;
        }
        // Where the peer was first, this sends the answer to its close frame.
        self.poll_flush(cx)
    }

    async fn start_tls(self: Box<Self>, _host: &str) -> Result<Box<dyn Transport>, Error> {
        Err(Error::new(
            ErrorKind::Internal,
            "a WebSocket cannot turn into TLS",
        ))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Queues a close frame, unless the peer's was first.
    fn start_close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Error> {
        let frame = code
            .map(CloseCode::from)
            .filter(|code| code.is_allowed())
            .map(|code| CloseFrame {
                code,
                // Two bytes are the code's.
                reason: cut(reason, MAX_CONTROL_BYTES - 2).into(),
            });
        match Pin::new(&mut self.inner).start_send(Message::Close(frame)) {
            // The peer was first.
            Err(
                WsError::ConnectionClosed
                | WsError::AlreadyClosed
                | WsError::Protocol(ProtocolError::SendAfterClosing),
            )
            | Ok(()) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Tells a peer that misbehaved why it is left (RFC 6455, section 7.1.7), as far as that goes without waiting.
    fn give_up(&mut self, cx: &mut Context<'_>, error: WsError) -> Error {
        let error = broken(error);
        let code = match error.kind() {
            ErrorKind::Protocol => CloseCode::Protocol,
            ErrorKind::TooLarge => CloseCode::Size,
            _ => return error,
        };
        if self.start_close(Some(code.into()), "").is_ok() {
            let _ = Pin::new(&mut self.inner).poll_flush(cx);
        }
        error
    }
}

fn config(max_message_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(max_message_bytes))
        .max_frame_size(Some(max_message_bytes))
}

/// A frame as the library wants it, without a copy.
fn message(frame: Frame<'static>) -> Result<Message, Error> {
    let bytes = |data: Cow<'static, [u8]>| match data {
        Cow::Owned(data) => Bytes::from(data),
        Cow::Borrowed(data) => Bytes::from_static(data),
    };
    Ok(match frame {
        Frame::Text(Cow::Owned(text)) => Message::Text(Utf8Bytes::from(text)),
        Frame::Text(Cow::Borrowed(text)) => Message::Text(Utf8Bytes::from_static(text)),
        Frame::Binary(data) => Message::Binary(bytes(data)),
        Frame::Ping(data) | Frame::Pong(data) if data.len() > MAX_CONTROL_BYTES => {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("a ping of more than {MAX_CONTROL_BYTES} bytes"),
            ));
        }
        Frame::Ping(data) => Message::Ping(bytes(data)),
        Frame::Pong(data) => Message::Pong(bytes(data)),
    })
}

/// The longest beginning of at most `bytes` bytes.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or("")
}

/// The error of an open WebSocket.
fn broken(error: WsError) -> Error {
    let (kind, message): (_, Cow<'static, str>) = match &error {
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => (
            ErrorKind::TooLarge,
            format!("the peer sends a message of {size} bytes, {max_size} are taken").into(),
        ),
        WsError::Io(io) if tls::cause(io).is_some() => {
            (ErrorKind::Tls, "the TLS connection broke".into())
        }
        WsError::Io(_) => (ErrorKind::Lost, "the connection broke".into()),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => (
            ErrorKind::Lost,
            "the peer ended the connection without a goodbye".into(),
        ),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::SendAfterClosing) => {
            (ErrorKind::Lost, "the connection has ended".into())
        }
        // The library's text would quote the peer's bytes.
        WsError::Utf8(_) => {
            return Error::new(ErrorKind::Protocol, "the peer sends text that is not UTF-8");
        }
        _ => (
            ErrorKind::Protocol,
            "the peer breaks the WebSocket protocol".into(),
        ),
    };
    Error::new(kind, message).with_source(error)
}

/// The error of a handshake that the server did not complete.
fn refused(address: &Address, error: WsError) -> Error {
    let message = match &error {
        WsError::Http(response) => return answered(address, response),
        WsError::Io(_) | WsError::Protocol(ProtocolError::HandshakeIncomplete) => {
            format!("{address} ended the connection within the WebSocket handshake")
        }
        _ => format!("{address} does not speak WebSocket; check the address"),
    };
    Error::new(ErrorKind::Handshake, message).with_source(error)
}

/// The error of a handshake that was answered in plain HTTP.
fn answered(address: &Address, response: &Response) -> Error {
    let status = response.status();
    let (kind, hint) = match status.as_u16() {
        401 => (ErrorKind::Auth, "check the login"),
        403 => (ErrorKind::Forbidden, "this login may not connect"),
        404 => (ErrorKind::Handshake, "check the path of the address"),
        429 => (ErrorKind::RateLimited, "wait before the next try"),
        500.. => (ErrorKind::Handshake, "try again later"),
        _ => (ErrorKind::Handshake, "check the address"),
    };
    let error = Error::new(
        kind,
        format!("{address} answers the WebSocket handshake with HTTP {status}; {hint}"),
    );
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match wait {
        Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::task::coop::unconstrained;

    fn url() -> Url {
        WEBSOCKET_URL.parse("ws://localhost:1/x?y=z").unwrap().0
    }

    #[test]
    fn headers_are_added_and_bad_ones_refused_without_their_value() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let good = [pair("Cookie", "a=1"), pair("cookie", "b=2")];
        let request = request(&url(), &good).unwrap();
        assert_eq!(request.uri().path_and_query().unwrap(), "/x?y=z");
        assert_eq!(request.headers().get_all("cookie").iter().count(), 2);
        for bad in [
            pair("a b", "hunter2"),
            pair("X-Token", "hunter2\r\nEvil: 1"),
            pair("X-Token", "hunter2\0"),
            pair("Host", "hunter2"),
            pair("Sec-WebSocket-Key", "hunter2"),
            pair("", "hunter2"),
        ] {
            let error = super::request(&url(), &[bad]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    }

    /// A client whose peer is the other end of a pipe; each direction holds `bytes`. No runtime, no wakers.
    async fn client(bytes: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
        let (near, far) = tokio::io::duplex(bytes);
        let inner =
            WebSocketStream::from_raw_socket(near, Role::Client, Some(config(1 << 20))).await;
        let socket = WebSocket {
            inner,
            unsent_pongs: 0,
            closing: false,
        };
        (socket, far)
    }

    /// Receives until nothing more is there.
    fn receive_all(socket: &mut WebSocket<DuplexStream>) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        let mut count = 0;
        while let Poll::Ready(result) = socket.poll_recv(&mut cx, &mut |_| count += 1) {
            result.unwrap();
        }
        count
    }

    #[tokio::test]
    async fn a_peer_that_pings_without_reading_is_read_no_more() {
        const PINGS: usize = 1000;
        // The pings are two bytes each and fit; the answers are six bytes each and do not.
        let (mut socket, mut peer) = client(4000).await;
        peer.write_all(&[0x89, 0].repeat(PINGS)).await.unwrap();
        let first = unconstrained(async { receive_all(&mut socket) }).await;
        let in_pipe = 4000 / 6;
        assert!(
            first > in_pipe && first <= in_pipe + 1 + usize::from(MAX_UNSENT_PONGS),
            "{first}"
        );
        // Once the peer reads, the rest comes.
        let mut answers = vec![0; 4000];
        peer.read_exact(&mut answers).await.unwrap();
        let rest = unconstrained(async { receive_all(&mut socket) }).await;
        assert_eq!(first + rest, PINGS);
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_not_written_to_without_end() {
        const MESSAGE: usize = 1000;
        let (mut socket, mut peer) = client(8 * 1024).await;
        let taken = unconstrained(async {
            let mut cx = Context::from_waker(Waker::noop());
            let mut taken = 0;
            while let Poll::Ready(result) = socket.poll_ready(&mut cx) {
                result.unwrap();
                let frame = Frame::Binary(vec![0; MESSAGE].into());
                socket.start_send(Outgoing::Frame(frame)).unwrap();
                taken += MESSAGE;
            }
            taken
        })
        .await;
        assert!(
            taken <= 8 * 1024 + WRITE_BUFFER_BYTES + 2 * MESSAGE,
            "{taken}"
        );
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all.len()
        });
        std::future::poll_fn(|cx| socket.poll_flush(cx))
            .await
            .unwrap();
        drop(socket);
        // Eight bytes of header and mask each.
        assert_eq!(reader.await.unwrap(), taken / MESSAGE * (MESSAGE + 8));
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        assert_eq!(cut("ok", 123), "ok");
        assert_eq!(cut(&"é".repeat(100), 123).len(), 122);
    }

    #[test]
    fn pings_are_bounded() {
        assert!(message(Frame::Ping(vec![0; 125].into())).is_ok());
        assert!(message(Frame::Ping(vec![0; 126].into())).is_err());
    }
}
