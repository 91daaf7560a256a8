//! Invitations into rooms that are not public.

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::{RoomId, UserId};

/// Invitations into one room that may be open.
pub const MAX_INVITES: usize = 1000;

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// The unguessable code.
    pub code: String,
    /// Into which room.
    pub room: RoomId,
    /// Who invites.
    pub by: UserId,
    /// The only one who may use it, once; without, anybody may, any number of times.
    pub user: Option<UserId>,
    /// From when on it is refused.
    pub expires: Option<DateTime<Utc>>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// An invitation that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Into which room.
    pub room: RoomId,
    /// Who invited.
    pub by: UserId,
}

/// Changes of invitations.
pub trait Invites {
    /// Keeps an invitation.
    ///
    /// # Errors
    /// `NotFound` for a room or person that is not there, `Conflict` for a code that is taken, `Full` for a room
    /// that has [`MAX_INVITES`].
    fn create_invite(&mut self, invite: &NewInvite) -> Result<(), Error>;

    /// Ends the invitations that somebody made into a room, and those that let in whoever has them: somebody who is removed may
    /// have one.
    ///
    /// # Errors
    /// `Storage` only.
    fn end_invites(&mut self, room: RoomId, by: UserId) -> Result<(), Error>;

    /// An invitation that somebody may use; it is not used by this.
    ///
    /// # Errors
    /// As [`Self::take_invite`].
    fn invite(&mut self, code: &str, user: UserId, now: DateTime<Utc>) -> Result<Invite, Error>;

    /// Uses an invitation: that of one person is gone by it. Letting them in is the caller's business.
    ///
    /// # Errors
    /// `NotFound` for a code that is unknown, expired or somebody else's.
    fn take_invite(
        &mut self,
        code: &str,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Invite, Error>;
}
