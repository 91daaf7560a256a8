//! One client's socket and its WebSocket state. tungstenite reads and answers; everything written goes through one queue of
//! whole frames, so that rendered batches and tungstenite's own frames (pong, close) never mix within a frame, and a
//! batch reaches the socket without another copy.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::listen::Socket;

/// Bytes read from the socket at once. An idle connection keeps such a buffer, so it is small.
const READ_BUFFER: usize = 4 * 1024;

/// Frames of our own (pongs) that may wait for the socket, in bytes. While there are more, nothing is read: a client that
/// asks and does not listen gets no memory for it.
const OWN_FRAMES: usize = 4 * 1024;

/// Chunks handed to the system in one call.
const CHUNKS_PER_WRITE: usize = 16;

/// A WebSocket after its handshake.
pub(super) struct Link<S = Socket> {
    context: WebSocketContext,
    socket: S,
    /// Whole frames; only the first may be partly written.
    out: VecDeque<Bytes>,
    /// Whether the first of `out` is partly written.
    partial: bool,
    /// Whether the socket may hold back some of what it took, as TLS does.
    unflushed: bool,
    /// Bytes of `out` that tungstenite put there.
    own: usize,
    heard_at: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// `early` are bytes that came together with the handshake.
    pub(super) fn new(socket: S, early: &[u8], max_message: usize, now: Instant) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        let context =
            WebSocketContext::from_partially_read(early.to_vec(), Role::Server, Some(config));
        Self {
            context,
            socket,
            out: VecDeque::new(),
            partial: false,
            unflushed: false,
            own: 0,
            heard_at: now,
        }
    }

    /// The queue of whole frames; what is appended is written by [`Self::poll_write`].
    pub(super) fn out(&mut self) -> &mut VecDeque<Bytes> {
        &mut self.out
    }

    /// Whether everything is written and on its way.
    pub(super) fn is_drained(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// When bytes came in last.
    pub(super) fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// The next message of the client. Answers pings and closes; the answers still have to be written.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, WsError>> {
        if self.own > OWN_FRAMES {
            // The socket takes no more at the moment; this task is woken when it does, and writes before it reads.
            return Poll::Pending;
        }
        match self.with_context(cx, |context, io| context.read(io)) {
            Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self, cx: &mut Context<'_>) -> Result<(), WsError> {
        self.with_context(cx, |context, io| {
            context.write(io, Message::Ping(Bytes::new()))
        })
    }

    /// Queues a close frame; nothing may be queued after it.
    pub(super) fn close(&mut self, cx: &mut Context<'_>, frame: CloseFrame) -> Result<(), WsError> {
        self.with_context(cx, |context, io| context.close(io, Some(frame)))
    }

    /// Drops all frames that are not yet partly written.
    pub(super) fn discard(&mut self) {
        self.out.truncate(usize::from(self.partial));
        self.own = 0;
    }

    /// Writes until the queue is empty and the socket holds nothing back.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); CHUNKS_PER_WRITE];
            for (slice, chunk) in slices.iter_mut().zip(&self.out) {
                *slice = IoSlice::new(chunk);
            }
            let chunks = self.out.len().min(CHUNKS_PER_WRITE);
            let slices = slices.get(..chunks).unwrap_or(&slices);
            let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
            self.unflushed = true;
        }
        self.own = 0;
        // A burst's room is not kept by an idle connection.
        self.out.shrink_to(1);
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Ends our direction.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    /// Reads and forgets until the client's end. A socket closed with unread bytes is reset, and a reset may overtake the
    /// close frame.
    pub(super) fn poll_swallow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; READ_BUFFER];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.out.front_mut() {
            if first.len() > written {
                first.advance(written);
                self.partial |= written > 0;
                return;
            }
            written -= first.len();
            self.out.pop_front();
            self.partial = false;
        }
    }

    fn with_context<R>(
        &mut self,
        cx: &mut Context<'_>,
        run: impl FnOnce(&mut WebSocketContext, &mut Io<'_, '_, S>) -> R,
    ) -> R {
        let Self {
            context,
            socket,
            out,
            own,
            heard_at,
            ..
        } = self;
        run(
            context,
            &mut Io {
                socket,
                cx,
                out,
                own,
                heard_at,
            },
        )
    }
}

/// What tungstenite sees as its stream: reads come from the socket, writes go to the queue.
struct Io<'a, 'cx, S> {
    socket: &'a mut S,
    cx: &'a mut Context<'cx>,
    out: &'a mut VecDeque<Bytes>,
    own: &'a mut usize,
    heard_at: &'a mut Instant,
}

impl<S: AsyncRead + Unpin> Read for Io<'_, '_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        match Pin::new(&mut *self.socket).poll_read(self.cx, &mut buf) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
        }
        *self.heard_at = Instant::now();
        Ok(buf.filled().len())
    }
}

impl<S> Write for Io<'_, '_, S> {
    /// With a write buffer of 0, tungstenite hands over whole frames.
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.out.push_back(Bytes::copy_from_slice(frame));
        *self.own += frame.len();
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes everything at once, and lets it out when flushed for the second time.
    #[derive(Default)]
    struct HoldsBack {
        held: Vec<u8>,
        sent: Vec<u8>,
        flushes: usize,
    }

    impl AsyncRead for HoldsBack {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for HoldsBack {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.held.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            let this = self.get_mut();
            this.flushes += 1;
            if this.flushes == 1 {
                return Poll::Pending;
            }
            this.sent.append(&mut this.held);
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_the_socket_holds_back_is_not_written() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut link = Link::new(HoldsBack::default(), &[], 1024, Instant::now());
        assert!(link.is_drained());
        link.out()
            .extend([Bytes::from_static(b"a"), Bytes::from_static(b"b")]);
        assert!(link.poll_write(&mut cx).is_pending());
        assert!(!link.is_drained(), "both are taken, none is sent");
        assert!(link.poll_write(&mut cx).is_ready());
        assert!(link.is_drained());
        assert_eq!(link.socket.sent, b"ab");
        assert!(link.poll_write(&mut cx).is_ready());
        assert_eq!(link.socket.flushes, 2, "nothing to flush");
    }
}
