//! wschat, a one-room relay over WebSocket: <https://crates.io/crates/wschat>.
//!
//! Every object somebody sends goes to everybody connected, its sender included; there is no history, no sign-in and no
//! acknowledgement. So a message is confirmed by its own echo, which a nonce tells apart; the room is the one channel
//! [`LOBBY`]; ids are made here.

mod ids;
mod login;
mod session;
pub mod wire;

pub use session::{ECHO_LIMIT, LOBBY, WschatSession};

use kaiwa_core::{Connection, Protocol};

use crate::driver::Driver;
use crate::transport::{Network, TransportOptions};

/// A wschat connection over real sockets.
#[must_use]
pub fn connection() -> Driver<WschatSession> {
    Driver::new(WschatSession::new, |form| {
        Ok(Box::new(Network::new(TransportOptions::from_form(form)?)))
    })
    .with_fields(TransportOptions::fields())
}

/// Name and login form, the way to the server included.
#[must_use]
pub fn protocol() -> Protocol {
    connection().protocol_spec()
}
