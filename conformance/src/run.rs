//! Runs one case: its runtime, its time limit, and what is said when it is left out.

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

use crate::{Harness, Need};

/// How long a case may take, in its own time. In paused time it costs nothing; over sockets no case takes a tenth of it.
const LIMIT: Duration = Duration::from_secs(3600);

/// The same in real time.
const REAL_LIMIT: Duration = Duration::from_secs(60);

/// Runs `case` over a fresh peer, or names what it lacks.
///
/// # Panics
/// When the network breaks a promise, or the case takes too long.
pub fn run<H: Harness, F: Future<Output = ()>>(
    name: &str,
    needs: &[Need],
    case: impl FnOnce(H::Peer) -> F,
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(H::PAUSED)
        .build()
        .expect("a runtime");
    let limit = if H::PAUSED { LIMIT } else { REAL_LIMIT };
    runtime.block_on(async {
        let whole = async { case(H::start().await).await };
        assert!(
            tokio::time::timeout(limit, whole).await.is_ok(),
            "{name} takes longer than {limit:?}"
        );
    });
}
