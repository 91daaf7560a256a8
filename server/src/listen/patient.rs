//! A socket that gives up on a client which does not take its answers. Without it, whoever asks for much and reads nothing
//! would keep the answer in memory for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long an answer may take once the socket takes no more: 12 MB on a line of 2 Mbit/s.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// How much longer than usual the answer to a request may take: an extension of each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience(Arc<AtomicU64>);

impl Patience {
    /// Lets this answer take so much longer.
    pub(crate) fn extend(&self, more: Duration) {
        let ms = u64::try_from(more.as_millis()).unwrap_or(u64::MAX);
        self.0.store(ms, Ordering::Relaxed);
    }

    /// The usual time, for the next answer.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn limit(&self) -> Duration {
        ANSWER_LIMIT + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A socket while it speaks HTTP; WebSocket has limits of its own.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    socket: S,
    /// Set when the socket takes no more, until the client's next word.
    limit: Option<Pin<Box<Sleep>>>,
    patience: Patience,
}

impl<S> Patient<S> {
    pub(super) fn new(socket: S, patience: Patience) -> Self {
        Self {
            socket,
            limit: None,
            patience,
        }
    }

    pub(crate) fn into_inner(self) -> S {
        self.socket
    }

    /// Runs the time while the socket makes somebody wait.
    fn or_overdue<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        let limit = self
            .limit
            .get_or_insert_with(|| Box::pin(sleep(self.patience.limit())));
        limit.as_mut().poll(cx).map(|()| {
            let text = "the client does not take its answer";
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.socket).poll_read(cx, buf);
        if read.is_ready() {
            this.limit = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.or_overdue(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.or_overdue(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.socket).poll_flush(cx);
        this.or_overdue(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.socket).poll_shutdown(cx);
        this.or_overdue(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_given_up() {
        let (_client, server) = duplex(64);
        let mut server = Patient::new(server, Patience::default());
        let start = Instant::now();
        let error = server.write_all(&[0; 65]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), ANSWER_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn some_answers_may_take_longer() {
        let (_client, server) = duplex(64);
        let patience = Patience::default();
        let mut server = Patient::new(server, patience.clone());
        patience.extend(ANSWER_LIMIT);
        let start = Instant::now();
        server.write_all(&[0; 65]).await.unwrap_err();
        assert_eq!(start.elapsed(), 2 * ANSWER_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drop_now_and_then_does_not_help_and_another_request_does() {
        for (asks, ok) in [(false, false), (true, true)] {
            let (mut client, server) = duplex(64);
            let mut server = Patient::new(server, Patience::default());
            let serving = tokio::spawn(async move {
                for _ in 0..3 {
                    server.write_all(&[0; 64]).await?;
                    if asks {
                        server.read_u8().await?;
                    }
                }
                Ok::<_, io::Error>(())
            });
            for _ in 0..3 {
                if asks {
                    client.write_all(b"x").await.unwrap();
                }
                for _ in 0..4 {
                    sleep(ANSWER_LIMIT / 5).await;
                    let _ = client.read_exact(&mut [0; 16]).await;
                }
            }
            assert_eq!(serving.await.unwrap().is_ok(), ok, "{asks}");
        }
    }
}
