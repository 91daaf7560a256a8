//! A network in memory: a connector whose transports and HTTP answers the test plays by hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use kaiwa_protocols::session::{Frame, HttpRequest, HttpResponse, Target};
use kaiwa_protocols::transport::{Connector, HttpProgress, Incoming, Outgoing, Transport};
use kaiwa_protocols::{Error, ErrorKind};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::rig::within;

/// How long the transports here wait for a goodbye.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// A transport that was given so much at once breaks: the driver has not let anybody else run meanwhile.
const FLOOD: usize = 200_000;

/// How the next `open` goes; accepted where nothing is planned.
pub(crate) enum Plan {
    Refuse(Error),
    Hang,
    Panic,
}

/// An HTTP request under way.
pub(crate) struct HttpCall {
    pub(crate) request: HttpRequest,
    pub(crate) progress: HttpProgress,
    pub(crate) answer: oneshot::Sender<Result<HttpResponse, Error>>,
}

/// What a transport was given, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Out {
    Text(String),
    Ping,
    Bytes(String),
    Tls(String),
    Close(Option<u16>),
}

enum In {
    Text(String),
    Pong,
    Bytes(Vec<u8>),
    Closed(Option<u16>, String),
    Broken(ErrorKind),
    Panic,
}

pub(crate) struct Net {
    pub(crate) plans: Mutex<VecDeque<Plan>>,
    accepted: mpsc::UnboundedSender<Peer>,
    calls: mpsc::UnboundedSender<HttpCall>,
}

/// The test's end of a [`Net`].
pub(crate) struct Server {
    accepted: mpsc::UnboundedReceiver<Peer>,
    calls: mpsc::UnboundedReceiver<HttpCall>,
}

impl Net {
    pub(crate) fn new() -> (Arc<Self>, Server) {
        let (accepted, peers) = mpsc::unbounded_channel();
        let (calls, http) = mpsc::unbounded_channel();
        let net = Self {
            plans: Mutex::default(),
            accepted,
            calls,
        };
        let server = Server {
            accepted: peers,
            calls: http,
        };
        (Arc::new(net), server)
    }
}

impl Server {
    /// The next transport that is opened.
    pub(crate) async fn accept(&mut self) -> Peer {
        within(self.accepted.recv()).await.unwrap()
    }

    /// The next HTTP request.
    pub(crate) async fn call(&mut self) -> HttpCall {
        within(self.calls.recv()).await.unwrap()
    }

    /// A request that waits already.
    pub(crate) fn try_call(&mut self) -> Option<HttpCall> {
        self.calls.try_recv().ok()
    }
}

pub(crate) struct MemoryConnector(pub(crate) Arc<Net>);

#[async_trait]
impl Connector for MemoryConnector {
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error> {
        let plan = self.0.plans.lock().unwrap().pop_front();
        match plan {
            Some(Plan::Refuse(error)) => return Err(error),
            Some(Plan::Hang) => std::future::pending().await,
            Some(Plan::Panic) => panic!("planned: open"),
            None => {}
        }
        let wire = Arc::new(Wire::default());
        let peer = Peer {
            target: target.clone(),
            wire: Arc::clone(&wire),
        };
        self.0.accepted.send(peer).unwrap();
        Ok(Box::new(MemoryTransport(wire)))
    }

    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        let (answer, answered) = oneshot::channel();
        let progress = progress.clone();
        let call = HttpCall {
            request,
            progress,
            answer,
        };
        let _ = self.0.calls.send(call);
        answered
            .await
            .unwrap_or_else(|_| Err(ErrorKind::Lost.into()))
    }

    fn close_timeout(&self) -> Duration {
        CLOSE_TIMEOUT
    }
}

/// What both ends share.
#[derive(Default)]
struct Wire {
    state: Mutex<State>,
    /// Something was written, or the transport was dropped.
    changed: Notify,
}

