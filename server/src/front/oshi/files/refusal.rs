//! Why there is no file, as its client is told.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kaiwa_core::{Error, ErrorKind};

/// A status, a line of text, and when to come back.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    words: Cow<'static, str>,
    retry: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, words: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            words: words.into(),
            retry: None,
        }
    }

    /// One that ends by itself.
    pub(super) fn for_now(
        status: StatusCode,
        words: impl Into<Cow<'static, str>>,
        retry: Duration,
    ) -> Self {
        Self {
            retry: Some(retry),
            ..Self::new(status, words)
        }
    }

    /// Whatever is not there is not there in the same way, and as on any other path.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "")
    }

    /// The disk does not do it.
    pub(super) fn disk(error: &io::Error) -> Self {
        tracing::error!(%error, "a file cannot be kept");
        if matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ) {
            let words = "the server's disk is full; tell its operator";
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, words);
        }
        Self::failed()
    }

    fn failed() -> Self {
        let words = "the server failed; try again later";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, words)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let words = error.message().to_owned();
        match error.kind() {
            ErrorKind::Banned => Self {
                retry: error.retry_after(),
                ..Self::new(StatusCode::FORBIDDEN, words)
            },
            ErrorKind::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, words),
            ErrorKind::State => {
                let words = "the server stops; try again later";
                Self::for_now(
                    StatusCode::SERVICE_UNAVAILABLE,
                    words,
                    Duration::from_secs(5),
                )
            }
            _ => {
                tracing::error!(error = error.chain(), "a file cannot be kept");
                Self::failed()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = if self.words.is_empty() {
            self.status.into_response()
        } else {
            (self.status, format!("{}\n", self.words)).into_response()
        };
        let headers = response.headers_mut();
        if let Some(retry) = self.retry {
            // Up, so that whoever comes back then is not too early.
            let seconds = retry.as_secs() + u64::from(retry.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
