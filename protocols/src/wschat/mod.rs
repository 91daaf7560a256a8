//! wschat, a one-room relay over WebSocket: the network of the crate wschat 0.2.1.
//!
//! Every object somebody sends goes to everybody connected, its sender included; there is no history, no sign-in and no
//! acknowledgement. So a message is confirmed by its own echo, which a nonce tells apart; the room is the one channel
//! `lobby`; ids are made here.

pub mod wire;

#[cfg(feature = "wschat")]
mod connection;
#[cfg(feature = "wschat")]
mod ids;
#[cfg(feature = "wschat")]
mod login;
#[cfg(feature = "wschat")]
mod session;

#[cfg(feature = "wschat")]
pub use connection::{connection, protocol};
#[cfg(feature = "wschat")]
pub use session::{ECHO_LIMIT, LOBBY, WschatSession};
