//! Taking back what was said: `/delmsg`, and `/delete`, which may be meant for a channel.

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::sockchat::wire::Permissions;

use super::{Ask, Outcome, Refusal, arguments, channels};
use crate::front::sockchat::stage::Deciding;
use crate::store::{Edit, MessageId, Role, RoomKind, StoredMessage, UserId};
use crate::world::Notice;

/// `/delete`: a message if it is a number, else a channel.
pub(super) async fn delete_either(ask: &Ask<'_>) -> Outcome {
    if arguments::is_number(ask.rest.trim()) {
        return delete(ask).await;
    }
    channels::delete(ask).await
}

/// `/delmsg`: a message of one's own, or of somebody of no higher rank whom one moderates. It is gone on all networks.
pub(super) async fn delete(ask: &Ask<'_>) -> Outcome {
    let id = arguments::word(ask.rest).ok_or(Refusal::Format)?;
    if !arguments::is_number(id) {
        return Err(Refusal::Format);
    }
    // One that is too large to be read is nobody's.
    let id = MessageId(id.parse().map_err(|_| Refusal::Delete)?);
    let (user, permissions) = (ask.asker.user.id, ask.asker.permissions);
    let decide = move |deciding: &mut Deciding<'_>| {
        let message = deciding.store.message(id)?;
        let message = message.filter(|message| !message.deleted);
        let message = message.ok_or(Refusal::Delete)?;
        if !deciding.may_delete(user, permissions, &message)? {
            return Err(Refusal::Delete);
        }
        let (room, seq) = (message.room, message.position.seq);
        match deciding.store.edit(room, seq, &Edit::Delete, Utc::now()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Refusal::Delete),
            edited => edited?,
        };
        let notice = Notice::edited(deciding.store, room, seq)?;
        deciding.notices.extend(notice);
        Ok(())
    };
    // The notice tells everybody who hears the room.
    ask.call.change(decide, |_, ()| {}).await
}

impl Deciding<'_> {
    fn may_delete(
        &mut self,
        user: UserId,
        permissions: Permissions,
        message: &StoredMessage,
    ) -> Result<bool, Error> {
        let Some(membership) = self.store.membership(message.room, user)? else {
            return Ok(false);
        };
        if message.sender == Some(user) {
            return Ok(true);
        }
        if self.front.presence.room(user) != Some(message.room) {
            return Ok(false);
        }
        Ok(match membership.kind {
            RoomKind::Lobby | RoomKind::Channel => {
                permissions.moderate && permissions.rank >= self.rank_of(message.sender)?
            }
            // There people are given roles.
            RoomKind::Group | RoomKind::Stream => membership.role >= Role::Moderator,
            RoomKind::Direct | RoomKind::Circle => false,
        })
    }

    /// A guest's is the lowest.
    fn rank_of(&mut self, sender: Option<UserId>) -> Result<i64, Error> {
        let user = match sender {
            Some(sender) => self.store.user(sender)?,
            None => None,
        };
        let user = user.filter(|user| !user.guest);
        Ok(user.map_or(0, |user| self.front.permissions(&user).rank))
    }
}
