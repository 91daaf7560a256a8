//! What Ctrl-C gives up before it ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether there is something to give up, and that it was asked for.
#[derive(Debug, Default)]
pub(crate) struct CtrlC {
    armed: AtomicBool,
    pressed: Notify,
}

impl CtrlC {
    /// Says whether there is something to give up now.
    pub(crate) fn arm(&self, armed: bool) {
        self.armed.store(armed, Ordering::SeqCst);
    }

    /// The key was pressed; says whether that is all that it does. Pressed again before anything else is to be given up, it
    /// ends the program: what cannot be given up does not keep anybody here.
    pub(crate) fn press(&self) -> bool {
        let armed = self.armed.swap(false, Ordering::SeqCst);
        if armed {
            self.pressed.notify_one();
        }
        armed
    }

    /// Ready when something is to be given up.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn pressed(&self) {
        self.pressed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_taken_once() {
        let key = CtrlC::default();
        assert!(!key.press());
        key.arm(true);
        assert!(key.press());
        key.pressed().await;
        assert!(!key.press(), "the second one ends the program");
    }
}
