//! The task of one account: connects, forwards events, hands over requests, and decides when to try again.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::account::Shared;
use super::backoff::Backoff;
use crate::queue::{EventReceiver, RoomWait};
use crate::{
    AuthField, ChatEvent, Connection, ConnectionEvent, ErrorInfo, ErrorKind, RequestId, StatusEvent,
};

/// Events forwarded before commands and timers get their turn again.
const EVENTS_AT_ONCE: usize = 64;

/// What a client asks of an account.
pub(super) enum Command {
    Connect { auth: Vec<AuthField> },
    Disconnect { done: Option<oneshot::Sender<()>> },
    NetworkChanged,
}

pub(super) struct Supervisor {
    shared: Arc<Shared>,
    connection: Box<dyn Connection>,
    events: Events,
    commands: mpsc::UnboundedReceiver<Command>,
}

/// The connection's events on their way to the client's subscribers.
struct Events {
    shared: Arc<Shared>,
    receiver: EventReceiver,
    room: RoomWait,
    /// Messages handed to the connection, whose echo the client has shown already.
    echoed: BTreeSet<RequestId>,
    backoff: Backoff,
    up_since: Option<Instant>,
    /// When the next attempt begins, if one does.
    retry_at: Option<Instant>,
    down: bool,
}

/// What the user wants next.
enum Wish {
    Connect(Vec<AuthField>),
    Stay,
    Down(Option<oneshot::Sender<()>>),
    End,
}

impl Supervisor {
    pub(super) fn new(
        shared: Arc<Shared>,
        connection: Box<dyn Connection>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let receiver = connection.subscribe();
        Self {
            events: Events {
                shared: Arc::clone(&shared),
                receiver,
                room: RoomWait::new(),
                echoed: BTreeSet::new(),
                backoff: Backoff::default(),
                up_since: None,
                retry_at: None,
                down: true,
            },
            shared,
            connection,
            commands,
        }
    }

    /// Runs until the client lets go of the account.
    pub(super) async fn run(mut self) {
        let mut wish = self.wait_for_user().await;
        loop {
            wish = match wish {
                Wish::Connect(auth) => {
                    self.shared.want();
                    self.events.backoff.reset();
                    self.keep_up(auth).await
                }
                Wish::Down(done) => {
                    self.stop().await;
                    if let Some(done) = done {
                        let _ = done.send(());
                    }
                    self.wait_for_user().await
                }
                Wish::Stay => self.wait_for_user().await,
                Wish::End => break,
            };
        }
        self.stop().await;
    }

    /// Keeps the account connected until the user wants otherwise or the network will never let it.
    async fn keep_up(&mut self, auth: Vec<AuthField>) -> Wish {
        loop {
            match self.attempt(&auth).await {
                Wish::Stay => {}
                other => return other,
            }
            match self.wait_for_retry().await {
                Wish::Stay => {}
                other => return other,
            }
        }
    }

    /// One attempt to connect, and the connection until it ends.
    async fn attempt(&mut self, auth: &[AuthField]) -> Wish {
        self.events.retry_at = None;
        self.events.down = false;
        let connected = {
            let connecting = self.connection.connect(auth.to_vec());
            tokio::pin!(connecting);
            loop {
                tokio::select! {
                    biased;
                    command = self.commands.recv() => {
                        if let Some(wish) = wish(command) {
                            return wish;
                        }
                    }
                    connected = &mut connecting => break connected,
                    () = self.events.forward() => {}
                    () = expiry(&self.shared) => self.shared.expire(),
                }
            }
        };
        if let Err(error) = connected {
            self.events.failed(error.info());
        }
        self.stay_up().await
    }

