//! The session over the pipes of a child process.

use kaiwa_core::{Connection, Protocol};

use super::{FlubberSession, Processes};
use crate::driver::Driver;

/// A connection to a backend, which it starts.
#[must_use]
pub fn connection() -> Driver {
    Driver::new(FlubberSession::new, |_| Ok(Box::new(Processes)))
}

/// Name and login form.
#[must_use]
pub fn protocol() -> Protocol {
    connection().protocol_spec()
}
