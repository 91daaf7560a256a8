//! Sock Chat: chat over WebSocket in packets of fields joined by TAB, with one channel at a time, commands within messages, and
//! BBCode as everybody's markup.
//!
//! Four dialects are spoken, which [`wire`] reads all; it writes the one that every known client understands. A server does
//! not acknowledge: a message is confirmed by its own echo.

pub mod wire;

#[cfg(feature = "sockchat")]
mod connection;
#[cfg(feature = "sockchat")]
mod login;
#[cfg(feature = "sockchat")]
mod session;

#[cfg(feature = "sockchat")]
pub use connection::{connection, protocol};
#[cfg(feature = "sockchat")]
pub use session::{ECHO_LIMIT, SIGN_IN_LIMIT, SockchatSession};
