//! What the terminal was like when the program began, to leave it so however the program ends.

use std::io::IsTerminal as _;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether there is a person: both standard input and output are a terminal.
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

#[cfg(unix)]
static ORIGINAL: OnceLock<nix::sys::termios::Termios> = OnceLock::new();

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
        let _ = ORIGINAL.set(modes);
    }
}

/// Puts the remembered modes back if a line editor still waits for input, which cannot be called off.
pub(crate) fn restore() {
    #[cfg(unix)]
    if EDITING.load(Ordering::SeqCst)
        && let Some(modes) = ORIGINAL.get()
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
