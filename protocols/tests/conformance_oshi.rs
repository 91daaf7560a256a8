//! Oshi passes the conformance suite, over real sockets and in paused time.

#![cfg(feature = "oshi")]

mod support;

use kaiwa_conformance::conformance;
use support::oshi_peer::{Paused, Sockets};

conformance!(sockets, Sockets);
conformance!(paused, Paused);
