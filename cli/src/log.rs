//! `kaiwa log`: the newest messages of the lobby that a data directory keeps.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use chrono::SecondsFormat;
use kaiwa_protocols::{Error, ErrorKind};
use kaiwa_server::store::{LOBBY, StoredMessage, read_log};
use serde::Serialize;

use crate::args::Log;
use crate::exit::Code;
use crate::{dirs, output, text};

/// The name shown for those who gave none, as in chat.
const NOBODY: &str = "?";

/// A kept message as one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    seq: i64,
    time: &'a str,
    name: Option<&'a str>,
    text: Option<&'a str>,
}

/// Prints them, oldest first; whether a server runs there does not matter.
///
/// # Errors
/// `NotFound` where nothing is kept, else what [`read_log`] says.
pub(crate) fn run(args: &Log) -> Result<Code, Error> {
    let dir = match &args.data {
        Some(dir) => dir.clone(),
        None => dirs::data()?,
    };
    let messages = read_log(&dir, LOBBY, args.limit).map_err(|error| match error.kind() {
        ErrorKind::NotFound => nothing(&dir),
        _ => error,
    })?;
    let on_terminal = io::stdout().is_terminal();
    let mut result = String::new();
    for message in &messages {
        let line = if args.json {
            json(message)?
        } else {
            plain(message, on_terminal)
        };
        result.push_str(&line);
        result.push('\n');
    }
    output::print(&result)
}

fn nothing(dir: &Path) -> Error {
    let text = format!(
        "no messages are kept in {}; `kaiwa` starts a server that keeps them, and --data names another server's directory",
        dir.display()
    );
    Error::new(ErrorKind::NotFound, text)
}

fn plain(stored: &StoredMessage, on_terminal: bool) -> String {
    let name = stored.sender_name.as_deref();
    let name = name.filter(|name| !name.is_empty());
    let said = stored.text.as_deref().unwrap_or_default();
    let time = time(stored);
    let name = text::one_line(name.unwrap_or(NOBODY));
    if on_terminal {
        format!("{time} {name}: {}", text::set_off(said))
    } else {
        format!("{time} {name}: {said}")
    }
}

fn json(stored: &StoredMessage) -> Result<String, Error> {
    let line = Line {
        id: stored.position.id.0,
        seq: stored.position.seq,
        time: &time(stored),
        name: stored.sender_name.as_deref(),
        text: stored.text.as_deref(),
    };
    serde_json::to_string(&line)
        .map_err(|error| Error::new(ErrorKind::Internal, "writing JSON").with_source(error))
}

fn time(stored: &StoredMessage) -> String {
    stored.at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kaiwa_server::store::{MessageId, MessageKind, Position};

    use super::*;

    fn stored(sender: Option<&str>, text: Option<&str>) -> StoredMessage {
        StoredMessage {
            position: Position {
                id: MessageId(9),
                seq: 3,
            },
            room: LOBBY,
            change: 3,
            posted: 3,
            at: DateTime::UNIX_EPOCH,
            sender: None,
            sender_name: sender.map(str::to_owned),
            kind: MessageKind::Text,
            text: text.map(str::to_owned),
            client_id: None,
            reply: None,
            edited: None,
            deleted: false,
            files: Vec::new(),
            reactions: Vec::new(),
            extra: None,
        }
    }

    #[test]
    fn a_terminal_is_not_commanded_and_a_pipe_gets_the_text_as_it_is() {
        let evil = stored(Some("a\nb"), Some("x\x1b[2J\nann: y"));
        assert_eq!(
            plain(&evil, true),
            "1970-01-01T00:00:00.000Z a␊b: x␛[2J\n      ann: y"
        );
        assert_eq!(
            plain(&evil, false),
            "1970-01-01T00:00:00.000Z a␊b: x\x1b[2J\nann: y"
        );
    }

    #[test]
    fn what_is_missing_is_said_to_be() {
        let nobody = stored(None, None);
        assert_eq!(plain(&nobody, false), "1970-01-01T00:00:00.000Z ?: ");
        assert_eq!(
            json(&nobody).unwrap(),
            r#"{"id":9,"seq":3,"time":"1970-01-01T00:00:00.000Z","name":null,"text":null}"#
        );
    }
}
