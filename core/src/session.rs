//! A network without IO: what a new network implements.
//!
//! A [`Session`] owns no socket, task, clock or random source. A driver (in `kaiwa-protocols`) calls `handle_*` with what
//! happened, then polls what the session wants until `None`:
//!
//! 1. inputs: [`Session::handle_connect`] once per attempt, [`Session::handle_open`] when the transport stands, then frames,
//!    bytes, HTTP answers, requests and timeouts in any order, [`Session::handle_close`] when the transport is gone;
//! 2. outputs after every input: [`Session::poll_event`] at once, [`Session::poll_transmit`] whenever the transport takes
//!    more, [`Session::deadline`] to know when to call [`Session::handle_timeout`].
//!
//! A session lives as long as its connection, across reconnects, and alone holds resume state: positions, what was joined,
//! what is pending, ids seen.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{AuthField, Capabilities, ConnectionEvent, Error, Protocol, RequestId};

/// The time, as a session is told it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Monotonic, counted from a moment that stays the same for the life of the session.
    pub mono: Duration,
    /// Wall time, for timestamps; may jump.
    pub utc: DateTime<Utc>,
}

/// Random bytes for one attempt to connect; a session takes nonces and the like from them.
pub type Seed = [u8; 32];

/// One frame of a framed transport, borrowed coming in, owned going out. May hold secrets, so `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// UTF-8 text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
    /// A sign of life is asked for; incoming ones are answered by the transport.
    Ping(Cow<'a, [u8]>),
    /// A sign of life.
    Pong(Cow<'a, [u8]>),
}

/// What a transport must be opened to. Addresses and headers may hold secrets, so `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A WebSocket, `ws://` or `wss://`.
    WebSocket {
        /// The whole address.
        url: String,
        /// Headers of the handshake besides those of WebSocket itself.
        headers: Vec<(String, String)>,
        /// The largest message taken, in bytes.
        max_message_bytes: usize,
    },
    /// A byte stream over TCP.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A byte stream over TLS.
    Tls {
        /// Host name or address; the certificate must be made out to it.
        host: String,
        /// Port.
        port: u16,
    },
    /// The pipes of a child process: a byte stream out of its standard output and into its standard input.
    Process {
        /// The program, found as a shell would.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Its environment, besides what every program needs to find its way (`PATH` and the like).
        env: Vec<(String, String)>,
        /// What it may take of the machine.
        limits: ProcessLimits,
    },
}

/// What a child process may take of the machine; `None` is as much as this process may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Memory, in bytes of address space.
    pub memory_bytes: Option<u64>,
    /// Files open at once.
    pub open_files: Option<u64>,
    /// Time on processors, in seconds.
    pub cpu_seconds: Option<u64>,
}

/// Names one HTTP request of a session; the session chooses it, and never the same twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpToken(pub u64);

/// An HTTP request that runs beside the transport. May hold secrets, so `Debug` shows its method and length only, and no
/// path of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: HttpBody,
    /// How long the whole exchange may take. Where the body is a file: how long the server may take nothing of it, and how
    /// long, after the last of it, until the answer is complete.
    pub timeout: Duration,
    /// The largest answer taken, in bytes.
    pub max_response_bytes: usize,
}

/// The body of an HTTP request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpBody {
    /// These bytes; may be none.
    Bytes(Vec<u8>),
    /// A file of this machine, read piece by piece while it is sent; its length is told first. How far it is, comes as
    /// [`Session::handle_http_progress`]. The request ends with `NotFound` without such a file, with `Invalid` if it is a
    /// folder, a pipe or the like, or changes meanwhile, with `TooLong` if it is too long, with `Storage` if it cannot be
    /// read.
    File {
        /// Where it is. Only ever what this machine's user named.
        path: PathBuf,
        /// The longest file that is sent, in bytes.
        max_bytes: u64,
    },
}

impl HttpBody {
    /// Without a body.
    pub const EMPTY: Self = Self::Bytes(Vec::new());

    /// The bytes, unless it is a file.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::File { .. } => None,
        }
    }
}

impl From<Vec<u8>> for HttpBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// An HTTP answer, whatever its status. May hold secrets, so `Debug` shows its status and length only.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a session wants of its transport.
#[non_exhaustive]
pub enum Transmit {
    /// Open this; [`Session::handle_open`] follows, or `handle_close`. A transport that stands is dropped first.
    Open(Target),
    /// Write this to a framed transport.
    Frame(Frame<'static>),
    /// Write this to a byte stream.
    Bytes(Vec<u8>),
    /// Turn the byte stream into TLS (made out to this host); `handle_open` follows again.
    StartTls {
        /// The name in the certificate.
        host: String,
    },
    /// Run this beside the transport; [`Session::handle_http`] follows with the token.
    Http {
        /// Names the request.
        token: HttpToken,
        /// The request.
        request: HttpRequest,
    },
    /// Give up an HTTP request: nothing more is told of it, neither progress nor an end; its connection is closed. What the
    /// server already has of it, it has. Nothing happens if it has ended.
    CancelHttp {
        /// The request's name.
        token: HttpToken,
    },
    /// Close the transport in its orderly way; `handle_close` follows.
    Close {
        /// The close code, where the transport has one.
        code: Option<u16>,
        /// The words that go with it.
        reason: String,
        /// Why the session gives up; `None` where the user asked for it.
        error: Option<Error>,
    },
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::Text(text) => ("Text", text.len()),
            Self::Binary(bytes) => ("Binary", bytes.len()),
            Self::Ping(bytes) => ("Ping", bytes.len()),
            Self::Pong(bytes) => ("Pong", bytes.len()),
        };
        write!(f, "{name}({bytes} bytes)")
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WebSocket { .. } => "WebSocket",
            Self::Tcp { .. } => "Tcp",
            Self::Tls { .. } => "Tls",
            Self::Process { .. } => "Process",
        })
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.method, self.body)
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File { max_bytes, .. } => write!(f, "a file of at most {max_bytes} bytes"),
        }
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(target) => write!(f, "Open({target:?})"),
            Self::Frame(frame) => write!(f, "Frame({frame:?})"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::StartTls { host } => write!(f, "StartTls({host})"),
            Self::Http { token, request } => write!(f, "Http({}, {request:?})", token.0),
            Self::CancelHttp { token } => write!(f, "CancelHttp({})", token.0),
            Self::Close { code, error, .. } => write!(f, "Close({code:?}, {error:?})"),
        }
    }
}

