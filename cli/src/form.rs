//! Filling login forms: which fields there are, where their values come from.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _};
use std::process::{Command, Stdio};

use kaiwa_protocols::{AuthField, Error, ErrorKind, FieldValue, Protocol};
use serde::{Deserialize, Serialize};

use crate::args::Fields;

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

/// Where the values of a form come from, by field.
pub(crate) type Sources = BTreeMap<String, Source>;

/// A field of a form with its place in it.
struct Slot<'a> {
    /// `name`, or `group.name`.
    path: String,
    field: &'a AuthField,
}

/// Reads the options of a command line; values are not looked up yet.
///
/// # Errors
/// `Invalid` for a field that the form does not have, one that is filled twice, and a password in `--set`.
pub(crate) fn sources(protocol: &Protocol, args: &Fields) -> Result<Sources, Error> {
    let form = protocol.auth.as_deref().unwrap_or_default();
    let mut sources = Sources::new();
    let mut add = |option: &str, text: &str, make: fn(String) -> Source| {
        let Some((name, value)) = text.split_once('=') else {
            return Err(invalid(format!("{option} takes FIELD=…; there is no `=`")));
        };
        let slot = slot(protocol, form, name)?;
        if option == "--set" && is_password(slot.field) {
            return Err(password_in_set(&slot.path));
        }
        match sources.insert(slot.path, make(value.to_owned())) {
            None => Ok(()),
            Some(_) => Err(invalid(format!("the login field `{name}` is filled twice"))),
        }
    };
    for text in &args.set {
        add("--set", text, Source::Value)?;
    }
    for text in &args.set_env {
        add("--set-env", text, Source::Env)?;
    }
    for text in &args.set_command {
        add("--set-command", text, Source::Command)?;
    }
    Ok(sources)
}

/// Asks for required passwords that have no source, if somebody can be asked.
///
/// # Errors
/// `Storage` if the terminal fails.
pub(crate) fn ask(protocol: &Protocol, sources: &mut Sources) -> Result<(), Error> {
    if !std::io::stdin().is_terminal() {
        return Ok(());
    }
    for slot in slots(protocol.auth.as_deref().unwrap_or_default()) {
        let filled = sources.contains_key(&slot.path) || slot.field.value_str().is_some();
        if slot.field.required && is_password(slot.field) && !filled {
            let prompt = format!("{} ({}): ", label(slot.field), slot.path);
            let secret = rpassword::prompt_password(prompt).map_err(|error| {
                Error::new(ErrorKind::Storage, "the terminal cannot be read").with_source(error)
            })?;
            sources.insert(slot.path, Source::Value(secret));
        }
    }
    Ok(())
}

/// Fills the form; looks up what is elsewhere.
///
/// # Errors
/// `Invalid` for a required field without a value, one that the form does not have, and a source that gives nothing.
pub(crate) fn fill(protocol: &Protocol, sources: &Sources) -> Result<Vec<AuthField>, Error> {
    filled_with(protocol, sources, Source::get)
}

/// Whether the form would be complete; looks nothing up.
///
/// # Errors
/// `Invalid`, as `fill`.
pub(crate) fn check(protocol: &Protocol, sources: &Sources) -> Result<(), Error> {
    let known = |source: &Source, _: &str| match source {
        Source::Value(value) => Ok(value.clone()),
        Source::Env(_) | Source::Command(_) => Ok("later".to_owned()),
    };
    filled_with(protocol, sources, known).map(|_| ())
}

fn filled_with(
    protocol: &Protocol,
    sources: &Sources,
    get: impl Fn(&Source, &str) -> Result<String, Error>,
) -> Result<Vec<AuthField>, Error> {
    let empty = protocol.auth.as_deref().unwrap_or_default();
    let mut form = empty.to_vec();
    for (name, source) in sources {
        let path = slot(protocol, empty, name)?.path;
        let value = get(source, &path)?;
        if let Some(field) = field_mut(&mut form, &path) {
            field.set(value);
        }
    }
    let missing: Vec<String> = slots(&form)
        .iter()
        .filter(|slot| slot.field.required && slot.field.value_str().is_none())
        .map(how_to_fill)
        .collect();
    if missing.is_empty() {
        return Ok(form);
    }
    Err(invalid(format!(
        "{} needs more: give {}; its login fields: {}",
        protocol.name,
        missing.join(" and "),
        summary(protocol)
    )))
}

