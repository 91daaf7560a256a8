//! A file as the body of an HTTP request, stopped with its request.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use kaiwa_core::{Error, ErrorKind};
use tokio::time::{Instant, timeout_at};

use super::HttpProgress;
use super::address::Address;
use super::deadline::MAX_TIMEOUT;
use super::file::FileSource;

impl FileSource {
    /// The body that sends it, and the watch over it.
    pub(crate) fn into_body(self, progress: HttpProgress) -> (UploadBody, Watch) {
        let watch = Watch(Arc::new(Mutex::new(State {
            moved: Instant::now(),
            failure: None,
            stopped: false,
            reader: None,
        })));
        let total = self.total();
        if total == 0 {
            progress.report(0, 0);
        }
        let body = UploadBody {
            state: Arc::clone(&watch.0),
            total,
            sent: 0,
            progress,
            reading: (total > 0).then(|| Box::pin(self.read(0)) as _),
        };
        (body, watch)
    }
}

/// What the body and its request share.
struct State {
    /// When the network took something last.
    moved: Instant,
    failure: Option<Error>,
    /// The request has ended: so does the body.
    stopped: bool,
    reader: Option<Waker>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing in here panics half-way through a change.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The request's side of a body. Dropping it stops the body, which closes the connection if it was not through.
pub(crate) struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// Runs the request, for as long as `limit` does not pass without the network taking something.
    ///
    /// # Errors
    /// `TimedOut`, those of the file, those of the request.
    pub(crate) async fn guard<T>(
        self,
        peer: &Address,
        limit: Duration,
        run: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let limit = limit.min(MAX_TIMEOUT);
        let mut run = pin!(run);
        loop {
            let moved = self.moved();
            match timeout_at(moved + limit, run.as_mut()).await {
                Ok(Err(error)) => return Err(self.failure().unwrap_or(error)),
                Ok(done) => return done,
                Err(_) if self.moved() > moved => {}
                Err(_) => {
                    return Err(Error::new(
                        ErrorKind::TimedOut,
                        format!(
                            "{peer} took nothing of the file, or did not answer, for {limit:?}"
                        ),
                    ));
                }
            }
        }
    }

    /// When the network took something last.
    fn moved(&self) -> Instant {
        lock(&self.0).moved
    }

    /// Why the body broke off, if it did so by itself.
    fn failure(&self) -> Option<Error> {
        lock(&self.0).failure.take()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.stopped = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// `Sync`, as a body has to be.
type Reading = Pin<Box<dyn Future<Output = Result<(Bytes, FileSource), Error>> + Send + Sync>>;

/// The bytes of a file, no more and no fewer than were announced.
pub(crate) struct UploadBody {
    state: Arc<Mutex<State>>,
    total: u64,
    sent: u64,
    progress: HttpProgress,
    /// The piece that is being read; `None` after the last.
    reading: Option<Reading>,
}

impl UploadBody {
    /// The length of the file.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let (piece, upload) = match ready!(reading.as_mut().poll(cx)) {
            Ok(read) => read,
            Err(error) => {
                self.reading = None;
                return Poll::Ready(Some(Err(error)));
            }
        };
        self.sent += piece.len() as u64;
        let more = self.sent < self.total;
        self.reading = more.then(|| Box::pin(upload.read(self.sent)) as _);
        self.progress.report(self.sent, self.total);
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        {
            let mut state = lock(&this.state);
            if state.stopped {
                return Poll::Ready(Some(Err(Broken)));
            }
            // The network asks for more: it took what it had.
            state.moved = Instant::now();
            state.reader = Some(cx.waker().clone());
        }
        Poll::Ready(match ready!(this.poll_piece(cx)) {
            None => None,
            Some(Ok(piece)) => Some(Ok(Frame::data(piece))),
            Some(Err(error)) => {
                lock(&this.state).failure = Some(error);
                Some(Err(Broken))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.reading.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.total - self.sent)
    }
}

/// A body that ends early; its [`Watch`] knows why.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file is not sent any further")
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use tokio::time::sleep;

    use super::super::file::PIECE;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    async fn piece(body: &mut UploadBody) -> Option<Result<usize, Broken>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        frame.map(|piece| piece.map(|piece| piece.into_data().unwrap().len()))
    }

    async fn upload(pieces: usize) -> (tempfile::TempDir, UploadBody, Watch) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, vec![0; pieces * PIECE]).unwrap();
        let upload = FileSource::open(&path, u64::MAX).await.unwrap();
        let (body, watch) = upload.into_body(HttpProgress::default());
        (folder, body, watch)
    }

    fn peer() -> Address {
        Address::new("example.org", 1).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_standstill_is_too_long() {
        let (_folder, mut body, watch) = upload(20).await;
        let start = Instant::now();
        let slow = async {
            while let Some(piece) = piece(&mut body).await {
                assert_eq!(piece.unwrap(), PIECE);
                sleep(LIMIT - Duration::from_secs(1)).await;
            }
            Ok(start.elapsed())
        };
        let taken = watch.guard(&peer(), LIMIT, slow).await.unwrap();
        assert!(taken > LIMIT * 10, "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_is_counted_from_the_last_piece() {
        let (_folder, mut body, watch) = upload(3).await;
        let start = Instant::now();
        let stuck = async {
            for _ in 0..2 {
                sleep(LIMIT / 2).await;
                piece(&mut body).await.unwrap().unwrap();
            }
            pending::<Result<(), Error>>().await
        };
        let error = watch.guard(&peer(), LIMIT, stuck).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), LIMIT * 2);
    }

    #[tokio::test]
    async fn the_body_ends_with_its_request() {
        let (_folder, mut body, watch) = upload(3).await;
        piece(&mut body).await.unwrap().unwrap();
        drop(watch);
        assert!(piece(&mut body).await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_body_that_waits_is_woken_by_the_end_of_its_request() {
        let (_folder, body, watch) = upload(1).await;
        let mut body = UploadBody {
            reading: Some(Box::pin(pending())),
            ..body
        };
        let (ended, ()) = tokio::join!(piece(&mut body), async { drop(watch) });
        assert!(ended.unwrap().is_err());
    }
}
