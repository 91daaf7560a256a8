//! Who one is on the server of one's own: an account that is made without questions, and its password.
//!
//! They are kept in the data directory, where the account is, in a file for this user's eyes only. Whoever goes by the same name
//! has the same account, in any number of terminals; read and written by whoever holds the entrance.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kaiwa_protocols::{AuthField, Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::Address;
use crate::private;

const FILE: &str = "identities.toml";

const HEAD: &str = "# Your accounts on the server of your own, made by `kaiwa` itself. Without this file you get new ones.\n";

/// Characters of an account name: Oshi's limit.
const MAX_ACCOUNT_CHARS: usize = 32;

/// Bytes of a password, before they are written as digits: nobody guesses 128 bits.
const PASSWORD_BYTES: usize = 16;

/// Accounts tried for one name: others have those before.
const MAX_VARIANTS: u32 = 100;

/// An account on the server of one's own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    /// What the user wants to be called.
    name: String,
    account: String,
    password: String,
    /// The account is there.
    #[serde(default)]
    registered: bool,
    /// Which account of that name it is, from 1.
    #[serde(default = "first")]
    variant: u32,
    #[serde(skip)]
    path: PathBuf,
}

/// The file's content.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default, rename = "identity")]
    identities: Vec<Identity>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("name", &self.name)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// That the file can be used, before a server is started for nothing.
    ///
    /// # Errors
    /// As [`Identity::of`].
    pub(super) fn check(dir: &Path) -> Result<(), Error> {
        load(&dir.join(FILE)).map(|_| ())
    }

    /// The one kept for that name in this directory, or a new one.
    ///
    /// # Errors
    /// `Config` for a file that is not valid or can be read by others, `Storage` for one that cannot be used.
    pub(super) fn of(dir: &Path, name: &str) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let kept = load(&path)?.identities;
        if let Some(identity) = kept.into_iter().find(|identity| identity.is_called(name)) {
            return Ok(Self { path, ..identity });
        }
        let identity = Self {
            name: name.to_owned(),
            account: account(name, first()),
            password: password()?,
            registered: false,
            variant: first(),
            path,
        };
        identity.save()?;
        Ok(identity)
    }

    /// Names of accounts are the same in capital and small letters.
    fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }

    /// The login form of Oshi.
    pub(super) fn form(&self, server: &Address) -> Vec<AuthField> {
        let register = if self.registered { "no" } else { "yes" };
        let mut password = AuthField::password("password", "", true);
        password.set(self.password.clone());
        vec![
            AuthField::text("url", "", Some(&server.url), true),
            AuthField::text("account", "", Some(&self.account), true),
            password,
            AuthField::text("register", "", Some(register), false),
            AuthField::text("display", "", Some(&self.shown()), false),
        ]
    }

    /// What others see.
    pub(super) fn shown(&self) -> String {
        variant(&self.name, self.variant)
    }

    /// The server has let it in. Says so if the account is new, and not the one of that name.
    ///
    /// # Errors
    /// `Storage`.
    pub(super) fn accepted(&mut self) -> Result<Option<String>, Error> {
        if std::mem::replace(&mut self.registered, true) {
            return Ok(None);
        }
        self.save()?;
        Ok((self.variant > first()).then(|| {
            format!(
                "somebody else is {} on this server; you are {}",
                self.name,
                self.shown()
            )
        }))
    }

    /// The server has refused it, and why; says whether another account is worth a try.
    ///
    /// # Errors
    /// `Storage`.
    pub(super) fn refused(&mut self, why: ErrorKind) -> Result<bool, Error> {
        match why {
            // The database is another one than when the account was made.
            ErrorKind::Auth if self.registered => self.registered = false,
            // Somebody else has the name.
            ErrorKind::Auth | ErrorKind::Conflict if self.variant < MAX_VARIANTS => {
                self.registered = false;
                self.variant += 1;
                self.account = account(&self.name, self.variant);
            }
            _ => return Ok(false),
        }
        self.save()?;
        Ok(true)
    }

    fn save(&self) -> Result<(), Error> {
        let mut content = load(&self.path)?;
        let others = |identity: &Self| !identity.is_called(&self.name);
        content.identities.retain(others);
        content.identities.push(self.clone());
        let text = toml::to_string(&content).map_err(io::Error::other);
        let written = text.and_then(|text| private::write(&self.path, &format!("{HEAD}{text}")));
        written.map_err(|error| {
            let path = self.path.display();
            let text = format!("{path} cannot be written; make its directory writable");
            Error::new(ErrorKind::Storage, text).with_source(error)
        })
    }
}

