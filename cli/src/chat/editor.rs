//! The line editor of a terminal, in a thread of its own, and the way to print above the line being typed.

use std::time::Duration;

use kaiwa_protocols::{Error, ErrorKind};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::commands;
use super::completion::Completion;
use super::input::Input;
use crate::interrupt::Interrupt;
use crate::terminal::{self, Editing};

/// Lines that may wait to be printed, and to be sent.
const LINES_WAITING: usize = 256;

/// Typed lines kept for the arrow keys; in memory only.
const HISTORY_LINES: usize = 1000;

/// How long the last lines may take to be printed.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

type Lines = Editor<Completion, DefaultHistory>;

/// Prints above the line that is being typed.
pub(crate) struct Printer {
    lines: mpsc::Sender<String>,
    done: oneshot::Receiver<()>,
}

/// Starts the editor. The input ends with Ctrl-D or `/quit`; Ctrl-C is a signal to `interrupt`, and no line follows it.
///
/// # Errors
/// `Storage` if the terminal cannot be used.
pub(crate) fn start(
    prompt: String,
    completion: Completion,
    interrupt: Interrupt,
) -> Result<(mpsc::Receiver<Input>, Printer), Error> {
    terminal::remember();
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(unusable)?
        .auto_add_history(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Lines::with_config(config).map_err(unusable)?;
    editor.set_helper(Some(completion));
    let mut external = editor.create_external_printer().map_err(unusable)?;

    let (typed, input) = mpsc::channel(LINES_WAITING);
    std::thread::spawn(move || edit(&mut editor, &prompt, &typed, &interrupt));

    let (lines, mut waiting) = mpsc::channel::<String>(LINES_WAITING);
    let (finished, done) = oneshot::channel();
    std::thread::spawn(move || {
        while let Some(line) = waiting.blocking_recv() {
            if external.print(line + "\n").is_err() {
                break;
            }
        }
        let _ = finished.send(());
    });
    Ok((input, Printer { lines, done }))
}

fn edit(editor: &mut Lines, prompt: &str, typed: &mpsc::Sender<Input>, interrupt: &Interrupt) {
    loop {
        let line = {
            let _editing = Editing::begin();
            editor.readline(prompt)
        };
        let input = match line {
            Ok(line) if line.is_empty() => continue,
            // Here, so that no further prompt appears.
            Ok(line) if commands::is_quit(&line) => return,
            Ok(line) => Input::Line(line),
            Err(ReadlineError::Eof) => return,
            // Not behind lines that wait for their turn.
            Err(ReadlineError::Interrupted) => {
                interrupt.raise();
                // The input must not seem to have ended in peace before that is seen; this thread ends with the process.
                loop {
                    std::thread::park();
                }
            }
            Err(error) => Input::Bad(unusable(error)),
        };
        let last = !matches!(input, Input::Line(_));
        if typed.blocking_send(input).is_err() || last {
            return;
        }
    }
}

impl Printer {
    /// One that prints into a channel.
    #[cfg(test)]
    pub(crate) fn into(lines: mpsc::Sender<String>) -> Self {
        // Nobody is waited for at the end.
        let done = oneshot::channel().1;
        Self { lines, done }
    }

    /// Prints a line when its turn comes.
    pub(crate) async fn print(&self, line: String) -> Result<(), ()> {
        self.lines.send(line).await.map_err(|_| ())
    }

    /// Waits until everything is printed, but not for a terminal that hangs.
    pub(crate) async fn close(self) {
        drop(self.lines);
        let _ = timeout(CLOSE_LIMIT, self.done).await;
    }
}

fn unusable(error: ReadlineError) -> Error {
    Error::new(
        ErrorKind::Storage,
        "the terminal cannot be used; in a pipe, as in `cat | kaiwa`, none is needed",
    )
    .with_source(error)
}
