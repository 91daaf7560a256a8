//! The built command, driven as a user would: arguments, pipes, signals. Every test has directories of its own, and waits
//! for lines, never for time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod backend;
mod backend_check;
mod bad_input;
mod circles;
mod commands;
mod conversation;
mod kaiwa;
mod log;
mod messages;
mod oshi;
mod own_server;
mod serve;
mod terminal;
mod typed;
