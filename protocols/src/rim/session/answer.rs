//! What an answer of the REST interface means: data, or an error of the right kind.

use std::time::Duration;

use kaiwa_core::session::HttpResponse;
use kaiwa_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::rim::wire::{Answer, rest};

/// Characters of the server's own words that an error shows: one line.
const SHOWN_CHARS: usize = 200;

/// The data of an answer.
///
/// # Errors
/// Of the transport; of the server, by its code and words; `Protocol` for what is no answer of rim.
pub(super) fn data<'a, T: Deserialize<'a>>(
    result: &'a Result<HttpResponse, Error>,
) -> Result<T, Error> {
    let response = response(result)?;
    match Answer::<T>::parse(&response.body) {
        Ok(answer) if answer.ok => answer
            .data
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "the server's answer lacks its data")),
        Ok(answer) => Err(refusal(response, answer.code, answer.msg.as_deref())),
        Err(_) => Err(strange(response)),
    }
}

/// Whether it succeeded, whatever its data.
///
/// # Errors
/// As [`data`].
pub(super) fn success(result: &Result<HttpResponse, Error>) -> Result<(), Error> {
    let response = response(result)?;
    match Answer::<serde::de::IgnoredAny>::parse(&response.body) {
        Ok(answer) if answer.ok => Ok(()),
        Ok(answer) => Err(refusal(response, answer.code, answer.msg.as_deref())),
        Err(_) => Err(strange(response)),
    }
}

/// Whether the server wants a token that it does not find in the request.
pub(super) fn wants_login(result: &Result<HttpResponse, Error>) -> bool {
    let Ok(response) = result else {
        return false;
    };
    let answer = Answer::<serde::de::IgnoredAny>::parse(&response.body);
    answer.is_ok_and(|answer| !answer.ok && answer.code == rest::CODE_LOGIN_REQUIRED)
}

/// Whether the server has understood and refused.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || (20..40).contains(&error.kind().number())
}

fn response(result: &Result<HttpResponse, Error>) -> Result<&HttpResponse, Error> {
    let response = result
        .as_ref()
        .map_err(|error| Error::new(error.kind(), error.chain()))?;
    if matches!(response.status, 429 | 503) {
        let error = Error::new(ErrorKind::RateLimited, "the server asks to come back later");
        return Err(match retry_after(response) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }
    Ok(response)
}

fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let (_, value) = response
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after")?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// A failure that the server tells in its own form.
fn refusal(response: &HttpResponse, code: i64, msg: Option<&str>) -> Error {
    let msg = msg.unwrap_or_default();
    let (kind, text) = match (code, msg) {
        (rest::CODE_LOGIN_REQUIRED, _) => (ErrorKind::Auth, "the server wants a sign-in"),
        (_, rest::WRONG_PASSWORD) => (ErrorKind::Auth, "wrong password"),
        (_, rest::ACCOUNT_NOT_FOUND) => (ErrorKind::Auth, "there is no such account"),
        (_, rest::ACCOUNT_EXISTED) => (ErrorKind::Conflict, "the account name is taken"),
        (rest::CODE_FORBIDDEN, _) => (ErrorKind::Forbidden, "the server does not allow it"),
        (rest::CODE_OK | rest::CODE_NO_SUCH_TOKEN, _) => (ErrorKind::NotFound, "not found"),
        (rest::CODE_INVALID_REQUEST, _) => (ErrorKind::Rejected, "the server does not know that"),
        _ if response.status >= 500 => (ErrorKind::Rejected, "the server failed at it"),
        _ => (ErrorKind::Rejected, "the server refuses it"),
    };
    let known = matches!(
        msg,
        "" | rest::WRONG_PASSWORD
            | rest::ACCOUNT_NOT_FOUND
            | rest::ACCOUNT_EXISTED
            | rest::NOT_FOUND
            | rest::LOGIN_REQUIRED
            | rest::INVALID_REQUEST
            | rest::SYSTEM_ERROR
    );
    if known {
        return Error::new(kind, text);
    }
    Error::new(kind, format!("{text}: {}", one_line(msg)))
}

/// An answer in another form: the original's failures before a request is read are HTML pages.
fn strange(response: &HttpResponse) -> Error {
    let status = response.status;
    match status {
        400..600 => Error::new(
            ErrorKind::Rejected,
            format!("the server refuses it with HTTP status {status}"),
        ),
        _ => Error::new(
            ErrorKind::Protocol,
            format!(
                "the answer is none of a rim server (HTTP status {status}); check the login field `url`"
            ),
        ),
    }
}

fn one_line(text: &str) -> String {
    let shown = text.chars().take(SHOWN_CHARS);
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<HttpResponse, Error> {
        Ok(HttpResponse {
            status,
            headers: vec![("retry-after".to_owned(), "7".to_owned())],
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn every_answer_has_its_kind() {
        let number = answer(200, r#"{"ok":true,"code":200,"msg":null,"data":7}"#);
        assert_eq!(data::<u64>(&number).unwrap(), 7);
        success(&number).unwrap();
        for (status, body, kind) in [
            (
                200,
                r#"{"ok":true,"code":200,"msg":null,"data":null}"#,
                ErrorKind::Protocol,
            ),
            (
                200,
                r#"{"ok":true,"code":200,"msg":null,"data":"7"}"#,
                ErrorKind::Protocol,
            ),
            (
                200,
                r#"{"ok":false,"code":401,"msg":"login required","data":null}"#,
                ErrorKind::Auth,
            ),
            (
                200,
                r#"{"ok":false,"code":500,"msg":"wrong password","data":null}"#,
                ErrorKind::Auth,
            ),
            (
                200,
                r#"{"ok":false,"code":500,"msg":"account not found","data":null}"#,
                ErrorKind::Auth,
            ),
            (
                200,
                r#"{"ok":false,"code":500,"msg":"Account Existed","data":null}"#,
                ErrorKind::Conflict,
            ),
            (
                200,
                r#"{"ok":false,"code":200,"msg":"fail","data":null}"#,
                ErrorKind::NotFound,
            ),
            (
                200,
                r#"{"ok":false,"code":1001,"msg":"x","data":null}"#,
                ErrorKind::NotFound,
            ),
            (
                200,
                r#"{"ok":false,"code":403,"msg":"no","data":null}"#,
                ErrorKind::Forbidden,
            ),
            (
                200,
                r#"{"ok":false,"code":500,"msg":"two\nlines","data":null}"#,
                ErrorKind::Rejected,
            ),
            (
                404,
                r#"{"ok":false,"code":404,"msg":"invalid request","data":null}"#,
                ErrorKind::Rejected,
            ),
            (
                500,
                r#"{"ok":false,"code":500,"msg":"system error","data":null}"#,
                ErrorKind::Rejected,
            ),
            (422, "<!DOCTYPE html>", ErrorKind::Rejected),
            (200, "<!DOCTYPE html>", ErrorKind::Protocol),
            (503, "", ErrorKind::RateLimited),
        ] {
            let answer = answer(status, body);
            let error = data::<u64>(&answer).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(!error.chain().contains('\n'), "{error}");
            assert_eq!(wants_login(&answer), body.contains("401"), "{body}");
        }
        let error = data::<u64>(&answer(503, "")).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let lost = Err(Error::new(ErrorKind::Refused, "nobody listens"));
        assert_eq!(success(&lost).unwrap_err().kind(), ErrorKind::Refused);
        assert!(!wants_login(&lost));
    }
}
