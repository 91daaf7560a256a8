//! `kaiwa watch`: every event of an account.

use std::io::{self, IsTerminal as _, Write as _};

use kaiwa_protocols::client::Event;
use kaiwa_protocols::{Error, ErrorKind, Registry};

use crate::args::Watch;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::{form, text};

/// Prints events until the connection is over or a signal comes.
///
/// # Errors
/// Why the connection is over.
pub(crate) async fn run(args: &Watch) -> Result<Code, Error> {
    let entry = Registry::get(&args.protocol)?;
    let auth = form::login(&(entry.protocol)(), &args.fields)?;
    let mut interrupt = Interrupt::install()?;
    let mut link = Link::start(entry, auth, !args.no_reconnect)?;
    let mut code = None;
    loop {
        let event = tokio::select! {
            signal = interrupt.wait(), if code.is_none() => {
                code = Some(signal);
                link.leave();
                continue;
            }
            event = link.next() => event?,
        };
        let Some(event) = event else {
            return Ok(code.unwrap_or(Code::INTERNAL));
        };
        if let Err(error) = print(&event, args.json) {
            link.hang_up().await;
            return match error.kind() {
                // Whoever closed the pipe has seen enough.
                io::ErrorKind::BrokenPipe => Ok(Code::DONE),
                _ => Err(
                    Error::new(ErrorKind::Storage, "the standard output cannot be written")
                        .with_source(error),
                ),
            };
        }
    }
}

/// One line at once, so that a reader sees it when it happens.
fn print(event: &Event, json: bool) -> io::Result<()> {
    let mut line = if json {
        serde_json::to_string(&event.event)?
    } else {
        plain(event)?
    };
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        line = text::one_line(&line);
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// The event's kind and its fields.
fn plain(event: &Event) -> io::Result<String> {
    let kind = event.event.kind();
    let value = serde_json::to_value(&event.event)?;
    let fields = value
        .get(kind.group())
        .and_then(|group| group.get("event"))
        .and_then(|event| event.get(kind.variant()));
    Ok(match fields {
        Some(fields) => format!("{kind} {fields}"),
        None => kind.to_string(),
    })
}
