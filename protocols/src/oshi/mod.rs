//! Oshi JSON 1, the library's own richest network: circles, streams, and all that is said in them, over one WebSocket.
//!
//! Both ends of its format are in [`wire`].

pub mod wire;

#[cfg(feature = "oshi")]
mod connection;
#[cfg(feature = "oshi")]
mod login;
#[cfg(feature = "oshi")]
mod session;

#[cfg(feature = "oshi")]
pub use connection::{connection, protocol};
#[cfg(feature = "oshi")]
pub use session::OshiSession;