    /// Until the connection has said `Disconnected`.
    async fn stay_up(&mut self) -> Wish {
        while !self.events.down {
            self.hand_over().await;
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    if let Some(wish) = wish(command) {
                        return wish;
                    }
                }
                () = self.shared.requested.notified() => {}
                () = self.events.forward() => {}
                () = expiry(&self.shared) => self.shared.expire(),
            }
        }
        Wish::Stay
    }

    /// Hands requests to the connection, as long as it takes them.
    async fn hand_over(&mut self) {
        while let Some((request, event)) = self.shared.next_request() {
            let is_message = event.kind() == crate::EventKind::ChatNew;
            if is_message {
                self.events.echoed.insert(request);
            }
            match self.connection.submit(request, event.clone()).await {
                Ok(()) => self.shared.taken(request),
                Err(error) => {
                    self.events.echoed.remove(&request);
                    if error.kind() == ErrorKind::Full {
                        self.shared.put_back(request, event);
                        return;
                    }
                    self.shared.refused(request, &error);
                }
            }
        }
    }

    async fn wait_for_retry(&mut self) -> Wish {
        let Some(retry_at) = self.events.retry_at else {
            return Wish::Down(None);
        };
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    if let Some(Command::NetworkChanged) = command {
                        self.events.backoff.reset();
                        return Wish::Stay;
                    }
                    if let Some(wish) = wish(command) {
                        return wish;
                    }
                }
                () = sleep_until(retry_at) => return Wish::Stay,
                () = self.events.forward() => {}
                () = expiry(&self.shared) => self.shared.expire(),
            }
        }
    }

    /// Down, until the user wants otherwise.
    async fn wait_for_user(&mut self) -> Wish {
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Wish::End,
                    Some(Command::Connect { auth }) => return Wish::Connect(auth),
                    Some(Command::Disconnect { done }) => {
                        if let Some(done) = done {
                            let _ = done.send(());
                        }
                    }
                    Some(Command::NetworkChanged) => {}
                },
                () = self.events.forward() => {}
            }
        }
    }

    /// Disconnects, forwards what comes of it, and ends what waits.
    async fn stop(&mut self) {
        // Also when it is down: what the connection still holds for a reconnect ends now. Its answer that it is not
        // connected is no news.
        let _ = self.connection.disconnect().await;
        self.events.forward_all();
        self.shared.stop();
    }
}

/// What a command means while the account is up or on its way there; `None` changes nothing.
fn wish(command: Option<Command>) -> Option<Wish> {
    match command {
        None => Some(Wish::End),
        Some(Command::Connect { .. } | Command::NetworkChanged) => None,
        Some(Command::Disconnect { done }) => Some(Wish::Down(done)),
    }
}

async fn expiry(shared: &Shared) {
    match shared.expiry() {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Events {
    /// Waits for an event and for room, then forwards what is there.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    async fn forward(&mut self) {
        let shared = &self.shared;
        let room = &mut self.room;
        poll_fn(|cx| room.poll(shared.publisher(), cx)).await;
        let Some((request, event)) = self.receiver.recv_tagged().await else {
            // The connection never ends its events while it lives.
            return std::future::pending().await;
        };
        self.one(request, event);
        for _ in 1..EVENTS_AT_ONCE {
            if !self.shared.publisher().has_room() {
                return;
            }
            match self.receiver.try_recv_tagged() {
                Some((request, event)) => self.one(request, event),
                None => return,
            }
        }
    }

    /// Forwards everything at once: the account goes down, and nothing may stay behind.
    fn forward_all(&mut self) {
        while let Some((request, event)) = self.receiver.try_recv_tagged() {
            self.one(request, event);
        }
    }

    fn one(&mut self, request: Option<RequestId>, mut event: ConnectionEvent) {
        if let (
            Some(request),
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. },
            },
        ) = (request, &event)
            && self.echoed.remove(&request)
        {
            return;
        }
        if let ConnectionEvent::Status { event } = &mut event {
            match event {
                StatusEvent::Connected { .. } => self.up_since = Some(Instant::now()),
                StatusEvent::Lost { error, retry_in_ms } => {
                    *retry_in_ms = self.decide(error).map(millis);
                }
                StatusEvent::Disconnected { .. } => self.down = true,
                _ => {}
            }
        }
        self.shared.forward(request, event);
    }

    /// Whether and when to try again after `error`.
    fn decide(&mut self, error: &ErrorInfo) -> Option<Duration> {
        let up = self.up_since.take().map(|since| since.elapsed());
        self.retry_at = None;
        let asked = error.retry_after_ms.map(Duration::from_millis);
        if error.kind.is_final() && !(error.kind == ErrorKind::Banned && asked.is_some()) {
            return None;
        }
        let delay = self
            .backoff
            .next(up, random())
            .max(asked.unwrap_or_default());
        self.retry_at = Some(Instant::now() + delay);
        Some(delay)
    }

    /// `connect` failed. Usually the events tell it too, and decide; where nothing was begun, this does.
    fn failed(&mut self, error: ErrorInfo) {
        self.forward_all();
        if self.down {
            return;
        }
        self.one(
            None,
            StatusEvent::Lost {
                error,
                retry_in_ms: None,
            }
            .into(),
        );
        self.one(None, StatusEvent::Disconnected { artifact: None }.into());
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where the system gives no randomness, the middle will do: this spreads load, it keeps no secret.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
