//! The task of a driver: idle, or in one attempt to connect and what becomes of it.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use kaiwa_core::session::{Closed, Session};
use kaiwa_core::{AuthField, Error, ErrorKind, StatusEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::attempt::{Attempt, End};
use super::shared::{Shared, seed};
use super::{MakeConnector, not_connected};

pub(super) type Reply = oneshot::Sender<Result<(), Error>>;

/// What a driver asks of its task.
pub(super) enum Command {
    Connect { auth: Vec<AuthField>, reply: Reply },
    Disconnect { reply: Reply },
}

/// Runs until the driver is dropped.
pub(super) async fn run<S: Session>(
    shared: Arc<Shared<S>>,
    make_connector: Arc<MakeConnector>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    while let Some(command) = idle(&shared, &mut commands).await {
        match command {
            Command::Connect { auth, reply } => {
                connect(&shared, &*make_connector, &mut commands, &auth, reply).await;
            }
            Command::Disconnect { reply } => {
                // Not connected, but messages may be waiting for the next connection: they end here.
                shared.call(|session, now| session.handle_close(now, &asked()));
                let _ = reply.send(Err(not_connected()));
            }
        }
    }
    shared.call(|session, now| session.handle_close(now, &asked()));
}

fn asked() -> Closed<'static> {
    Closed {
        asked: true,
        code: None,
        error: None,
    }
}

/// Waits for the next command and runs the session's timers meanwhile; `None` when the driver is gone.
async fn idle<S: Session>(
    shared: &Shared<S>,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Option<Command> {
    loop {
        if shared.lock().broken {
            shared.replace_session();
        }
        let deadline = shared.lock().session.deadline();
        // A request may bring a new deadline.
        let poked = poll_fn(|cx| {
            shared.waker.register(cx.waker());
            if shared.lock().session.deadline() == deadline {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        let timer = async {
            match deadline {
                Some(mono) => sleep_until(shared.instant(mono)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = commands.recv() => return command,
            () = poked => {}
            () = timer => shared.call(|session, now| session.handle_timeout(now)),
        }
    }
}

/// One attempt to connect and, if it succeeds, the connection until its end.
async fn connect<S: Session>(
    shared: &Arc<Shared<S>>,
    make_connector: &MakeConnector,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    auth: &[AuthField],
    reply: Reply,
) {
    let begun = make_connector(auth).and_then(|connector| {
        let seed = seed()?;
        let now = shared.now();
        let mut core = shared.lock();
        core.connected = false;
        core.session.handle_connect(now, auth, seed)?;
        shared
            .publisher
            .publish(None, StatusEvent::Connecting.into());
        shared.drain(&mut core);
        Ok(connector)
    });
    let connector = match begun {
        Ok(connector) => connector,
        Err(error) => {
            let _ = reply.send(Err(error));
            return;
        }
    };
    let mut attempt = Attempt::new(shared, connector.into(), commands, reply);
    let ran = AssertUnwindSafe(poll_fn(|cx| attempt.poll(cx)))
        .catch_unwind()
        .await;
    let (reply, disconnect) = attempt.into_replies();
    let end = ran.unwrap_or_else(|_| {
        shared.lock().broken = true;
        End::lost(Error::new(
            ErrorKind::Internal,
            "a bug ended the connection",
        ))
    });
    finish(shared, end, reply, disconnect);
}

/// Tells the session and the subscribers that it is over, then whoever waits for it.
fn finish<S: Session>(shared: &Shared<S>, end: End, reply: Option<Reply>, disconnect: Vec<Reply>) {
    if shared.lock().broken {
        shared.replace_session();
    }
    let End {
        asked,
        code,
        reason,
        error,
    } = end;
    {
        let now = shared.now();
        let mut core = shared.lock();
        core.connected = false;
        let closed = Closed {
            asked,
            code,
            error: error.as_ref(),
        };
        core.session.handle_close(now, &closed);
        shared.drain(&mut core);
        let skipped = core.session.skipped();
        if skipped > 0 {
            tracing::debug!(skipped, "packets or fields were not understood so far");
        }
        if let Some(error) = &error {
            let lost = StatusEvent::Lost {
                error: error.info(),
                retry_in_ms: None,
            };
            shared.publisher.publish(None, lost.into());
        }
        let down = StatusEvent::Disconnected {
            artifact: (!reason.is_empty()).then_some(reason),
        };
        shared.publisher.publish(None, down.into());
    }
    if let Some(reply) = reply {
        let error = error.unwrap_or_else(|| Error::new(ErrorKind::Cancelled, "disconnected"));
        let _ = reply.send(Err(error));
    }
    for reply in disconnect {
        let _ = reply.send(Ok(()));
    }
}
