//! A relay that breaks connections in every way that a network does.
//!
//! Put it between a client and a peer: over real sockets on loopback ([`Relay::to`]), or over streams in memory
//! ([`Relay::join`]). What its methods say happens to the connections that are open now, unless they speak of new ones.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Bytes relayed at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// A budget without an end.
const UNLIMITED: u64 = u64::MAX;

/// A relay; stopped, and its connections broken, when dropped.
#[derive(Debug, Default)]
pub struct Relay {
    hub: Arc<Hub>,
    task: Option<JoinHandle<()>>,
}

/// A stream that the relay can hold an end of.
pub trait End: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes dropping the stream a break without a goodbye, where that differs from an orderly end.
    fn break_off(&self) {}
}

impl End for DuplexStream {}

impl End for TcpStream {
    fn break_off(&self) {
        // Fails on a socket that is broken already.
        let _ = self.set_zero_linger();
    }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What happens to the bytes of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// They arrive.
    Open,
    /// They arrive so much later.
    Delayed(Duration),
    /// They are not even read: the sender's buffers fill.
    Stalled,
    /// They are read and thrown away; an end is passed on.
    Muted,
}

impl Relay {
    /// A relay without connections.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Relays from a free port on loopback to `server`; gives the address where clients connect.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn to(server: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let hub = Arc::new(Hub::default());
        let task = Some(tokio::spawn(accept(listener, server, Arc::clone(&hub))));
        Ok((Self { hub, task }, address))
    }

    /// Relays between two streams; drops both where connections are refused now, and says `false`.
    pub fn join(&self, client: impl End, server: impl End) -> bool {
        if self.hub.lock().refuse {
            return false;
        }
        tokio::spawn(relay(client, server, Arc::clone(&self.hub)));
        true
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.hub.lock().lines.len()
    }

    /// Waits until a connection has come or gone since the last call. Only one may wait.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn changed(&self) {
        self.hub.changed.notified().await;
    }

    /// Breaks every connection at once, without a goodbye (RST).
    pub fn cut(&self) {
        self.each(|line| line.cut.notify_one());
    }

    /// Breaks every connection when so many more bytes have passed on `way`.
    pub fn cut_after(&self, way: Way, bytes: u64) {
        self.each(|line| {
            line.way(way).budget.store(bytes, Ordering::Relaxed);
        });
    }

    /// Ends one way of every connection (FIN); the other goes on.
    pub fn half_close(&self, way: Way) {
        self.each(|line| {
            let _ = line.way(way).inject.send(Inject::End);
        });
    }

    /// What happens to the bytes of `way` from now on.
    pub fn flow(&self, way: Way, flow: Flow) {
        self.each(|line| {
            line.way(way).flow.send_replace(flow);
        });
    }

    /// What happens to the bytes of `way` on new connections.
    pub fn flow_of_new(&self, way: Way, flow: Flow) {
        let mut state = self.hub.lock();
        match way {
            Way::ToServer => state.new.0 = Some(flow),
            Way::ToClient => state.new.1 = Some(flow),
        }
    }

    /// Puts bytes between those that pass.
    pub fn inject(&self, way: Way, bytes: &[u8]) {
        self.each(|line| {
            let _ = line.way(way).inject.send(Inject::Bytes(bytes.to_vec()));
        });
    }

    /// Breaks new connections as soon as they are made, or lets them live again.
    pub fn refuse(&self, refuse: bool) {
        self.hub.lock().refuse = refuse;
    }

    fn each(&self, what: impl Fn(&Line)) {
        self.hub.lock().lines.values().for_each(what);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.cut();
    }
}

/// What the relay and its connections share.
#[derive(Debug, Default)]
struct Hub {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: BTreeMap<u64, Line>,
    next: u64,
    refuse: bool,
    /// How new connections flow, to the server and to the client.
    new: (Option<Flow>, Option<Flow>),
}

/// The strings that move one connection.
#[derive(Debug)]
struct Line {
    cut: Arc<Notify>,
    to_server: Strings,
    to_client: Strings,
}

