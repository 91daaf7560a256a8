//! Who knows whom: directed relations, each of which both sides can see.

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::{User, UserId};

/// How far a relation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactStatus {
    /// Asked for.
    Applied,
    /// A contact.
    Confirmed,
    /// Refused by the other side.
    Rejected,
}

/// A relation, seen from one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The person on the other side.
    pub user: User,
    /// How far it has come.
    pub status: ContactStatus,
}

/// Questions about relations.
pub trait ReadContacts {
    /// Whom `user` has a relation to, by their id; with `status`, only those.
    fn contacts(
        &mut self,
        user: UserId,
        status: Option<ContactStatus>,
    ) -> Result<Vec<Contact>, Error>;

    /// Who has a relation to `user`, by their id.
    fn incoming_contacts(&mut self, user: UserId) -> Result<Vec<Contact>, Error>;
}

/// Changes of relations.
pub trait Contacts: ReadContacts {
    /// Makes the relation `from` → `to` as `Applied`; a `Rejected` one is applied for again, any other stays as it is.
    ///
    /// # Errors
    /// `NotFound` if either is no account, `Invalid` for oneself.
    fn request_contact(&mut self, from: UserId, to: UserId, at: DateTime<Utc>)
    -> Result<(), Error>;

    /// Changes the relation `from` → `to` if there is one; tells whether there was.
    fn set_contact(
        &mut self,
        from: UserId,
        to: UserId,
        status: ContactStatus,
        at: DateTime<Utc>,
    ) -> Result<bool, Error>;

    /// Removes the relation `from` → `to`; tells whether there was one.
    fn remove_contact(&mut self, from: UserId, to: UserId) -> Result<bool, Error>;
}
