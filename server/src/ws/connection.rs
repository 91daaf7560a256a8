//! One client's task: it reads what the client says, writes what the room says, and notices when the client is gone.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::link::Link;
use crate::listen::Socket;
use crate::store::writer::Job;
use crate::world::{CloseReason, Counting, Receiver, Stopped, Taken, World};

/// How long writing what is left and the close frame may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// How long the client may then take to close its side: a round trip on a bad line.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// How often a task looks whether a client whose socket takes no more is too slow.
const STUCK_CHECK: Duration = Duration::from_secs(1);

/// What a network makes of a client's words.
pub(crate) trait Handler: Send {
    /// A text message came; what is returned is handed to the store.
    fn text(&mut self, text: &str) -> Option<Job>;

    /// A binary message came. Most networks have none.
    fn binary(&mut self, _bytes: &[u8]) -> Option<Job> {
        None
    }

    /// Whether the next message may come: not while what the last one asked for decides how to read it.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Whether the next message may come although the client does not take what waits for it. Where answers are larger than
    /// what asks for them, a client that only asks would fill its queue with them.
    fn reads_while_stuck(&self) -> bool {
        true
    }

    /// When the connection ends unless the client does what it has to do before.
    fn overdue_at(&self) -> Option<Instant> {
        None
    }
}

/// What every connection of a front end has in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) max_message: usize,
    /// A client not heard of for this long is pinged.
    pub(crate) ping_interval: Duration,
    /// A client not heard of for this long is gone.
    pub(crate) idle_timeout: Duration,
}

/// A client after its handshake.
struct Connection {
    link: Link,
    receiver: Arc<Receiver>,
    settings: Settings,
    pinged_at: Instant,
    /// Whether the socket took no more when it was last tried.
    stuck: bool,
}

/// When the next message may come.
#[derive(Clone, Copy)]
enum Reading {
    Always,
    /// When the socket takes more.
    UnlessStuck,
    Never,
}

impl Reading {
    fn of(handler: &mut impl Handler, cx: &mut Context<'_>) -> Self {
        if handler.poll_ready(cx).is_pending() {
            Self::Never
        } else if handler.reads_while_stuck() {
            Self::Always
        } else {
            Self::UnlessStuck
        }
    }

    fn may_read(self, stuck: bool) -> bool {
        match self {
            Self::Always => true,
            Self::UnlessStuck => !stuck,
            Self::Never => false,
        }
    }
}

/// What ends or interrupts the reading.
enum Event {
    Message(Message),
    End(End),
}

/// How a connection ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The client said goodbye; our answer is queued.
    ByClient,
    /// The socket is broken or closed.
    Gone,
    /// We say goodbye.
    Close(u16, &'static str),
}

/// Talks with a client until it is gone. `early` is what came right behind the handshake. Ends by itself in bounded time
/// after its receiver was closed; lets go of the handler, and so of its seat, before it says goodbye.
pub(crate) async fn converse(
    socket: Socket,
    early: Bytes,
    receiver: Arc<Receiver>,
    settings: Settings,
    world: &World,
    mut handler: impl Handler,
) {
    let now = Instant::now();
    // One local for all, since what is moved from here to there within a task is kept twice in it.
    let mut connection = Connection {
        link: Link::new(socket, &early, settings.max_message, now),
        receiver,
        settings,
        pinged_at: now,
        stuck: false,
    };
    // Even empty, it may hold the handshake's buffer.
    drop(early);
    let end = connection.run(world, &mut handler).await;
    tracing::debug!(?end, "connection ends");
    if matches!(end, End::Close(TOO_SLOW, _)) {
        Counting::add(&world.counting().slow);
    }
    drop(handler);
    say_goodbye(&mut connection.link, end).await;
}

impl Connection {
    async fn run(&mut self, world: &World, handler: &mut impl Handler) -> End {
        let mut timer = pin!(sleep_until(self.next_check(handler.overdue_at())));
        loop {
            let event = poll_fn(|cx| {
                let reading = Reading::of(handler, cx);
                self.poll_event(cx, timer.as_mut(), reading, handler.overdue_at())
            });
            let job = match event.await {
                Event::End(end) => return end,
                Event::Message(Message::Text(text)) => handler.text(&text),
                Event::Message(Message::Binary(bytes)) => handler.binary(&bytes),
                // Pings and closes are answered below.
                Event::Message(_) => None,
            };
            // Boxed, since it is seldom needed and every idle connection would have room for it.
            if let Some(busy) = job.and_then(|job| world.try_submit(job))
                && let ControlFlow::Break(end) =
                    Box::pin(self.submit(world, busy, timer.as_mut())).await
            {
                return end;
            }
        }
    }

