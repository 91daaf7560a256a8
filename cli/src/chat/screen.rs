//! Where a conversation is shown: a pipe, or a terminal with a line editor.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use anstyle::{Ansi256Color, AnsiColor, Color, RgbColor, Style};
use chrono::Local;
use kaiwa_protocols::{Error, ErrorKind};

use super::editor::Printer;
use super::said::Said;
use crate::exit;
use crate::text;

/// Where a conversation is shown.
pub(crate) enum Screen {
    /// Messages on the standard output, everything else on the standard error.
    Pipe(Pipe),
    /// Everything above the line that is being typed.
    Terminal(Terminal),
}

/// Nothing more can be shown.
#[derive(Debug)]
pub(crate) enum Gone {
    /// Nobody reads the output any more, and needs to be told so.
    Closed,
    /// It cannot be written, to a full disk for example.
    Failed(Error),
}

impl From<io::Error> for Gone {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        let text = "the standard output cannot be written";
        Self::Failed(Error::new(ErrorKind::Storage, text).with_source(error))
    }
}

impl Screen {
    /// A message of now that was not typed here.
    pub(crate) async fn message(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(pipe) => pipe.message(said),
            Self::Terminal(terminal) => terminal.print(terminal.message(said)).await,
        }
    }

    /// A message that was typed here is delivered.
    pub(crate) fn delivered(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(pipe) => pipe.message(said),
            // The line stands there already, as it was typed.
            Self::Terminal(_) => Ok(()),
        }
    }

    /// A message from before that a command has asked for.
    pub(crate) async fn asked(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(_) => {
                exit::say(&before(said));
                Ok(())
            }
            Self::Terminal(_) => self.earlier(said).await,
        }
    }

    /// A message from before.
    pub(crate) async fn earlier(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(_) => Ok(()),
            Self::Terminal(terminal) => {
                let line = terminal.dim(&before(said));
                terminal.print(line).await
            }
        }
    }

    /// Something that is no message.
    pub(crate) async fn notice(&mut self, line: &str) -> Result<(), Gone> {
        match self {
            Self::Pipe(_) => {
                exit::say(line);
                Ok(())
            }
            Self::Terminal(terminal) => terminal.print(terminal.dim(&format!("* {line}"))).await,
        }
    }

    /// Whether there is a person who types commands.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// Nothing more comes at once: what waits goes out.
    pub(crate) fn flush(&mut self) -> Result<(), Gone> {
        match self {
            Self::Pipe(pipe) => Ok(pipe.out.flush()?),
            Self::Terminal(_) => Ok(()),
        }
    }

    /// Shows what waits, within a limit.
    pub(crate) async fn close(mut self) {
        let _ = self.flush();
        if let Self::Terminal(terminal) = self {
            terminal.printer.close().await;
        }
    }
}

pub(crate) struct Pipe {
    out: BufWriter<Stdout>,
    /// The output is a terminal all the same: only the input is a pipe.
    is_terminal: bool,
}

impl Pipe {
    pub(crate) fn new() -> Self {
        let out = io::stdout();
        Self {
            is_terminal: out.is_terminal(),
            out: BufWriter::new(out),
        }
    }

    fn message(&mut self, said: &Said) -> Result<(), Gone> {
        let mut line = String::new();
        if let Some(channel) = &said.channel {
            line = format!("[{}] ", text::one_line(channel));
        }
        line.push_str(&text::one_line(&said.name));
        line.push_str(": ");
        if self.is_terminal {
            line.push_str(&text::harmless(&said.text));
        } else {
            line.push_str(&said.text);
        }
        line.push('\n');
        Ok(self.out.write_all(line.as_bytes())?)
    }
}

pub(crate) struct Terminal {
    printer: Printer,
    colors: bool,
}

impl Terminal {
    pub(crate) fn new(printer: Printer) -> Self {
        let choice = anstream::AutoStream::choice(&io::stdout());
        Self {
            printer,
            colors: choice != anstream::ColorChoice::Never,
        }
    }

    async fn print(&self, line: String) -> Result<(), Gone> {
        self.printer.print(line).await.map_err(|()| Gone::Closed)
    }

    fn message(&self, said: &Said) -> String {
        let style = Style::new().bold().fg_color(Some(color(said)));
        let name = self.paint(style, &text::one_line(&said.name));
        let channel = match &said.channel {
            Some(channel) => format!("[{}] ", text::one_line(channel)),
            None => String::new(),
        };
        let head = self.paint(Style::new().dimmed(), &time(said, "%H:%M"));
        let body = text::set_off(&said.text);
        format!("{head} {channel}{name}: {body}")
    }

    fn dim(&self, line: &str) -> String {
        self.paint(Style::new().dimmed(), &text::set_off(line))
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colors {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// A message from before as a line.
fn before(said: &Said) -> String {
    let mut line = time(said, "%F %H:%M");
    if let Some(channel) = &said.channel {
        line.push_str(&format!(" [{channel}]"));
    }
    line.push_str(&format!(" {}: {}", said.name, said.text));
    line
}

fn time(said: &Said, format: &str) -> String {
    said.at.with_timezone(&Local).format(format).to_string()
}

/// Their own colour, or one that is always the same for their name.
fn color(said: &Said) -> Color {
    /// Readable on black and on white.
    const PALETTE: [AnsiColor; 6] = [
        AnsiColor::Red,
        AnsiColor::Green,
        AnsiColor::Yellow,
        AnsiColor::Blue,
        AnsiColor::Magenta,
        AnsiColor::Cyan,
    ];
    if let Some([red, green, blue, _]) = said.color {
        return RgbColor(red, green, blue).into();
    }
    let sum = said.name.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    PALETTE
        .get(sum % PALETTE.len())
        .map_or(Color::Ansi256(Ansi256Color(7)), |color| Color::Ansi(*color))
}
