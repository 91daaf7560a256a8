//! Sock Chat passes the conformance suite against each dialect in paused time, and against the oldest and the newest over real
//! sockets.

#![cfg(feature = "sockchat")]

mod support;

use kaiwa_conformance::conformance;
use support::sockchat_peer::{
    PhpPaused, PhpSockets, Sc20Paused, Sc21Paused, W25Paused, W25Sockets,
};

conformance!(php_sockets, PhpSockets);
conformance!(w25_sockets, W25Sockets);
conformance!(php_paused, PhpPaused);
conformance!(sc20_paused, Sc20Paused);
conformance!(sc21_paused, Sc21Paused);
conformance!(w25_paused, W25Paused);
