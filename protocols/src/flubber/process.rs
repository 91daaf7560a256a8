//! The pipes of a child process, as a transport.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, Target};
use kaiwa_core::{Error, ErrorKind};
use nix::sys::socket::{MsgFlags, send};
use tokio::io::{AsyncRead, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Sleep, sleep, timeout};

use super::spawn::{END_LIMIT, Handle, Program, Started, TERM_LIMIT, start};
use super::stderr::Lines;
use crate::transport::{Connector, HttpProgress, Incoming, Outgoing, Transport, read_file};

/// Bytes handed over at once. They lie on the stack, so that an idle child keeps no buffer.
const READ_BYTES: usize = 16 * 1024;

/// Bytes that may wait to be written before the transport is not ready for more.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// How long the end of a child may lie behind the end of its output, to be told with it.
const EXIT_LIMIT: Duration = Duration::from_secs(1);

/// What a child gets of this process's environment: nothing in it may be a secret.
const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

/// Starts a child process for each [`Target::Process`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Processes;

#[async_trait]
impl Connector for Processes {
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error> {
        let Target::Process {
            command,
            args,
            env,
            limits,
        } = target
        else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "only child processes are opened here",
            ));
        };
        let inherited = INHERITED.into_iter().filter_map(|name| {
            let value = std::env::var_os(name)?.into_string().ok()?;
            Some((name.to_owned(), value))
        });
        let program = Program {
            command: command.clone(),
            args: args.clone(),
            env: inherited.chain(env.iter().cloned()).collect(),
            limits: *limits,
        };
        let started = start(program)
            .await
            .map_err(|error| not_started(command, error))?;
        let pipes = Pipes::new(started).map_err(|error| {
            Error::new(ErrorKind::Internal, "the pipes of the backend").with_source(error)
        })?;
        Ok(Box::new(pipes))
    }

    /// Reads a file for the session, which cannot: it comes back as the answer. Nothing else is asked of children this way.
    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        let HttpBody::File { path, max_bytes } = &request.body else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "child processes take no HTTP requests",
            ));
        };
        let reading = read_file(path, *max_bytes, progress);
        let body = timeout(request.timeout, reading).await.map_err(|_| {
            let text = "the file's disk does not answer";
            Error::new(ErrorKind::TimedOut, text)
        })??;
        Ok(HttpResponse {
            status: 200,
            headers: Vec::new(),
            body,
        })
    }

    /// A new child does not meet the old one: leaving waits until it has ended.
    fn close_timeout(&self) -> Duration {
        END_LIMIT + TERM_LIMIT + EXIT_LIMIT
    }
}

/// A program that is not there stays away, however often it is started.
fn not_started(command: &str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::NotADirectory => ErrorKind::Invalid,
        _ => ErrorKind::Unreachable,
    };
    Error::new(kind, format!("cannot start `{command}`")).with_source(error)
}

/// The pipes of a child that runs.
struct Pipes {
    /// `None` once it was closed.
    input: Option<UnixStream>,
    unsent: Vec<u8>,
    /// How much of `unsent` is written already.
    written: usize,
    output: Receiver,
    /// `None` at its end.
    errors: Option<Lines>,
    /// The output has ended: how long to wait for the child's end.
    ended: Option<Pin<Box<Sleep>>>,
    child: Handle,
}

impl Pipes {
    fn new(started: Started) -> io::Result<Self> {
        let Started {
            input,
            output,
            errors,
            child,
        } = started;
        input.set_nonblocking(true)?;
        Ok(Self {
            input: Some(UnixStream::from_std(input)?),
            unsent: Vec::new(),
            written: 0,
            output: Receiver::from_owned_fd(output)?,
            errors: Some(Lines::new(Receiver::from_owned_fd(errors)?)),
            ended: None,
            child,
        })
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(input) = &self.input else {
            return Poll::Ready(Ok(()));
        };
        while let Some(rest) = self
            .unsent
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            // A child that is gone is an error, not a signal.
            let written = input.try_io(Interest::WRITABLE, || {
                send(input.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL).map_err(io::Error::from)
            });
            match written {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(input.poll_write_ready(cx))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.unsent = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Writes what waits. That it cannot be written is told by the end of the output, which says more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if ready!(self.poll_write_all(cx)).is_err() {
            self.unsent = Vec::new();
            self.written = 0;
            self.input = None;
            self.child.end(END_LIMIT);
        }
        Poll::Ready(())
    }

    /// Nothing comes any more: waits for the reason, and gives up a child that has closed its output and stays.
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        if let Poll::Ready(exit) = self.child.poll_exit(cx) {
            self.drain_errors(cx);
            return Poll::Ready(Err(Error::new(ErrorKind::Lost, exit)));
        }
        let limit = self
            .ended
            .get_or_insert_with(|| Box::pin(sleep(EXIT_LIMIT)));
        // One that was told to end has its own limits.
        if self.input.is_none() {
            return Poll::Pending;
        }
        ready!(limit.as_mut().poll(cx));
        take(Incoming::Closed {
            code: None,
            reason: "the backend has closed its output",
        });
        Poll::Ready(Ok(()))
    }

    /// The child has ended, and its output may be held open by children of its own: what is in the pipe is all that comes.
    /// Whether the runtime knows of it already does not matter.
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        let mut rest = [0; READ_BYTES];
        match nix::unistd::read(&self.output, &mut rest) {
            Ok(count @ 1..) => {
                take(Incoming::Bytes(rest.get(..count).unwrap_or_default()));
                Poll::Ready(Ok(()))
            }
            _ => self.poll_end(cx, take),
        }
    }

    fn drain_errors(&mut self, cx: &mut Context<'_>) {
        if let Some(errors) = &mut self.errors
            && errors.poll(cx).is_ready()
        {
            self.errors = None;
        }
    }
}

#[async_trait]
impl Transport for Pipes {
    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Incoming<'_>),
    ) -> Poll<Result<(), Error>> {
        self.drain_errors(cx);
        if self.ended.is_some() {
            return self.poll_end(cx, take);
        }
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        let read = Pin::new(&mut self.output).poll_read(cx, &mut buffer);
        if read.is_pending() {
            ready!(self.child.poll_exit(cx));
            return self.poll_rest(cx, take);
        }
        match (read, buffer.filled()) {
            (Poll::Ready(Ok(())), bytes) if !bytes.is_empty() => take(Incoming::Bytes(bytes)),
            _ => return self.poll_end(cx, take),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.unsent.len() - self.written >= MAX_UNSENT_BYTES {
            ready!(self.poll_write(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, item: Outgoing) -> Result<(), Error> {
        let Outgoing::Bytes(bytes) = item else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a byte stream takes bytes, not frames",
            ));
        };
        if self.input.is_none() {
            return Ok(());
        }
        if self.unsent.is_empty() {
            self.unsent = bytes;
        } else {
            self.unsent.extend_from_slice(&bytes);
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_write(cx).map(Ok)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _code: Option<u16>,
        _reason: &str,
    ) -> Poll<Result<(), Error>> {
        // A child that does not read is not waited for.
        self.child.end(END_LIMIT);
        ready!(self.poll_write(cx));
        if let Some(input) = self.input.take()
            && let Ok(input) = input.into_std()
        {
            // Others may have it open too.
            let _ = input.shutdown(Shutdown::Both);
        }
        Poll::Ready(Ok(()))
    }

    async fn start_tls(self: Box<Self>, _host: &str) -> Result<Box<dyn Transport>, Error> {
        Err(Error::new(
            ErrorKind::Internal,
            "the pipes of a child carry no TLS",
        ))
    }
}
