//! C programs against the library as C sees it: the static library, and `include/`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot do its work has failed"
)]

mod abi;
mod backend;
mod build;
mod contract;
mod cxx;
mod docs;
mod every;
mod examples;
mod header;
