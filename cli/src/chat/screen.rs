//! Where a conversation is shown: a pipe, or a terminal with a line editor.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use anstyle::{Ansi256Color, AnsiColor, Color, RgbColor, Style};
use chrono::Local;
use kaiwa_protocols::{Error, ErrorKind};

use super::editor::{News, Printer};
use super::said::Said;
use super::show;
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
    pub(crate) async fn delivered(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(pipe) => pipe.message(said),
            // What was typed stands there already; but not a file, and not the id.
            Self::Terminal(terminal) if !said.files.is_empty() => {
                terminal.print(terminal.message(said)).await
            }
            Self::Terminal(terminal) => match said.id.as_deref().filter(|_| terminal.ids) {
                Some(id) => {
                    let line = format!("* {id} is yours: {}", show::shortened(&said.text));
                    terminal.print(terminal.dim(&line)).await
                }
                None => Ok(()),
            },
        }
    }

    /// A message from before that a command has asked for.
    pub(crate) async fn asked(&mut self, said: &Said) -> Result<(), Gone> {
        match self {
            Self::Pipe(pipe) => {
                exit::say(&before(said, pipe.ids));
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
                let line = terminal.dim(&before(said, terminal.ids));
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

    /// What is going on, until something else is said or nothing.
    pub(crate) async fn status(&mut self, words: &str) -> Result<(), Gone> {
        match self {
            Self::Pipe(_) => Ok(()),
            Self::Terminal(terminal) => terminal.status(words).await,
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
    /// Whether messages have their ids in front.
    ids: bool,
}

impl Pipe {
    pub(crate) fn new(ids: bool) -> Self {
        let out = io::stdout();
        Self {
            is_terminal: out.is_terminal(),
            out: BufWriter::new(out),
            ids,
        }
    }

    fn message(&mut self, said: &Said) -> Result<(), Gone> {
        let mut line = id(said, self.ids);
        if let Some(channel) = &said.channel {
            line.push_str(&format!("[{}] ", text::one_line(channel)));
        }
        line.push_str(&text::one_line(&said.name));
        line.push_str(": ");
        let text = [&said.text].into_iter().filter(|text| !text.is_empty());
        let parts: Vec<&str> = text.chain(&said.files).map(String::as_str).collect();
        let said = parts.join(" ");
        match self.is_terminal {
            true => line.push_str(&text::harmless(&said)),
            false => line.push_str(&said),
        }
        line.push('\n');
        Ok(self.out.write_all(line.as_bytes())?)
    }
}

pub(crate) struct Terminal {
    printer: Printer,
    colors: bool,
    /// Whether messages have their ids in front.
    ids: bool,
    /// What the status line says.
    status: String,
}

impl Terminal {
    pub(crate) fn new(printer: Printer, ids: bool) -> Self {
        let choice = anstream::AutoStream::choice(&io::stdout());
        Self {
            printer,
            colors: choice != anstream::ColorChoice::Never,
            ids,
            status: String::new(),
        }
    }

    async fn print(&self, line: String) -> Result<(), Gone> {
        self.show(News::Line(line)).await
    }

    /// Behind what is typed, and apart from it.
    async fn status(&mut self, words: &str) -> Result<(), Gone> {
        if self.status == words {
            return Ok(());
        }
        words.clone_into(&mut self.status);
        let words = match words {
            "" => String::new(),
            words => format!("   ({})", text::one_line(words)),
        };
        self.show(News::Status(words)).await
    }

    async fn show(&self, news: News) -> Result<(), Gone> {
        self.printer.show(news).await.map_err(|()| Gone::Closed)
    }

    fn message(&self, said: &Said) -> String {
        let style = Style::new().bold().fg_color(Some(color(said)));
        let name = self.paint(style, &text::one_line(&said.name));
        let channel = match &said.channel {
            Some(channel) => format!("[{}] ", text::one_line(channel)),
            None => String::new(),
        };
        let dimmed = Style::new().dimmed();
        let head = format!("{} {}", time(said, "%H:%M"), id(said, self.ids));
        let head = self.paint(dimmed, &head);
        let quote = match &said.quote {
            Some(quote) => self.paint(dimmed, &format!("(to {}) ", text::one_line(quote))),
            None => String::new(),
        };
        let body = text::set_off(&body(said));
        format!("{head}{channel}{name}: {quote}{body}")
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
fn before(said: &Said, ids: bool) -> String {
    let mut line = format!("{} {}", time(said, "%F %H:%M"), id(said, ids));
    if let Some(channel) = &said.channel {
        line.push_str(&format!("[{channel}] "));
    }
    line.push_str(&format!("{}: ", said.name));
    if let Some(quote) = &said.quote {
        line.push_str(&format!("(to {quote}) "));
    }
    line.push_str(&body(said));
    line
}

/// What was said, the files that lie with it in lines of their own, and what has become of it.
fn body(said: &Said) -> String {
    let text = [&said.text].into_iter().filter(|text| !text.is_empty());
    let lines: Vec<&str> = text.chain(&said.files).map(String::as_str).collect();
    let mut body = lines.join("\n");
    if !said.marks.is_empty() {
        let gap = if body.is_empty() { "" } else { " " };
        body.push_str(&format!("{gap}({})", said.marks.join(", ")));
    }
    body
}

/// The id of a message with a space behind it, where that is wanted.
fn id(said: &Said, wanted: bool) -> String {
    match said.id.as_deref().filter(|_| wanted) {
        Some(id) => format!("{} ", text::one_line(id)),
        None => String::new(),
    }
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
