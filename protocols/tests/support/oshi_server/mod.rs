//! Oshi in memory: a server as the sheet has it, able to misbehave.
//!
//! * [`world`]: who is there, which circles and streams there are; [`log`]: what is said in a stream.
//! * [`socket`]: connections, and who hears of what; `sign_in`: their first frames.
//! * `calls`, `people`, `circles`: what becomes of requests.
//! * `files`: uploads.
//! * [`fault`]: how to make it misbehave.
//! * [`journal`]: what it has seen.
//! * [`raw`]: a client without manners.

mod calls;
mod circles;
pub(crate) mod fault;
mod files;
pub(crate) mod journal;
pub(crate) mod log;
mod people;
pub(crate) mod raw;
mod sign_in;
pub(crate) mod socket;
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

/// The server, shared by its connections and whoever makes it misbehave.
#[derive(Clone)]
pub(crate) struct OshiServer(Arc<Hub>);

struct Hub {
    state: Mutex<State>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

/// All that the server knows.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) sockets: Sockets,
}

/// The ways to it.
pub(crate) type OshiWires = Relayed<OshiServer>;

impl Serve for OshiServer {
    fn socket(&self, stream: DuplexStream) {
        self.serve_socket(stream);
    }

    fn http(&self, stream: DuplexStream) {
        self.serve_http(stream);
    }
}

impl OshiServer {
    /// A server without anybody, but with the public circle `c1` and its stream `s1`.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Hub {
            state: Mutex::new(State {
                world: World::new(),
                faults: Faults::default(),
                journal: Journal::default(),
                sockets: Sockets::default(),
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

    /// Serves HTTP on a stream until it ends.
    pub(crate) fn serve_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let server = self.clone();
        tokio::spawn(async move {
            http::serve(stream, |request| files::handle(&server, request)).await;
        });
    }

    /// Serves a WebSocket on a stream until it ends.
    pub(crate) fn serve_socket(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        socket::serve(self.clone(), stream);
    }

    /// Serves both on one free port of loopback: whatever asks for a WebSocket gets one.
    pub(crate) async fn listen(&self) -> Listening {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    // WebSockets begin with GET, and nothing is fetched here.
                    let mut first = [0; 1];
                    match stream.peek(&mut first).await {
                        Ok(1) if first == *b"G" => server.serve_socket(stream),
                        Ok(1) => server.serve_http(stream),
                        _ => {}
                    }
                });
            }
        });
        Listening { address, task }
    }

    /// Starts the program again: connections end; what is kept is kept. With `anew` all streams are numbered anew.
    pub(crate) fn restart(&self, anew: bool) {
        let mut state = self.lock();
        state.sockets.end();
        if anew {
            state.world.number_anew();
        }
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
