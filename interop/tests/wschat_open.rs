//! The real wschat in open mode, as `cargo xtask interop` starts it.

use std::path::PathBuf;

use kaiwa_interop::peer::Peer;
use kaiwa_interop::wschat::{Room, relayed_messages_are_logged};
use kaiwa_interop::wschat_facts;

wschat_facts!(room());

#[tokio::test]
async fn messages_are_logged() {
    let folder = PathBuf::from(variable("LOG_DIR"));
    relayed_messages_are_logged(&room(), &folder).await;
}

#[tokio::test]
async fn other_paths_do_not_exist() {
    assert_eq!(
        Peer::refusal(&format!("{}elsewhere", room().url)).await,
        404
    );
}

fn room() -> Room {
    Room {
        url: variable("KAIWA_WSCHAT_URL"),
        secret: None,
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask interop`"))
}
