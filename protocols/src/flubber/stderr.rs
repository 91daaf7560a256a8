//! What a child says beside its protocol: lines for the log.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;

/// The longest line that is told, in bytes; the rest of it is left out.
const MAX_LINE_BYTES: usize = 4096;

/// Bytes read at once.
const READ_BYTES: usize = 2048;

/// Reads before others get their turn: a child that floods its log must not hold up what it says.
const READS_AT_ONCE: usize = 8;

/// The lines of a child's standard error.
pub(super) struct Lines {
    pipe: Receiver,
    line: Vec<u8>,
    is_cut: bool,
}

impl Lines {
    pub(super) fn new(pipe: Receiver) -> Self {
        Self {
            pipe,
            line: Vec::new(),
            is_cut: false,
        }
    }

    /// Tells what has come; ready at the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..READS_AT_ONCE {
            let mut space = [MaybeUninit::uninit(); READ_BYTES];
            let mut buffer = ReadBuf::uninit(&mut space);
            let read = ready!(Pin::new(&mut self.pipe).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                self.tell();
                return Poll::Ready(());
            }
            for byte in buffer.filled() {
                match byte {
                    b'\n' => self.tell(),
                    _ if self.line.len() < MAX_LINE_BYTES => self.line.push(*byte),
                    _ => self.is_cut = true,
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn tell(&mut self) {
        let line = std::mem::take(&mut self.line);
        let is_cut = std::mem::take(&mut self.is_cut);
        if !line.is_empty() {
            let text = String::from_utf8_lossy(&line);
            tracing::info!(target: "kaiwa::backend", is_cut, "{}", text.trim_end());
        }
    }
}
