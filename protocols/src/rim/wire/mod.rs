//! The rim wire format, both directions. Pure: no socket, no clock, no randomness.
//!
//! * [`frame`]: what goes over the WebSocket: [`Packet`] and [`Ack`].
//! * [`rest`]: the endpoints, the envelope [`Answer`], error codes and texts.
//! * [`request`]: the bodies of requests.
//! * [`record`]: users, groups and messages, as answers hold them.
//! * [`time`]: times without a zone.
//!
//! What a client sends is read strictly, as the original reads it: a field that is missing or of another type is an error.
//! What a server sends is read as far as it makes sense: a field that is missing, null or of another type counts as empty.
//! Additional fields are skipped in both directions.

pub mod frame;
mod loose;
pub mod record;
pub mod request;
pub mod rest;
pub mod time;
mod word;

use std::fmt;

use serde::Serialize;

pub use frame::{Ack, Body, Notice, Packet, ServerFrame};
pub use record::{ChatMessage, Group, GroupUser, IncomingContact, Message, User};
pub use rest::{Answer, Endpoint};
pub use word::{Event, Kind};

/// The value of the additional field `server` in kaiwa's acknowledgement of a `Login` that carries `notify`.
pub const SERVER: &str = "kaiwa";

/// Text that is not of this format. Says what was expected and where, never what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    fault: Fault,
    line: usize,
    column: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON.
    Syntax,
    /// It is JSON, but a field is missing, of a wrong type or out of range.
    Data,
}

impl WireError {
    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fault,
            line,
            column,
        } = self;
        let expected = match fault {
            Fault::Syntax => "well-formed JSON",
            Fault::Data => "other fields",
        };
        write!(f, "expected {expected} at line {line}, column {column}")
    }
}

impl std::error::Error for WireError {}

impl From<serde_json::Error> for WireError {
    fn from(error: serde_json::Error) -> Self {
        Self {
            fault: if error.is_data() {
                Fault::Data
            } else {
                Fault::Syntax
            },
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Appends the JSON of `value`. Everything in this format has one, and memory takes all.
fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}
