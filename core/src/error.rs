//! One opaque error for everything, with kinds numbered once for Rust and C.
//!
//! Kinds fall into blocks by who is at fault: local misuse (1–19), the network's refusal (20–39), a broken peer (40–49),
//! the transport (50–69), this program and its machine (70–89). A number is never reused; a retired one stays listed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

macro_rules! error_kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// What went wrong, as a number that C shares (`kaiwa_status` is its negative).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $name = $number,)*
        }

        impl ErrorKind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A few words for a person.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The name in JSON and in documentation.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

error_kinds! {
    /// An argument makes no sense.
    Invalid = 1, "invalid argument";
    /// Not possible now: not connected, already connected, shut down.
    State = 2, "not possible in this state";
    /// The network cannot do it; `capabilities` says what it can.
    Unsupported = 3, "not supported by this network";
    /// Too much is waiting already; try again when something has been settled.
    Full = 4, "too much is waiting";
    /// The text or file is longer than the network takes.
    TooLong = 5, "too long for this network";
    /// No such account, channel, user or message.
    NotFound = 6, "not found";
    /// Given up because the caller asked for it.
    Cancelled = 7, "cancelled";
    /// Called from where it must not be called, for example the pump from its own callback.
    Reentrant = 8, "called from its own callback";

    /// The network does not accept these credentials.
    Auth = 20, "authentication refused";
    /// The network does not allow this user to do that.
    Forbidden = 21, "not allowed";
    /// The user is banned; `retry_after` says until when, if the network does.
    Banned = 22, "banned";
    /// The network asks to slow down.
    RateLimited = 23, "too many requests";
    /// The network refuses for another reason.
    Rejected = 24, "refused by the network";
    /// The name or id is taken.
    Conflict = 25, "already taken";

    /// The peer breaks its protocol.
    Protocol = 40, "the peer breaks the protocol";
    /// The peer sends more at once than a named limit.
    TooLarge = 41, "the peer sends too much at once";
    /// The peer speaks a version that is not spoken here.
    Version = 42, "the peer speaks another version";

    /// The host name does not resolve.
    Resolve = 50, "host name not found";
    /// Nobody listens there.
    Refused = 51, "connection refused";
    /// The host cannot be reached.
    Unreachable = 52, "host unreachable";
    /// TLS fails: certificate, name or version.
    Tls = 53, "secure connection failed";
    /// The proxy fails or refuses.
    Proxy = 54, "proxy failed";
    /// Somebody did not answer in time.
    TimedOut = 55, "timed out";
    /// The connection ended without being asked to.
    Lost = 56, "connection lost";
    /// Written, but nobody can tell whether it arrived.
    OutcomeUnknown = 57, "sent, but the outcome is unknown";
    /// The server is there but answers the handshake with something else.
    Handshake = 58, "the server refuses the handshake";

    /// A bug in this library.
    Internal = 70, "internal error";
    /// A file or database cannot be read or written.
    Storage = 71, "storage failed";
    /// A configuration is wrong.
    Config = 72, "configuration is wrong";
    /// A kind that this version does not know.
    #[serde(other)]
    Other = 89, "other error";
}

impl ErrorKind {
    /// The number in the table above.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Whether trying again without a change by the user is pointless: authentication failures and bans.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Auth | Self::Banned | Self::Invalid | Self::Unsupported | Self::Config
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// An error: a kind, one line of text, and perhaps a cause.
///
/// `Display` prints this level only; walk [`StdError::source`] for the causes, or use [`Error::chain`].
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with its line of text: lower case, no full stop, no secret.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                retry_after: None,
                source: None,
            }),
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds how long to wait before trying again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.inner.retry_after = Some(retry_after);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The line of text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// How long the other side asks to wait before trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// This level and its causes on one line, joined by `: `.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many libraries repeat their cause in their own text.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        line
    }

    /// The error as data, for events.
    #[must_use]
    pub fn info(&self) -> ErrorInfo {
        ErrorInfo {
            kind: self.kind(),
            message: self.chain(),
            retry_after_ms: self
                .retry_after()
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inner.message.is_empty() {
            f.write_str(self.inner.kind.text())
        } else {
            f.write_str(&self.inner.message)
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("retry_after", &self.inner.retry_after)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, "")
    }
}

impl From<ErrorInfo> for Error {
    fn from(info: ErrorInfo) -> Self {
        let error = Self::new(info.kind, info.message);
        match info.retry_after_ms {
            Some(wait) => error.with_retry_after(Duration::from_millis(wait)),
            None => error,
        }
    }
}

/// An [`Error`] as it travels in events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorInfo {
    /// What went wrong.
    pub kind: ErrorKind,
    /// One line for a person.
    pub message: String,
    /// How long the other side asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl fmt::Display for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_fixed() {
        let numbers: Vec<u16> = ErrorKind::ALL.iter().map(|kind| kind.number()).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(numbers, sorted, "unique and listed by number");
        // Frozen: a change here breaks C callers. New kinds are added, none is changed or removed.
        let table: Vec<String> = ErrorKind::ALL
            .iter()
            .map(|kind| format!("{}={}", kind.name(), kind.number()))
            .collect();
        assert_eq!(
            table.join(" "),
            "Invalid=1 \
             State=2 \
             Unsupported=3 \
             Full=4 \
             TooLong=5 \
             NotFound=6 \
             Cancelled=7 \
             Reentrant=8 \
             Auth=20 \
             Forbidden=21 \
             Banned=22 \
             RateLimited=23 \
             Rejected=24 \
             Conflict=25 \
             Protocol=40 \
             TooLarge=41 \
             Version=42 \
             Resolve=50 \
             Refused=51 \
             Unreachable=52 \
             Tls=53 \
             Proxy=54 \
             TimedOut=55 \
             Lost=56 \
             OutcomeUnknown=57 \
             Handshake=58 \
             Internal=70 \
             Storage=71 \
             Config=72 \
             Other=89"
        );
    }

    #[test]
    fn chain_shows_each_level_once() {
        let error = Error::new(ErrorKind::Refused, "connecting to 127.0.0.1:1")
            .with_source(std::io::Error::other("connection refused"));
        assert_eq!(error.to_string(), "connecting to 127.0.0.1:1");
        assert_eq!(
            error.chain(),
            "connecting to 127.0.0.1:1: connection refused"
        );
        let info = error.info();
        assert_eq!(Error::from(info.clone()).info(), info);
    }

    #[test]
    fn unknown_kinds_are_read_as_other() {
        let info: ErrorInfo =
            serde_json::from_str(r#"{"kind":"FromTheFuture","message":"x","retry_after_ms":null}"#)
                .unwrap();
        assert_eq!(info.kind, ErrorKind::Other);
    }
}
