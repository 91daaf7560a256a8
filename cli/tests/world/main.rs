//! Servers and clients of this repository together: people on several networks in one room, and a server that is killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod changed;
mod cut_off;
mod killed;
mod people;
mod rooms;
mod served;
