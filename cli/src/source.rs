//! Where the value of a login field comes from: itself, an environment variable, a command.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use kaiwa_protocols::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// The longest secret a command may print, in bytes: tokens are a few KiB.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Where the value of a field comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) enum Source {
    /// The value itself.
    Value(String),
    /// The environment variable that holds it.
    Env(String),
    /// The command whose first line of output it is.
    Command(String),
}

/// A source as the accounts file has it.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a text, { env = \"VARIABLE\" } or { command = \"COMMAND\" } is wanted"
)]
enum Written {
    Text(String),
    Elsewhere(BTreeMap<String, String>),
}

impl TryFrom<Written> for Source {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let elsewhere = match written {
            Written::Text(value) => return Ok(Self::Value(value)),
            Written::Elsewhere(elsewhere) => elsewhere,
        };
        let mut entries = elsewhere.into_iter();
        match (entries.next(), entries.next()) {
            (Some((kind, env)), None) if kind == "env" => Ok(Self::Env(env)),
            (Some((kind, command)), None) if kind == "command" => Ok(Self::Command(command)),
            _ => Err("a value elsewhere is { env = \"VARIABLE\" } or { command = \"COMMAND\" }"),
        }
    }
}

impl From<Source> for Written {
    fn from(source: Source) -> Self {
        let (kind, place) = match source {
            Source::Value(value) => return Self::Text(value),
            Source::Env(env) => ("env", env),
            Source::Command(command) => ("command", command),
        };
        Self::Elsewhere([(kind.to_owned(), place)].into())
    }
}

impl Source {
    /// Looks the value up; `path` is the field, for errors.
    ///
    /// # Errors
    /// `Invalid` if there is none.
    pub(crate) fn get(&self, path: &str) -> Result<String, Error> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Env(env) => match std::env::var(env) {
                Ok(value) if !value.is_empty() => Ok(value),
                Ok(_) => Err(invalid(format!(
                    "the environment variable {env} for the login field `{path}` is empty"
                ))),
                Err(std::env::VarError::NotPresent) => Err(invalid(format!(
                    "the environment variable {env} for the login field `{path}` is not set"
                ))),
                Err(std::env::VarError::NotUnicode(_)) => Err(invalid(format!(
                    "the environment variable {env} for the login field `{path}` is not UTF-8"
                ))),
            },
            Self::Command(command) => first_line(command).map_err(|error| {
                invalid(format!(
                    "the command for the login field `{path}` gives nothing"
                ))
                .with_source(error)
            }),
        }
    }
}

/// The first line that a command prints. There is no shell, and nothing on its standard input: that may be the conversation.
fn first_line(command: &str) -> Result<String, Error> {
    let words = shlex::split(command)
        .ok_or_else(|| invalid("it has a quote without its partner".to_owned()))?;
    let (program, args) = words
        .split_first()
        .ok_or_else(|| invalid("it is empty".to_owned()))?;
    let failed =
        |error: std::io::Error| invalid(format!("`{program}` cannot be run")).with_source(error);
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut line = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // Dropped at the end of the block: a command that goes on printing gets a broken pipe and ends.
        BufReader::new(stdout)
            .take(MAX_SECRET_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    // Whoever printed a whole line and was cut off by us has done its work.
    if !status.success() && !line.ends_with(b"\n") {
        return Err(invalid(format!("`{program}` ended with {status}")));
    }
    let line = String::from_utf8(line)
        .map_err(|_| invalid(format!("`{program}` printed something else than UTF-8")))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(invalid(format!(
            "`{program}` printed an empty line or none"
        )));
    }
    Ok(line.to_owned())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_never_ends_is_cut_off() {
        assert_eq!(first_line("yes kaiwa").unwrap(), "kaiwa");
    }

    #[test]
    fn a_first_line_is_enough() {
        assert_eq!(first_line("printf 'a b\\r\\nsecond'").unwrap(), "a b");
        for nothing in [
            "",
            "\"a",
            "/nonexistent/kaiwa",
            "false",
            "true",
            "printf '\\377\\n'",
        ] {
            assert!(first_line(nothing).is_err(), "{nothing}");
        }
    }
}
