//! rim against a server in memory: its quirks are survived, and nothing is lost or doubled.

#![cfg(feature = "rim")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

mod rim {
    mod accounts;
    mod contacts;
    mod deadly;
    mod groups;
    mod lost;
    mod peer;
    mod quirks;
    mod reading;
    mod stage;
}
