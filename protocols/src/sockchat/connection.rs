//! The Sock Chat session over real sockets.

use kaiwa_core::{Connection, Protocol};

use super::SockchatSession;
use crate::driver::Driver;
use crate::transport::{Network, TransportOptions};

/// A Sock Chat connection over real sockets.
#[must_use]
pub fn connection() -> Driver {
    Driver::new(SockchatSession::new, |form| {
        Ok(Box::new(Network::new(TransportOptions::from_form(form)?)))
    })
    .with_fields(TransportOptions::fields)
}

/// Name and login form, the way to the server included.
#[must_use]
pub fn protocol() -> Protocol {
    connection().protocol_spec()
}
