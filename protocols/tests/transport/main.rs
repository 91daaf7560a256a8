//! The real transports against in-process peers on loopback.
#![cfg(feature = "transport")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic as tests do"
)]

mod http;
mod opening;
mod peer;
mod proxy;
mod stream;
mod tls;
mod upload;
mod websocket;