/// An event of a session, and the request that caused it.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEvent {
    /// The request that caused it, if one did.
    pub request: Option<RequestId>,
    /// What happened.
    pub event: ConnectionEvent,
}

impl SessionEvent {
    /// Something that nobody asked for.
    #[must_use]
    pub fn happened(event: impl Into<ConnectionEvent>) -> Self {
        Self {
            request: None,
            event: event.into(),
        }
    }

    /// Something that `request` caused.
    #[must_use]
    pub fn caused(request: RequestId, event: impl Into<ConnectionEvent>) -> Self {
        Self {
            request: Some(request),
            event: event.into(),
        }
    }
}

/// How a transport ended.
#[derive(Debug)]
pub struct Closed<'a> {
    /// Whether the user asked for it: then what is still pending must end now.
    pub asked: bool,
    /// The peer's close code, where it sent one.
    pub code: Option<u16>,
    /// The error that the `Lost` event will carry; `None` where the user asked for the end.
    pub error: Option<&'a Error>,
}

/// A network without IO. See the [module](self) for the order of calls.
pub trait Session: Send {
    /// An attempt to connect begins; asks for what must be opened.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a form that cannot be used; then nothing was opened.
    fn handle_connect(&mut self, now: Now, auth: &[AuthField], seed: Seed) -> Result<(), Error>;

    /// The transport stands (again, after [`Transmit::StartTls`]).
    fn handle_open(&mut self, now: Now);

    /// A frame came in.
    fn handle_frame(&mut self, now: Now, frame: Frame<'_>) {
        let _ = (now, frame);
    }

    /// Bytes came in, cut anywhere.
    fn handle_bytes(&mut self, now: Now, bytes: &[u8]) {
        let _ = (now, bytes);
    }

    /// So much of a request's file is on its way: at most about ten times a second, rising; `sent == total` is always told,
    /// before the end, if the request gets as far.
    fn handle_http_progress(&mut self, now: Now, token: HttpToken, sent: u64, total: u64) {
        let _ = (now, token, sent, total);
    }

    /// An HTTP request has ended, without [`Transmit::CancelHttp`]. Requests open when the connection ends are dropped: `handle_close` is their end.
    fn handle_http(&mut self, now: Now, token: HttpToken, result: Result<HttpResponse, Error>) {
        let _ = (now, token, result);
    }

    /// The user wants something. Messages are taken in any state after the first `handle_connect`.
    ///
    /// # Errors
    /// `Unsupported`, `Invalid`, `TooLong`, `State` or `Full`; then nothing has changed.
    fn handle_send(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error>;

    /// The deadline has passed.
    fn handle_timeout(&mut self, now: Now);

    /// Reading stops because subscribers are full: from now on silence is not the peer's.
    fn handle_pause(&mut self, now: Now) {
        let _ = now;
    }

    /// Reading goes on.
    fn handle_resume(&mut self, now: Now) {
        let _ = now;
    }

    /// The user wants to leave: say goodbye, then ask for [`Transmit::Close`]. Only called while the transport stands.
    fn handle_disconnect(&mut self, now: Now);

    /// The transport is gone, or could not be opened.
    fn handle_close(&mut self, now: Now, closed: &Closed<'_>);

    /// Why the session wants to end, where it has not been asked for its [`Transmit::Close`] yet: what it has heard just before
    /// the peer closed says more than the close does.
    fn farewell(&mut self) -> Option<Error> {
        None
    }

    /// The next event, in order.
    fn poll_event(&mut self) -> Option<SessionEvent>;

    /// The next wish; called only when the transport can take it, so a frame not yet polled is a frame not yet written.
    fn poll_transmit(&mut self, now: Now) -> Option<Transmit>;

    /// When to call [`Session::handle_timeout`], on the scale of [`Now::mono`].
    fn deadline(&self) -> Option<Duration>;

    /// How many packets and fields of the peer were not understood and skipped.
    fn skipped(&self) -> u64 {
        0
    }

    /// The network's name and login form.
    fn protocol_spec(&self) -> Protocol;

    /// What the network can do, as far as is known now. The driver checks requests against it before `handle_send`.
    fn capabilities(&self) -> &Capabilities;
}
