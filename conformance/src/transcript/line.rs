//! The lines of a transcript.

use std::time::Duration;

use kaiwa_core::ErrorKind;

/// Characters that nobody sees in a transcript, and what stands for them in what both sides say.
const PICTURES: [(char, &str); 4] = [('⇥', "\t"), ('␌', "\u{c}"), ('␊', "\n"), ('␍', "\r")];

/// One line that says something.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) step: Step,
}

#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Transport {
        lines: bool,
    },
    Form(String),
    Connect(Option<ErrorKind>),
    Open(String),
    Server(Said),
    Client(Said),
    Event {
        cause: Option<String>,
        event: String,
    },
    User {
        name: String,
        event: String,
    },
    Time(Duration),
    Pause,
    Resume,
    Disconnect,
    Close(Option<ErrorKind>),
    Closed,
    Lost,
    Http {
        name: String,
        wanted: Wanted,
    },
    Answer {
        name: String,
        answer: Answer,
    },
}

/// The HTTP request that a client must make.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    /// The value of `Authorization` that it must carry; `None` if it must carry none.
    pub(super) authorization: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    /// Empty if it has none.
    pub(super) body: String,
}

/// What comes of an HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Response { status: u16, body: String },
    Failed(ErrorKind),
}

/// What one side says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    Text(String),
    Bytes(Vec<u8>),
    Binary(Vec<u8>),
    Ping,
    Pong,
}

pub(super) fn parse(text: &str) -> Result<Vec<Line>, String> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            let number = at + 1;
            match step(line) {
                Ok(step) => Ok(Line { number, step }),
                Err(wrong) => Err(format!("{number}: {wrong}: {line}")),
            }
        })
        .collect()
}

fn step(line: &str) -> Result<Step, String> {
    let (head, rest) = line
        .split_once(": ")
        .or_else(|| line.strip_suffix(':').map(|head| (head, "")))
        .ok_or("no `word:`")?;
    let (word, name) = head.split_once(' ').unwrap_or((head, ""));
    let named = (!name.is_empty()).then(|| name.to_owned());
    Ok(match word {
        "transport" => Step::Transport {
            lines: match rest {
                "lines" => true,
                "frames" => false,
                _ => return Err("`lines` or `frames`".to_owned()),
            },
        },
        "form" => Step::Form(rest.to_owned()),
        "connect" => Step::Connect(kind(name)?),
        "open" => Step::Open(rest.to_owned()),
        "E" => Step::Event {
            cause: named,
            event: rest.to_owned(),
        },
        "U" => Step::User {
            name: named.ok_or("`U` needs a name or an error")?,
            event: rest.to_owned(),
        },
        "T" => Step::Time(duration(rest)?),
        "pause" => Step::Pause,
        "resume" => Step::Resume,
        "disconnect" => Step::Disconnect,
        "close" => Step::Close(kind(name)?),
        "closed" => Step::Closed,
        "lost" => Step::Lost,
        "H" => http(name, rest)?,
        "A" => Step::Answer {
            name: named.ok_or("`A` needs a name")?,
            answer: answer(rest)?,
        },
        _ => match word.strip_prefix('S') {
            Some(form) => Step::Server(said(form, rest)?),
            None => match word.strip_prefix('C') {
                Some(form) => Step::Client(said(form, rest)?),
                None => return Err("unknown word".to_owned()),
            },
        },
    })
}

fn said(form: &str, rest: &str) -> Result<Said, String> {
    Ok(match form {
        "" => Said::Text(unpictured(rest)),
        "-hex" => Said::Bytes(hex(rest)?),
        "-binary" => Said::Binary(hex(rest)?),
        "-ping" => Said::Ping,
        "-pong" => Said::Pong,
        _ => return Err("unknown word".to_owned()),
    })
}

/// The text with the characters that the pictures stand for.
fn unpictured(text: &str) -> String {
    PICTURES.iter().fold(text.to_owned(), |text, (picture, c)| {
        text.replace(*picture, c)
    })
}

/// The text with pictures for characters that nobody sees.
pub(super) fn pictured(text: &str) -> String {
    PICTURES.iter().fold(text.to_owned(), |text, (picture, c)| {
        text.replace(c, &picture.to_string())
    })
}

