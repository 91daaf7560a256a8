//! One attempt to connect and the connection that comes of it: everything that waits, in one `poll`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use kaiwa_core::queue::RoomWait;
use kaiwa_core::session::{HttpResponse, HttpToken, Session, Transmit};
use kaiwa_core::{Error, ErrorKind};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep, sleep_until};

use super::shared::Shared;
use super::task::{Command, Reply};
use crate::transport::{Connector, Incoming, Outgoing, Transport};

/// Frames read before writing and timers get their turn again.
const READS_AT_ONCE: usize = 64;

/// How long a transport may take nothing more before it is given up: longer than a slow line needs for what fits into its
/// buffers. A session cannot end it by itself, for its wishes are only heard when the transport can take them.
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// HTTP requests of one session under way at once; more wait in the session.
const HTTP_AT_ONCE: usize = 8;

/// How a connection ended.
pub(super) struct End {
    pub(super) asked: bool,
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    pub(super) error: Option<Error>,
}

impl End {
    pub(super) fn lost(error: Error) -> Self {
        Self {
            asked: false,
            code: None,
            reason: String::new(),
            error: Some(error),
        }
    }
}

type Opening = BoxFuture<'static, Result<Box<dyn Transport>, Error>>;
type HttpEnd = (HttpToken, Result<HttpResponse, Error>);

/// The transport and how far it is.
enum Link {
    /// The session has not asked for one yet.
    None,
    Opening(Opening),
    Open(Box<dyn Transport>),
    /// The session wants the end: the goodbye is being said, what still comes is still read.
    Closing(Box<dyn Transport>, Box<Goodbye>),
}

struct Goodbye {
    code: Option<u16>,
    reason: String,
    error: Option<Error>,
    said: bool,
    limit: Pin<Box<Sleep>>,
}

pub(super) struct Attempt<'a, S> {
    shared: &'a Shared<S>,
    connector: Arc<dyn Connector>,
    commands: &'a mut mpsc::UnboundedReceiver<Command>,
    /// Who waits for `connect`; taken when signed in.
    reply: Option<Reply>,
    /// Who waits for `disconnect`.
    disconnect: Vec<Reply>,
    /// The driver was dropped or its user disconnected.
    asked: bool,
    link: Link,
    http: FuturesUnordered<BoxFuture<'static, HttpEnd>>,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Duration>,
    /// When to give up on a transport that takes nothing more; `None` while it does.
    stuck: Option<Pin<Box<Sleep>>>,
    room: RoomWait,
    paused: bool,
}

/// Whether a step has changed something, or the connection is over.
type Step = Result<bool, End>;

impl<'a, S: Session> Attempt<'a, S> {
    pub(super) fn new(
        shared: &'a Shared<S>,
        connector: Arc<dyn Connector>,
        commands: &'a mut mpsc::UnboundedReceiver<Command>,
        reply: Reply,
    ) -> Self {
        Self {
            shared,
            connector,
            commands,
            reply: Some(reply),
            disconnect: Vec::new(),
            asked: false,
            link: Link::None,
            http: FuturesUnordered::new(),
            timer: Box::pin(sleep(Duration::ZERO)),
            timer_at: None,
            stuck: None,
            room: RoomWait::new(),
            paused: false,
        }
    }

    /// Who still waits for an answer when it is over: of `connect`, of `disconnect`.
    pub(super) fn into_replies(self) -> (Option<Reply>, Vec<Reply>) {
        (self.reply, self.disconnect)
    }

    /// Ready when the connection is over. Runs every step until none changes anything.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.shared.waker.register(cx.waker());
        loop {
            match self.step(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(end) => return Poll::Ready(end),
            }
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        let mut moved = self.poll_commands(cx)?;
        moved |= self.poll_opening(cx)?;
        moved |= self.poll_http(cx);
        moved |= self.poll_timer(cx);
        moved |= self.poll_transmit(cx)?;
        moved |= self.poll_goodbye(cx)?;
        moved |= self.poll_read(cx)?;
        self.answer_connect();
        if self.shared.lock().broken {
            return Err(End::lost(Error::new(
                ErrorKind::Internal,
                "a bug ended the connection",
            )));
        }
        Ok(moved)
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Step {
        let given_up = self
            .reply
            .as_mut()
            .is_some_and(|reply| reply.poll_closed(cx).is_ready());
        if given_up {
            return Err(self.end_asked());
        }
        let command = match self.commands.poll_recv(cx) {
            Poll::Pending => return Ok(false),
            Poll::Ready(command) => command,
        };
        match command {
            Some(Command::Connect { reply, .. }) => {
                let _ = reply.send(Err(Error::new(ErrorKind::State, "already connected")));
                return Ok(true);
            }
            Some(Command::Disconnect { reply }) => self.disconnect.push(reply),
            // The driver is gone: a closed channel is ready for ever, so look no further.
            None if self.asked => return Ok(false),
            None => {}
        }
        if std::mem::replace(&mut self.asked, true) {
            return Ok(true);
        }
        self.stuck = None;
        match self.link {
            Link::Open(_) => {
                self.shared
                    .call(|session, now| session.handle_disconnect(now));
                Ok(true)
            }
            Link::Closing(..) => Ok(true),
            Link::None | Link::Opening(_) => Err(self.end_asked()),
        }
    }

    fn poll_opening(&mut self, cx: &mut Context<'_>) -> Step {
        let Link::Opening(opening) = &mut self.link else {
            return Ok(false);
        };
        match opening.as_mut().poll(cx) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(transport)) => {
                self.link = Link::Open(transport);
                self.shared.call(|session, now| session.handle_open(now));
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(End::lost(error)),
        }
    }

