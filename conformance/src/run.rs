//! Runs one case: its runtime, its time limit, and what is said when it is left out.

use std::future::Future;
use std::io::Write as _;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::time::Duration;

use kaiwa_core::EventKind;

use crate::{Harness, Need, Peer as _};

/// How long a case may take where time is paused: longer than any limit of a network.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// How long a case may take on the clock on the wall, also one that spins and lets no other time pass. Cases take a few
/// seconds at most, on a machine that does ten other things.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs `case` over a fresh peer, or names what it lacks: what the network or its peer cannot do, or an event that the
/// network does not take.
///
/// # Panics
/// When the network breaks a promise, or the case takes too long.
pub fn run<H: Harness, F: Future<Output = ()>>(
    name: &'static str,
    needs: &[Need],
    takes: &'static [EventKind],
    case: impl FnOnce(H::Peer) -> F + Send + 'static,
) {
    let lacks =
        |need: &&Need| H::LACKS.contains(need) || (**need == Need::PausedTime && !H::PAUSED);
    if let Some(need) = needs.iter().find(lacks) {
        left_out(name, &format!("{need:?}"));
        return;
    }
    let files = needs.contains(&Need::Files);
    let (done, ended) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        // Dropped at the end, also by a panic.
        let _done = done;
        run_here::<H, F>(name, files, takes, case);
    });
    if ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{name} spins: it does not end within {LIMIT:?}");
    }
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

fn run_here<H: Harness, F: Future<Output = ()>>(
    name: &str,
    files: bool,
    takes: &[EventKind],
    case: impl FnOnce(H::Peer) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(H::PAUSED)
        .build()
        .expect("a runtime");
    let limit = if H::PAUSED { PAUSED_LIMIT } else { LIMIT };
    runtime.block_on(async {
        let whole = async {
            let peer = H::start().await;
            let capabilities = peer.connection().capabilities();
            if files && capabilities.max_file_bytes.is_none() {
                left_out(name, "Files");
                return;
            }
            match takes.iter().find(|kind| !capabilities.can_send(**kind)) {
                Some(kind) => left_out(name, &kind.to_string()),
                None => case(peer).await,
            }
        };
        assert!(
            tokio::time::timeout(limit, whole).await.is_ok(),
            "{name} takes longer than {limit:?}"
        );
    });
}

/// Not `eprintln!`, which the test harness keeps back for tests that pass.
fn left_out(name: &str, lack: &str) {
    let _ = writeln!(std::io::stderr(), "conformance: {name} left out: no {lack}");
}
