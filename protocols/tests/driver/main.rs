//! The driver, with a session and a network made for these tests, on a paused clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic as tests do"
)]

mod backpressure;
mod bytes;
mod connect;
mod disconnect;
mod fairness;
mod http;
mod net;
mod panics;
mod requests;
mod rig;
mod toy;
