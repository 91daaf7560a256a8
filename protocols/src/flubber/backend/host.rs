//! The host, as a backend sees it: what it says, what it is told, and whether it is still there.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::flubber::wire::{
    AnswerBody, Fault, FromBackend, InitInfo, Reader, Request, Update, WireError, sequence_number,
};
use crate::{Error, ErrorKind};

/// Bytes that may wait for the host before events are left to wait in the connection.
const ROOM_BYTES: usize = 256 * 1024;

/// Bytes that may wait for the host before its requests are no longer read: each gets an answer, which waits here too.
const CROWDED_BYTES: usize = 1024 * 1024;

/// A host that reads nothing for so long, while it asks more than it takes answers, is given up; as long as a connection's
/// subscribers are waited for.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// How long the last words may take: hosts end a backend by force 5 s after they have closed its input, and signing out takes of
/// that too.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// Bytes read at once: what a pipe holds.
const CHUNK_BYTES: usize = 64 * 1024;

/// What happens next.
#[derive(Debug)]
pub(super) enum Turn<E> {
    /// The host wants something.
    Asked(Asked),
    /// What the caller waits for is ready.
    Ready(E),
    /// The host wants no more.
    Leave,
}

/// A request and how many bytes it had.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) bytes: usize,
}

/// The other end of the pipes.
pub(super) struct Host<'s, R, W> {
    input: Option<Input<R>>,
    output: Output<W>,
    stop: Option<Pin<Box<dyn Future<Output = ()> + Send + 's>>>,
}

