//! The accounts file: who one is on which network.
//!
//! TOML, for this user's eyes only. Secrets may stay elsewhere: a field is a text, `{ env = "VARIABLE" }` or
//! `{ command = "COMMAND" }`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use kaiwa_protocols::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::form::Sources;
use crate::{dirs, private};

const FILE: &str = "accounts.toml";

const HEAD: &str = "# Accounts of the command `kaiwa`. `kaiwa account add` and `remove` write this file anew, without your comments.\n";

/// The accounts of this user.
#[derive(Debug)]
pub(crate) struct Accounts {
    path: PathBuf,
    content: Content,
}

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// The name to have on one's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, rename = "account")]
    accounts: Vec<Account>,
}

/// One account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// What the user calls it.
    pub(crate) label: String,
    /// The network.
    pub(crate) protocol: String,
    /// Whether `kaiwa` alone chats with it.
    #[serde(default)]
    pub(crate) autoconnect: bool,
    /// What the login form is filled with.
    #[serde(default)]
    pub(crate) fields: Sources,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("label", &self.label)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// Reads the file; no file means no accounts.
    ///
    /// # Errors
    /// `Config` for a file that is not valid or can be read by others, `Storage` for one that cannot be read.
    pub(crate) fn load() -> Result<Self, Error> {
        Self::load_from(&dirs::config()?)
    }

    /// Changes the file; nobody else does meanwhile.
    ///
    /// # Errors
    /// As `load`; what `change` says, then nothing is changed; `Storage` if it cannot be written.
    pub(crate) fn edit<T>(change: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let dir = dirs::config()?;
        let _lock = lock(&dir).map_err(unwritable(&dir))?;
        let mut accounts = Self::load_from(&dir)?;
        let result = change(&mut accounts)?;
        accounts.save().map_err(unwritable(&accounts.path))?;
        Ok(result)
    }

    fn load_from(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let content = match fs::read_to_string(&path) {
            Ok(text) => {
                check_mode(&path)?;
                parse(&path, &text)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content::default(),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(corrupt(&path, "it is not UTF-8"));
            }
            Err(error) => {
                let text = format!("the accounts file {} cannot be read", path.display());
                return Err(Error::new(ErrorKind::Storage, text).with_source(error));
            }
        };
        Ok(Self { path, content })
    }

    fn save(&self) -> io::Result<()> {
        let text = toml::to_string(&self.content).map_err(io::Error::other)?;
        private::write(&self.path, &format!("{HEAD}{text}"))
    }

    /// The name to have on one's own server, if the file gives one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.content.name.as_deref()
    }

    /// All of them, as in the file.
    pub(crate) fn all(&self) -> &[Account] {
        &self.content.accounts
    }

    /// The one that `kaiwa` alone chats with.
    pub(crate) fn first_autoconnect(&self) -> Option<&Account> {
        self.content
            .accounts
            .iter()
            .find(|account| account.autoconnect)
    }

    /// The one with that label.
    ///
    /// # Errors
    /// `NotFound`, naming those that there are.
    pub(crate) fn get(&self, label: &str) -> Result<&Account, Error> {
        self.content
            .accounts
            .iter()
            .find(|account| account.label == label)
            .ok_or_else(|| self.no_such(label))
    }

    /// Adds an account; without a label it is called after its network.
    ///
    /// # Errors
    /// `Invalid` for a label that is taken.
    pub(crate) fn add(
        &mut self,
        label: Option<String>,
        account: Account,
    ) -> Result<&Account, Error> {
        let label = match label {
            Some(label) if label.trim().is_empty() => {
                return Err(Error::new(ErrorKind::Invalid, "a label must not be empty"));
            }
            Some(label) if self.has(&label) => {
                let text = format!(
                    "there is an account `{label}` already; choose another --name, or remove it first"
                );
                return Err(Error::new(ErrorKind::Invalid, text));
            }
            Some(label) => label,
            None => self.free_label(&account.protocol),
        };
        self.content.accounts.push(Account { label, ..account });
        self.content
            .accounts
            .last()
            .ok_or_else(|| ErrorKind::Internal.into())
    }

    /// Removes an account.
    ///
    /// # Errors
    /// `NotFound`, naming those that there are.
    pub(crate) fn remove(&mut self, label: &str) -> Result<(), Error> {
        if !self.has(label) {
            return Err(self.no_such(label));
        }
        self.content
            .accounts
            .retain(|account| account.label != label);
        Ok(())
    }

    fn has(&self, label: &str) -> bool {
        self.content
            .accounts
            .iter()
            .any(|account| account.label == label)
    }

    fn free_label(&self, protocol: &str) -> String {
        let mut label = protocol.to_owned();
        let mut number = 1;
        while self.has(&label) {
            number += 1;
            label = format!("{protocol}-{number}");
        }
        label
    }

    fn no_such(&self, label: &str) -> Error {
        let labels: Vec<&str> = self
            .all()
            .iter()
            .map(|account| account.label.as_str())
            .collect();
        let there = if labels.is_empty() {
            "there are none; `kaiwa account add` makes one".to_owned()
        } else {
            format!("there are: {}", labels.join(", "))
        };
        Error::new(
            ErrorKind::NotFound,
            format!("no account is called `{label}`; {there}"),
        )
    }
}

fn parse(path: &Path, text: &str) -> Result<Content, Error> {
    let content: Content = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        corrupt(
            path,
            &format!("line {line}: {}", error.message().replace('\n', ", ")),
        )
    })?;
    for (at, account) in content.accounts.iter().enumerate() {
        let twice = content
            .accounts
            .iter()
            .skip(at + 1)
            .any(|other| other.label == account.label);
        if twice {
            return Err(corrupt(
                path,
                &format!("two accounts are called `{}`", account.label),
            ));
        }
    }
    Ok(content)
}

fn corrupt(path: &Path, what: &str) -> Error {
    let path = path.display();
    Error::new(
        ErrorKind::Config,
        format!(
            "{path}: {what}; correct it, or move the file away and add your accounts again (it was not changed)"
        ),
    )
}

fn check_mode(path: &Path) -> Result<(), Error> {
    if private::is_private(path) {
        return Ok(());
    }
    let path = path.display();
    Err(Error::new(
        ErrorKind::Config,
        format!(
            "{path} may hold secrets, and others on this machine can read or change it; run: chmod 600 {path}"
        ),
    ))
}

/// Makes the directory if it is missing, for this user alone, and takes the lock of those who change the file.
fn lock(dir: &Path) -> io::Result<File> {
    private::make_dir(dir)?;
    let lock = private::open_lock(&dir.join("accounts.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> Error {
    let text = format!(
        "{} cannot be written; make it writable, or name another directory in KAIWA_CONFIG_DIR",
        path.display()
    );
    move |error| Error::new(ErrorKind::Storage, text.clone()).with_source(error)
}

#[cfg(test)]
mod tests;
