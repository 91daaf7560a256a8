//! A host in this process, a backend of the built command, and a wschat server behind it: the conformance suite. Over the
//! extension it passes all that wschat passes directly, without it all but a list.

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
conformance!(plain, peer::Plain);
