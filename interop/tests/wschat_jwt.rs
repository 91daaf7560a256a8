//! The real wschat in JWT mode, as `cargo xtask interop` starts it.

use std::path::PathBuf;

use kaiwa_interop::wschat::{Room, relayed_messages_are_logged, shows_tokens};
use kaiwa_interop::{wschat_facts, wschat_jwt_facts};

wschat_facts!(room());
wschat_jwt_facts!(room());

#[tokio::test]
async fn messages_are_logged_with_the_token_masked() {
    let folder = PathBuf::from(variable("LOG_DIR"));
    relayed_messages_are_logged(&room(), &folder).await;
}

#[tokio::test]
async fn tokens_are_shown_to_all() {
    assert!(shows_tokens(&room()).await);
}

fn room() -> Room {
    Room {
        url: variable("KAIWA_WSCHAT_URL"),
        secret: Some(variable("JWT_SECRET")),
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask interop`"))
}
