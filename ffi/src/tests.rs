//! The whole vocabulary through the C functions, called as C calls them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::multiple_unsafe_ops_per_block,
    clippy::undocumented_unsafe_blocks,
    clippy::wildcard_imports,
    reason = "a test; every pointer in it comes from the library and is live"
)]

// The core's own generator: what is new there is walked here too.
#[allow(dead_code, unreachable_pub, reason = "not all of it is for events")]
#[path = "../../core/tests/vocabulary/any.rs"]
mod any;
mod back;
mod requests;
mod rig;
mod vocabulary;
