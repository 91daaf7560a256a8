//! Why a request fails, as its client is told.

use std::borrow::Cow;
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::oshi::wire::ErrorCode;

/// Why a request fails.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client is told so.
    Told {
        code: ErrorCode,
        words: Cow<'static, str>,
        /// When to come back.
        retry: Option<Duration>,
    },
    /// The store is broken: nothing of what was done is kept.
    Broken(Error),
}

impl Failure {
    pub(super) fn told(code: ErrorCode, words: impl Into<Cow<'static, str>>) -> Self {
        Self::Told {
            code,
            words: words.into(),
            retry: None,
        }
    }

    /// Whatever is not there and whatever must not be known of: always in the same words.
    pub(super) fn not_found() -> Self {
        Self::told(ErrorCode::NotFound, "no such thing")
    }

    /// Something that everybody may know of, and that is for members.
    pub(super) fn not_member() -> Self {
        Self::told(ErrorCode::NotMember, "join the circle first")
    }

    pub(super) fn forbidden(words: &'static str) -> Self {
        Self::told(ErrorCode::Forbidden, words)
    }

    pub(super) fn bad_field(words: &'static str) -> Self {
        Self::told(ErrorCode::BadField, words)
    }

    pub(super) fn too_long(words: &'static str) -> Self {
        Self::told(ErrorCode::TooLong, words)
    }

    /// Too much in too little time.
    pub(super) fn rate(wait: Duration) -> Self {
        Self::Told {
            code: ErrorCode::Rate,
            words: Cow::Borrowed("too much at once; come back later"),
            retry: Some(wait),
        }
    }

    fn internal(error: &Error) -> Self {
        if error.kind() == ErrorKind::State {
            tracing::debug!("a request came while the server stops");
        } else {
            tracing::error!(error = error.chain(), "a request failed");
        }
        Self::told(ErrorCode::Internal, "the server failed; try again later")
    }

    /// What of it a client is told: code, words, when to come back.
    pub(super) fn shown(self) -> (ErrorCode, Cow<'static, str>, Option<Duration>) {
        match self {
            Self::Told { code, words, retry } => (code, words, retry),
            Self::Broken(error) => Self::internal(&error).shown(),
        }
    }
}

impl Failure {
    /// What an error that was not the server's end comes to.
    pub(super) fn of(error: &Error) -> Self {
        let words = error.message().to_owned();
        match error.kind() {
            ErrorKind::NotFound => Self::not_found(),
            ErrorKind::Forbidden | ErrorKind::Banned => Self::told(ErrorCode::Forbidden, words),
            ErrorKind::Conflict => Self::told(ErrorCode::Exists, words),
            ErrorKind::Invalid => Self::told(ErrorCode::BadField, words),
            ErrorKind::Full => Self::told(ErrorCode::TooLong, words),
            ErrorKind::RateLimited => Self::rate(error.retry_after().unwrap_or_default()),
            _ => Self::internal(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Storage => Self::Broken(error),
            _ => Self::of(&error),
        }
    }
}