fn http(head: &str, rest: &str) -> Result<Step, String> {
    let (name, authorization) = match head.split_once(' ') {
        Some((name, authorization)) => (name, Some(authorization.to_owned())),
        None => (head, None),
    };
    let mut parts = rest.splitn(3, ' ');
    let (Some(method), Some(url), false) = (parts.next(), parts.next(), name.is_empty()) else {
        return Err("`H` needs a name, a method and an address".to_owned());
    };
    Ok(Step::Http {
        name: name.to_owned(),
        wanted: Wanted {
            authorization,
            method: method.to_owned(),
            url: url.to_owned(),
            body: parts.next().unwrap_or_default().to_owned(),
        },
    })
}

fn answer(rest: &str) -> Result<Answer, String> {
    let (status, body) = rest.split_once(' ').unwrap_or((rest, ""));
    match status.parse() {
        Ok(status) => Ok(Answer::Response {
            status,
            body: body.to_owned(),
        }),
        Err(_) => find_kind(rest)
            .map(Answer::Failed)
            .ok_or_else(|| "neither a status nor an error kind".to_owned()),
    }
}

fn kind(name: &str) -> Result<Option<ErrorKind>, String> {
    if name.is_empty() {
        return Ok(None);
    }
    find_kind(name)
        .map(Some)
        .ok_or_else(|| "no such error kind".to_owned())
}

/// The error kind of that name.
pub(super) fn find_kind(name: &str) -> Option<ErrorKind> {
    ErrorKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.name() == name)
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok())
        .ok_or("no number")?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(60 * number)),
        _ => Err("`ms`, `s` or `m`".to_owned()),
    }
}

fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u32>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect();
    let digits = digits
        .filter(|digits| digits.len() % 2 == 0)
        .ok_or("no hex")?;
    Ok(digits
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_has_a_picture() {
        let lines = parse("S: a⇥b␌c␍␊").unwrap();
        let text = "a\tb\u{c}c\r\n".to_owned();
        assert_eq!(pictured(&text), "a⇥b␌c␍␊");
        assert_eq!(lines[0].step, Step::Server(Said::Text(text)));
    }

    #[test]
    fn lines_are_read_and_wrong_ones_named() {
        let lines =
            parse("# what\n\ntransport: lines\nU a: x: y\nT: 5m\nS-hex: 00 ff\nclose Auth:")
                .unwrap();
        let steps: Vec<Step> = lines.into_iter().map(|line| line.step).collect();
        assert_eq!(
            steps,
            [
                Step::Transport { lines: true },
                Step::User {
                    name: "a".to_owned(),
                    event: "x: y".to_owned()
                },
                Step::Time(Duration::from_secs(300)),
                Step::Server(Said::Bytes(vec![0, 255])),
                Step::Close(Some(ErrorKind::Auth)),
            ]
        );
        let lines = parse("H one Bearer t: POST http://x/y {\"a\": 1}\nA one: 200 {}\nA two: Lost");
        let steps: Vec<Step> = lines.unwrap().into_iter().map(|line| line.step).collect();
        assert_eq!(
            steps,
            [
                Step::Http {
                    name: "one".to_owned(),
                    wanted: Wanted {
                        authorization: Some("Bearer t".to_owned()),
                        method: "POST".to_owned(),
                        url: "http://x/y".to_owned(),
                        body: "{\"a\": 1}".to_owned(),
                    },
                },
                Step::Answer {
                    name: "one".to_owned(),
                    answer: Answer::Response {
                        status: 200,
                        body: "{}".to_owned(),
                    },
                },
                Step::Answer {
                    name: "two".to_owned(),
                    answer: Answer::Failed(ErrorKind::Lost),
                },
            ]
        );
        for wrong in [
            "x",
            "dance:",
            "T: 5",
            "T: s",
            "S-hex: 0",
            "H: GET http://x/",
            "H one: GET",
            "A one: fine",
            "A: 200",
            "close Nothing:",
            "U: x",
            "transport: birds",
        ] {
            assert!(parse(wrong).unwrap_err().starts_with("1: "), "{wrong}");
        }
    }
}
