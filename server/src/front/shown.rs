//! What people are called, the same on every network that shows them.

use std::collections::BTreeMap;

use kaiwa_core::Error;

use crate::names;
use crate::store::{ReadUsers, Transaction, User};

/// What is shown for somebody who is not known any more, or never said a name.
pub(super) const NOBODY: &str = "guest";

/// What somebody is called. A guest is shown under the name they said; beside an account of that name as `ann (guest)`.
pub(super) fn name<S: ReadUsers + ?Sized>(store: &mut S, user: User) -> Result<String, Error> {
    if user.guest {
        return beside_accounts(store, &user.name);
    }
    Ok(user.display)
}

/// Guests that are remembered: more than speak at a time.
const REMEMBERED: usize = 1024;

/// What guests are called who speak again and again.
#[derive(Default)]
pub(crate) struct Guests {
    known: BTreeMap<String, String>,
}

impl Guests {
    /// What a guest of this name is called.
    pub(crate) fn name(
        &mut self,
        store: &mut dyn Transaction,
        said: &str,
    ) -> Result<String, Error> {
        if let Some(name) = self.known.get(said) {
            return Ok(name.clone());
        }
        let name = beside_accounts(store, said)?;
        if self.known.len() >= REMEMBERED {
            self.forget();
        }
        self.known.insert(said.to_owned(), name.clone());
        Ok(name)
    }

    /// There may be other accounts now.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }
}

/// What a guest is called who said this name.
fn beside_accounts<S: ReadUsers + ?Sized>(store: &mut S, said: &str) -> Result<String, Error> {
    let taken = store.account(&names::key(said))?.is_some();
    Ok(if taken {
        format!("{said} (guest)")
    } else {
        said.to_owned()
    })
}
