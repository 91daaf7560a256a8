//! A host of backends passes the conformance suite, over streams in memory in paused time, and with real child processes.

#![cfg(all(feature = "flubber", unix))]

mod support;

use kaiwa_conformance::conformance;
use support::flubber_peer::{Children, Paused};

conformance!(children, Children);
conformance!(paused, Paused);
