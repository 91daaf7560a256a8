//! What Oshi clients see: operation by operation, event by event.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod auth;
mod circles;
mod client;
mod contract;
mod files;
mod hostile;
mod messages;
mod people;
mod privacy;
mod restart;
mod resume;
mod silence;
mod streams;
mod together;
