//! A host in this process, a backend of the built command, and a wschat server behind it: the conformance suite over the
//! extension, which passes all that wschat passes directly.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod peer;
mod support;

use kaiwa_conformance::conformance;

conformance!(extended, peer::Extended);
