//! Our client against the real wschat in JWT mode, as `cargo xtask interop` starts it.

use kaiwa_interop::client;
use kaiwa_interop::wschat::Room;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask interop`"))
}

/// One after the other: somebody who leaves would disturb the others.
#[tokio::test]
async fn tokens_are_sent_and_refusals_told() {
    let room = Room {
        url: variable("KAIWA_WSCHAT_URL"),
        secret: Some(variable("JWT_SECRET")),
    };
    client::everybody_hears_everything_once(&room).await;
    client::a_refused_token_is_told(&room).await;
}
