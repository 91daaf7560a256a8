//! Backends in any language: a child program that speaks one network, in JSON over its pipes. The protocol is that of
//! the crate flubber-backend-proto 0.1.0-alpha, with an extension of kaiwa's for what it lacks.
//!
//! [`wire`] is the codec, both directions and both roles. The session is the host's: it asks what a backend can be asked. The
//! child is a transport like a socket: `spawn` starts and ends it, `process` reads and writes its pipes, `stderr` its log.
//! The other role is [`backend`]: any connection as a backend.

#[cfg(feature = "flubber-backend")]
pub mod backend;
pub mod wire;

#[cfg(all(feature = "flubber", unix))]
mod connection;
#[cfg(all(feature = "flubber", unix))]
mod login;
#[cfg(all(feature = "flubber", unix))]
mod process;
#[cfg(all(feature = "flubber", unix))]
mod session;
#[cfg(all(feature = "flubber", unix))]
mod spawn;
#[cfg(all(feature = "flubber", unix))]
mod stderr;

#[cfg(all(feature = "flubber", unix))]
pub use connection::{connection, protocol};
#[cfg(all(feature = "flubber", unix))]
pub use process::Processes;
#[cfg(all(feature = "flubber", unix))]
pub use session::{ANSWER_LIMIT, FlubberSession, INIT_LIMIT, SELF};
