//! Oshi against a server in memory: nothing is lost or doubled, whatever happens.

#![cfg(feature = "oshi")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

mod oshi {
    mod lost;
    mod peer;
    mod peer_circles;
    mod quirks;
    mod resume;
    mod stage;
}
