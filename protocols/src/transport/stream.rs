//! Byte streams over TCP and TLS.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use kaiwa_core::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::address::Address;
use super::deadline::Deadline;
use super::tls::{self, Tls};
use super::{Incoming, Outgoing, Transport};

/// Bytes handed over at once. They lie on the stack, so that an idle stream keeps no buffer.
const READ_BYTES: usize = 8 * 1024;

/// Bytes that may wait to be written before the stream is not ready for more.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// What a transport can lie on.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The bare TCP stream, where there is no TLS yet.
    fn into_plain(self) -> Option<TcpStream>;
}

impl Socket for TcpStream {
    fn into_plain(self) -> Option<TcpStream> {
        Some(self)
    }
}

/// A TLS stream. Boxed, since its state is large, and what opens a transport has room for it several times over.
pub(crate) type TlsSocket = Box<TlsStream<TcpStream>>;

impl Socket for TlsSocket {
    fn into_plain(self) -> Option<TcpStream> {
        None
    }
}

/// What is needed to turn a stream into TLS later.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    pub(crate) tls: Arc<Tls>,
    pub(crate) timeout: Duration,
    pub(crate) port: u16,
}

/// An open byte stream. Its orderly end is the end of the stream: FIN, or close_notify in TLS.
pub(crate) struct ByteStream<S> {
    socket: S,
    unsent: Vec<u8>,
    /// How much of `unsent` is written already.
    written: usize,
    upgrade: Upgrade,
}

impl<S: Socket> ByteStream<S> {
    pub(crate) fn new(socket: S, upgrade: Upgrade) -> Self {
        Self {
            socket,
            unsent: Vec::new(),
            written: 0,
            upgrade,
        }
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self
            .unsent
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            match ready!(Pin::new(&mut self.socket).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.unsent = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

#[async_trait]
impl<S: Socket> Transport for ByteStream<S> {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer)).map_err(broken)?;
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
        if self.unsent.len() - self.written < MAX_UNSENT_BYTES {
            return Poll::Ready(Ok(()));
        }
        self.poll_write_all(cx).map_err(broken)
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let Outgoing::Bytes(bytes) = item else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a byte stream takes bytes, not frames",
            ));
        };
        if self.unsent.is_empty() {
            self.unsent = bytes;
        } else {
            self.unsent.extend_from_slice(&bytes);
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_write_all(cx)).map_err(broken)?;
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx).map_err(broken)
    }

    async fn start_tls(mut self: Box<Self>, host: &str) -> Result<Box<dyn Transport>, Error> {
        let upgrade = self.upgrade.clone();
        let address = Address::new(host, upgrade.port)?;
        let deadline = Deadline::after(upgrade.timeout);
        let secure = async {
            std::future::poll_fn(|cx| self.poll_flush(cx)).await?;
            let plain = self
                .socket
                .into_plain()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "the stream speaks TLS already"))?;
            upgrade.tls.connect(&address, plain).await
        };
        let socket = deadline
            .step(&address, "answer the TLS handshake", secure)
            .await?;
        Ok(Box::new(ByteStream::new(socket, upgrade)))
    }
}

fn broken(error: io::Error) -> Error {
    let (kind, message) = match tls::cause(&error) {
        Some(_) => (ErrorKind::Tls, "the TLS connection broke"),
        None => (ErrorKind::Lost, "the connection broke"),
    };
    Error::new(kind, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tokio::task::coop::unconstrained;

    impl Socket for DuplexStream {
        fn into_plain(self) -> Option<TcpStream> {
            None
        }
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_not_written_to_without_end() {
        const PIPE: usize = 8 * 1024;
        const CHUNK: usize = 1000;
        let (near, mut peer) = duplex(PIPE);
        let upgrade = Upgrade {
            tls: Arc::new(Tls::new(None)),
            timeout: Duration::ZERO,
            port: 1,
        };
        let mut stream = ByteStream::new(near, upgrade);
        let sent = unconstrained(async {
            let mut cx = Context::from_waker(Waker::noop());
            let mut sent = Vec::new();
            while let Poll::Ready(result) = stream.poll_ready(&mut cx) {
                result.unwrap();
                let chunk = vec![u8::try_from(sent.len() / CHUNK).unwrap(); CHUNK];
                sent.extend_from_slice(&chunk);
                stream.start_send(Outgoing::Bytes(chunk)).unwrap();
            }
            sent
        })
        .await;
        assert!(sent.len() <= PIPE + 2 * MAX_UNSENT_BYTES, "{}", sent.len());
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        std::future::poll_fn(|cx| stream.poll_close(cx, None, ""))
            .await
            .unwrap();
        assert_eq!(reader.await.unwrap(), sent);
    }
}
