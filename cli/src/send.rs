//! `kaiwa send`: one message, and whether it was delivered.

use std::io::Read as _;

use chrono::Utc;
use kaiwa_protocols::{ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, StatusEvent};
use tokio::time::{Instant, timeout_at};

use crate::args::Send;
use crate::arrival::Arrival;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::login::Login;

/// The longest text read from the standard input, in bytes: more than any network carries.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;

/// Sends and waits for the delivery.
///
/// # Errors
/// Why it was not delivered.
pub(crate) async fn run(args: &Send) -> Result<Code, Error> {
    let (protocol, text) = words(args)?;
    let login = Login::of(protocol, args.kept.account.as_deref(), &args.fields)?;
    let text = match text {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    if text.is_empty() {
        let text = "there is nothing to send: the text is empty";
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    let deadline = Instant::now() + args.timeout;
    let mut interrupt = Interrupt::install()?;
    let mut link = Link::start(login.entry, login.form, true)?;

    let signed_in = timeout_at(deadline, link.signed_in(&mut interrupt)).await;
    let sent = match signed_in {
        Ok(Ok(None)) => tokio::select! {
            code = interrupt.wait() => Ok(code),
            delivered = timeout_at(deadline, deliver(&mut link, args.channel.clone(), text)) => match delivered {
                Ok(delivered) => delivered.map(|()| Code::DONE),
                Err(_) => Err(too_late(ErrorKind::OutcomeUnknown, "the message is not known to be delivered", args)),
            },
        },
        Ok(Ok(Some(code))) => Ok(code),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(too_late(
            ErrorKind::TimedOut,
            "not signed in, nothing was sent",
            args,
        )),
    };
    link.hang_up().await;
    sent
}

/// The network, where no account stands for it, and the text.
fn words(args: &Send) -> Result<(Option<&str>, &str), Error> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let wrong = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    match (words.as_slice(), &args.kept.account) {
        ([text], Some(_)) => Ok((None, text)),
        ([protocol, text], None) => Ok((Some(protocol), text)),
        (_, Some(_)) => wrong("give only TEXT after --account LABEL, which says the network"),
        (_, None) => wrong("give PROTOCOL and TEXT, or --account LABEL and TEXT"),
    }
}

async fn deliver(link: &mut Link, channel: Option<String>, text: String) -> Result<(), Error> {
    let channel_id = match channel {
        Some(channel) => Some(join(link, channel).await?),
        None => None,
    };
    let new = ChatEvent::New {
        channel_id,
        message: Message::text(text, Utc::now()),
    };
    let sent = link.client.send(link.account, new.into())?;
    while let Some(event) = link.next().await? {
        let ConnectionEvent::Status { event } = event.event else {
            continue;
        };
        match event {
            StatusEvent::Done { request } if request == sent => return Ok(()),
            StatusEvent::Failed { request, error } if request == sent => return Err(error.into()),
            _ => {}
        }
    }
    Err(Error::new(
        ErrorKind::Internal,
        "the client ended by itself",
    ))
}

/// Joins a channel where the network knows joining; gives its id.
async fn join(link: &mut Link, channel: String) -> Result<Id, Error> {
    let mut arrival = Arrival::new(Some(channel.clone()));
    arrival.connected(link)?;
    while !arrival.is_there() {
        let Some(event) = link.next().await? else {
            break;
        };
        arrival.note(link, &event.event)?;
    }
    Ok(arrival.take_channel().unwrap_or_else(|| channel.into()))
}

fn standard_input() -> Result<String, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_TEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Error::new(ErrorKind::Storage, "the standard input cannot be read").with_source(error)
        })?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        let text = format!("the standard input is longer than {MAX_TEXT_BYTES} bytes");
        return Err(Error::new(ErrorKind::TooLong, text));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Error::new(ErrorKind::Invalid, "the standard input is not UTF-8"))?;
    // The line end is the shell's, not the message's.
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn too_late(kind: ErrorKind, what: &str, args: &Send) -> Error {
    let seconds = args.timeout.as_secs_f64();
    Error::new(
        kind,
        format!("{what} within {seconds} s; --timeout SECONDS waits longer"),
    )
}
