//! wschat, a one-room relay over WebSocket: <https://crates.io/crates/wschat>.

pub mod wire;
