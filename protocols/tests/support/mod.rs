//! Peers for tests, in this process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod memory;
pub(crate) mod wschat_peer;
mod wschat_server;
