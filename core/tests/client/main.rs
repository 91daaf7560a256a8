//! The client over connections that the tests play by hand, on a paused clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod connect;
mod fake;
mod leave;
mod rig;
mod send;
mod snapshot;
mod streams;
