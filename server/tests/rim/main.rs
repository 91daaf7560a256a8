//! What rim clients see: endpoint by endpoint, packet by packet, and in the order in which real ones call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod bans;
mod client;
mod contract;
mod friends;
mod groups;
mod habits;
mod hostile;
mod limits;
mod messages;
mod notices;
mod rules;
mod scenario;
mod socket;
mod together;
mod users;
