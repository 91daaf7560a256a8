//! How far an HTTP request's file is, told across tasks and not too often.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// How often progress is told at most: a bar that moves ten times a second moves smoothly.
const INTERVAL: Duration = Duration::from_millis(100);

/// Where a [`Connector`](super::Connector) tells how far the file of a request is. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct HttpProgress(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    last: Option<u64>,
    /// What nobody took yet.
    news: Option<(u64, u64)>,
    /// Nothing but the end is told before.
    quiet_until: Option<Instant>,
    reader: Option<Waker>,
}

impl HttpProgress {
    /// So many bytes of so many are handed to the network. Call it as often as you like: only what rises is told, ten times
    /// a second at most, and always `sent == total`.
    pub fn report(&self, sent: u64, total: u64) {
        let mut state = self.state();
        if state.last.is_some_and(|last| sent <= last) {
            return;
        }
        let now = Instant::now();
        let quiet = state.quiet_until.is_some_and(|until| now < until);
        if quiet && sent < total {
            return;
        }
        state.last = Some(sent);
        state.quiet_until = Some(now + INTERVAL);
        state.news = Some((sent, total));
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// What is new, as `(sent, total)`; wakes the last caller that got nothing.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<(u64, u64)> {
        let mut state = self.state();
        if let Some(news) = state.news.take() {
            return Poll::Ready(news);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn news(progress: &HttpProgress) -> Option<(u64, u64)> {
        match progress.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(news) => Some(news),
            Poll::Pending => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ten_times_a_second_rising_and_always_the_end() {
        let progress = HttpProgress::default();
        assert_eq!(news(&progress), None);
        let mut told = Vec::new();
        for sent in 0..1000 {
            progress.report(sent, 1000);
            told.extend(news(&progress));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let expected: Vec<_> = (0..10).map(|n| (n * 100, 1000)).collect();
        assert_eq!(told, expected);
        progress.report(950, 1000);
        progress.report(1000, 1000);
        progress.report(999, 1000);
        progress.report(1000, 1000);
        assert_eq!(news(&progress), Some((1000, 1000)));
        assert_eq!(news(&progress), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_file_is_told_once() {
        let progress = HttpProgress::default();
        progress.report(0, 0);
        progress.report(0, 0);
        assert_eq!(news(&progress), Some((0, 0)));
        assert_eq!(news(&progress), None);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken() {
        let progress = HttpProgress::default();
        let waiting = std::future::poll_fn(|cx| progress.poll(cx));
        let (told, ()) = tokio::join!(waiting, async { progress.report(1, 2) });
        assert_eq!(told, (1, 2));
    }
}
