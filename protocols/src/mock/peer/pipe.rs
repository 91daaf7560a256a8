//! A byte stream in memory: the client's end is a [`Transport`], the other end any tokio stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use kaiwa_core::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::transport::{Incoming, Outgoing, Transport};

/// Bytes under way in each direction: what a socket's buffers hold.
const PIPE_BYTES: usize = 64 * 1024;

/// Bytes handed over at once.
const READ_BYTES: usize = 8 * 1024;

/// Bytes that may wait to be written before the pipe is not ready for more.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// The client's end. The stream has no orderly end: the mock's packets say goodbye.
pub(super) struct Pipe {
    stream: DuplexStream,
    unsent: Vec<u8>,
    written: usize,
}

/// A pipe and its other end.
pub(super) fn pipe() -> (Pipe, DuplexStream) {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let pipe = Pipe {
        stream: near,
        unsent: Vec::new(),
        written: 0,
    };
    (pipe, far)
}

fn lost(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Lost, "the connection broke").with_source(cause)
}

#[async_trait]
impl Transport for Pipe {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let mut space = [0; READ_BYTES];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).map_err(lost)?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(Error::new(
                ErrorKind::Lost,
                "the connection ended without a goodbye",
            )));
        }
        take(Incoming::Bytes(buffer.filled()));
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.unsent.len() - self.written < MAX_UNSENT_BYTES {
            return Poll::Ready(Ok(()));
        }
        self.poll_flush(cx)
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let Outgoing::Bytes(bytes) = item else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a byte stream takes no frames",
            ));
        };
        self.unsent.extend_from_slice(&bytes);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some(rest) = self
            .unsent
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, rest)).map_err(lost)?;
            self.written += count;
        }
        self.unsent.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx).map_err(lost)
    }

    async fn start_tls(self: Box<Self>, _host: &str) -> Result<Box<dyn Transport>, Error> {
        Err(Error::new(
            ErrorKind::Internal,
            "a pipe in memory speaks no TLS",
        ))
    }
}
