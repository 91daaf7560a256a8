//! Filling login forms.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use kaiwa_protocols::{AuthField, Error, ErrorKind, FieldValue, Protocol};

use crate::args::Fields;
use crate::source::Source;

/// Where the values of a form come from, by field.
pub(crate) type Sources = BTreeMap<String, Source>;

/// A field of a form with its place in it.
struct Slot<'a> {
    /// `name`, or `group.name`.
    path: String,
    field: &'a AuthField,
}

/// What a command line fills a form with: what it gives, and what is asked for.
///
/// # Errors
/// `Invalid` for a field that the form does not have, one that is filled twice, a password in `--set`, and a question
/// without a terminal.
pub(crate) fn sources(protocol: &Protocol, args: &Fields) -> Result<Sources, Error> {
    let mut sources = given(protocol, args)?;
    ask(protocol, &args.ask, &mut sources)?;
    Ok(sources)
}

/// The login form as a command line fills it.
///
/// # Errors
/// As `sources` and `fill`.
pub(crate) fn login(protocol: &Protocol, args: &Fields) -> Result<Vec<AuthField>, Error> {
    fill(protocol, &sources(protocol, args)?)
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

/// What the options of a command line fill; values are not looked up yet.
///
/// # Errors
/// `Invalid` for a field that the form does not have, one that is filled twice, and a password in `--set`.
fn given(protocol: &Protocol, args: &Fields) -> Result<Sources, Error> {
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

/// Asks for what is to be asked for, and for required passwords that have no source if somebody is there.
///
/// # Errors
/// `Invalid` for a field that the form does not have, or without a terminal to ask on.
fn ask(protocol: &Protocol, fields: &[String], sources: &mut Sources) -> Result<(), Error> {
    let form = protocol.auth.as_deref().unwrap_or_default();
    for name in fields {
        let slot = slot(protocol, form, name)?;
        if sources
            .insert(slot.path.clone(), Source::Value(answer(&slot)?))
            .is_some()
        {
            return Err(invalid(format!("the login field `{name}` is filled twice")));
        }
    }
    if !std::io::stdin().is_terminal() {
        return Ok(());
    }
    for slot in slots(form) {
        let filled = sources.contains_key(&slot.path) || slot.field.value_str().is_some();
        if slot.field.required && is_password(slot.field) && !filled {
            sources.insert(slot.path.clone(), Source::Value(answer(&slot)?));
        }
    }
    Ok(())
}

/// What somebody types at the terminal, unseen.
fn answer(slot: &Slot<'_>) -> Result<String, Error> {
    let path = &slot.path;
    rpassword::prompt_password(format!("{} ({path}): ", label(slot.field))).map_err(|error| {
        let text = format!(
            "there is no terminal to ask for `{path}`; use --set-env {path}=VARIABLE or --set-command {path}=COMMAND"
        );
        invalid(text).with_source(error)
    })
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
        format!("--set-env {path}=VARIABLE, --set-command {path}=COMMAND or --ask {path}")
    } else {
        format!("--set {path}=VALUE")
    }
}

fn password_in_set(path: &str) -> Error {
    invalid(format!(
        "`{path}` is a password, and others on this machine can read command lines: use --set-env {path}=VARIABLE, \
         --set-command {path}=COMMAND, or --ask {path}"
    ))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
