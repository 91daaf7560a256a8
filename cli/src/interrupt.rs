//! Signals that ask the program to end.

use std::sync::Arc;
use std::time::Duration;

use kaiwa_protocols::{Error, ErrorKind};
use tokio::sync::{Notify, watch};

use crate::exit::Code;
use crate::terminal;

/// How long signing out may take after a signal: longer than the drivers' own limits add up to is of no use to somebody who
/// has pressed Ctrl-C.
const SIGN_OUT_LIMIT: Duration = Duration::from_secs(5);

/// Tells, once and for ever, that a signal has asked the program to end. A second signal ends it at once.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    signalled: watch::Receiver<Option<Code>>,
    typed: Arc<Notify>,
}

impl Interrupt {
    /// Catches Ctrl-C, SIGTERM and SIGHUP from now on; the program has [`SIGN_OUT_LIMIT`] to end then. Needs a runtime.
    ///
    /// # Errors
    /// `Internal` if the system refuses.
    pub(crate) fn install() -> Result<Self, Error> {
        Self::install_with(Some(SIGN_OUT_LIMIT), true)
    }

    /// One that no signal reaches: tests end otherwise.
    #[cfg(test)]
    pub(crate) fn never() -> Self {
        // Without a sender nothing comes.
        Self {
            signalled: watch::channel(None).1,
            typed: Arc::default(),
        }
    }

    /// The same for a server, which bounds its end itself.
    ///
    /// # Errors
    /// As `install`.
    pub(crate) fn install_for_server() -> Result<Self, Error> {
        Self::install_with(None, true)
    }

    /// The same for a server that outlives its terminal.
    ///
    /// # Errors
    /// As `install`.
    pub(crate) fn install_for_child() -> Result<Self, Error> {
        Self::install_with(None, false)
    }

    fn install_with(limit: Option<Duration>, hang_up: bool) -> Result<Self, Error> {
        let (sender, signalled) = watch::channel(None);
        let typed = Arc::new(Notify::new());
        let in_raw_mode = Arc::clone(&typed);
        let mut signals = Signals::new(hang_up).map_err(|error| {
            Error::new(ErrorKind::Internal, "signals cannot be caught").with_source(error)
        })?;
        tokio::spawn(async move {
            let code = tokio::select! {
                code = signals.next() => code,
                () = in_raw_mode.notified() => Code::INTERRUPTED,
            };
            let _ = sender.send(Some(code));
            let out_of_time = async {
                match limit {
                    Some(limit) => tokio::time::sleep(limit).await,
                    None => std::future::pending().await,
                }
            };
            let code = tokio::select! {
                again = signals.next() => again,
                () = out_of_time => code,
            };
            // Whatever the rest of the program is stuck in, it is not waited for.
            terminal::restore();
            std::process::exit(i32::from(code.number()));
        });
        Ok(Self { signalled, typed })
    }

    /// Ctrl-C was typed while a line editor had the terminal, which makes no signal of it then. It counts as one.
    pub(crate) fn raise(&self) {
        self.typed.notify_one();
    }

    /// What the signal that has come ends the program with.
    pub(crate) fn seen(&self) -> Option<Code> {
        *self.signalled.borrow()
    }

    /// Ready when a signal has come, then always.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self) -> Code {
        match self
            .signalled
            .wait_for(Option::is_some)
            .await
            .map(|code| *code)
        {
            Ok(Some(code)) => code,
            // The task above lives as long as the runtime.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    /// Else a closed terminal is taken note of and no more.
    ends_with_terminal: bool,
}

#[cfg(unix)]
impl Signals {
    fn new(ends_with_terminal: bool) -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            ends_with_terminal,
        })
    }

    async fn next(&mut self) -> Code {
        tokio::select! {
            _ = self.interrupt.recv() => Code::INTERRUPTED,
            _ = self.terminate.recv() => Code::TERMINATED,
            _ = self.hang_up.recv(), if self.ends_with_terminal => Code::HUNG_UP,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new(_ends_with_terminal: bool) -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Code {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Code::INTERRUPTED,
            Err(_) => std::future::pending().await,
        }
    }
}
