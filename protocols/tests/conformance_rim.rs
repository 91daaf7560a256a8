//! rim passes the conformance suite, over real sockets and in paused time, against the original as it was recorded and against
//! a server with kaiwa's corrections.

#![cfg(feature = "rim")]

mod support;

use kaiwa_conformance::conformance;
use support::rim_peer::{KaiwaPaused, KaiwaSockets, OriginalPaused, OriginalSockets};

conformance!(original_sockets, OriginalSockets);
conformance!(original_paused, OriginalPaused);
conformance!(kaiwa_sockets, KaiwaSockets);
conformance!(kaiwa_paused, KaiwaPaused);
