//! The task of a driver: idle, or in one attempt to connect and what becomes of it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use kaiwa_core::queue::CommandReceiver;
use kaiwa_core::session::Closed;
use kaiwa_core::{AuthField, Error, ErrorKind, StatusEvent};
use tokio::sync::oneshot;
use tokio::time::sleep_until;

use super::attempt::Attempt;
use super::link::End;
use super::shared::{Shared, bug, seed};
use super::{MakeConnector, not_connected};
use crate::transport::Connector;

pub(super) type Reply = oneshot::Sender<Result<(), Error>>;

/// What a driver asks of its task.
pub(super) enum Command {
    Connect {
        auth: Vec<AuthField>,
        reply: Reply,
    },
    /// Nobody waits for the last `Connect` any more.
    Abandon,
    Disconnect {
        reply: Reply,
    },
}

/// Runs until the driver is dropped.
pub(super) async fn run(
    shared: Arc<Shared>,
    make_connector: Arc<MakeConnector>,
    mut commands: CommandReceiver<Command>,
) {
    while let Some(command) = idle(&shared, &mut commands).await {
        match command {
            Command::Connect { auth, reply } => {
                connect(&shared, &*make_connector, &mut commands, &auth, reply).await;
            }
            Command::Abandon => {}
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
async fn idle(shared: &Shared, commands: &mut CommandReceiver<Command>) -> Option<Command> {
    loop {
        shared.mend(&mut shared.lock());
        let deadline = shared.deadline();
        // A request may bring a new deadline, or a panic.
        let poked = poll_fn(|cx| {
            shared.waker.register(cx.waker());
            if shared.deadline() == deadline && !shared.is_broken() {
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
            command = commands.recv() => {
                shared.mend(&mut shared.lock());
                return command;
            }
            () = poked => {}
            () = timer => {
                shared.call(|session, now| session.handle_timeout(now));
            }
        }
    }
}

/// One attempt to connect and, if it succeeds, the connection until its end.
async fn connect(
    shared: &Arc<Shared>,
    make_connector: &MakeConnector,
    commands: &mut CommandReceiver<Command>,
    auth: &[AuthField],
    reply: Reply,
) {
    let connector = match begin(shared, make_connector, auth) {
        Ok(connector) => connector,
        Err(error) => {
            let _ = reply.send(Err(error));
            return;
        }
    };
    let mut attempt = Attempt::new(shared, connector.into(), commands, reply);
    // Panics of the session are caught where it is called; this is for those of the transport.
    let end = AssertUnwindSafe(poll_fn(|cx| attempt.poll(cx)))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| End::lost(bug()));
    let (reply, disconnect) = attempt.into_replies();
    finish(shared, end, reply, disconnect);
}

/// Prepares connector and session; as long as that may fail, no event tells of it.
fn begin(
    shared: &Shared,
    make_connector: &MakeConnector,
    auth: &[AuthField],
) -> Result<Box<dyn Connector>, Error> {
    let connector =
        catch_unwind(AssertUnwindSafe(|| make_connector(auth))).unwrap_or_else(|_| Err(bug()))?;
    let seed = seed()?;
    let mut core = shared.lock();
    let now = shared.now();
    core.connected = false;
    shared
        .guard(&mut core, |core| {
            core.session.handle_connect(now, auth, seed)
        })
        .unwrap_or_else(|| Err(bug()))?;
    shared
        .publisher
        .publish(None, StatusEvent::Connecting.into());
    shared.guard(&mut core, |core| shared.drain(core));
    Ok(connector)
}

/// Tells the session and the subscribers that it is over, then whoever waits for it.
fn finish(shared: &Shared, end: End, reply: Option<Reply>, disconnect: Vec<Reply>) {
    let End {
        asked,
        code,
        reason,
        error,
    } = end;
    {
        let mut core = shared.lock();
        let now = shared.now();
        core.connected = false;
        let closed = Closed {
            asked,
            code,
            error: error.as_ref(),
        };
        shared.guard(&mut core, |core| {
            core.session.handle_close(now, &closed);
            shared.drain(core);
        });
        shared.mend(&mut core);
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