#[derive(Default)]
struct State {
    input: VecDeque<In>,
    reads: usize,
    output: VecDeque<Out>,
    written: usize,
    /// How much had been read when something was written last.
    reads_before_write: usize,
    /// How much more is taken; `None`: everything.
    room: Option<usize>,
    /// Whether a goodbye can be written.
    closes_stuck: bool,
    said_goodbye: bool,
    dropped: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The other end of a transport.
pub(crate) struct Peer {
    pub(crate) target: Target,
    wire: Arc<Wire>,
}

impl Peer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.wire.state.lock().unwrap()
    }

    fn put(&self, input: In) {
        let mut state = self.lock();
        state.input.push_back(input);
        if let Some(waker) = state.reader.take() {
            waker.wake();
        }
    }

    pub(crate) fn say(&self, text: impl Into<String>) {
        self.put(In::Text(text.into()));
    }

    pub(crate) fn pong(&self) {
        self.put(In::Pong);
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) {
        self.put(In::Bytes(bytes.to_vec()));
    }

    pub(crate) fn close(&self, code: Option<u16>, reason: &str) {
        self.put(In::Closed(code, reason.to_owned()));
    }

    pub(crate) fn break_off(&self, kind: ErrorKind) {
        self.put(In::Broken(kind));
    }

    /// The next read panics.
    pub(crate) fn blow_up(&self) {
        self.put(In::Panic);
    }

    /// How much more may be written; `None` is everything.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        let mut state = self.lock();
        state.room = room;
        if let Some(waker) = state.writer.take() {
            waker.wake();
        }
    }

    /// From now on not even a goodbye can be written.
    pub(crate) fn jam(&self) {
        self.lock().closes_stuck = true;
        self.set_room(Some(0));
    }

    /// How often something was read, or tried to be.
    pub(crate) fn reads(&self) -> usize {
        self.lock().reads
    }

    /// How often something was read before the last write.
    pub(crate) fn reads_before_write(&self) -> usize {
        self.lock().reads_before_write
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.lock().dropped
    }

    /// What was written and not yet looked at.
    pub(crate) fn written(&self) -> Vec<Out> {
        self.lock().output.drain(..).collect()
    }

    /// The next thing written.
    pub(crate) async fn heard(&self) -> Out {
        within(async {
            loop {
                let changed = self.wire.changed.notified();
                if let Some(out) = self.lock().output.pop_front() {
                    return out;
                }
                assert!(!self.is_dropped(), "the transport was dropped");
                changed.await;
            }
        })
        .await
    }

    pub(crate) async fn until_dropped(&self) {
        within(async {
            loop {
                let changed = self.wire.changed.notified();
                if self.is_dropped() {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

struct MemoryTransport(Arc<Wire>);

impl MemoryTransport {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn write(&self, out: Out) {
        let mut state = self.lock();
        state.output.push_back(out);
        state.written += 1;
        state.reads_before_write = state.reads;
        drop(state);
        self.0.changed.notify_one();
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.lock().dropped = true;
        self.0.changed.notify_one();
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let mut state = self.lock();
        state.reads += 1;
        let Some(input) = state.input.pop_front() else {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        match input {
            In::Text(text) => take(Incoming::Frame(Frame::Text(text.into()))),
            In::Pong => take(Incoming::Frame(Frame::Pong(Vec::new().into()))),
            In::Bytes(bytes) => take(Incoming::Bytes(&bytes)),
            In::Closed(code, reason) => take(Incoming::Closed {
                code,
                reason: &reason,
            }),
            In::Broken(kind) => return Poll::Ready(Err(kind.into())),
            In::Panic => panic!("planned: read"),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut state = self.lock();
        if state.written > FLOOD {
            return Poll::Ready(Err(ErrorKind::Full.into()));
        }
        if state.room == Some(0) {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        {
            let mut state = self.lock();
            if let Some(room) = &mut state.room {
                assert!(*room > 0, "written without asking");
                *room -= 1;
            }
        }
        self.write(match item {
            Outgoing::Frame(Frame::Text(text)) => Out::Text(text.into_owned()),
            Outgoing::Frame(Frame::Ping(_)) => Out::Ping,
            Outgoing::Frame(other) => panic!("{other:?}"),
            Outgoing::Bytes(bytes) => Out::Bytes(String::from_utf8(bytes).unwrap()),
        });
        Ok(())
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        {
            let mut state = self.lock();
            if state.closes_stuck {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if std::mem::replace(&mut state.said_goodbye, true) {
                return Poll::Ready(Ok(()));
            }
        }
        self.write(Out::Close(code));
        Poll::Ready(Ok(()))
    }

    async fn start_tls(self: Box<Self>, host: &str) -> Result<Box<dyn Transport>, Error> {
        if host == "wrong.example" {
            return Err(Error::new(ErrorKind::Tls, "the certificate is another's"));
        }
        self.write(Out::Tls(host.to_owned()));
        Ok(self)
    }
}
