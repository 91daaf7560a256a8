//! Byte streams in memory, for sessions of bytes whose tests want paused time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use kaiwa_protocols::flubber::Processes;
use kaiwa_protocols::session::{HttpRequest, HttpResponse, Target};
use kaiwa_protocols::transport::{Connector, HttpProgress, Incoming, Outgoing, Transport};
use kaiwa_protocols::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Opens any target with a stream; `None` where nobody answers.
pub(crate) struct Pipes<F>(pub(crate) F);

#[async_trait]
impl<F: Fn() -> Option<DuplexStream> + Send + Sync> Connector for Pipes<F> {
    async fn open(&self, _: &Target) -> Result<Box<dyn Transport>, Error> {
        let stream = (self.0)().ok_or_else(|| Error::from(ErrorKind::Unreachable))?;
        let unsent = Vec::new();
        Ok(Box::new(Pipe { stream, unsent }))
    }

    /// Files are read as beside real children.
    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        Processes.http(request, progress).await
    }
}

struct Pipe {
    stream: DuplexStream,
    unsent: Vec<u8>,
}

fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Lost, "the pipe broke").with_source(error)
}

#[async_trait]
impl Transport for Pipe {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let mut space = [0; 1000];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).map_err(broken)?;
        match buffer.filled() {
            [] => take(Incoming::Closed {
                code: None,
                reason: "",
            }),
            bytes => take(Incoming::Bytes(bytes)),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush(cx)
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let Outgoing::Bytes(bytes) = item else {
            panic!("not written by a session of bytes: {item:?}");
        };
        self.unsent.extend(bytes);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.unsent.is_empty() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &self.unsent);
            let count = ready!(written).map_err(broken)?;
            self.unsent.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx).map_err(broken)
    }

    async fn start_tls(self: Box<Self>, _host: &str) -> Result<Box<dyn Transport>, Error> {
        Err(ErrorKind::Internal.into())
    }
}
