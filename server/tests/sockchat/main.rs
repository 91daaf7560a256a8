//! What Sock Chat clients see, packet by packet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod client;
mod commands;
mod flood;
mod hostile;
mod order;
mod others;
mod places;
mod private;
mod restart;
mod sign_in;
mod talk;
mod together;
