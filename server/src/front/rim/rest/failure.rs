//! How failures are told: which status, which code, which words. The fact sheet's section 2 as code.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::{Answer, Fault, WireError, rest};

use super::large;

/// `code` of somebody who has to wait.
const CODE_COME_BACK: i64 = 429;

/// Why a request did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The common case: HTTP status 200, told in the envelope.
    Told(i64, Cow<'static, str>),
    /// The same, and when to try again.
    ComeBack(Duration, Cow<'static, str>),
    /// An unknown path, a wrong method, a parameter that is missing or unreadable.
    InvalidRequest,
    /// A body that is no request: an HTML page.
    Page(StatusCode),
    /// Too many answers that nobody has read yet: the common envelope, with HTTP status 503.
    Busy,
    /// The server's own.
    System,
}

impl Failure {
    /// A failure of the business itself.
    pub(super) fn told(words: impl Into<Cow<'static, str>>) -> Self {
        Self::Told(rest::CODE_FAILED, words.into())
    }

    /// Something that the caller may not do.
    pub(super) fn forbidden(words: impl Into<Cow<'static, str>>) -> Self {
        Self::Told(rest::CODE_FORBIDDEN, words.into())
    }

    /// A token that is missing, unknown or expired.
    pub(super) fn login_required(method: &Method) -> Self {
        match *method {
            Method::GET | Method::POST => Self::Told(
                rest::CODE_LOGIN_REQUIRED,
                Cow::Borrowed(rest::LOGIN_REQUIRED),
            ),
            _ => Self::InvalidRequest,
        }
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        tracing::debug!(%error, "body not understood");
        Self::Page(match error.fault() {
            Fault::Syntax => StatusCode::BAD_REQUEST,
            Fault::Data => StatusCode::UNPROCESSABLE_ENTITY,
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let words = error.message().to_owned();
        match error.kind() {
            ErrorKind::Invalid
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Full
            | ErrorKind::Auth => Self::told(words),
            ErrorKind::Forbidden | ErrorKind::Banned => Self::forbidden(words),
            ErrorKind::RateLimited => {
                Self::ComeBack(error.retry_after().unwrap_or_default(), words.into())
            }
            _ => {
                tracing::error!(error = error.chain(), "a request failed");
                Self::System
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Told(code, words) => envelope(StatusCode::OK, code, words),
            Self::ComeBack(wait, words) => come_back(StatusCode::OK, wait, &words),
            Self::Busy => {
                let words = "too many answers wait to be read";
                come_back(StatusCode::SERVICE_UNAVAILABLE, large::COME_BACK, words)
            }
            Self::InvalidRequest => envelope(
                StatusCode::NOT_FOUND,
                rest::CODE_INVALID_REQUEST,
                rest::INVALID_REQUEST.into(),
            ),
            Self::Page(status) => page(status),
            Self::System => envelope(
                StatusCode::INTERNAL_SERVER_ERROR,
                rest::CODE_FAILED,
                rest::SYSTEM_ERROR.into(),
            ),
        }
    }
}

fn envelope(status: StatusCode, code: i64, words: Cow<'static, str>) -> Response {
    let mut json = Vec::new();
    Answer::failure(code, words).encode_into(&mut json);
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

fn come_back(status: StatusCode, wait: Duration, words: &str) -> Response {
    // Up, so that whoever comes back then is not too early.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let words = format!("{words}; try again in {seconds} s");
    let mut response = envelope(status, CODE_COME_BACK, words.into());
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn page(status: StatusCode) -> Response {
    let title = format!(
        "{} {}",
        status.as_str(),
        status.canonical_reason().unwrap_or_default()
    );
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
    );
    (status, Html(page)).into_response()
}
