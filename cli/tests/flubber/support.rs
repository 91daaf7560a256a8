//! The server of wschat's own tests.

#![allow(dead_code, reason = "a part is used here")]

#[path = "../../../protocols/tests/support/http.rs"]
mod http;
#[path = "../../../protocols/tests/support/memory.rs"]
pub(crate) mod memory;
#[path = "../../../protocols/tests/support/wschat_peer.rs"]
pub(crate) mod wschat_peer;
#[path = "../../../protocols/tests/support/wschat_server.rs"]
mod wschat_server;
