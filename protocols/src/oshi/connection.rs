//! The Oshi session over real sockets.

use kaiwa_core::{Connection, Protocol};

use super::OshiSession;
use crate::driver::Driver;
use crate::transport::{Network, TransportOptions};

/// An Oshi connection over real sockets.
#[must_use]
pub fn connection() -> Driver {
    Driver::new(OshiSession::new, |form| {
        Ok(Box::new(Network::new(TransportOptions::from_form(form)?)))
    })
    .with_fields(TransportOptions::fields)
}

/// Name and login form, the way to the server included.
#[must_use]
pub fn protocol() -> Protocol {
    connection().protocol_spec()
}