    fn poll_http(&mut self, cx: &mut Context<'_>) -> bool {
        match self.http.poll_next_unpin(cx) {
            Poll::Ready(Some((token, result))) => {
                self.shared
                    .call(|session, now| session.handle_http(now, token, result));
                true
            }
            Poll::Ready(None) | Poll::Pending => false,
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = self.shared.lock().session.deadline();
        let Some(mono) = deadline else {
            self.timer_at = None;
            return false;
        };
        if self.timer_at != Some(mono) {
            self.timer_at = Some(mono);
            self.timer.set(sleep_until(self.shared.instant(mono)));
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.timer_at = None;
        self.shared.call(|session, now| session.handle_timeout(now));
        true
    }

    /// Hands the session's wishes to the transport as long as it takes them, then pushes them out.
    fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Step {
        let mut moved = false;
        loop {
            match &mut self.link {
                Link::Open(transport) => match transport.poll_ready(cx) {
                    Poll::Ready(result) => {
                        result.map_err(|error| self.end_lost(error))?;
                        self.stuck = None;
                    }
                    Poll::Pending => {
                        self.poll_stuck(cx)?;
                        break;
                    }
                },
                Link::None => {}
                Link::Opening(_) | Link::Closing(..) => return Ok(moved),
            }
            if self.http.len() >= HTTP_AT_ONCE {
                break;
            }
            let Some(transmit) = self.shared.call(|session, now| session.poll_transmit(now)) else {
                break;
            };
            self.transmit(transmit)?;
            moved = true;
        }
        if let Link::Open(transport) = &mut self.link
            && let Poll::Ready(Err(error)) = transport.poll_flush(cx)
        {
            return Err(self.end_lost(error));
        }
        Ok(moved)
    }

    /// The transport takes nothing: waits for it as long as it may, which is less when the user wants to leave.
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let limit = if self.asked {
            self.connector.close_timeout()
        } else {
            WRITE_LIMIT
        };
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(limit)));
        if stuck.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        Err(self.end_lost(Error::new(
            ErrorKind::TimedOut,
            "the server reads nothing any more",
        )))
    }

    fn transmit(&mut self, transmit: Transmit) -> Result<(), End> {
        match (transmit, std::mem::replace(&mut self.link, Link::None)) {
            (Transmit::Open(target), Link::None) => {
                let connector = Arc::clone(&self.connector);
                self.link = Link::Opening(Box::pin(async move { connector.open(&target).await }));
            }
            (Transmit::Frame(frame), Link::Open(transport)) => {
                self.send(transport, Outgoing::Frame(frame))?;
            }
            (Transmit::Bytes(bytes), Link::Open(transport)) => {
                self.send(transport, Outgoing::Bytes(bytes))?;
            }
            (Transmit::StartTls { host }, Link::Open(transport)) => {
                self.link =
                    Link::Opening(Box::pin(async move { transport.start_tls(&host).await }));
            }
            (Transmit::Http { token, request }, link) => {
                self.link = link;
                let connector = Arc::clone(&self.connector);
                self.http.push(Box::pin(
                    async move { (token, connector.http(request).await) },
                ));
            }
            (
                Transmit::Close {
                    code,
                    reason,
                    error,
                },
                Link::Open(transport),
            ) => {
                let goodbye = Box::new(Goodbye {
                    code,
                    reason,
                    error,
                    said: false,
                    limit: Box::pin(sleep(self.connector.close_timeout())),
                });
                self.link = Link::Closing(transport, goodbye);
            }
            (Transmit::Close { code, error, .. }, Link::None) => {
                return Err(self.end(code, String::new(), error));
            }
            (other, _) => {
                tracing::error!(?other, "session asks for what its transport cannot do");
                return Err(End::lost(Error::new(
                    ErrorKind::Internal,
                    "the session asks for what its transport cannot do",
                )));
            }
        }
        Ok(())
    }

    fn send(&mut self, mut transport: Box<dyn Transport>, item: Outgoing) -> Result<(), End> {
        let sent = transport.start_send(item);
        self.link = Link::Open(transport);
        sent.map_err(|error| self.end_lost(error))
    }

    /// Says the goodbye and waits for the peer's, within the limit.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Step {
        let Link::Closing(transport, goodbye) = &mut self.link else {
            return Ok(false);
        };
        if !goodbye.said {
            match transport.poll_close(cx, goodbye.code, &goodbye.reason) {
                Poll::Ready(Ok(())) => goodbye.said = true,
                Poll::Ready(Err(_)) => return Err(self.end_closing()),
                Poll::Pending => {}
            }
        }
        if goodbye.limit.as_mut().poll(cx).is_ready() {
            return Err(self.end_closing());
        }
        Ok(false)
    }

    /// Reads what is there, as long as every subscriber has room for what comes of it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Step {
        for read in 0..READS_AT_ONCE {
            if !self.poll_pause(cx) {
                // Nobody may take what still comes: then the goodbye waits for nothing.
                return match &self.link {
                    Link::Closing(_, goodbye) if goodbye.said => Err(self.end_closing()),
                    _ => Ok(read > 0),
                };
            }
            if !self.poll_read_one(cx)? {
                return Ok(read > 0);
            }
        }
        Ok(true)
    }

    fn poll_read_one(&mut self, cx: &mut Context<'_>) -> Step {
        let (Link::Open(transport) | Link::Closing(transport, _)) = &mut self.link else {
            return Ok(false);
        };
        let shared = self.shared;
        let mut closed = None;
        let read = transport.poll_recv(cx, &mut |incoming| match incoming {
            Incoming::Frame(frame) => shared.call(|session, now| session.handle_frame(now, frame)),
            Incoming::Bytes(bytes) => shared.call(|session, now| session.handle_bytes(now, bytes)),
            Incoming::Closed { code, reason } => closed = Some((code, reason.to_owned())),
        });
        match (read, closed) {
            (Poll::Pending, _) => Ok(false),
            (Poll::Ready(Err(error)), _) => Err(self.end_lost(error)),
            (Poll::Ready(Ok(())), None) => Ok(true),
            (Poll::Ready(Ok(())), Some((code, reason))) => Err(self.end_by_peer(code, reason)),
        }
    }

    /// Whether reading may go on; tells the session when that changes.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> bool {
        let room = self
            .shared
            .publisher
            .poll_room(&mut self.room, cx)
            .is_ready();
        if self.paused == room {
            self.paused = !room;
            self.shared.call(|session, now| {
                if room {
                    session.handle_resume(now);
                } else {
                    session.handle_pause(now);
                }
            });
        }
        room
    }

    fn answer_connect(&mut self) {
        if self.reply.is_some()
            && self.shared.lock().connected
            && let Some(reply) = self.reply.take()
        {
            let _ = reply.send(Ok(()));
        }
    }

    fn end_asked(&self) -> End {
        self.end(None, String::new(), None)
    }

    /// The end that the session has asked for.
    fn end_closing(&mut self) -> End {
        match std::mem::replace(&mut self.link, Link::None) {
            Link::Closing(_, goodbye) => self.end(goodbye.code, String::new(), goodbye.error),
            _ => self.end_asked(),
        }
    }

    /// The transport broke; while saying goodbye that is as good as an answer.
    fn end_lost(&mut self, error: Error) -> End {
        if matches!(self.link, Link::Closing(..)) {
            return self.end_closing();
        }
        self.end(None, String::new(), Some(error))
    }

    fn end_by_peer(&mut self, code: Option<u16>, reason: String) -> End {
        if matches!(self.link, Link::Closing(..)) {
            return self.end_closing();
        }
        let text = match (code, reason.is_empty()) {
            (Some(code), false) => format!("the server closed the connection ({code}: {reason})"),
            (Some(code), true) => format!("the server closed the connection ({code})"),
            (None, _) => "the server closed the connection".to_owned(),
        };
        self.end(code, reason, Some(Error::new(ErrorKind::Lost, text)))
    }

    /// What the user asked for is no loss, whatever came last.
    fn end(&self, code: Option<u16>, reason: String, error: Option<Error>) -> End {
        End {
            asked: self.asked || error.is_none(),
            code,
            reason,
            error: if self.asked { None } else { error },
        }
    }
}
