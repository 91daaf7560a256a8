//! Who signs in, and what the server needs to know them again.

use kaiwa_core::session::Seed;
use kaiwa_core::{AuthField, Error, ErrorKind, Id};

use super::wire::Hello;

/// Who signs in.
#[derive(Default)]
pub(super) struct Who {
    name: Id,
    password: Option<String>,
    /// Made at the first attempt to connect.
    session: Option<String>,
    /// As the server says.
    pub(super) user_id: Option<Id>,
}

impl Who {
    /// Takes what the login form says.
    pub(super) fn fill_in(&mut self, auth: &[AuthField], seed: Seed) -> Result<(), Error> {
        let name = AuthField::find(auth, "name").unwrap_or("me");
        if name.contains(char::is_whitespace) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "login field `name` must not have spaces",
            ));
        }
        self.name = name.into();
        self.password = AuthField::find(auth, "password").map(str::to_owned);
        self.session.get_or_insert_with(|| hex(&seed));
        Ok(())
    }

    /// Whether a form was ever taken.
    pub(super) fn has_come(&self) -> bool {
        self.session.is_some()
    }

    /// The first packet; `after` is the newest message of others that was seen.
    pub(super) fn hello(&self, after: Option<u64>) -> Hello {
        Hello {
            name: self.name.clone(),
            password: self.password.clone(),
            session: self.session.clone().unwrap_or_default(),
            after,
        }
    }
}

impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Who")
            .field("name", &self.name)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Half of the seed is enough to never meet again.
fn hex(seed: &Seed) -> String {
    seed.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
