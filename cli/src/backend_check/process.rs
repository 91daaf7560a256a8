//! The backend as a child, and its pipes.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kaiwa_protocols::flubber::backend::ENV;
use kaiwa_protocols::flubber::wire::Reader;
use kaiwa_protocols::{Error, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How much of the standard error is kept, in bytes: the end of a stack trace.
const KEPT_ERRORS: usize = 2_000;

/// A backend that runs; it is killed when dropped.
pub(super) struct Process {
    child: Child,
    /// `None` when the input is closed.
    input: Option<mpsc::UnboundedSender<Vec<u8>>>,
    written: Arc<AtomicUsize>,
    sent: usize,
    output: ChildStdout,
    reader: Reader,
    chunk: Vec<u8>,
    at: usize,
    errors: Arc<Mutex<VecDeque<u8>>>,
    reads_errors: JoinHandle<()>,
}

/// What the backend says.
#[derive(Debug)]
pub(super) enum Heard {
    /// One value.
    Json(String),
    /// Something else, as far as it goes.
    NotJson(String),
    /// The output has ended.
    End,
    /// Nothing within the time limit.
    Silence,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// `Invalid` for a command that cannot be started.
    pub(super) fn start(command: &[String], extended: bool) -> Result<Self, Error> {
        let (program, args) = command
            .split_first()
            .ok_or_else(|| Error::new(ErrorKind::Invalid, "give the command of a backend"))?;
        let mut command = Command::new(program);
        command
            .args(args)
            .env_remove(ENV)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if extended {
            command.env(ENV, "1");
        }
        let failed = |error: io::Error| {
            let text = format!("the backend `{program}` cannot be started");
            Error::new(ErrorKind::Invalid, text).with_source(error)
        };
        let mut child = command.spawn().map_err(failed)?;
        let (Some(stdin), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let (input, orders) = mpsc::unbounded_channel();
        let written = Arc::new(AtomicUsize::new(0));
        tokio::spawn(write(stdin, orders, Arc::clone(&written)));
        let errors = Arc::default();
        let reads_errors = tokio::spawn(keep(stderr, Arc::clone(&errors)));
        Ok(Self {
            child,
            input: Some(input),
            written,
            sent: 0,
            output,
            reader: Reader::default(),
            chunk: Vec::new(),
            at: 0,
            errors,
            reads_errors,
        })
    }

    /// Writes bytes as soon as they go, and does not wait for it.
    pub(super) fn write(&mut self, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.sent += bytes.len();
        if let Some(input) = &self.input {
            // A backend that has ended is told by its output.
            let _ = input.send(bytes);
        }
    }

    /// Closes the input behind what was written.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// Waits until all is written, or nothing goes for `patience`.
    pub(super) async fn until_stuck(&self, patience: Duration) {
        // Looked at so often: nobody waits much longer than needed, and nobody spins.
        let step = patience / 20;
        let (mut last, mut waited) = (0, Duration::ZERO);
        loop {
            let written = self.written.load(Ordering::Relaxed);
            if written >= self.sent || waited >= patience {
                return;
            }
            waited = if written == last {
                waited + step
            } else {
                Duration::ZERO
            };
            last = written;
            tokio::time::sleep(step).await;
        }
    }

    /// The next that it says, reading at most `at_once` bytes at a time.
    pub(super) async fn hear(&mut self, limit: Duration, at_once: usize) -> Heard {
        let hears = async {
            loop {
                if let Some(heard) = self.cut() {
                    return heard;
                }
                self.chunk.resize(at_once, 0);
                match self.output.read(&mut self.chunk).await {
                    Ok(count) if count > 0 => self.chunk.truncate(count),
                    _ => {
                        self.chunk.clear();
                        return self.end();
                    }
                }
                self.at = 0;
            }
        };
        timeout(limit, hears).await.unwrap_or(Heard::Silence)
    }

    fn end(&self) -> Heard {
        if self.reader.is_between_values() {
            Heard::End
        } else {
            Heard::NotJson("the output ends within a value".to_owned())
        }
    }

    fn cut(&mut self) -> Option<Heard> {
        let mut rest = self.chunk.get(self.at..).unwrap_or_default();
        let heard = match self.reader.next(&mut rest) {
            Ok(None) => None,
            Ok(Some(json)) => Some(match serde_json::from_str::<serde::de::IgnoredAny>(json) {
                Ok(_) => Heard::Json(json.to_owned()),
                Err(_) => Heard::NotJson(json.to_owned()),
            }),
            Err(error) => Some(Heard::NotJson(error.to_string())),
        };
        self.at = self.chunk.len() - rest.len();
        heard
    }

    /// How it ended, if it does within the limit.
    pub(super) async fn ended(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        timeout(limit, self.child.wait()).await.ok()?.ok()
    }

    /// The end of what it has said on its standard error. A child of its own may hold that open: it is not waited for long.
    pub(super) async fn errors(&mut self) -> String {
        const LIMIT: Duration = Duration::from_millis(200);
        let _ = self.child.start_kill();
        let _ = timeout(LIMIT, &mut self.reads_errors).await;
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = errors.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

async fn write(
    mut input: ChildStdin,
    mut orders: mpsc::UnboundedReceiver<Vec<u8>>,
    written: Arc<AtomicUsize>,
) {
    while let Some(bytes) = orders.recv().await {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match input.write(rest).await {
                Ok(count) if count > 0 => {
                    written.fetch_add(count, Ordering::Relaxed);
                    rest = rest.get(count..).unwrap_or_default();
                }
                _ => return,
            }
        }
    }
}

async fn keep(mut from: ChildStderr, kept: Arc<Mutex<VecDeque<u8>>>) {
    let mut chunk = [0; 1024];
    while let Ok(count) = from.read(&mut chunk).await {
        let Some(said) = chunk.get(..count).filter(|said| !said.is_empty()) else {
            return;
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(said);
        let beyond = kept.len().saturating_sub(KEPT_ERRORS);
        kept.drain(..beyond);
    }
}