/// Puts a name into the form's field for it.
///
/// # Errors
/// `Invalid` if the form has none.
pub(crate) fn set_name(
    protocol: &Protocol,
    form: &mut [AuthField],
    name: &str,
) -> Result<(), Error> {
    match form.iter_mut().find(|field| field.name == "name") {
        Some(field) => {
            field.set(name.to_owned());
            Ok(())
        }
        None => Err(invalid(format!(
            "{} has no login field `name`; leave --name out",
            protocol.name
        ))),
    }
}

impl Source {
    fn get(&self, path: &str) -> Result<String, Error> {
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

/// A form as one line: its fields, and how each is special.
pub(crate) fn summary(protocol: &Protocol) -> String {
    let fields: Vec<String> = slots(protocol.auth.as_deref().unwrap_or_default())
        .iter()
        .map(
            |slot| match (slot.field.required, is_password(slot.field)) {
                (true, true) => format!("{} (required, password)", slot.path),
                (true, false) => format!("{} (required)", slot.path),
                (false, true) => format!("{} (password)", slot.path),
                (false, false) => slot.path.clone(),
            },
        )
        .collect();
    if fields.is_empty() {
        return "none".to_owned();
    }
    fields.join(", ")
}

/// The text of a person for a field.
pub(crate) fn label(field: &AuthField) -> &str {
    field.display.as_deref().unwrap_or(&field.name)
}

/// Every field but the groups, with its path.
pub(crate) fn fields(form: &[AuthField]) -> impl Iterator<Item = (String, &AuthField)> {
    slots(form).into_iter().map(|slot| (slot.path, slot.field))
}

pub(crate) fn is_password(field: &AuthField) -> bool {
    matches!(field.value, FieldValue::Password(_))
}

fn slots(form: &[AuthField]) -> Vec<Slot<'_>> {
    let mut slots = Vec::new();
    collect(form, "", &mut slots);
    slots
}

fn collect<'a>(form: &'a [AuthField], prefix: &str, slots: &mut Vec<Slot<'a>>) {
    for field in form {
        let path = format!("{prefix}{}", field.name);
        match &field.value {
            FieldValue::Group(inner) => collect(inner, &format!("{path}."), slots),
            _ => slots.push(Slot { path, field }),
        }
    }
}

/// The field called `name`: its path, or its last part where that is clear.
fn slot<'a>(protocol: &Protocol, form: &'a [AuthField], name: &str) -> Result<Slot<'a>, Error> {
    let mut slots = slots(form);
    let at = slots
        .iter()
        .position(|slot| slot.path == name)
        .or_else(|| slots.iter().position(|slot| slot.field.name == name));
    match at {
        Some(at) => Ok(slots.swap_remove(at)),
        None => Err(invalid(format!(
            "{} has no login field `{name}`; it has: {}",
            protocol.name,
            summary(protocol)
        ))),
    }
}

fn field_mut<'a>(form: &'a mut [AuthField], path: &str) -> Option<&'a mut AuthField> {
    let (name, rest) = match path.split_once('.') {
        Some((group, rest)) => (group, Some(rest)),
        None => (path, None),
    };
    let field = form.iter_mut().find(|field| field.name == name)?;
    match rest {
        None => Some(field),
        Some(rest) => match &mut field.value {
            FieldValue::Group(inner) => field_mut(inner, rest),
            _ => None,
        },
    }
}

fn how_to_fill(slot: &Slot<'_>) -> String {
    let path = &slot.path;
    if is_password(slot.field) {
        format!("--set-env {path}=VARIABLE or --set-command {path}=COMMAND")
    } else {
        format!("--set {path}=VALUE")
    }
}

fn password_in_set(path: &str) -> Error {
    invalid(format!(
        "`{path}` is a password, and others on this machine can read command lines: use --set-env {path}=VARIABLE, \
         --set-command {path}=COMMAND, or leave it out to be asked where it is required"
    ))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
