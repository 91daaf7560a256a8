//! Peers for tests, in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "each test program uses a part")]

#[cfg(all(feature = "flubber", unix))]
mod flubber_hub;
#[cfg(all(feature = "flubber", unix))]
pub(crate) mod flubber_peer;
mod http;
pub(crate) mod memory;
#[cfg(feature = "oshi")]
pub(crate) mod oshi_peer;
#[cfg(feature = "oshi")]
pub(crate) mod oshi_server;
#[cfg(all(feature = "flubber", unix))]
mod pipes;
#[cfg(feature = "rim")]
pub(crate) mod rim_peer;
#[cfg(feature = "rim")]
pub(crate) mod rim_server;
#[cfg(feature = "sockchat")]
pub(crate) mod sockchat_peer;
#[cfg(feature = "sockchat")]
pub(crate) mod sockchat_server;
pub(crate) mod wires;
#[cfg(feature = "wschat")]
pub(crate) mod wschat_peer;
#[cfg(feature = "wschat")]
mod wschat_server;
