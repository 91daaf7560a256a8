//! Who is meant by a name.

use std::net::IpAddr;

use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::Permissions;
use kaiwa_protocols::text::html;

use super::{Ask, Refusal};
use crate::front::sockchat::Sockchat;
use crate::front::sockchat::person::{Shown, plain_name};
use crate::front::sockchat::roster::Person;
use crate::names;
use crate::store::{ReadUsers, User, UserId};

/// Somebody who is meant by a name.
pub(super) struct Target {
    pub(super) id: UserId,
    pub(super) permissions: Permissions,
    /// As packets have it.
    pub(super) name: String,
    /// From where they are connected: one for each session.
    pub(super) peers: Vec<IpAddr>,
}

impl Target {
    fn here(person: &Person) -> Self {
        let sessions = person.sessions.values();
        Self {
            id: person.user.id,
            permissions: person.permissions,
            name: person.shown.name.clone(),
            peers: sessions.map(|session| session.peer).collect(),
        }
    }

    fn elsewhere(front: &Sockchat, user: &User) -> Self {
        let permissions = front.permissions(user);
        Self {
            id: user.id,
            permissions,
            name: Shown::of(user, &plain_name(user), permissions).name,
            peers: Vec::new(),
        }
    }

    /// As people read it.
    pub(super) fn plain_name(&self) -> String {
        html::unescape_name(&self.name).into_owned()
    }
}

impl Ask<'_> {
    /// Somebody who is on Sock Chat now.
    ///
    /// # Errors
    /// `Nobody`.
    pub(super) fn here(&self, name: &str) -> Result<Target, Refusal> {
        let roster = self.call.front.roster();
        let person = roster.named(name);
        person
            .map(Target::here)
            .ok_or_else(|| Refusal::Nobody(name.to_owned()))
    }

    /// Somebody who has an account, wherever they are.
    ///
    /// # Errors
    /// `Nobody`, and the store's.
    pub(super) async fn anybody(&self, name: &str) -> Result<Target, Refusal> {
        if let Ok(here) = self.here(name) {
            return Ok(here);
        }
        let asked = name.to_owned();
        let found = self.call.world.look_up(move |store| account(store, &asked));
        let found = found
            .await?
            .ok_or_else(|| Refusal::Nobody(name.to_owned()))?;
        let roster = self.call.front.roster();
        Ok(match roster.person(found.id) {
            // Found by a name under which they are not shown here.
            Some(person) => Target::here(person),
            None => Target::elsewhere(&self.call.front, &found),
        })
    }
}

/// Who has an account and is called so: by sign-in name, or else by the name that is shown or the nick, if only one is. Spaces may
/// be written as `_`, as they are shown.
pub(super) fn account<S: ReadUsers + ?Sized>(
    store: &mut S,
    name: &str,
) -> Result<Option<User>, Error> {
    let name = name.strip_prefix('~').unwrap_or(name);
    let spaced = name.replace('_', " ");
    for name in [name, &spaced] {
        if let Some((user, _)) = store.account(&names::key(name))? {
            return Ok(Some(user));
        }
    }
    for name in [name, &spaced] {
        if let [only] = store.called(name, 2)?.as_slice() {
            return store.user(*only);
        }
    }
    Ok(None)
}
