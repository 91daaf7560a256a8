//! What the command ends with, and what it says of errors.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use kaiwa_protocols::{Error, ErrorKind};

use crate::text;

/// What the process ends with; the table below says when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(u8);

impl Code {
    pub(crate) const DONE: Self = Self(0);
    pub(crate) const UNDELIVERED: Self = Self(1);
    pub(crate) const USAGE: Self = Self(2);
    pub(crate) const CONFIG: Self = Self(3);
    pub(crate) const UNREACHABLE: Self = Self(4);
    pub(crate) const TLS: Self = Self(5);
    pub(crate) const REFUSED: Self = Self(6);
    pub(crate) const STORAGE: Self = Self(7);
    pub(crate) const PROTOCOL: Self = Self(8);
    pub(crate) const TAKEN: Self = Self(9);
    pub(crate) const INTERNAL: Self = Self(70);
    pub(crate) const HUNG_UP: Self = Self(129);
    pub(crate) const INTERRUPTED: Self = Self(130);
    pub(crate) const TERMINATED: Self = Self(143);

    /// The code for an error: every kind has its row in the table.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        use ErrorKind as K;
        match kind {
            K::Cancelled | K::OutcomeUnknown => Self::UNDELIVERED,
            K::Invalid | K::Unsupported | K::Full | K::TooLong | K::NotFound => Self::USAGE,
            K::Config => Self::CONFIG,
            K::Resolve | K::Refused | K::Unreachable | K::Proxy | K::TimedOut | K::Lost => {
                Self::UNREACHABLE
            }
            K::Tls => Self::TLS,
            K::Auth | K::Forbidden | K::Banned | K::RateLimited | K::Rejected => Self::REFUSED,
            K::Storage => Self::STORAGE,
            K::Protocol | K::TooLarge | K::Version | K::Handshake => Self::PROTOCOL,
            K::State | K::Conflict => Self::TAKEN,
            // Reentrant cannot happen here; a kind of a newer core is not known here.
            _ => Self::INTERNAL,
        }
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.0)
    }
}

/// Each code and what it means, as `--help` shows it.
const TABLE: [(Code, &str); 14] = [
    (Code::DONE, "all went well"),
    (
        Code::UNDELIVERED,
        "a message was not delivered, a command of a pipe failed, or a backend does not do as it should",
    ),
    (
        Code::USAGE,
        "the command line cannot be carried out as it stands",
    ),
    (
        Code::CONFIG,
        "a configuration or the accounts file is wrong",
    ),
    (
        Code::UNREACHABLE,
        "the server cannot be reached, or the connection was lost",
    ),
    (Code::TLS, "no secure connection comes about"),
    (
        Code::REFUSED,
        "the network refuses: sign-in, ban, rights, too many requests",
    ),
    (
        Code::STORAGE,
        "a file, the data directory or the database cannot be used",
    ),
    (
        Code::PROTOCOL,
        "the server does not speak the network's protocol",
    ),
    (
        Code::TAKEN,
        "in use by somebody else: a port, a data directory, a name",
    ),
    (Code::INTERNAL, "a bug in this program"),
    (Code::HUNG_UP, "the terminal was closed"),
    (Code::INTERRUPTED, "Ctrl-C"),
    (Code::TERMINATED, "asked to end by a signal"),
];

/// The table as a paragraph of the help text.
pub(crate) fn table() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in TABLE {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:>3}  {meaning}", code.number());
    }
    text
}

/// Says one line on the standard error. Nobody may be listening there; then it is not said.
pub(crate) fn say(line: &str) {
    let line = text::one_line(line);
    let _ = writeln!(anstream::stderr(), "kaiwa: {line}");
}

/// Says what went wrong; gives the code to end with.
pub(crate) fn report(error: &Error) -> Code {
    say(&error.chain());
    Code::of(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row() {
        for kind in ErrorKind::ALL {
            let code = Code::of(*kind);
            assert!(TABLE.iter().any(|(row, _)| *row == code), "{kind:?}");
            assert_ne!(code, Code::DONE, "{kind:?}");
            let bug = matches!(
                kind,
                ErrorKind::Internal | ErrorKind::Reentrant | ErrorKind::Other
            );
            assert_eq!(code == Code::INTERNAL, bug, "{kind:?}");
        }
        assert!(TABLE.is_sorted_by_key(|(code, _)| code.number()));
    }
}
