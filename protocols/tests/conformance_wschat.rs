//! wschat passes the conformance suite, over real sockets and in paused time, with a relay that breaks connections.

#![cfg(feature = "wschat")]

mod support;

use kaiwa_conformance::conformance;
use support::wschat_peer::{Paused, Sockets};

conformance!(sockets, Sockets);
conformance!(paused, Paused);
