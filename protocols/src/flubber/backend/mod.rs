//! The backend role: any [`Connection`] as a backend on a pair of pipes, for hosts that speak the format of [`super::wire`].
//!
//! Two ways of serving: `plain` maps the format's eight requests and four updates onto the vocabulary; `extended` is for
//! hosts that set [`ENV`] and passes every event both ways. `host` is the other end of the pipes, `ids` what they call things.
//!
//! Start at [`Backend::serve`].

mod extended;
mod files;
mod host;
mod ids;
mod plain;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::{AnswerBody, Failure, InitInfo, PROTOCOL_VERSION};
use crate::{AuthField, Connection, Error, ErrorInfo, ErrorKind};
use host::Host;

pub use super::wire::kaiwa::ENV;

/// A connection that is offered as a backend.
pub struct Backend {
    connection: Box<dyn Connection>,
    auth: Vec<AuthField>,
    extended: bool,
}

impl Backend {
    /// Offers `connection`, which signs in with the form `auth`.
    #[must_use]
    pub fn new(connection: Box<dyn Connection>, auth: Vec<AuthField>) -> Self {
        Self {
            connection,
            auth,
            extended: false,
        }
    }

    /// Whether the host understands the extension: it has set [`ENV`] to `1`.
    #[must_use]
    pub fn extended(mut self, extended: bool) -> Self {
        self.extended = extended;
        self
    }

    /// Says the init info, signs in and serves until `input` ends, `output` is closed or `stop` is ready; then it signs out.
    ///
    /// Without the extension the init info comes when it has signed in, if that does not take long: a host that is told nothing of a
    /// connection takes it for one that stands. Nothing but values of the format is written. When `output` is not read, events wait in the connection, whose bounds
    /// hold; a host that asks on meanwhile is given up after a while.
    ///
    /// # Errors
    /// `Protocol`, `TooLarge` or `TimedOut` for what the host does wrong, and why the connection is over by itself: a host starts its
    /// backends again.
    pub async fn serve<R, W>(
        self,
        input: R,
        output: W,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), Error>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        let stop: Pin<Box<dyn Future<Output = ()> + Send + '_>> = Box::pin(stop);
        let mut host = Host::new(input, output, stop);
        let info = InitInfo {
            backend_name: format!("kaiwa {}", self.connection.protocol_spec().name),
            backend_version: own_version(),
            protocol_version: PROTOCOL_VERSION,
        };
        let served = if self.extended {
            host.greet(&info);
            extended::serve(self.connection, self.auth, &mut host).await
        } else {
            plain::serve(self.connection, self.auth, &mut host, &info).await
        };
        host.flush().await;
        served
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("extended", &self.extended)
            .finish_non_exhaustive()
    }
}

/// The version of this crate, which is three numbers.
fn own_version() -> [u32; 3] {
    let mut numbers = env!("CARGO_PKG_VERSION").split(['.', '-', '+']);
    [(); 3].map(|()| numbers.next().and_then(|one| one.parse().ok()).unwrap_or(0))
}

/// An error as an answer; its `debug_info` is the [`ErrorInfo`].
fn failure(error: ErrorInfo) -> AnswerBody {
    AnswerBody::Error(Failure {
        debug_info: serde_json::to_value(&error).unwrap_or(Value::Null),
        retry: is_passing(&error),
        message: error.message,
    })
}

fn refusal(kind: ErrorKind, message: impl Into<std::borrow::Cow<'static, str>>) -> AnswerBody {
    failure(Error::new(kind, message).info())
}

/// Whether the same request may succeed when it is made again, without being carried out twice.
fn is_passing(error: &ErrorInfo) -> bool {
    use ErrorKind as K;
    let passing = matches!(
        error.kind,
        K::Full
            | K::RateLimited
            | K::Resolve
            | K::Refused
            | K::Unreachable
            | K::Proxy
            | K::TimedOut
            | K::Lost
    );
    passing || (error.retry_after_ms.is_some() && !error.kind.is_final())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_worth_a_retry() {
        let retry = |kind| is_passing(&Error::from(kind).info());
        assert!(retry(ErrorKind::Full) && retry(ErrorKind::Lost));
        for lasting in [
            ErrorKind::Auth,
            ErrorKind::NotFound,
            ErrorKind::OutcomeUnknown,
        ] {
            assert!(!retry(lasting), "{lasting:?}");
        }
        let wait = std::time::Duration::from_secs(1);
        let asked = |kind: ErrorKind| is_passing(&Error::from(kind).with_retry_after(wait).info());
        assert!(asked(ErrorKind::Rejected) && !asked(ErrorKind::Banned));
    }

    #[test]
    fn the_version_is_the_crates() {
        let [major, minor, patch] = own_version();
        assert!(env!("CARGO_PKG_VERSION").starts_with(&format!("{major}.{minor}.{patch}")));
    }
}
