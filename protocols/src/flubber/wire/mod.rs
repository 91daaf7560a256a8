//! The flubber format, both directions and both roles: JSON values one behind the other, with or without white space
//! between them. Pure: no pipe, no clock, no randomness.
//!
//! * [`Reader`] cuts the values out of a stream.
//! * A backend writes [`InitInfo`], then [`FromBackend`]; a host writes [`Request`].
//! * [`object`]: rooms, messages, attachments; [`content`]: what messages say.
//! * [`fragments`]: the same in kaiwa's vocabulary, and back.
//! * [`kaiwa`]: the extension.
//!
//! Reading is as strict as the original: a field that is missing or of another type is an error, fields beyond are
//! skipped. But times that are not negative are read, which the original refuses.

pub mod content;
pub mod fragments;
pub mod kaiwa;
mod mime;
pub mod object;
mod reader;
mod request;
mod tagged;
mod update;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use content::Content;
pub use kaiwa::{Hello, KaiwaUpdate};
pub use object::{Attachment, Message, NewMessage, Room};
pub use reader::{MAX_NESTING, MAX_VALUE_BYTES, Reader};
pub use request::{Request, RequestBody};
pub use update::{AnswerBody, Failure, FromBackend, Update};

/// The version of the protocol that is spoken here.
pub const PROTOCOL_VERSION: [u32; 3] = [0, 1, 0];

/// The first value of a backend, unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitInfo {
    /// What the backend is called.
    pub backend_name: String,
    /// Its version.
    pub backend_version: [u32; 3],
    /// The version of the protocol that it speaks.
    pub protocol_version: [u32; 3],
}

impl InitInfo {
    /// Reads one value.
    ///
    /// # Errors
    /// For text of another form.
    pub fn decode(json: &str) -> Result<Self, WireError> {
        Ok(serde_json::from_str(json)?)
    }

    /// Appends the value and a line end.
    pub fn encode(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

/// The number of a request or an answer of which no more may be understood.
#[must_use]
pub fn sequence_number(json: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Numbered {
        sequence_number: u32,
    }
    let numbered: Numbered = serde_json::from_str(json).ok()?;
    Some(numbered.sequence_number)
}

/// Bytes that are not of this format. Says what was expected, never what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    fault: Fault,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON: where the next value begins, nobody can tell.
    Syntax,
    /// It is no UTF-8.
    Utf8,
    /// It is longer than the limit.
    TooLarge,
    /// Its lists and objects lie deeper in each other than the limit.
    TooDeep,
    /// It is JSON, but a field is missing, of a wrong type or out of range, or a type is unknown.
    Data,
}

impl WireError {
    pub(crate) const fn new(fault: Fault) -> Self {
        Self { fault }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            Fault::Syntax => "expected well-formed JSON",
            Fault::Utf8 => "expected UTF-8",
            Fault::TooLarge => "expected shorter values",
            Fault::TooDeep => "expected values of less depth",
            Fault::Data => "expected other fields",
        })
    }
}

impl std::error::Error for WireError {}

impl From<serde_json::Error> for WireError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(if error.is_data() {
            Fault::Data
        } else {
            Fault::Syntax
        })
    }
}

/// Appends the JSON of `value` and a line end, which helps backends that read lines. Everything in this format has a
/// form in JSON, and memory takes all.
fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(&mut *out, value);
    out.push(b'\n');
}
