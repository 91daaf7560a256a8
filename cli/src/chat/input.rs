//! The standard input as lines to send.

use std::io::{self, BufRead, BufReader};

use kaiwa_protocols::{Error, ErrorKind};
use tokio::sync::mpsc;

/// The longest line taken, in bytes: more than any network carries, and a bound for input without line ends.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Lines read ahead.
const LINES_AHEAD: usize = 64;

/// A line that somebody wants to send.
#[derive(Debug)]
pub(crate) enum Input {
    /// Its text.
    Line(String),
    /// It cannot be sent.
    Bad(Error),
}

/// Reads the standard input in a thread of its own, which ends with the process: a read cannot be called off.
pub(crate) fn lines() -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(LINES_AHEAD);
    std::thread::spawn(move || {
        // `StdinLock` is not `Send`, so it is made here.
        read(BufReader::new(io::stdin().lock()), |input| {
            sender.blocking_send(input).is_ok()
        });
    });
    receiver
}

/// Gives each line that is not empty to `take`, until that says no.
fn read(mut reader: impl BufRead, mut take: impl FnMut(Input) -> bool) {
    let mut number = 0_u64;
    loop {
        number += 1;
        let input = match read_line(&mut reader) {
            Ok(Some(Line::Whole(bytes))) => match String::from_utf8(bytes) {
                Ok(text) if text.is_empty() => continue,
                Ok(text) => Input::Line(text),
                Err(_) => Input::Bad(Error::new(
                    ErrorKind::Invalid,
                    format!("line {number} of the standard input is not UTF-8 and was not sent"),
                )),
            },
            Ok(Some(Line::TooLong)) => Input::Bad(Error::new(
                ErrorKind::TooLong,
                format!(
                    "line {number} of the standard input is longer than {MAX_LINE_BYTES} bytes and was not sent"
                ),
            )),
            Ok(None) => return,
            Err(error) => {
                let text = "the standard input cannot be read any further";
                take(Input::Bad(
                    Error::new(ErrorKind::Storage, text).with_source(error),
                ));
                return;
            }
        };
        if !take(input) {
            return;
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The next line without its end, `None` at the end of the input.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut too_long = false;
    let mut any = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            break;
        }
        any = true;
        let (part, used, ended) = match available.iter().position(|byte| *byte == b'\n') {
            Some(end) => (available.get(..end), end + 1, true),
            None => (Some(available), available.len(), false),
        };
        let part = part.unwrap_or_default();
        too_long |= line.len() + part.len() > MAX_LINE_BYTES;
        if too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        reader.consume(used);
        if ended {
            break;
        }
    }
    if too_long {
        return Ok(Some(Line::TooLong));
    }
    if line.ends_with(b"\r") {
        line.pop();
    }
    Ok(any.then_some(Line::Whole(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        // A small buffer, so that lines are cut.
        read(BufReader::with_capacity(7, bytes), |input| {
            seen.push(match input {
                Input::Line(text) => text,
                Input::Bad(error) => format!("{:?} {error}", error.kind()),
            });
            true
        });
        seen
    }

    #[test]
    fn lines_are_what_was_written() {
        assert_eq!(all(b""), [""; 0]);
        assert_eq!(all(b"\n\n\r\n"), [""; 0]);
        assert_eq!(
            all("hello\nworld of lines\r\n\n \nü\0\tlast".as_bytes()),
            ["hello", "world of lines", " ", "ü\0\tlast"]
        );
    }

    #[test]
    fn what_cannot_be_sent_is_named_and_the_rest_goes_on() {
        let mut bytes = b"one\n\xff\xfe\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', MAX_LINE_BYTES + 1));
        bytes.push(b'\n');
        bytes.extend(std::iter::repeat_n(b'y', MAX_LINE_BYTES));
        let seen = all(&bytes);
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[0], "one");
        assert!(seen[1].starts_with("Invalid line 2 "), "{}", seen[1]);
        assert!(seen[2].starts_with("TooLong line 3 "), "{}", seen[2]);
        assert_eq!(seen[3].len(), MAX_LINE_BYTES);
    }
}
