//! One time-out over all the steps of opening a connection.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use kaiwa_core::{Error, ErrorKind};
use tokio::time::{Instant, timeout_at};

/// The longest time-out: a day. More is a mistake, and would overflow the clock.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// When opening must be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        let limit = limit.min(MAX_TIMEOUT);
        Self {
            at: Instant::now() + limit,
            limit,
        }
    }

    /// Runs one step; the error of a late one names the peer and what it `did_not` do.
    ///
    /// # Errors
    /// `TimedOut`, and those of the step.
    // Not an `async fn`, which would have room for `step` twice; steps are nested, and a thousand accounts may be
    // connecting at once.
    pub(crate) fn step<T>(
        &self,
        peer: &(dyn fmt::Display + Sync),
        did_not: &str,
        step: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let limit = self.limit;
        timeout_at(self.at, step).map(move |in_time| {
            in_time.unwrap_or_else(|_| {
                Err(Error::new(
                    ErrorKind::TimedOut,
                    format!("{peer} did not {did_not} within {limit:?}"),
                ))
            })
        })
    }
}
