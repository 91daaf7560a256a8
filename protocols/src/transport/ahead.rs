//! A socket that is read far ahead while much comes, and keeps nothing while nothing does.

use std::io;
use std::mem::{self, MaybeUninit};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read from the socket at once. They lie on the stack; what does not fit into the caller's buffer is kept until it is
/// asked for.
const READ_BYTES: usize = 16 * 1024;

/// A socket below something that keeps a buffer of its own, which may then be small.
#[derive(Debug)]
pub(crate) struct ReadAhead<S> {
    socket: S,
    /// Read and not yet handed on.
    ahead: Vec<u8>,
    /// How much of `ahead` is handed on.
    taken: usize,
    /// As long as an HTTP head is awaited: whether what was handed on ends with a line.
    head: Option<bool>,
}

impl<S> ReadAhead<S> {
    /// Hands on an HTTP head and nothing behind it, until [`ReadAhead::behind_head`].
    pub(crate) fn up_to_head(socket: S) -> Self {
        Self {
            socket,
            ahead: Vec::new(),
            taken: 0,
            head: Some(false),
        }
    }

    /// Hands on everything that comes behind the head.
    pub(crate) fn behind_head(mut self) -> Self {
        self.head = None;
        self
    }

    /// Hands on as much as fits and may be handed on, and says how much that is.
    fn hand_on(&mut self, bytes: &[u8], buffer: &mut ReadBuf<'_>) -> usize {
        let fits = bytes.get(..buffer.remaining()).unwrap_or(bytes);
        let handed = match &mut self.head {
            None => fits,
            Some(line_ended) => up_to_head(line_ended, fits),
        };
        buffer.put_slice(handed);
        handed.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            let mut space = [MaybeUninit::uninit(); READ_BYTES];
            let mut read = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut read))?;
            let handed = this.hand_on(read.filled(), buffer);
            this.ahead = read.filled().get(handed..).unwrap_or_default().to_vec();
            this.taken = 0;
        } else {
            let ahead = mem::take(&mut this.ahead);
            let rest = ahead.get(this.taken..).unwrap_or_default();
            this.taken += this.hand_on(rest, buffer);
            if this.taken < ahead.len() {
                this.ahead = ahead;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// What of these bytes belongs to an HTTP head: all up to its empty line. `line_ended` says whether a line ended right before
/// them.
fn up_to_head<'a>(line_ended: &mut bool, bytes: &'a [u8]) -> &'a [u8] {
    let is_last = |byte: &u8| match byte {
        b'\n' => mem::replace(line_ended, true),
        b'\r' => false,
        _ => {
            *line_ended = false;
            false
        }
    };
    let end = bytes
        .iter()
        .position(is_last)
        .map_or(bytes.len(), |at| at + 1);
    bytes.get(..end).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching\r\nA: b\r\n\r\n";

    /// A socket whose peer has written this in such pieces and gone.
    fn heard(pieces: &[&[u8]]) -> ReadAhead<DuplexStream> {
        // Each piece is read by itself.
        let longest = pieces.iter().map(|piece| piece.len()).max().unwrap_or(1);
        let (near, mut far) = tokio::io::duplex(longest);
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        tokio::spawn(async move {
            for piece in pieces {
                far.write_all(&piece).await.unwrap();
            }
        });
        ReadAhead::up_to_head(near)
    }

    /// All that is read, so much at a time at most, up to the end or to nothing more of a head.
    async fn head(socket: &mut ReadAhead<DuplexStream>, at_once: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !all.ends_with(b"\n\r\n") && !all.ends_with(b"\n\n") {
            let mut some = vec![0; at_once];
            let count = socket.read(&mut some).await.unwrap();
            assert_ne!(count, 0, "the end");
            all.extend_from_slice(&some[..count]);
        }
        all
    }

    #[tokio::test]
    async fn nothing_behind_a_head_comes_with_it_and_nothing_is_lost() {
        let all = [HEAD, b"\n\nmore\r\n\r\n", &[7; 3 * READ_BYTES]].concat();
        for split in 1..HEAD.len() + 3 {
            for at_once in [1, 7, 4096] {
                let (first, second) = all.split_at(split);
                let mut socket = heard(&[first, second]);
                assert_eq!(head(&mut socket, at_once).await, HEAD, "{split}");
                let mut socket = socket.behind_head();
                let mut rest = Vec::new();
                socket.read_to_end(&mut rest).await.unwrap();
                assert!(rest == all[HEAD.len()..], "{split} {at_once}");
                assert_eq!(socket.ahead.capacity(), 0);
            }
        }
    }

    #[tokio::test]
    async fn a_head_may_end_its_lines_otherwise() {
        for text in ["HTTP\nA: b\n\n", "HTTP\r\n\r\n", "HTTP\n\r\n"] {
            let mut socket = heard(&[text.as_bytes(), b"rest"]);
            assert_eq!(head(&mut socket, 4096).await, text.as_bytes());
        }
    }
}
