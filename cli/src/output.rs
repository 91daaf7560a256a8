//! Results on the standard output.

use std::io::{self, IsTerminal as _, Write as _};

use kaiwa_protocols::{Error, ErrorKind};

use crate::exit::Code;
use crate::text;

/// Prints a result. Whoever closes the pipe early has seen enough.
///
/// # Errors
/// `Storage` if it cannot be written, to a full disk for example.
pub(crate) fn print(result: &str) -> Result<Code, Error> {
    let mut out = io::stdout().lock();
    let written = if out.is_terminal() {
        out.write_all(text::harmless(result).as_bytes())
    } else {
        out.write_all(result.as_bytes())
    };
    match written.and_then(|()| out.flush()) {
        Ok(()) => Ok(Code::DONE),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Code::DONE),
        Err(error) => Err(
            Error::new(ErrorKind::Storage, "the standard output cannot be written")
                .with_source(error),
        ),
    }
}