#[derive(Debug)]
struct Strings {
    flow: watch::Sender<Flow>,
    /// Bytes that may still pass.
    budget: Arc<AtomicU64>,
    inject: mpsc::UnboundedSender<Inject>,
}

/// The other ends of the strings.
struct Puppet {
    flow: watch::Receiver<Flow>,
    budget: Arc<AtomicU64>,
    inject: mpsc::UnboundedReceiver<Inject>,
}

#[derive(Debug)]
enum Inject {
    Bytes(Vec<u8>),
    End,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection: its number, and the strings that pull at its ways.
    fn add(&self, cut: Arc<Notify>) -> (u64, Puppet, Puppet) {
        let mut state = self.lock();
        let (to_server, up) = strings(state.new.0);
        let (to_client, down) = strings(state.new.1);
        let id = state.next;
        state.next += 1;
        let line = Line {
            cut,
            to_server,
            to_client,
        };
        state.lines.insert(id, line);
        drop(state);
        self.changed.notify_one();
        (id, up, down)
    }
}

impl Line {
    fn way(&self, way: Way) -> &Strings {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }
}

fn strings(flow: Option<Flow>) -> (Strings, Puppet) {
    let (flow, may_flow) = watch::channel(flow.unwrap_or(Flow::Open));
    let budget = Arc::new(AtomicU64::new(UNLIMITED));
    let (inject, injected) = mpsc::unbounded_channel();
    let strings = Strings {
        flow,
        budget: Arc::clone(&budget),
        inject,
    };
    let puppet = Puppet {
        flow: may_flow,
        budget,
        inject: injected,
    };
    (strings, puppet)
}

async fn accept(listener: TcpListener, server: SocketAddr, hub: Arc<Hub>) {
    while let Ok((client, _)) = listener.accept().await {
        if hub.lock().refuse {
            client.break_off();
            continue;
        }
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(server).await {
                relay(client, server, hub).await;
            }
        });
    }
}

async fn relay(client: impl End, server: impl End, hub: Arc<Hub>) {
    let cut = Arc::new(Notify::new());
    let (id, up, down) = hub.add(Arc::clone(&cut));
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let both = async {
        tokio::try_join!(
            pump(&mut from_client, &mut to_server, up),
            pump(&mut from_server, &mut to_client, down)
        )
    };
    let whole = tokio::select! {
        result = both => result.is_ok(),
        () = cut.notified() => false,
    };
    let client = from_client.unsplit(to_client);
    let server = from_server.unsplit(to_server);
    if !whole {
        client.break_off();
        server.break_off();
    }
    drop((client, server));
    hub.lock().lines.remove(&id);
    hub.changed.notify_one();
}

/// Relays one way until its end; an error breaks the whole connection.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut puppet: Puppet,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut ended = false;
    loop {
        let flow = *puppet.flow.borrow_and_update();
        let count = tokio::select! {
            biased;
            Some(inject) = puppet.inject.recv() => {
                match inject {
                    Inject::Bytes(bytes) => to.write_all(&bytes).await?,
                    Inject::End => {
                        to.shutdown().await?;
                        ended = true;
                    }
                }
                continue;
            }
            _ = puppet.flow.changed() => continue,
            read = from.read(&mut buffer), if flow != Flow::Stalled => read?,
        };
        if count == 0 {
            if !ended {
                to.shutdown().await?;
            }
            return Ok(());
        }
        if let Flow::Delayed(delay) = flow {
            sleep(delay).await;
        }
        let chunk = buffer.get(..count).unwrap_or_default();
        let allowed = spend(&puppet.budget, chunk);
        if flow != Flow::Muted && !ended {
            to.write_all(allowed).await?;
        }
        if allowed.len() < chunk.len() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}

