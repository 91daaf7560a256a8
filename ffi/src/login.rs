//! Login forms filled by C.

use kaiwa_core::{Account, AuthField, Error, ErrorKind, FieldValue};
use kaiwa_protocols::Registry;
use kaiwa_protocols::registry::Entry;

use crate::raw::invalid;

/// A network and its filled form.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) entry: &'static Entry,
    pub(crate) form: Vec<AuthField>,
}

impl Login {
    /// The form of a network with these values.
    ///
    /// # Errors
    /// `NotFound` for the network, `Invalid` as [`fill`].
    pub(crate) fn new(protocol: &str, values: &[(&str, &str)]) -> Result<Self, Error> {
        let entry = Registry::get(protocol)?;
        Ok(Self {
            entry,
            form: fill(entry, values)?,
        })
    }

    /// An account in JSON.
    ///
    /// # Errors
    /// `NotFound` for the network, `Invalid` for JSON that does not fit; it is not quoted, since there are passwords in it.
    pub(crate) fn from_json(json: &str) -> Result<Self, Error> {
        let account: Account = serde_json::from_str(json).map_err(|error| {
            invalid(format!(
                "the account does not fit at line {}, column {}; see Account in events.schema.json",
                error.line(),
                error.column()
            ))
        })?;
        Ok(Self {
            entry: Registry::get(&account.protocol_name)?,
            form: account.auth,
        })
    }
}

/// The network's form with its defaults, and these values.
///
/// # Errors
/// `Invalid` for a field that it does not have, one that is given twice, and a required one without a value.
pub(crate) fn fill(entry: &Entry, values: &[(&str, &str)]) -> Result<Vec<AuthField>, Error> {
    let mut form = (entry.protocol)().auth.unwrap_or_default();
    for (at, (name, value)) in values.iter().enumerate() {
        if values.iter().take(at).any(|(before, _)| before == name) {
            return Err(invalid(format!("login field `{name}` is given twice")));
        }
        let Some(field) = find(&mut form, name) else {
            return Err(invalid(format!(
                "{} has no login field `{}`; it has: {}",
                entry.name,
                name.escape_debug(),
                names(&form).join(", ")
            )));
        };
        field.set((*value).to_owned());
    }
    match missing(&form) {
        Some(name) => Err(Error::new(
            ErrorKind::Invalid,
            format!("login field `{name}` is missing"),
        )),
        None => Ok(form),
    }
}

/// The field of that name, groups searched too.
fn find<'a>(form: &'a mut [AuthField], name: &str) -> Option<&'a mut AuthField> {
    form.iter_mut().find_map(|field| {
        if let FieldValue::Group(_) = field.value {
            let FieldValue::Group(inner) = &mut field.value else {
                return None;
            };
            return find(inner, name);
        }
        (field.name == name).then_some(field)
    })
}

fn names(form: &[AuthField]) -> Vec<&str> {
    let inner = |field| match field {
        &AuthField {
            value: FieldValue::Group(ref inner),
            ..
        } => names(inner),
        field => vec![field.name.as_str()],
    };
    form.iter().flat_map(inner).collect()
}

fn missing(form: &[AuthField]) -> Option<&str> {
    form.iter().find_map(|field| match &field.value {
        FieldValue::Group(inner) => missing(inner),
        _ => (field.required && field.value_str().is_none()).then_some(field.name.as_str()),
    })
}
