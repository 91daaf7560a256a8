//! The line editor of a terminal, in a thread of its own, and the way to print above the line being typed.

use std::sync::Arc;
use std::time::Duration;

use kaiwa_protocols::{Error, ErrorKind};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::commands;
use super::completion::Completion;
use super::ctrl_c::CtrlC;
use super::input::Input;
use crate::interrupt::Interrupt;
use crate::terminal::{self, Editing};

/// Lines that may wait to be printed, and to be sent.
const LINES_WAITING: usize = 256;

/// Typed lines kept for the arrow keys; in memory only.
const HISTORY_LINES: usize = 1000;

/// How long the last lines may take to be printed.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Makes the editor paint its line again and moves nothing: it ends what it prints with a line end.
const PAINT: &str = "\x1b[A\n";

type Lines = Editor<Completion, DefaultHistory>;

/// Prints above the line that is being typed, and behind it.
pub(crate) struct Printer {
    news: mpsc::Sender<News>,
    done: oneshot::Receiver<()>,
}

/// What is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A line above.
    Line(String),
    /// The status line behind.
    Status(String),
}

/// Starts the editor. The input ends with Ctrl-D or `/quit`; Ctrl-C is for `key` where that takes it, else a signal to
/// `interrupt`, and no line follows it.
///
/// # Errors
/// `Storage` if the terminal cannot be used.
pub(crate) fn start(
    prompt: String,
    completion: Completion,
    interrupt: Interrupt,
    key: Arc<CtrlC>,
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
    let status = completion.status();
    editor.set_helper(Some(completion));
    let mut external = editor.create_external_printer().map_err(unusable)?;

    let (typed, input) = mpsc::channel(LINES_WAITING);
    std::thread::spawn(move || edit(&mut editor, &prompt, &typed, &interrupt, &key));

    let (news, mut waiting) = mpsc::channel(LINES_WAITING);
    let (finished, done) = oneshot::channel();
    std::thread::spawn(move || {
        while let Some(news) = waiting.blocking_recv() {
            let text = match news {
                News::Line(line) => line + "\n",
                News::Status(text) => {
                    status.set(&text);
                    PAINT.to_owned()
                }
            };
            if external.print(text).is_err() {
                break;
            }
        }
        let _ = finished.send(());
    });
    Ok((input, Printer { news, done }))
}

fn edit(
    editor: &mut Lines,
    prompt: &str,
    typed: &mpsc::Sender<Input>,
    interrupt: &Interrupt,
    key: &CtrlC,
) {
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
            Err(ReadlineError::Interrupted) if key.press() => continue,
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
    pub(crate) fn into(news: mpsc::Sender<News>) -> Self {
        // Nobody is waited for at the end.
        let done = oneshot::channel().1;
        Self { news, done }
    }

    /// Shows something when its turn comes.
    pub(crate) async fn show(&self, news: News) -> Result<(), ()> {
        self.news.send(news).await.map_err(|_| ())
    }

    /// Waits until everything is printed, but not for a terminal that hangs.
    pub(crate) async fn close(self) {
        drop(self.news);
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