/// The part of a chunk that may still pass.
fn spend<'a>(budget: &AtomicU64, chunk: &'a [u8]) -> &'a [u8] {
    let left = budget.load(Ordering::Relaxed);
    if left == UNLIMITED {
        return chunk;
    }
    let length = usize::try_from(left)
        .unwrap_or(chunk.len())
        .min(chunk.len());
    budget.store(left - length as u64, Ordering::Relaxed);
    chunk.get(..length).unwrap_or(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets, and a client behind a relay to it.
    async fn echo() -> (Relay, TcpStream, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        let (relay, address) = Relay::to(server).await.unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        while relay.open() == 0 {
            relay.changed().await;
        }
        (relay, client, address)
    }

    async fn ask(client: &mut TcpStream, text: &[u8]) -> Vec<u8> {
        client.write_all(text).await.unwrap();
        let mut answer = vec![0; text.len()];
        client.read_exact(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn relays_and_injects() {
        let (relay, mut client, _) = echo().await;
        assert_eq!(ask(&mut client, b"hello").await, b"hello");
        relay.inject(Way::ToClient, b"noise");
        let mut noise = [0; 5];
        client.read_exact(&mut noise).await.unwrap();
        assert_eq!(&noise, b"noise");
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut noise).await.unwrap(), 0);
        while relay.open() > 0 {
            relay.changed().await;
        }
    }

    #[tokio::test]
    async fn a_cut_is_no_goodbye() {
        let (relay, mut client, _) = echo().await;
        ask(&mut client, b"hello").await;
        relay.cut();
        let end = client.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn cuts_after_so_many_bytes() {
        let (relay, mut client, _) = echo().await;
        relay.cut_after(Way::ToClient, 7);
        client.write_all(b"0123456789").await.unwrap();
        let mut got = Vec::new();
        // The reset may overtake what was written before it, but no byte more may come.
        let _ = client.read_to_end(&mut got).await;
        assert!(b"0123456".starts_with(&got), "{got:?}");
        while relay.open() > 0 {
            relay.changed().await;
        }
    }

    #[tokio::test]
    async fn a_half_is_closed_and_the_other_goes_on() {
        let (relay, mut client, _) = echo().await;
        ask(&mut client, b"hello").await;
        relay.half_close(Way::ToClient);
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        client.write_all(b"still taken").await.unwrap();
        assert_eq!(relay.open(), 1);
    }

    #[tokio::test]
    async fn what_is_stalled_comes_later() {
        let (relay, mut client, _) = echo().await;
        relay.flow(Way::ToClient, Flow::Stalled);
        client.write_all(b"later").await.unwrap();
        relay.flow(Way::ToClient, Flow::Open);
        let mut got = [0; 5];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"later");
    }

    #[tokio::test]
    async fn what_is_muted_never_comes_but_the_end_does() {
        let (relay, mut client, _) = echo().await;
        relay.flow(Way::ToClient, Flow::Muted);
        client.write_all(b"lost").await.unwrap();
        client.shutdown().await.unwrap();
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"");
    }

    #[tokio::test]
    async fn refuses_new_connections() {
        let (relay, mut client, address) = echo().await;
        relay.refuse(true);
        let mut other = TcpStream::connect(address).await.unwrap();
        assert!(other.read(&mut [0; 1]).await.is_err());
        assert_eq!(ask(&mut client, b"hello").await, b"hello");
    }

    #[tokio::test(start_paused = true)]
    async fn joins_streams_in_memory() {
        let relay = Relay::new();
        let (mut client, far_client) = tokio::io::duplex(64);
        let (mut server, far_server) = tokio::io::duplex(64);
        assert!(relay.join(far_client, far_server));
        client.write_all(b"hello").await.unwrap();
        let mut got = [0; 5];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");
        relay.flow(Way::ToServer, Flow::Delayed(Duration::from_secs(60)));
        let sent = tokio::time::Instant::now();
        client.write_all(b"later").await.unwrap();
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(sent.elapsed(), Duration::from_secs(60));
        relay.cut();
        assert_eq!(server.read(&mut got).await.unwrap(), 0);
        relay.refuse(true);
        assert!(!relay.join(client, server));
    }
}