    /// Hands over a job when the store has time; meanwhile the client still hears the world but is not read from.
    async fn submit(
        &mut self,
        world: &World,
        job: Job,
        mut timer: Pin<&mut Sleep>,
    ) -> ControlFlow<End> {
        let mut submitting = pin!(world.submit(job));
        poll_fn(|cx| match submitting.as_mut().poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(ControlFlow::Continue(())),
            Poll::Ready(Err(Stopped)) => {
                Poll::Ready(ControlFlow::Break(close_of(CloseReason::Stopping)))
            }
            Poll::Pending => match self.poll_event(cx, timer.as_mut(), Reading::Never, None) {
                Poll::Ready(Event::End(end)) => Poll::Ready(ControlFlow::Break(end)),
                Poll::Ready(Event::Message(_)) | Poll::Pending => Poll::Pending,
            },
        })
        .await
    }

    /// Moves everything that can be moved; ready when there is something to be dealt with.
    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        mut timer: Pin<&mut Sleep>,
        reading: Reading,
        overdue_at: Option<Instant>,
    ) -> Poll<Event> {
        loop {
            // Writing goes first: a client that floods must not keep itself from hearing the room.
            let stuck = match self.poll_deliver(cx) {
                ControlFlow::Break(end) => return Poll::Ready(Event::End(end)),
                ControlFlow::Continue(stuck) => stuck,
            };
            if stuck && !self.stuck {
                timer.as_mut().reset(Instant::now() + STUCK_CHECK);
            }
            self.stuck = stuck;
            if reading.may_read(stuck) {
                match self.link.poll_read(cx) {
                    Poll::Ready(Ok(message)) => return Poll::Ready(Event::Message(message)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Event::End(end_of(&error))),
                    // Reading may have queued an answer.
                    Poll::Pending if !stuck && !self.link.is_drained() => continue,
                    Poll::Pending => {}
                }
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let ControlFlow::Break(end) = self.check(cx, overdue_at) {
                return Poll::Ready(Event::End(end));
            }
            timer.as_mut().reset(self.next_check(overdue_at));
        }
    }

    /// Writes what waits, taking from the room only when all before it is written. Continues with whether the socket takes
    /// no more; either way this task is woken when it may go on.
    fn poll_deliver(&mut self, cx: &mut Context<'_>) -> ControlFlow<End, bool> {
        loop {
            let drained = self.link.is_drained();
            match self.receiver.poll_take(cx, drained, self.link.out()) {
                Poll::Ready(Taken::Close(reason)) => return ControlFlow::Break(close_of(reason)),
                Poll::Pending if drained => return ControlFlow::Continue(false),
                Poll::Ready(Taken::Batches) | Poll::Pending => {}
            }
            match self.link.poll_write(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return ControlFlow::Break(End::Gone),
                // Once more, to tell the receiver that batches no longer wake this task.
                Poll::Pending if drained => {}
                Poll::Pending => return ControlFlow::Continue(true),
            }
        }
    }

    /// The client's health, looked at when the timer says so instead of at each message: timers cost more than messages.
    fn check(&mut self, cx: &mut Context<'_>, overdue_at: Option<Instant>) -> ControlFlow<End> {
        let now = Instant::now();
        self.receiver.check(now);
        let heard_at = self.link.heard_at();
        if now >= heard_at + self.settings.idle_timeout {
            return ControlFlow::Break(End::Close(GOING_AWAY, "no sign of life"));
        }
        if overdue_at.is_some_and(|at| now >= at) {
            return ControlFlow::Break(End::Close(POLICY, "not signed in"));
        }
        if now >= heard_at.max(self.pinged_at) + self.settings.ping_interval {
            self.pinged_at = now;
            if self.link.ping(cx).is_err() {
                return ControlFlow::Break(End::Gone);
            }
        }
        ControlFlow::Continue(())
    }

    fn next_check(&self, overdue_at: Option<Instant>) -> Instant {
        if self.stuck {
            return Instant::now() + STUCK_CHECK;
        }
        let Settings {
            ping_interval,
            idle_timeout,
            ..
        } = self.settings;
        let heard_at = self.link.heard_at();
        let alive = (heard_at.max(self.pinged_at) + ping_interval).min(heard_at + idle_timeout);
        overdue_at.map_or(alive, |at| at.min(alive))
    }
}

/// Ends in bounded time whatever the client does; a client that does not listen gets no close frame.
async fn say_goodbye(link: &mut Link, end: End) {
    let is_ours = match end {
        End::Gone => return,
        End::ByClient => false,
        End::Close(code, reason) => {
            if code == TOO_SLOW {
                link.discard();
            }
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: reason.into(),
            };
            if poll_fn(|cx| Poll::Ready(link.close(cx, frame.clone())))
                .await
                .is_err()
            {
                return;
            }
            true
        }
    };
    let writing = async {
        poll_fn(|cx| link.poll_write(cx)).await?;
        poll_fn(|cx| link.poll_shutdown(cx)).await
    };
    if let Ok(Ok(())) = timeout(CLOSE_LIMIT, writing).await
        && is_ours
    {
        // In time or not, the socket is closed now.
        let _ = timeout(ANSWER_LIMIT, poll_fn(|cx| link.poll_swallow(cx))).await;
    }
}

// Close codes, RFC 6455 section 7.4.1 and its registry.
const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const NOT_UTF8: u16 = 1007;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
const INTERNAL_ERROR: u16 = 1011;
const TOO_SLOW: u16 = 1013;

fn close_of(reason: CloseReason) -> End {
    match reason {
        CloseReason::Stopping => End::Close(GOING_AWAY, "the server stops"),
        CloseReason::TooSlow => End::Close(TOO_SLOW, "too slow, come back later"),
        CloseReason::StoreFailed => End::Close(INTERNAL_ERROR, "the message could not be kept"),
        CloseReason::Banned => End::Close(POLICY, "banned from this server"),
        CloseReason::Ended(code, reason) => End::Close(code, reason),
    }
}

fn end_of(error: &WsError) -> End {
    match error {
        WsError::ConnectionClosed | WsError::AlreadyClosed => End::ByClient,
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => {
            End::Close(TOO_BIG, "the message is too long")
        }
        WsError::Utf8(_) => End::Close(NOT_UTF8, "text is UTF-8"),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        WsError::Protocol(_) => End::Close(PROTOCOL_ERROR, "this is not WebSocket"),
        _ => End::Gone,
    }
}
