//! rim, an instant messenger: accounts, contacts, groups and history over REST, live messages over a WebSocket.
//!
//! Both ends of its format are in [`wire`]. What kaiwa's own server adds to the original are additional fields, one
//! additional endpoint and the frame `Notify`, sent only to clients that asked for it; the original ignores them all, and
//! the session uses them only where the server has shown that it has them.

pub mod wire;

#[cfg(feature = "rim")]
mod connection;
#[cfg(feature = "rim")]
mod login;
#[cfg(feature = "rim")]
mod session;

#[cfg(feature = "rim")]
pub use connection::{connection, protocol};
#[cfg(feature = "rim")]
pub use session::{ACK_LIMIT, RimSession};
