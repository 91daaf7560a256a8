//! rim in memory: the original with its quirks, or kaiwa's own server with its corrections, both able to misbehave.
//!
//! * [`world`]: who is there, who knows whom, who is where; [`talk`]: what is said.
//! * [`rest`]: the REST half.
//! * [`socket`]: the WebSocket half.
//! * [`fault`]: how to make it misbehave.
//! * [`journal`]: what it has seen.
//! * [`raw`]: a client without manners.
//!
//! It is written from the recordings of the original. Its records are those of `kaiwa_protocols::rim::wire`, whose own tests
//! compare them with the captured bytes.

pub(crate) mod fault;
pub(crate) mod journal;
pub(crate) mod raw;
mod rest;
mod socket;
pub(crate) mod talk;
pub(crate) mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::fault::Faults;
use self::journal::Journal;
use self::socket::Sockets;
use self::world::World;
use super::http;
use super::wires::{Relayed, Serve};

/// How long to wait for one thing before saying that it does not come; where time is paused, longer than any limit.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Which rim it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// The real one, which breaks easily.
    Original {
        /// Whether its database fills `chat_uid`; where it does not, the chat list answers 500 once there is a message.
        chat_uid: bool,
    },
    /// kaiwa's own: corrected, and with additional fields.
    Kaiwa,
}

impl Flavour {
    /// The path of the REST interface.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Original { .. } => "/api",
            Self::Kaiwa => "/rim/api",
        }
    }
}

/// The server, shared by its connections and whoever makes it misbehave.
#[derive(Clone)]
pub(crate) struct RimServer(Arc<Hub>);

struct Hub {
    state: Mutex<State>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

/// All that the server knows.
pub(crate) struct State {
    pub(crate) flavour: Flavour,
    /// Whether a message that comes again under the same `clientMsgId` is the same message; the original takes it for another.
    pub(crate) idempotent: bool,
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    sockets: Sockets,
    /// What broke the lock of the original's WebSocket half; from then on no WebSocket works.
    poison: Option<&'static str>,
}

/// The ways to it.
pub(crate) type RimWires = Relayed<RimServer>;

impl Serve for RimServer {
    fn socket(&self, stream: DuplexStream) {
        self.serve_socket(stream);
    }

    fn http(&self, stream: DuplexStream) {
        self.serve_http(stream);
    }
}

impl RimServer {
    /// A server without anybody.
    pub(crate) fn new(flavour: Flavour) -> Self {
        Self(Arc::new(Hub {
            state: Mutex::new(State {
                flavour,
                idempotent: false,
                world: World::new(flavour),
                faults: Faults::default(),
                journal: Journal::default(),
                sockets: Sockets::default(),
                poison: None,
            }),
            changes: watch::Sender::new(0),
        }))
    }

    /// Everything, for a look or a change; who waits is told when it is let go.
    pub(crate) fn lock(&self) -> Guard<'_> {
        Guard {
            state: self.0.state.lock().unwrap(),
            changes: &self.0.changes,
        }
    }

    /// Tells of changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Waits until `wanted` gives something.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut wanted: impl FnMut(&State) -> Option<T>,
    ) -> T {
        let mut changes = self.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = wanted(&self.0.state.lock().unwrap()) {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        };
        match timeout(PATIENCE, wait).await {
            Ok(found) => found,
            Err(_) => panic!("the server never sees {what}: {:#?}", self.lock().journal),
        }
    }

    /// Serves REST on a stream until it ends.
    pub(crate) fn serve_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let server = self.clone();
        tokio::spawn(
            async move { http::serve(stream, |request| rest::handle(&server, request)).await },
        );
    }

    /// Serves a WebSocket on a stream until it ends.
    pub(crate) fn serve_socket(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        socket::serve(self.clone(), stream);
    }

    /// Serves REST and WebSockets on two free ports of loopback.
    pub(crate) async fn listen(&self) -> Listening {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let sockets = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (rest, ws) = (http.local_addr().unwrap(), sockets.local_addr().unwrap());
        let server = self.clone();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    Ok((stream, _)) = http.accept() => server.serve_http(stream),
                    Ok((stream, _)) = sockets.accept() => server.serve_socket(stream),
                    else => break,
                }
            }
        });
        Listening { rest, ws, task }
    }

    /// Starts the program again: connections end, and whatever broke is whole.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        state.sockets.end();
        state.poison = None;
    }

    /// What the original's WebSocket half died of.
    pub(crate) fn poison(&self) -> Option<&'static str> {
        self.lock().poison
    }
}

/// The state while it is locked.
pub(crate) struct Guard<'a> {
    state: MutexGuard<'a, State>,
    changes: &'a watch::Sender<u64>,
}

impl std::ops::Deref for Guard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl std::ops::DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Where a server listens, until dropped.
pub(crate) struct Listening {
    pub(crate) rest: SocketAddr,
    pub(crate) ws: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}
