//! One time-out over all the steps of opening a connection.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::time::{Instant, timeout_at};

/// The longest time-out: a day. More is a mistake, and would overflow the clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

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
    pub(crate) async fn step<T>(
        &self,
        peer: &(dyn fmt::Display + Sync),
        did_not: &str,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match timeout_at(self.at, step).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(
                ErrorKind::TimedOut,
                format!("{peer} did not {did_not} within {:?}", self.limit),
            )),
        }
    }
}
