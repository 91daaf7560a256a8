//! Our client against the real wschat in open mode, as `cargo xtask interop` starts it.

use kaiwa_interop::client;
use kaiwa_interop::wschat::Room;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask interop`"))
}

#[tokio::test]
async fn everybody_hears_everything_once() {
    let room = Room {
        url: variable("KAIWA_WSCHAT_URL"),
        secret: None,
    };
    client::everybody_hears_everything_once(&room).await;
}
