//! Runs one case: its runtime, its time limit, and what is said when it is left out.

use std::future::Future;
use std::io::Write as _;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::time::Duration;

use crate::{Harness, Need};

/// How long a case may take where time is paused: longer than any limit of a network.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// How long a case may take on the clock on the wall, also one that spins and lets no other time pass. Cases take a few
/// seconds at most, on a machine that does ten other things.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs `case` over a fresh peer, or names what it lacks.
///
/// # Panics
/// When the network breaks a promise, or the case takes too long.
pub fn run<H: Harness, F: Future<Output = ()>>(
    name: &'static str,
    needs: &[Need],
    case: impl FnOnce(H::Peer) -> F + Send + 'static,
) {
    let lacks =
        |need: &&Need| H::LACKS.contains(need) || (**need == Need::PausedTime && !H::PAUSED);
    if let Some(need) = needs.iter().find(lacks) {
        // Not `eprintln!`, which the test harness keeps back for tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "conformance: {name} left out: no {need:?}"
        );
        return;
    }
    let (done, ended) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        // Dropped at the end, also by a panic.
        let _done = done;
        run_here::<H, F>(name, case);
    });
    if ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{name} spins: it does not end within {LIMIT:?}");
    }
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

fn run_here<H: Harness, F: Future<Output = ()>>(name: &str, case: impl FnOnce(H::Peer) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(H::PAUSED)
        .build()
        .expect("a runtime");
    let limit = if H::PAUSED { PAUSED_LIMIT } else { LIMIT };
    runtime.block_on(async {
        let whole = async { case(H::start().await).await };
        assert!(
            tokio::time::timeout(limit, whole).await.is_ok(),
            "{name} takes longer than {limit:?}"
        );
    });
}
