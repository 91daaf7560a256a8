//! Sock Chat in memory: a server as the sheet has it, in four dialects, able to misbehave.
//!
//! It is written from the sheet, as text between TABs, and not with `sockchat::wire`, so that both are not wrong in the same way.
//!
//! * [`dialect`]: what the servers in the field do differently, all of it.
//! * [`world`]: who is there, which channels there are.
//! * [`socket`]: connections, and who hears of what; `sign_in`: their first packets.
//! * `talk`: what is said; `rooms`: channels, and going from one to another; `commands`: what a slash begins, and `moderate`
//!   that of moderators, and what happens to who says too much.
//! * [`fault`]: how to make it misbehave.
//! * [`journal`]: what it has seen.
//! * [`raw`]: a client without manners.

mod commands;
pub(crate) mod dialect;
pub(crate) mod fault;
pub(crate) mod journal;
mod moderate;
pub(crate) mod raw;
mod rooms;
mod sign_in;
pub(crate) mod socket;
mod talk;
pub(crate) mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::Utc;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use self::dialect::Dialect;
use self::fault::Faults;
use self::journal::Journal;
use self::socket::Sockets;
use self::world::World;
use super::wires::{Relayed, Serve};

/// How long to wait for one thing before saying that it does not come; where time is paused, longer than any limit.
const PATIENCE: Duration = Duration::from_secs(1800);

/// The server, shared by its connections and whoever makes it misbehave.
#[derive(Clone)]
pub(crate) struct SockchatServer(Arc<Hub>);

struct Hub {
    state: Mutex<State>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

/// All that the server knows.
pub(crate) struct State {
    pub(crate) dialect: Dialect,
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) sockets: Sockets,
    /// When the server began, on both clocks: what it says of time follows the one that tests can pause.
    began: (i64, Instant),
}

/// The ways to it.
pub(crate) type SockchatWires = Relayed<SockchatServer>;

impl Serve for SockchatServer {
    fn socket(&self, stream: DuplexStream) {
        self.serve_socket(stream);
    }

    fn http(&self, _stream: DuplexStream) {
        panic!("the server has no asset service");
    }
}

impl SockchatServer {
    /// A server with the channels `Lobby` and `Staff`, and nobody who may come.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self(Arc::new(Hub {
            state: Mutex::new(State {
                dialect,
                world: World::new(dialect),
                faults: Faults::default(),
                journal: Journal::default(),
                sockets: Sockets::default(),
                began: (Utc::now().timestamp(), Instant::now()),
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

    /// Serves a WebSocket on a stream until it ends.
    pub(crate) fn serve_socket(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        socket::serve(self.clone(), stream);
    }

    /// Serves on a free port of loopback.
    pub(crate) async fn listen(&self) -> Listening {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                server.serve_socket(stream);
            }
        });
        Listening { address, task }
    }

    /// Starts the program again: connections end; what is kept is kept, as the dialect keeps it.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        state.sockets.end();
        state.forget();
    }
}

impl State {
    /// Seconds since 1970, by the clock that tests can pause.
    pub(super) fn now(&self) -> i64 {
        let (began, at) = self.began;
        began + i64::try_from(at.elapsed().as_secs()).unwrap()
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
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}
