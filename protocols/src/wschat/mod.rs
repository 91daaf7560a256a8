//! wschat, a one-room relay over WebSocket: <https://crates.io/crates/wschat>.
//!
//! Every object somebody sends goes to everybody connected, its sender included; there is no history, no sign-in and no
//! acknowledgement. So a message is confirmed by its own echo, which a nonce tells apart; the room is the one channel
//! [`LOBBY`]; ids are made here.

mod session;
pub mod wire;

pub use session::{ECHO_LIMIT, LOBBY, WschatSession};
