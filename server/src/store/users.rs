//! People: accounts, guests, and their sign-ins.

use std::fmt;

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::RoomId;
use crate::names::Name;

/// A person's number in the store; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// A person, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub id: UserId,
    /// Somebody who only said a name: no account, cannot sign in.
    pub guest: bool,
    /// The sign-in name of an account, as it was registered; the very name of a guest.
    pub name: String,
    /// The name that is shown.
    pub display: String,
    /// A picture's address, or empty.
    pub avatar: String,
    /// An e-mail address, or empty.
    pub email: String,
    /// A CSS colour.
    pub color: Option<String>,
    /// Sock Chat's rank: the higher, the more is allowed.
    pub rank: i64,
    /// A name taken for a while.
    pub nick: Option<String>,
    /// Away, and why; `Some("")` gives no reason.
    pub away: Option<String>,
    /// Since when they are known.
    pub created: DateTime<Utc>,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// The sign-in name; unique among accounts by its key.
    pub name: Name,
    /// The name that is shown.
    pub display: String,
    /// A picture's address, or empty.
    pub avatar: String,
    /// An e-mail address, or empty.
    pub email: String,
    /// The hash in PHC form; without one nobody can sign in by password.
    pub password: Option<String>,
    /// Sock Chat's rank.
    pub rank: i64,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What is to change of a person; `None` stays.
#[derive(Clone, Default)]
pub struct UserPatch {
    /// The name that is shown.
    pub display: Option<String>,
    /// A picture's address, or empty.
    pub avatar: Option<String>,
    /// An e-mail address, or empty.
    pub email: Option<String>,
    /// The hash in PHC form.
    pub password: Option<String>,
    /// A CSS colour, or none.
    pub color: Option<Option<String>>,
    /// Sock Chat's rank.
    pub rank: Option<i64>,
    /// A name taken for a while, or none.
    pub nick: Option<Option<String>>,
    /// Away and why, or back.
    pub away: Option<Option<String>>,
}

/// What a sign-in by password is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub user: UserId,
    /// The hash in PHC form; none: no password opens this account.
    pub password: Option<String>,
}

/// The SHA-256 of a token. The token itself is kept nowhere: it is random, so a plain hash is as good as a slow one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

/// Sign-ins of one person at a time: more devices than anybody has, with a day's sign-ins of each.
pub const MAX_SESSIONS: usize = 100;

/// A sign-in that a token resumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: UserId,
    /// When it began.
    pub created: DateTime<Utc>,
    /// From when on the token is refused.
    pub expires: DateTime<Utc>,
    /// Where it is, on a network on which one is in one room at a time.
    pub room: Option<RoomId>,
}

// What is made of a password or a token is never shown, though nobody could use it: it has no business in a log.

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UserPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPatch").finish_non_exhaustive()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHash").finish_non_exhaustive()
    }
}

/// Questions about people.
pub trait ReadUsers {
    /// A person.
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error>;

    /// An account by its name's key ([`Name::key`]), with what its password is checked against.
    fn account(&mut self, key: &str) -> Result<Option<(User, Credentials)>, Error>;

    /// Accounts that are called so, by id and `limit` of them at most: by sign-in name, by the name that is shown or by the one
    /// taken for a while, in any case and form ([`crate::names::key`]).
    fn called(&mut self, name: &str, limit: usize) -> Result<Vec<UserId>, Error>;

    /// The sign-in of a token, also if it has expired.
    fn session(&mut self, token: &TokenHash) -> Result<Option<Session>, Error>;
}

/// Changes of people.
pub trait Users: ReadUsers {
    /// Makes an account.
    ///
    /// # Errors
    /// `Conflict` if the name is taken.
    fn create_account(&mut self, account: &NewAccount) -> Result<UserId, Error>;

    /// The guest of exactly this name; made if they are new.
    fn guest(&mut self, name: &str, at: DateTime<Utc>) -> Result<UserId, Error>;

    /// Changes a person.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for a nick by which another account is called ([`ReadUsers::called`]).
    fn update_user(&mut self, id: UserId, patch: &UserPatch) -> Result<(), Error>;

    /// Keeps a sign-in, and forgets those that had expired for longer than a day. Of a person's other ones, the newest
    /// [`MAX_SESSIONS`]` - 1` stay.
    ///
    /// # Errors
    /// `NotFound` for a person or room that is not there, `Conflict` for a token that is.
    fn create_session(&mut self, token: &TokenHash, session: &Session) -> Result<(), Error>;

    /// Says where a one-room-at-a-time sign-in is.
    ///
    /// # Errors
    /// `NotFound` for a sign-in or room that is not there.
    fn move_session(&mut self, token: &TokenHash, room: Option<RoomId>) -> Result<(), Error>;

    /// Ends a sign-in; tells whether there was one.
    fn end_session(&mut self, token: &TokenHash) -> Result<bool, Error>;

    /// Ends all sign-ins of a person but this one; tells how many.
    fn end_other_sessions(&mut self, user: UserId, kept: &TokenHash) -> Result<usize, Error>;

    /// Ends all sign-ins of a person; tells how many.
    fn end_sessions(&mut self, user: UserId) -> Result<usize, Error>;
}
