//! The server's refusals, in the words and kinds of this library.

use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};

use crate::oshi::wire::{ErrorCode, Failure, Reason};

/// Characters of a server's words that are passed on: a line.
const WORDS: usize = 200;

/// What a refused request ends in.
pub(super) fn error(failure: &Failure<'_>) -> Error {
    let (kind, text) = match failure.code {
        ErrorCode::NotFound => (
            ErrorKind::NotFound,
            "the server finds no such thing, or does not show it",
        ),
        ErrorCode::Forbidden => (ErrorKind::Forbidden, "the server does not allow it"),
        ErrorCode::NotMember => (ErrorKind::Forbidden, "only members may do that"),
        ErrorCode::Exists => (ErrorKind::Conflict, "it is there already"),
        ErrorCode::TooLong => (ErrorKind::TooLong, "too long, or too much of it"),
        ErrorCode::Rate => (ErrorKind::RateLimited, "too much in too little time"),
        ErrorCode::BadField => (ErrorKind::Invalid, "the server takes no such value"),
        ErrorCode::UnknownOp => (
            ErrorKind::Unsupported,
            "the server does not know this operation",
        ),
        ErrorCode::AuthFailed | ErrorCode::RegisterFailed => return sign_in(failure),
        ErrorCode::BadJson | ErrorCode::BadFrame | ErrorCode::AlreadyAuth => (
            ErrorKind::Protocol,
            "the server does not understand the request",
        ),
        ErrorCode::Internal => (ErrorKind::Rejected, "the server has failed"),
    };
    let said = words(failure);
    let text = if said.is_empty() {
        text.to_owned()
    } else {
        format!("{text} ({said})")
    };
    with_wait(Error::new(kind, text), failure)
}

/// What a refused sign-in ends in. The server's words are left out: they may repeat what it was told.
pub(super) fn sign_in(failure: &Failure<'_>) -> Error {
    let (kind, text) = match (failure.code, failure.reason) {
        (ErrorCode::AuthFailed, _) => (
            ErrorKind::Auth,
            "the server does not accept account and password",
        ),
        (ErrorCode::RegisterFailed, Some(Reason::NameTaken)) => {
            (ErrorKind::Conflict, "somebody else has this account name")
        }
        (ErrorCode::RegisterFailed, Some(Reason::BadName)) => (
            ErrorKind::Invalid,
            "an account name is 1 to 32 of letters, digits, `_`, `-` and `.`",
        ),
        (ErrorCode::RegisterFailed, Some(Reason::BadPassword)) => (
            ErrorKind::Invalid,
            "the server takes no password so short, or so long",
        ),
        (ErrorCode::RegisterFailed, _) => {
            (ErrorKind::Forbidden, "the server makes no new accounts now")
        }
        (ErrorCode::Rate, _) => (
            ErrorKind::RateLimited,
            "too many sign in at once; the server wants it later",
        ),
        (ErrorCode::Internal, _) => (ErrorKind::Rejected, "the server has failed"),
        _ => (
            ErrorKind::Protocol,
            "the server does not understand the sign-in",
        ),
    };
    with_wait(Error::new(kind, text), failure)
}

fn with_wait(error: Error, failure: &Failure<'_>) -> Error {
    match failure.retry_ms {
        Some(ms) => error.with_retry_after(Duration::from_millis(ms)),
        None => error,
    }
}

/// What the server says itself, as a part of a line.
fn words(failure: &Failure<'_>) -> String {
    let printable = |c: &char| !c.is_control();
    failure
        .message
        .chars()
        .filter(printable)
        .take(WORDS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_line() {
        let long = format!("no\nway {}", "x".repeat(1000));
        let failure = Failure::new(None, ErrorCode::Forbidden, long);
        let error = error(&failure);
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(error.message().contains("(noway xxx"), "{error}");
        assert!(error.message().len() < 300 && !error.message().contains('\n'));
    }

    #[test]
    fn a_refused_sign_in_repeats_nothing() {
        for code in ErrorCode::ALL {
            for reason in Reason::ALL.iter().copied().map(Some).chain([None]) {
                let mut failure = Failure::new(None, *code, "hunter2");
                failure.reason = reason;
                failure.retry_ms = Some(5);
                let error = sign_in(&failure);
                assert!(!error.chain().contains("hunter2"), "{error}");
                assert_eq!(error.retry_after(), Some(Duration::from_millis(5)));
            }
        }
    }
}
