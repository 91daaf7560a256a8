//! `kaiwa account`: the accounts kept for later.

use std::fmt::Write as _;

use kaiwa_protocols::{Error, Registry};

use crate::accounts::{self, Accounts};
use crate::args::{Account, AccountAdd};
use crate::exit::Code;
use crate::form;
use crate::output;
use crate::source::Source;

/// Adds, lists or removes.
///
/// # Errors
/// What the accounts file or the command line has against it.
pub(crate) fn run(args: &Account) -> Result<Code, Error> {
    match args {
        Account::Add(args) => add(args),
        Account::List => list(),
        Account::Remove { label } => {
            Accounts::edit(|accounts| accounts.remove(label))?;
            output::print(&format!("removed {label}\n"))
        }
    }
}

fn add(args: &AccountAdd) -> Result<Code, Error> {
    let entry = Registry::get(&args.protocol)?;
    let protocol = (entry.protocol)();
    let fields = form::sources(&protocol, &args.fields)?;
    form::check(&protocol, &fields)?;
    let account = accounts::Account {
        label: String::new(),
        protocol: entry.name.to_owned(),
        autoconnect: !args.no_autoconnect,
        fields,
    };
    let label = Accounts::edit(|accounts| {
        let added = accounts.add(args.name.clone(), account)?;
        Ok(added.label.clone())
    })?;
    output::print(&format!("added {label}\n"))
}

fn list() -> Result<Code, Error> {
    let accounts = Accounts::load()?;
    let mut text = String::new();
    for account in accounts.all() {
        let auto = if account.autoconnect {
            "autoconnect"
        } else {
            ""
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<16} {:<12} {auto}",
            account.label, account.protocol
        );
        for (field, source) in &account.fields {
            let _ = writeln!(text, "    {field:<20} {}", shown(account, field, source));
        }
    }
    if accounts.all().is_empty() {
        text.push_str("no accounts yet; `kaiwa account add` makes one\n");
    }
    output::print(&text)
}

/// A value, unless it may be secret.
fn shown(account: &accounts::Account, field: &str, source: &Source) -> String {
    match source {
        Source::Env(env) => format!("from the environment variable {env}"),
        Source::Command(_) => "from a command".to_owned(),
        Source::Value(value) if is_public(&account.protocol, field) => value.clone(),
        Source::Value(_) => "(not shown)".to_owned(),
    }
}

/// Whether it is known to be no password.
fn is_public(protocol: &str, field: &str) -> bool {
    let Ok(entry) = Registry::get(protocol) else {
        return false;
    };
    let form = (entry.protocol)().auth.unwrap_or_default();
    form::fields(&form)
        .any(|(path, known)| (path == field || known.name == field) && !form::is_password(known))
}
