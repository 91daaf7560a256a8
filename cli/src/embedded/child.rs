//! The server's process.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use kaiwa_protocols::{Error, ErrorKind};
use kaiwa_server::{Config, Server};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Address, Files, PATH, Report};
use crate::exit::Code;
use crate::interrupt::Interrupt;

/// How long it waits for the first guest, who has started it and needs milliseconds; then that one has died.
const FIRST_GUEST_LIMIT: Duration = Duration::from_secs(30);

/// How long it stays after the last guest has left: somebody whose connection was only lost is back sooner.
const EMPTY_LIMIT: Duration = Duration::from_secs(2);

/// How long a server that was told to end waits for those who are just entering, who need milliseconds; whoever has read its
/// address is let in before it ends.
const ENTERING_LIMIT: Duration = Duration::from_secs(5);

/// Serves until the last guest has left, or a signal comes.
///
/// # Errors
/// Why it cannot serve; whoever has started it was told.
pub(crate) async fn run(dir: &Path, listen: SocketAddr) -> Result<Code, Error> {
    let started = start(dir, listen).await;
    let report = match &started {
        Ok(started) => Report::Listening(started.address.clone()),
        Err(error) => Report::Failed(error.info()),
    };
    tell(&report);
    let Started {
        files,
        lock,
        server,
        mut clients,
        address,
    } = started?;
    tracing::info!(url = address.url, "serving");
    let mut interrupt = Interrupt::install_for_child()?;
    let (code, entrance) = tokio::select! {
        code = interrupt.wait() => (code, closed_entrance(&files).await),
        entrance = deserted(&files, &mut clients) => (Code::DONE, Some(entrance?)),
    };
    // Newcomers wait at the closed entrance for its end and then start the next one.
    files.forget_address();
    let ended = server.shutdown().await;
    // In this order: whoever is let in finds no server alive.
    drop(lock);
    drop(entrance);
    ended?;
    tracing::info!("ended");
    Ok(code)
}

/// A server that listens.
struct Started {
    files: Files,
    /// Says that it lives.
    lock: File,
    /// From before anybody was told where it is.
    clients: watch::Receiver<usize>,
    server: Server,
    address: Address,
}

async fn start(dir: &Path, listen: SocketAddr) -> Result<Started, Error> {
    let files = Files::in_dir(dir)?;
    let lock = files
        .embedded_lock()
        .map_err(|error| files.unusable(error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let text = format!("a server of this user runs in {} already", dir.display());
            return Err(Error::new(ErrorKind::State, text));
        }
        Err(TryLockError::Error(error)) => return Err(files.unusable(error)),
    }
    // That of a server that died; if the starter dies now, a newcomer shall not go there.
    files.forget_address();
    let mut config = Config::default();
    config.data_dir = dir.to_owned();
    config.listen = listen;
    // Whoever pipes a file into the program is no flood, and nobody else is here.
    config.oshi_rate_count = 0;
    let server = match Server::start(config.clone()).await {
        Err(error) if error.kind() == ErrorKind::Conflict && listen.port() != 0 => {
            config.listen.set_port(0);
            Server::start(config).await?
        }
        started => started?,
    };
    let at = server.local_addr();
    let address = Address {
        url: format!("ws://{at}{PATH}"),
        port: at.port(),
        pid: std::process::id(),
    };
    files
        .set_address(&address)
        .map_err(|error| files.unusable(error))?;
    Ok(Started {
        files,
        lock,
        clients: server.clients(),
        server,
        address,
    })
}

/// Whoever has started it may be gone; that is no reason to end.
fn tell(report: &Report) {
    if let Ok(line) = serde_json::to_string(report) {
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

/// Closes the entrance as soon as nobody is entering. `None` if somebody is for long: then newcomers find neither an address
/// nor a free `embedded.lock`, and wait for the latter.
async fn closed_entrance(files: &Files) -> Option<File> {
    let entrance = files.start_lock().ok()?;
    let closing = tokio::task::spawn_blocking(move || entrance.lock().map(|()| entrance));
    timeout(ENTERING_LIMIT, closing).await.ok()?.ok()?.ok()
}

/// Waits until the last guest has left and nobody enters; gives the entrance, closed.
async fn deserted(files: &Files, clients: &mut watch::Receiver<usize>) -> Result<File, Error> {
    let unusable = |error| files.unusable(error);
    let mut patience = FIRST_GUEST_LIMIT;
    loop {
        // Whoever has come and gone between two looks has changed the number twice, and is not missed.
        if let Ok(Ok(())) = timeout(patience, clients.changed()).await {
            patience = EMPTY_LIMIT;
            // An error means that the server is gone, which `shutdown` sorts out.
            let _ = clients.wait_for(|count| *count == 0).await;
            continue;
        }
        let entrance = files.start_lock().map_err(unusable)?;
        match entrance.try_lock() {
            Ok(()) if *clients.borrow() == 0 => return Ok(entrance),
            Ok(()) | Err(TryLockError::WouldBlock) => patience = EMPTY_LIMIT,
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
}
