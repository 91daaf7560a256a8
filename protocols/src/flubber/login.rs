//! The login form, filled: which program, with what, and where to go.

use std::fmt;

use kaiwa_core::session::{ProcessLimits, Target};
use kaiwa_core::{AuthField, Error, ErrorKind, Protocol};

use super::wire::kaiwa::ENV;

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// Name and login form.
pub(super) fn protocol() -> Protocol {
    Protocol {
        name: "flubber".to_owned(),
        auth: Some(vec![
            AuthField::text("command", "Program of the backend", None, true),
            AuthField::text("args", "Its arguments, quoted as in a shell", None, false),
            AuthField::password("env", "Its environment: lines NAME=value", false),
            AuthField::text("rooms", "Rooms to join, separated by commas", None, false),
            AuthField::text(
                "max_memory_mib",
                "Memory that it may take, in MiB",
                None,
                false,
            ),
            AuthField::text("max_open_files", "Files that it may have open", None, false),
            AuthField::text(
                "max_cpu_seconds",
                "Processor time that it may take, in seconds",
                None,
                false,
            ),
        ]),
    }
}

/// Which program, and where to go.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) target: Target,
    /// Names of rooms.
    pub(super) rooms: Vec<String>,
}

impl Login {
    /// Reads a form.
    pub(super) fn read(form: &[AuthField]) -> Result<Self, Error> {
        let args = AuthField::find(form, "args").unwrap_or_default();
        let args = shlex::split(args)
            .ok_or_else(|| invalid("the login field `args` has a quote that does not end"))?;
        let mut env = variables(AuthField::find(form, "env").unwrap_or_default())?;
        env.push((ENV.to_owned(), "1".to_owned()));
        let rooms = AuthField::find(form, "rooms").unwrap_or_default();
        let rooms = rooms
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let limits = ProcessLimits {
            memory_bytes: limit(form, "max_memory_mib")?.map(|mib| mib.saturating_mul(MIB)),
            open_files: limit(form, "max_open_files")?,
            cpu_seconds: limit(form, "max_cpu_seconds")?,
        };
        Ok(Self {
            target: Target::Process {
                command: AuthField::require(form, "command")?.to_owned(),
                args,
                env,
                limits,
            },
            rooms: rooms.map(str::to_owned).collect(),
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

/// Values may be secret: an error says the line's number only.
fn variables(text: &str) -> Result<Vec<(String, String)>, Error> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| match line.split_once('=') {
            Some((name, value)) if is_name(name.trim()) && !value.contains('\0') => {
                Ok((name.trim().to_owned(), value.to_owned()))
            }
            _ => Err(invalid(format!(
                "line {} of the login field `env` is not NAME=value",
                number + 1
            ))),
        })
        .collect()
}

fn is_name(name: &str) -> bool {
    let is_part = |char: char| char == '_' || char.is_ascii_alphanumeric();
    name.chars().all(is_part) && name.starts_with(|char: char| !char.is_ascii_digit())
}

fn limit(form: &[AuthField], name: &str) -> Result<Option<u64>, Error> {
    let Some(text) = AuthField::find(form, name) else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(0) | Err(_) => Err(invalid(format!(
            "the login field `{name}` must be a number from 1"
        ))),
        Ok(number) => Ok(Some(number)),
    }
}

fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Vec<AuthField> {
        let mut form = protocol().auth.unwrap();
        for (name, value) in fields {
            let field = form.iter_mut().find(|field| field.name == *name);
            field.unwrap().set((*value).to_owned());
        }
        form
    }

    #[test]
    fn a_whole_form_is_read() {
        let login = Login::read(&form(&[
            ("command", "backend"),
            ("args", "--set 'a b' c"),
            ("env", "TOKEN=a=b \n\n _X1 =\n"),
            ("rooms", "#a, #b ,,"),
            ("max_memory_mib", "3"),
            ("max_cpu_seconds", " 60 "),
        ]))
        .unwrap();
        assert_eq!(login.rooms, ["#a", "#b"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let target = Target::Process {
            command: "backend".to_owned(),
            args: ["--set", "a b", "c"].map(str::to_owned).into(),
            env: vec![
                pair("TOKEN", "a=b "),
                pair("_X1", ""),
                pair("KAIWA_BACKEND", "1"),
            ],
            limits: ProcessLimits {
                memory_bytes: Some(3 * MIB),
                open_files: None,
                cpu_seconds: Some(60),
            },
        };
        assert!(login.target == target);
    }

    #[test]
    fn what_cannot_be_used_is_said_without_secrets() {
        for (name, value) in [
            ("command", ""),
            ("args", "'"),
            ("env", "A=1\nhunter2"),
            ("env", "1A=hunter2"),
            ("max_open_files", "0"),
            ("max_cpu_seconds", "-1"),
        ] {
            let mut fields = vec![("command", "backend")];
            fields.push((name, value));
            let error = Login::read(&form(&fields)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name}: {value}");
            assert!(error.message().contains(name), "{error}");
            assert!(!error.message().contains("hunter2"), "{error}");
        }
    }
}
