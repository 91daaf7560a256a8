//! Accounts and the login forms they are made from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Profile;
use crate::error::{Error, ErrorKind};

/// One account: which network, and what its login form was filled with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// The filled login form; fields as in the [`Protocol`] of the network.
    pub auth: Vec<AuthField>,
    /// [`Protocol::name`] of the network.
    pub protocol_name: String,
    /// How the user wants to appear, where the network takes that.
    pub private_profile: Option<Profile>,
    /// Whether an application connects it when it starts.
    #[serde(default)]
    pub autoconnect: bool,
}

/// A network: its name and its login form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Protocol {
    /// The name in the registry, for example `wschat`.
    pub name: String,
    /// The login form with its default values; `None` where nothing is asked.
    pub auth: Option<Vec<AuthField>>,
}

/// One field of a login form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthField {
    /// The key, unique within its form.
    pub name: String,
    /// What to show to a person; `name` where `None`.
    pub display: Option<String>,
    /// Kind and value of the field.
    pub value: FieldValue,
    /// Whether the form is incomplete without it.
    pub required: bool,
}

/// Kind and value of a login field.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum FieldValue {
    /// Plain text.
    Text(Option<String>),
    /// A secret; never shown by `Debug`.
    Password(Option<String>),
    /// Fields that belong together.
    Group(Vec<AuthField>),
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(value) => f.debug_tuple("Text").field(value).finish(),
            Self::Password(Some(_)) => f.write_str("Password(Some(***))"),
            Self::Password(None) => f.write_str("Password(None)"),
            Self::Group(fields) => f.debug_tuple("Group").field(fields).finish(),
        }
    }
}

impl AuthField {
    /// A text field; `value` is the default shown in the form.
    #[must_use]
    pub fn text(name: &str, display: &str, value: Option<&str>, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            display: Some(display.to_owned()),
            value: FieldValue::Text(value.map(str::to_owned)),
            required,
        }
    }

    /// A secret field without a default.
    #[must_use]
    pub fn password(name: &str, display: &str, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            display: Some(display.to_owned()),
            value: FieldValue::Password(None),
            required,
        }
    }

    /// The text or secret in this field, `None` where it is empty or a group.
    #[must_use]
    pub fn value_str(&self) -> Option<&str> {
        match &self.value {
            FieldValue::Text(value) | FieldValue::Password(value) => value.as_deref(),
            FieldValue::Group(_) => None,
        }
        .filter(|value| !value.is_empty())
    }

    /// Puts `value` into a text or password field; a group stays as it is.
    pub fn set(&mut self, value: String) {
        match &mut self.value {
            FieldValue::Text(slot) | FieldValue::Password(slot) => *slot = Some(value),
            FieldValue::Group(_) => {}
        }
    }

    /// The value of the field called `name` in a form, groups searched too; empty counts as absent.
    #[must_use]
    pub fn find<'a>(form: &'a [Self], name: &str) -> Option<&'a str> {
        form.iter().find_map(|field| match &field.value {
            FieldValue::Group(inner) => Self::find(inner, name),
            FieldValue::Text(_) | FieldValue::Password(_) if field.name == name => {
                field.value_str()
            }
            FieldValue::Text(_) | FieldValue::Password(_) => None,
        })
    }

    /// What is worth keeping of a form as long as its account lives: the fields with a value, without what is shown to people.
    /// [`AuthField::find`] finds the same in it.
    #[must_use]
    pub fn filled(form: Vec<Self>) -> Vec<Self> {
        let filled = form.into_iter().filter_map(|field| {
            let value = match field.value {
                FieldValue::Group(inner) => FieldValue::Group(Self::filled(inner)),
                value => value,
            };
            let is_empty = match &value {
                FieldValue::Group(inner) => inner.is_empty(),
                FieldValue::Text(value) | FieldValue::Password(value) => {
                    value.as_ref().is_none_or(String::is_empty)
                }
            };
            let display = None;
            let kept = Self {
                value,
                display,
                ..field
            };
            (!is_empty).then_some(kept)
        });
        let mut kept: Vec<Self> = filled.collect();
        kept.shrink_to_fit();
        kept
    }

    /// Like [`AuthField::find`] for a field that must be there.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], naming the field.
    pub fn require<'a>(form: &'a [Self], name: &str) -> Result<&'a str, Error> {
        Self::find(form, name).ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("login field `{name}` is missing"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_form_has_all_values() {
        let group = |value| AuthField {
            name: "way".to_owned(),
            display: None,
            value: FieldValue::Group(vec![
                AuthField::text("proxy", "Proxy", value, false),
                AuthField::text("ca_file", "Roots", None, false),
            ]),
            required: false,
        };
        let mut token = AuthField::password("token", "Token", true);
        token.set("hunter2".to_owned());
        let form = vec![
            AuthField::text("url", "Address", Some("ws://localhost"), true),
            AuthField::text("nick", "Name", Some(""), false),
            AuthField::password("code", "Code", false),
            token,
            group(Some("socks5://localhost")),
            group(None),
        ];
        let kept = AuthField::filled(form.clone());
        for name in ["url", "nick", "code", "token", "proxy", "ca_file", "way"] {
            assert_eq!(AuthField::find(&kept, name), AuthField::find(&form, name));
        }
        let names: Vec<&str> = kept.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["url", "token", "way"]);
        assert!(kept.iter().all(|field| field.display.is_none()));
        assert_eq!(kept.capacity(), 3);
    }

    #[test]
    fn debug_hides_passwords_at_any_depth() {
        let mut secret = AuthField::password("token", "Token", true);
        secret.set("hunter2".to_owned());
        let account = Account {
            auth: vec![AuthField {
                name: "group".to_owned(),
                display: None,
                value: FieldValue::Group(vec![secret]),
                required: false,
            }],
            protocol_name: "x".to_owned(),
            private_profile: None,
            autoconnect: false,
        };
        let shown = format!("{account:?} {account:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(AuthField::find(&account.auth, "token"), Some("hunter2"));
        assert_eq!(
            AuthField::require(&account.auth, "nick")
                .unwrap_err()
                .kind(),
            ErrorKind::Invalid
        );
    }
}