impl<'s, R, W> Host<'s, R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    pub(super) fn new(
        input: R,
        output: W,
        stop: Pin<Box<dyn Future<Output = ()> + Send + 's>>,
    ) -> Self {
        Self {
            input: Some(Input {
                from: input,
                reader: Reader::default(),
                chunk: Vec::new(),
                at: 0,
            }),
            output: Output {
                to: output,
                waiting: Vec::new(),
                at: 0,
                is_held: true,
                flushed: true,
                closed: false,
            },
            stop: Some(stop),
        }
    }

    /// Says the init info; what was said before waits for that.
    pub(super) fn greet(&mut self, info: &InitInfo) {
        if std::mem::take(&mut self.output.is_held) {
            let behind = std::mem::take(&mut self.output.waiting);
            info.encode(&mut self.output.waiting);
            self.output.waiting.extend(behind);
        }
    }

    /// Whether the init info is still to be said.
    pub(super) fn is_to_greet(&self) -> bool {
        self.output.is_held
    }

    pub(super) fn update(&mut self, update: Update) {
        FromBackend::Update(update).encode(&mut self.output.waiting);
    }

    pub(super) fn answer(&mut self, sequence_number: u32, body: AnswerBody) {
        let answer = FromBackend::Answer {
            body,
            sequence_number,
        };
        answer.encode(&mut self.output.waiting);
    }

    /// Whether the host has left: every turn would say so.
    pub(super) fn is_gone(&self) -> bool {
        self.output.closed || self.input.is_none()
    }

    /// Whether nobody reads what is said.
    pub(super) fn is_deaf(&self) -> bool {
        self.output.closed
    }

    /// Writes what waits, and gives what comes first: a request, the end, or `ready`, which has to wait while the host does not read.
    /// After the end it only waits for `ready`.
    ///
    /// # Errors
    /// What the host does wrong.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing, if that of `ready` loses nothing.
    pub(super) async fn turn<E>(
        &mut self,
        ready: impl Future<Output = E>,
    ) -> Result<Turn<E>, Error> {
        tokio::pin!(ready);
        loop {
            let has_room = self.output.waiting() < ROOM_BYTES;
            let is_crowded = self.output.waiting() >= CROWDED_BYTES;
            tokio::select! {
                () = ended(self.stop.as_mut()) => {
                    self.stop = None;
                    self.input = None;
                    return Ok(Turn::Leave);
                }
                written = self.output.write(is_crowded), if self.output.is_busy() => {
                    written?;
                    if self.output.closed && self.input.take().is_some() {
                        return Ok(Turn::Leave);
                    }
                }
                said = next(self.input.as_mut()), if !is_crowded => match said? {
                    Some(Said::Asked(asked)) => return Ok(Turn::Asked(asked)),
                    Some(Said::Unclear(number)) => self.refuse(number),
                    None => {
                        self.input = None;
                        return Ok(Turn::Leave);
                    }
                },
                ready = &mut ready, if has_room => return Ok(Turn::Ready(ready)),
            }
        }
    }

    /// Writes what waits, for [`LAST_WORDS_LIMIT`] at most.
    pub(super) async fn flush(&mut self) {
        let all = async {
            while self.output.is_busy() {
                if self.output.write(false).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(LAST_WORDS_LIMIT, all).await;
    }

    /// What is JSON but no request.
    fn refuse(&mut self, number: Option<u32>) {
        match number {
            Some(number) => {
                let why =
                    "the request is not understood: its type is unknown, or its value does not fit";
                self.answer(number, super::refusal(ErrorKind::Invalid, why));
            }
            None => {
                tracing::warn!("the host sent a value without a sequence number, which is skipped");
            }
        }
    }
}

async fn ended(stop: Option<&mut Pin<Box<dyn Future<Output = ()> + Send + '_>>>) {
    match stop {
        Some(stop) => stop.await,
        None => std::future::pending().await,
    }
}

async fn next<R: AsyncRead + Unpin>(input: Option<&mut Input<R>>) -> Result<Option<Said>, Error> {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

/// What the host says.
struct Input<R> {
    from: R,
    reader: Reader,
    chunk: Vec<u8>,
    /// Up to here the chunk is read.
    at: usize,
}

enum Said {
    Asked(Asked),
    /// JSON, but no request; with its number, if it has one.
    Unclear(Option<u32>),
}

impl<R: AsyncRead + Unpin> Input<R> {
    /// The next value; `None` at the end.
    async fn next(&mut self) -> Result<Option<Said>, Error> {
        loop {
            if let Some(said) = self.cut()? {
                return Ok(Some(said));
            }
            self.chunk.clear();
            self.at = 0;
            self.chunk.reserve(CHUNK_BYTES);
            let read = self.from.read_buf(&mut self.chunk).await;
            let count = read.map_err(|error| {
                Error::new(ErrorKind::Lost, "the host cannot be read").with_source(error)
            })?;
            if count == 0 {
                return match self.reader.is_between_values() {
                    true => Ok(None),
                    false => Err(Error::new(
                        ErrorKind::Protocol,
                        "the host has ended within a value",
                    )),
                };
            }
        }
    }

    /// The next value of the chunk.
    fn cut(&mut self) -> Result<Option<Said>, Error> {
        let mut rest = self.chunk.get(self.at..).unwrap_or_default();
        let value = self.reader.next(&mut rest).map_err(no_value)?;
        let said = match value {
            Some(json) => Some(understand(json)?),
            None => None,
        };
        self.at = self.chunk.len() - rest.len();
        Ok(said)
    }
}

fn understand(json: &str) -> Result<Said, Error> {
    match Request::decode(json) {
        Ok(request) => Ok(Said::Asked(Asked {
            request,
            bytes: json.len(),
        })),
        Err(error) if error.fault() == Fault::Data => Ok(Said::Unclear(sequence_number(json))),
        Err(error) => Err(no_value(error)),
    }
}

/// Nobody can tell where the next value begins.
fn no_value(error: WireError) -> Error {
    let (kind, text) = match error.fault() {
        Fault::TooLarge | Fault::TooDeep => (
            ErrorKind::TooLarge,
            "the host sends a value that is too large",
        ),
        _ => (
            ErrorKind::Protocol,
            "the host sends something that is no JSON",
        ),
    };
    Error::new(kind, text).with_source(error)
}

/// What the host is told.
struct Output<W> {
    to: W,
    waiting: Vec<u8>,
    /// Up to here it is written.
    at: usize,
    /// It waits for the init info, which is the first.
    is_held: bool,
    flushed: bool,
    /// Nobody reads it.
    closed: bool,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    fn waiting(&self) -> usize {
        self.waiting.len() - self.at
    }

    fn is_busy(&self) -> bool {
        !self.closed && !self.is_held && (self.waiting() > 0 || !self.flushed)
    }

    /// Writes some of what waits, or flushes what is written.
    ///
    /// # Errors
    /// `TimedOut` for a host that reads nothing for too long, if it is not given all the time it wants.
    async fn write(&mut self, is_hasty: bool) -> Result<(), Error> {
        let step = self.step();
        let done = if is_hasty {
            timeout(STALL_LIMIT, step).await.map_err(|_| {
                let text = "the host reads nothing, and asks on";
                Error::new(ErrorKind::TimedOut, text)
            })?
        } else {
            step.await
        };
        if let Err(error) = done {
            tracing::info!(%error, "the host no longer reads");
            self.closed = true;
            self.waiting = Vec::new();
            self.at = 0;
        }
        Ok(())
    }

    async fn step(&mut self) -> io::Result<()> {
        let rest = self.waiting.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            self.to.flush().await?;
            self.flushed = true;
            return Ok(());
        }
        let count = self.to.write(rest).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.flushed = false;
        self.at += count;
        // What is written is dropped when it is the larger part, so that each byte is moved once at most.
        if self.at * 2 >= self.waiting.len() {
            self.waiting.drain(..self.at);
            self.at = 0;
        }
        Ok(())
    }
}
