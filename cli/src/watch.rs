//! `kaiwa watch`: every event of an account.

use std::io::{self, IsTerminal as _, Write as _};

use kaiwa_protocols::client::{ConnectionState, Event};
use kaiwa_protocols::{ConnectionEvent, Error, ErrorKind};
use serde_json::Value;

use crate::args::Watch;
use crate::arrival::Arrival;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::login::Login;
use crate::{names, text};

/// Prints events until the connection is over or a signal comes.
///
/// # Errors
/// Why the connection is over.
pub(crate) async fn run(args: &Watch) -> Result<Code, Error> {
    let label = args.kept.account.as_deref();
    let login = Login::of(args.protocol.as_deref(), label, &args.fields)?;
    let mut interrupt = Interrupt::install()?;
    let mut link = Link::start(login.entry, login.form, !args.no_reconnect)?;
    let mut arrival = args
        .channel
        .clone()
        .map(|channel| Arrival::new(Some(channel)));
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
        if let Some(arrival) = &mut arrival
            && code.is_none()
            && let Err(error) = arrival.note(&link, &event.event)
        {
            link.hang_up().await;
            return Err(error);
        }
        if let Some(channel) = &args.channel {
            let state = link.client.state(link.account).unwrap_or_default();
            if !is_about(&event.event, channel, &state) {
                continue;
            }
        }
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

/// Whether it happens in this channel, or to the whole connection.
fn is_about(event: &ConnectionEvent, channel: &str, state: &ConnectionState) -> bool {
    if let ConnectionEvent::Status { .. } = event {
        return true;
    }
    let wanted = channel.to_lowercase();
    let is_meant = |id: &str| {
        let named = state.channels.get(id);
        let name = named.and_then(|channel| channel.channel.name.clone());
        let mut names = name.into_iter().chain(names::in_circle(state, id));
        id == channel || names.any(|name| name.to_lowercase() == wanted)
    };
    let value = serde_json::to_value(event).unwrap_or_default();
    let Some(fields) = fields(event, &value) else {
        return false;
    };
    let ids = ["/channel_id", "/channel/id", "/new_channel/id"].map(|path| fields.pointer(path));
    let mut ids = ids.into_iter().flatten().filter_map(Value::as_str);
    match (event, &state.current_channel) {
        // A message without a channel is one of the current one.
        (ConnectionEvent::Chat { .. }, Some(current)) => is_meant(ids.next().unwrap_or(current)),
        _ => ids.any(is_meant),
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
    Ok(match fields(&event.event, &value) {
        Some(fields) => format!("{kind} {fields}"),
        None => kind.to_string(),
    })
}

/// The fields in the JSON form of an event; `None` where it has none.
fn fields<'a>(event: &ConnectionEvent, value: &'a Value) -> Option<&'a Value> {
    let kind = event.kind();
    value.get(kind.group())?.get("event")?.get(kind.variant())
}
