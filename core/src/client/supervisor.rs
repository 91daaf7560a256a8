//! The task of one account: connects, hands over requests, and tries again.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::oneshot;
use tokio::time::sleep_until;

use super::account::Shared;
use super::forward::Events;
use crate::queue::CommandReceiver;
use crate::{AuthField, Connection, Error, ErrorKind, EventKind, RequestId};

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
    commands: CommandReceiver<Command>,
    /// The form of the next attempt.
    auth: Vec<AuthField>,
    /// The request that is being handed over.
    handing: Option<RequestId>,
}

/// What the user wants next.
enum Wish {
    /// Nothing new.
    Stay,
    Connect,
    Down(Option<oneshot::Sender<()>>),
    End,
}

impl Supervisor {
    pub(super) fn new(
        shared: Arc<Shared>,
        connection: Box<dyn Connection>,
        commands: CommandReceiver<Command>,
    ) -> Self {
        Self {
            events: Events::new(Arc::clone(&shared), connection.subscribe()),
            shared,
            connection,
            commands,
            auth: Vec::new(),
            handing: None,
        }
    }

    /// Runs until the client lets go of the account.
    pub(super) async fn run(mut self) {
        loop {
            let mut wish = self.wait_for_user().await;
            if let Wish::Connect = wish {
                wish = self.keep_up().await;
            }
            let is_end = matches!(wish, Wish::End);
            self.stop().await;
            if let Wish::Down(Some(done)) = wish {
                let _ = done.send(());
            }
            if is_end {
                return;
            }
        }
    }

    /// Keeps the account connected until the user wants otherwise or the network will never let it.
    async fn keep_up(&mut self) -> Wish {
        self.events.backoff.reset();
        loop {
            match caught(self.attempt()).await {
                Some(Wish::Stay) => {}
                Some(other) => return other,
                None => {
                    if let Some(request) = self.handing.take() {
                        self.events.expect_no_echo(request);
                        self.shared.refused(request, &bug());
                    }
                    self.events.lost(bug().info());
                    // Whatever still stands of it must not: the next attempt begins anew.
                    caught(self.connection.disconnect()).await;
                    self.events.fallen();
                }
            }
            match self.wait_for_retry().await {
                Wish::Stay => {}
                other => return other,
            }
        }
    }

    /// One attempt to connect, and the connection until it ends.
    async fn attempt(&mut self) -> Wish {
        self.events.begin();
        let connected = {
            let connecting = self.connection.connect(self.auth.clone());
            tokio::pin!(connecting);
            loop {
                tokio::select! {
                    biased;
                    command = self.commands.recv() => {
                        match heed(command, &mut self.auth, &mut self.events) {
                            Wish::Stay => {}
                            other => return other,
                        }
                    }
                    connected = &mut connecting => break connected,
                    () = self.events.forward() => {}
                    () = expiry(&self.shared) => self.shared.expire(),
                    // It may be the first that can expire.
                    () = self.shared.requested.notified() => {}
                }
            }
        };
        if let Err(error) = connected {
            // Usually the events tell it too; where nothing was begun, this does.
            self.events.lost(error.info());
            self.events.fallen();
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
                    match heed(command, &mut self.auth, &mut self.events) {
                        Wish::Stay => {}
                        other => return other,
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
            self.events.expect_echo(request, &event);
            self.handing = Some(request);
            let submitted = self.connection.submit(request, event.clone()).await;
            self.handing = None;
            match submitted {
                Ok(()) => self.shared.taken(request),
                Err(error) => {
                    self.events.expect_no_echo(request);
                    // A message also waits where the connection is down and has not been heard to say so.
                    let waits = match error.kind() {
                        ErrorKind::Full => true,
                        ErrorKind::State => event.kind() == EventKind::ChatNew,
                        _ => false,
                    };
                    if waits {
                        self.shared.put_back(request, event);
                        return;
                    }
                    self.shared.refused(request, &error);
                }
            }
        }
    }

    async fn wait_for_retry(&mut self) -> Wish {
        while let Some(retry_at) = self.events.retry_at {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    match heed(command, &mut self.auth, &mut self.events) {
                        Wish::Stay => {}
                        other => return other,
                    }
                }
                () = sleep_until(retry_at) => return Wish::Stay,
                () = self.events.forward() => {}
                () = expiry(&self.shared) => self.shared.expire(),
                () = self.shared.requested.notified() => {}
            }
        }
        Wish::Down(None)
    }

    /// Down, until the user wants otherwise.
    async fn wait_for_user(&mut self) -> Wish {
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Wish::End,
                    Some(Command::Connect { auth }) => {
                        self.shared.connecting();
                        self.auth = auth;
                        return Wish::Connect;
                    }
                    Some(Command::Disconnect { done }) => return Wish::Down(done),
                    Some(Command::NetworkChanged) => {}
                },
                () = self.events.forward() => {}
            }
        }
    }

    /// Writes what waits if the connection is up, ends the rest, disconnects, and forwards what comes of it.
    async fn stop(&mut self) {
        if !self.events.down {
            caught(self.hand_over()).await;
        }
        self.shared.stop();
        self.events.leaving = true;
        // Also when it is down: what the connection still holds for a reconnect ends now. Its answer that it is not
        // connected is no news.
        if caught(self.connection.disconnect()).await.is_none() {
            self.events.lost(bug().info());
            self.events.fallen();
        }
        self.events.forward_all();
        self.events.leaving = false;
    }
}

/// What a command means while the account is up or on its way there.
fn heed(command: Option<Command>, auth: &mut Vec<AuthField>, events: &mut Events) -> Wish {
    match command {
        None => return Wish::End,
        Some(Command::Disconnect { done }) => return Wish::Down(done),
        Some(Command::Connect { auth: new }) => {
            *auth = new;
            events.renew();
        }
        Some(Command::NetworkChanged) => events.hurry(),
    }
    Wish::Stay
}

/// What comes of a future of the connection's; `None` when it panics.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        },
    )
    .await
}

fn bug() -> Error {
    Error::new(ErrorKind::Internal, "a bug ended the connection")
}

async fn expiry(shared: &Shared) {
    match shared.expiry() {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
