//! Sock Chat against a server in memory, in each dialect: nothing is lost or doubled, whatever happens.

#![cfg(feature = "sockchat")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

mod sockchat {
    mod commands;
    mod hostile;
    mod lost;
    mod moderation;
    mod pace;
    mod peer;
    mod places;
    mod private;
    mod stage;
}
