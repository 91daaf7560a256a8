//! One attempt to connect and the connection that comes of it: everything that waits, in one `poll`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use kaiwa_core::queue::{CommandReceiver, RoomWait};
use kaiwa_core::session::Transmit;
use kaiwa_core::{Error, ErrorKind};
use tokio::time::{Sleep, sleep, sleep_until};

use super::exchanges::{Exchanges, HttpNews};
use super::link::{End, Goodbye, Link, name};
use super::shared::{Shared, bug};
use super::task::{Command, Reply};
use crate::transport::{Connector, Incoming, Outgoing, Transport};

/// How long a session may take from the user's wish to leave until it closes: what waits is written meanwhile, and a
/// user who leaves does not wait longer. How long the peer may take after that, the connector knows.
const LEAVE_LIMIT: Duration = Duration::from_secs(5);

/// A transport that takes nothing for this long, while its input is read, is dead. Sessions cannot tell, since they
/// write nothing meanwhile, not even their goodbye. Twice as long as the pause of a healthy peer's reader.
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// Frames read before writing and timers get their turn again.
const READS_AT_ONCE: usize = 256;

/// Frames written before reading and timers get their turn again.
const WRITES_AT_ONCE: usize = 64;

/// Rounds of reading, writing and timers before other tasks get their turn.
const STEPS_AT_ONCE: usize = 16;

pub(super) struct Attempt<'a> {
    shared: &'a Shared,
    connector: Arc<dyn Connector>,
    commands: &'a mut CommandReceiver<Command>,
    /// Who waits for `connect`; taken when signed in.
    reply: Option<Reply>,
    /// Who waits for `disconnect`.
    disconnect: Vec<Reply>,
    /// The driver was dropped or its user disconnected.
    asked: bool,
    /// Nobody waits for `connect` any more: whoever connects again waits until this is over.
    abandoned: bool,
    link: Link,
    /// When a goodbye has taken too long.
    limit: Option<Pin<Box<Sleep>>>,
    /// When a transport that takes nothing is given up.
    stuck: Option<Pin<Box<Sleep>>>,
    http: Exchanges,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Duration>,
    room: RoomWait,
    paused: bool,
}

/// Whether a step has changed something, or the connection is over.
type Step = Result<bool, End>;

