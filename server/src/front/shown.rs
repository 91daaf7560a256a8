//! What people are called, the same on every network that shows them.

use kaiwa_core::Error;

use crate::names;
use crate::store::{ReadUsers, User};

/// What is shown for somebody who is not known any more, or never said a name.
pub(super) const NOBODY: &str = "guest";

/// What somebody is called. A guest is shown under the name they said; beside an account of that name as `ann (guest)`.
pub(super) fn name<S: ReadUsers + ?Sized>(store: &mut S, user: User) -> Result<String, Error> {
    if !user.guest {
        return Ok(user.display);
    }
    let taken = store.account(&names::key(&user.name))?.is_some();
    Ok(if taken {
        format!("{} (guest)", user.name)
    } else {
        user.name
    })
}
