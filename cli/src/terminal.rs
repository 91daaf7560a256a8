//! What the terminal was like when the program began, to leave it so however the program ends.

use std::io::IsTerminal as _;
#[cfg(unix)]
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Terminals that no line can be edited on; the editor's own list.
const PLAIN: [&str; 3] = ["dumb", "cons25", "emacs"];

/// Whether there is a person with a line to edit: standard input and output are a terminal that can do that.
pub(crate) fn is_interactive() -> bool {
    let plain = std::env::var("TERM").is_ok_and(|term| PLAIN.contains(&term.as_str()));
    !plain && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

#[cfg(unix)]
static ORIGINAL: Mutex<Option<nix::sys::termios::Termios>> = Mutex::new(None);

/// Whether a line is being typed now.
static EDITING: AtomicBool = AtomicBool::new(false);

/// A line is being typed as long as this lives.
pub(crate) struct Editing(());

impl Editing {
    pub(crate) fn begin() -> Self {
        EDITING.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Editing {
    fn drop(&mut self) {
        EDITING.store(false, Ordering::SeqCst);
    }
}

/// Remembers the terminal's modes. Call before a line editor changes them.
pub(crate) fn remember() {
    #[cfg(unix)]
    if let Ok(modes) = nix::sys::termios::tcgetattr(std::io::stdin()) {
        *original() = Some(modes);
    }
}

/// Puts the remembered modes back if a line editor still waits for input, which cannot be called off.
pub(crate) fn restore() {
    #[cfg(unix)]
    if EDITING.load(Ordering::SeqCst)
        && let Some(modes) = original().as_ref()
    {
        use nix::sys::termios::{SetArg, tcsetattr};
        use std::io::Write as _;
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, modes);
        // Bracketed paste off, as the editor itself would; the unfinished line is wiped.
        let mut out = std::io::stdout();
        let _ = out
            .write_all(b"\x1b[?2004l\r\x1b[K")
            .and_then(|()| out.flush());
    }
}

#[cfg(unix)]
fn original() -> std::sync::MutexGuard<'static, Option<nix::sys::termios::Termios>> {
    ORIGINAL
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
