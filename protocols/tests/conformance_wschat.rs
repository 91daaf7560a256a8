//! wschat passes the conformance suite, over real sockets and a relay that breaks them.

#![cfg(feature = "wschat")]

mod support;

use kaiwa_conformance::conformance;
use support::wschat_peer::Wschat;

conformance!(wschat, Wschat);
