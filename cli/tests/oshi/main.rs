//! The client of Oshi against the server of Oshi: the conformance suite, over real sockets and a real store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod peer;

use kaiwa_conformance::conformance;

conformance!(own_server, peer::OwnServer);
