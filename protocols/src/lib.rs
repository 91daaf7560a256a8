//! Chat networks for kaiwa: each is a codec (`wire`) and a [`session::Session`] without IO, in a folder and a feature of its
//! own; one [`driver::Driver`] runs any session over any [`transport`]. The crate re-exports all of `kaiwa-core`.
//!
//! What it does not do: it keeps no accounts and no state ([`Client`] and [`StateClient`] do), and serves nothing
//! (`kaiwa-server` does, with the same `wire` modules).
//!
//! Start at the [`Registry`] (which networks there are), then read `wschat/` (the smallest whole network).

#![deny(unsafe_code)]

pub use kaiwa_core::*;

pub mod driver;
#[cfg(feature = "flubber-wire")]
pub mod flubber;
pub mod keepalive;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "oshi-wire")]
pub mod oshi;
pub mod registry;
#[cfg(feature = "rim-wire")]
pub mod rim;
#[cfg(feature = "sockchat-wire")]
pub mod sockchat;
#[cfg(feature = "text")]
pub mod text;
pub mod transport;
#[cfg(feature = "wschat-wire")]
pub mod wschat;

pub use registry::Registry;

/// One account on one network: the trait, the events, and the networks themselves.
pub mod connection {
    #[cfg(feature = "mock")]
    pub use crate::mock::{self, MockConnection};
    pub use kaiwa_core::connection::*;
}