fn load(path: &Path) -> Result<Content, Error> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::default()),
        Err(error) => {
            let text = format!(
                "{shown} cannot be read; make it readable, or remove it to get new accounts"
            );
            return Err(Error::new(ErrorKind::Storage, text).with_source(error));
        }
    };
    if !private::is_private(path) {
        let text = format!(
            "{shown} holds passwords, and others on this machine can read or change it; run: chmod 600 {shown}"
        );
        return Err(Error::new(ErrorKind::Config, text));
    }
    // What is wrong with it may repeat a password.
    toml::from_str(&text).map_err(|_| {
        let text = format!("{shown} is not what was written there; remove it to get new accounts");
        Error::new(ErrorKind::Config, text)
    })
}

const fn first() -> u32 {
    1
}

/// A name with its number behind it, from the second on.
fn variant(name: &str, number: u32) -> String {
    match number {
        0 | 1 => name.to_owned(),
        more => format!("{name}-{more}"),
    }
}

/// An account name: 1 to 32 letters, digits, `_`, `-` and `.`; what else is in the name becomes `-`.
fn account(name: &str, number: u32) -> String {
    let may_be = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let plain: String = name
        .trim()
        .chars()
        .map(|c| if may_be(c) { c } else { '-' })
        .collect();
    let end = variant("", number);
    let room = MAX_ACCOUNT_CHARS.saturating_sub(end.len());
    let begin: String = plain.chars().take(room).collect();
    format!("{begin}{end}")
}

fn password() -> Result<String, Error> {
    let mut bytes = [0; PASSWORD_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Internal, "the system gives no random numbers").with_source(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dir: &Path, name: &str) -> Identity {
        Identity::of(dir, name).unwrap()
    }

    #[test]
    fn an_account_is_made_once_per_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut ann = found(dir.path(), "ann");
        assert_eq!((ann.account.as_str(), ann.password.len()), ("ann", 32));
        assert_ne!(ann.password, found(dir.path(), "bob").password);
        assert!(!ann.registered && ann.accepted().unwrap().is_none());
        let again = found(dir.path(), "Ann");
        assert!(again.registered && again.password == ann.password);
        assert!(!format!("{again:?}").contains(&again.password));
        let address = Address {
            url: "ws://x".to_owned(),
            port: 1,
            pid: 1,
        };
        let field = |form: &[AuthField], name| AuthField::find(form, name).unwrap().to_owned();
        assert_eq!(field(&again.form(&address), "register"), "no");
        let bob = found(dir.path(), "bob").form(&address);
        assert_eq!(
            (field(&bob, "register"), field(&bob, "display")),
            ("yes".to_owned(), "bob".to_owned())
        );
    }

    #[test]
    fn a_taken_name_gets_a_number_and_that_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut ann = found(dir.path(), "ann b");
        assert!(ann.refused(ErrorKind::Conflict).unwrap());
        assert_eq!(
            (ann.account.as_str(), ann.shown()),
            ("ann-b-2", "ann b-2".to_owned())
        );
        let mut ann = found(dir.path(), "ann b");
        let said = "somebody else is ann b on this server; you are ann b-2".to_owned();
        assert_eq!(ann.accepted().unwrap(), Some(said));
        assert_eq!(found(dir.path(), "ann b").accepted().unwrap(), None);
        // Another database: the same account is made there.
        assert!(ann.refused(ErrorKind::Auth).unwrap());
        assert_eq!((ann.account.as_str(), ann.registered), ("ann-b-2", false));
        assert!(ann.refused(ErrorKind::Auth).unwrap());
        assert_eq!(ann.account, "ann-b-3");
        assert!(!ann.refused(ErrorKind::Refused).unwrap());
        ann.variant = MAX_VARIANTS;
        assert!(!ann.refused(ErrorKind::Conflict).unwrap());
    }

    #[test]
    fn any_name_makes_an_account_name() {
        for (name, number, expected) in [
            ("ann", 1, "ann"),
            (" ann o'neil\n", 1, "ann-o-neil"),
            ("会話_x.y", 2, "会話_x.y-2"),
            ("\u{1f980}", 1, "-"),
        ] {
            assert_eq!(account(name, number), expected);
        }
        let long = account(&"x".repeat(100), 12);
        assert!(long.len() == 32 && long.ends_with("x-12"));
    }

    #[test]
    fn a_file_that_is_not_safe_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let ann = found(dir.path(), "ann");
        let path = dir.path().join(FILE);
        let kind = || {
            Identity::of(dir.path(), "ann")
                .map_err(|error| error.kind())
                .unwrap_err()
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
            mode(0o640);
            assert_eq!(kind(), ErrorKind::Config);
            mode(0o600);
        }
        let broken = fs::read_to_string(&path)
            .unwrap()
            .replace("account", "acount");
        private::write(&path, &broken).unwrap();
        assert_eq!(kind(), ErrorKind::Config);
        let error = Identity::of(dir.path(), "ann").unwrap_err();
        assert!(!error.chain().contains(&ann.password), "{error}");
    }
}
