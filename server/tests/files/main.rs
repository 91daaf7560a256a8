//! Files over HTTP, as their clients see them and as their disk does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod download;
mod limits;
mod lives;
mod names;
mod upload;
