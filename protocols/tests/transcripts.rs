//! Every network replays its golden transcripts, however the bytes come.

use std::path::PathBuf;

use kaiwa_conformance::transcript::replay_folder;

fn folder(network: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "transcripts", network]
        .iter()
        .collect()
}

#[cfg(feature = "mock")]
#[test]
fn mock() {
    replay_folder(&folder("mock"), kaiwa_protocols::mock::MockSession::new);
}

#[cfg(feature = "oshi")]
#[test]
fn oshi() {
    replay_folder(&folder("oshi"), kaiwa_protocols::oshi::OshiSession::new);
}

#[cfg(feature = "rim")]
#[test]
fn rim() {
    replay_folder(&folder("rim"), kaiwa_protocols::rim::RimSession::new);
}

#[cfg(feature = "sockchat")]
#[test]
fn sockchat() {
    replay_folder(
        &folder("sockchat"),
        kaiwa_protocols::sockchat::SockchatSession::new,
    );
}

#[cfg(feature = "wschat")]
#[test]
fn wschat() {
    replay_folder(
        &folder("wschat"),
        kaiwa_protocols::wschat::WschatSession::new,
    );
}