impl<'a> Attempt<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        connector: Arc<dyn Connector>,
        commands: &'a mut CommandReceiver<Command>,
        reply: Reply,
    ) -> Self {
        Self {
            shared,
            connector,
            commands,
            reply: Some(reply),
            disconnect: Vec::new(),
            asked: false,
            abandoned: false,
            link: Link::None,
            limit: None,
            stuck: None,
            http: Exchanges::default(),
            timer: Box::pin(sleep(Duration::ZERO)),
            timer_at: None,
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
        for _ in 0..STEPS_AT_ONCE {
            match self.step(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(end) => {
                    // It may have been signed in for a moment.
                    self.answer_connect();
                    return Poll::Ready(end);
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        let mut moved = self.poll_commands(cx)?;
        moved |= self.poll_opening(cx)?;
        moved |= self.poll_http(cx);
        moved |= self.poll_timer(cx);
        moved |= self.poll_transmit(cx)?;
        self.poll_goodbye(cx)?;
        moved |= self.poll_read(cx)?;
        self.answer_connect();
        if self.shared.is_broken() {
            return Err(End::lost(bug()));
        }
        Ok(moved)
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Step {
        if self.abandoned {
            return Ok(false);
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
            // A transport that stands gets its goodbye: some servers break without one.
            Some(Command::Abandon) => self.abandoned = true,
            Some(Command::Disconnect { reply }) => self.disconnect.push(reply),
            // The driver is gone: a closed channel is ready for ever, so look no further.
            None if self.asked => return Ok(false),
            None => {}
        }
        if std::mem::replace(&mut self.asked, true) {
            return Ok(true);
        }
        match self.link {
            Link::Open(_) => {
                self.limit = Some(Box::pin(sleep(LEAVE_LIMIT)));
                self.shared
                    .call(|session, now| session.handle_disconnect(now));
                Ok(true)
            }
            Link::Closing(..) => Ok(true),
            Link::None | Link::Opening(_) => Err(self.end(None, String::new(), None)),
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
        let Some((token, news)) = self.http.poll(cx, &self.connector) else {
            return false;
        };
        self.shared.call(|session, now| match news {
            HttpNews::Progress { sent, total } => {
                session.handle_http_progress(now, token, sent, total);
            }
            HttpNews::End(result) => session.handle_http(now, token, result),
        });
        true
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(mono) = self.shared.deadline() else {
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
        for _ in 0..WRITES_AT_ONCE {
            match &mut self.link {
                Link::Open(transport) => match transport.poll_ready(cx) {
                    Poll::Ready(result) => {
                        self.stuck = None;
                        result.map_err(|error| self.end_lost(error))?;
                    }
                    Poll::Pending => {
                        self.poll_stuck(cx)?;
                        break;
                    }
                },
                Link::None => {}
                Link::Opening(_) | Link::Closing(..) => return Ok(moved),
            }
            if self.http.is_full() {
                break;
            }
            let transmit = self.shared.call(|session, now| session.poll_transmit(now));
            let Some(transmit) = transmit.flatten() else {
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

    /// The transport takes nothing: judges that, unless it may be our own pause that holds the peer up.
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        if self.paused {
            self.stuck = None;
            return Ok(());
        }
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(sleep(WRITE_LIMIT)));
        if stuck.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        Err(self.end_lost(Error::new(
            ErrorKind::TimedOut,
            "the server has stopped reading",
        )))
    }

    fn transmit(&mut self, transmit: Transmit) -> Result<(), End> {
        match (transmit, std::mem::replace(&mut self.link, Link::None)) {
            // One that stands is dropped: the session wants another in its stead.
            (Transmit::Open(target), Link::None | Link::Open(_)) => {
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
                self.http.push(token, request);
            }
            (Transmit::CancelHttp { token }, link) => {
                self.link = link;
                self.http.cancel(token);
            }
            (
                Transmit::Close {
                    code,
                    reason,
                    error,
                },
                Link::Open(transport),
            ) => {
                self.limit = Some(Box::pin(sleep(self.connector.close_timeout())));
                let goodbye = Goodbye {
                    code,
                    reason,
                    error,
                    said: false,
                };
                self.link = Link::Closing(transport, goodbye);
            }
            (Transmit::Close { code, error, .. }, Link::None) => {
                return Err(self.end(code, String::new(), error));
            }
            // Its content may be secret.
            (other, _) => {
                tracing::error!(wish = name(&other), "no transport for a session's wish");
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
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        if let Link::Closing(transport, goodbye) = &mut self.link
            && !goodbye.said
        {
            match transport.poll_close(cx, goodbye.code, &goodbye.reason) {
                Poll::Ready(Ok(())) => goodbye.said = true,
                Poll::Ready(Err(_)) => return Err(self.end_closing()),
                Poll::Pending => {}
            }
        }
        let over = self
            .limit
            .as_mut()
            .is_some_and(|limit| limit.as_mut().poll(cx).is_ready());
        if over {
            return Err(self.end_closing());
        }
        Ok(())
    }

    /// Reads what is there, as long as every subscriber has room for what comes of it, which is published at once for all.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Step {
        let read = self.poll_read_some(cx);
        self.shared.publish();
        read
    }

    fn poll_read_some(&mut self, cx: &mut Context<'_>) -> Step {
        // Before the sign-in one at a time: what the session has to say about a refusal comes before the server's goodbye,
        // which follows at once.
        let at_once = if self.reply.is_some() {
            1
        } else {
            READS_AT_ONCE
        };
        for read in 0..at_once {
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
            Incoming::Frame(frame) => {
                shared.call_one_of(|session, now| session.handle_frame(now, frame));
            }
            Incoming::Bytes(bytes) => {
                shared.call_one_of(|session, now| session.handle_bytes(now, bytes));
            }
            Incoming::Closed { code, reason } => closed = Some((code, reason.to_owned())),
        });
        match (read, closed) {
            (Poll::Pending, _) => Ok(false),
            (Poll::Ready(Err(error)), _) => Err(self.end_lost(error)),
            (Poll::Ready(Ok(())), None) => Ok(true),
            (Poll::Ready(Ok(())), Some((code, reason))) => {
                // The answer to the peer's goodbye: one try, for nobody waits for it here.
                let _ = transport.poll_close(cx, None, "");
                Err(self.end_by_peer(code, reason))
            }
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

    /// The end that was asked for.
    fn end_closing(&mut self) -> End {
        match std::mem::replace(&mut self.link, Link::None) {
            Link::Closing(_, goodbye) => self.end(goodbye.code, String::new(), goodbye.error),
            Link::None | Link::Opening(_) | Link::Open(_) => self.end(None, String::new(), None),
        }
    }

    /// The transport broke; while saying goodbye that is as good as an answer.
    fn end_lost(&mut self, error: Error) -> End {
        if matches!(self.link, Link::Closing(..)) {
            return self.end_closing();
        }
        let error = self.farewell().unwrap_or(error);
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
        let lost = || Error::new(ErrorKind::Lost, text);
        let error = self.farewell().unwrap_or_else(lost);
        self.end(code, reason, Some(error))
    }

    /// Why the session would have closed, if the peer had not been faster.
    fn farewell(&self) -> Option<Error> {
        self.shared.call(|session, _| session.farewell()).flatten()
    }

    /// What the user asked for is no loss, whatever came last; anything else is one.
    fn end(&self, code: Option<u16>, reason: String, error: Option<Error>) -> End {
        let error =
            error.unwrap_or_else(|| Error::new(ErrorKind::Lost, "the connection was closed"));
        End {
            asked: self.asked,
            code,
            reason,
            error: (!self.asked).then_some(error),
        }
    }
}
