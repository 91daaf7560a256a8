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

/// The server of wschat's own tests.
mod support {
    #![allow(dead_code, reason = "a part is used here")]

    #[path = "../../../../protocols/tests/support/http.rs"]
    mod http;
    #[path = "../../../../protocols/tests/support/memory.rs"]
    pub(crate) mod memory;
    #[path = "../../../../protocols/tests/support/wschat_peer.rs"]
    pub(crate) mod wschat_peer;
    #[path = "../../../../protocols/tests/support/wschat_server.rs"]
    mod wschat_server;
}

use kaiwa_conformance::conformance;

conformance!(extended, peer::Extended);
