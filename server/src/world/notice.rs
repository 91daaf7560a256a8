//! What happens besides new messages, and for whom: made where the store is changed, since networks that show it cannot ask.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::Said;
use crate::store::{
    Member, MessageId, Reaction, Role, Room, RoomId, RoomKind, StoredMessage, Subscription,
    Transaction, User, UserId,
};

/// Something that happened, for those whom it concerns.
///
/// Most are told to people, on all their connections but the one that asked for it. *In a crowd*, a room with more than 100
/// connections, everybody in it is told only by networks that make one frame for all ([`super::Network::shared`]).
#[derive(Debug)]
pub(crate) enum Notice {
    /// Something was said as a part of other work; told like any message.
    Said(Box<Said>),
    /// These people are in a room now, and hear it unless it is a circle. Told to them, and to those in it; in a crowd to them
    /// only.
    Entered {
        room: Arc<RoomView>,
        members: Vec<Member>,
    },
    /// These people are no longer in a room; `by` is who has removed them, unless they left themselves. Told like `Entered`.
    Left {
        room: Arc<RoomView>,
        people: Vec<User>,
        by: Option<UserId>,
    },
    /// Somebody who is in a room hears it from now on. Told to them.
    Subscribed {
        room: Arc<RoomView>,
        user: UserId,
        subscription: Subscription,
    },
    /// There is a new stream. Told to those in its circle.
    Opened { room: Arc<RoomView> },
    /// A room has another name, topic, picture or owner. Told to those in it, or in its circle.
    RoomChanged { room: Arc<RoomView> },
    /// A room is gone, and the streams in it. Told to those who were in it, or in its circle.
    RoomRemoved { room: Arc<RoomView>, by: UserId },
    /// Somebody has another role. Told like `Entered`.
    Role { room: RoomId, member: Member },
    /// What is between these two has changed. Told to them.
    Contacts { one: UserId, other: UserId },
    /// Somebody has read a room up to a message. Told to them and to those who hear the room or are in it; in a crowd to them
    /// only.
    Read {
        room: RoomId,
        kind: RoomKind,
        user: UserId,
        message: MessageId,
        seq: i64,
    },
    /// A message was edited or deleted; as it is now. Shared with all who hear the room, also with the connection that asked
    /// for it, but nobody is told of what was said before they came.
    Edited(Box<StoredMessage>),
    /// A reaction was given or taken back. Like `Edited`.
    Reacted {
        room: RoomId,
        seq: i64,
        /// The room's change.
        change: i64,
        reaction: Reaction,
        on: bool,
    },
    /// Somebody types, or no longer. Shared with all who hear the room.
    Typing {
        room: RoomId,
        user: UserId,
        on: bool,
    },
    /// Somebody has another name or picture. Shared with them and with those who are in a room with them that is no crowd.
    Profile(Box<User>),
    /// Somebody has their first connection, or lost the last one. Shared with those who are in a room with them that is no
    /// crowd.
    Presence { user: UserId, online: bool },
    /// Somebody is kept out of the whole server, until then or for ever. Told to them, on all connections; these end with it.
    Banned {
        user: UserId,
        until: Option<DateTime<Utc>>,
    },
    /// These are all addresses from which nobody may connect, and until when. Told to nobody.
    Doors(Vec<(IpAddr, Option<DateTime<Utc>>)>),
}

/// A room, with all that is shown of it to somebody to whom it is new.
#[derive(Debug)]
pub(crate) struct RoomView {
    pub(crate) room: Room,
    /// The streams in it.
    pub(crate) streams: Vec<Room>,
    /// Who is in it, if it is a room of two.
    pub(crate) two: Vec<User>,
}

impl RoomView {
    /// The room as it is now; none if there is no such room.
    pub(crate) fn of(
        store: &mut dyn Transaction,
        room: RoomId,
    ) -> Result<Option<Arc<Self>>, Error> {
        let Some(room) = store.room(room)? else {
            return Ok(None);
        };
        let streams = match room.kind {
            RoomKind::Circle | RoomKind::Lobby => store.children(room.id)?,
            _ => Vec::new(),
        };
        let two = match room.kind {
            RoomKind::Direct => store.members(room.id)?,
            _ => Vec::new(),
        };
        Ok(Some(Arc::new(Self {
            two: two.into_iter().map(|member| member.user).collect(),
            room,
            streams,
        })))
    }

    /// The room itself.
    pub(crate) fn id(&self) -> RoomId {
        self.room.id
    }

    /// The room whose members are its own: itself, or a stream's circle.
    pub(crate) fn hall(&self) -> RoomId {
        self.room.parent.unwrap_or(self.room.id)
    }
}

/// Each is asked for after the change, in the same piece of work, but for [`Notice::removed`]. None: nothing to tell.
impl Notice {
    /// These people have come into a room.
    pub(crate) fn entered(
        store: &mut dyn Transaction,
        room: RoomId,
        users: &[UserId],
    ) -> Result<Option<Self>, Error> {
        let mut members = Vec::with_capacity(users.len());
        for user in users {
            members.extend(member(store, room, *user)?);
        }
        let room = RoomView::of(store, room)?;
        Ok(room
            .filter(|_| !members.is_empty())
            .map(|room| Self::Entered { room, members }))
    }

    /// These people have left a room, or `by` has removed them.
    pub(crate) fn left(
        store: &mut dyn Transaction,
        room: RoomId,
        users: &[UserId],
        by: Option<UserId>,
    ) -> Result<Option<Self>, Error> {
        let mut people = Vec::with_capacity(users.len());
        for user in users {
            people.extend(store.user(*user)?);
        }
        let room = RoomView::of(store, room)?;
        Ok(room
            .filter(|_| !people.is_empty())
            .map(|room| Self::Left { room, people, by }))
    }

    /// A stream was made.
    pub(crate) fn opened(
        store: &mut dyn Transaction,
        stream: RoomId,
    ) -> Result<Option<Self>, Error> {
        let room = RoomView::of(store, stream)?;
        Ok(room.map(|room| Self::Opened { room }))
    }

    /// A room was changed.
    pub(crate) fn room_changed(
        store: &mut dyn Transaction,
        room: RoomId,
    ) -> Result<Option<Self>, Error> {
        let room = RoomView::of(store, room)?;
        Ok(room.map(|room| Self::RoomChanged { room }))
    }

    /// A room is about to be removed.
    pub(crate) fn removed(
        store: &mut dyn Transaction,
        room: RoomId,
        by: UserId,
    ) -> Result<Option<Self>, Error> {
        let room = RoomView::of(store, room)?;
        Ok(room.map(|room| Self::RoomRemoved { room, by }))
    }

    /// Somebody was given a role.
    pub(crate) fn role(
        store: &mut dyn Transaction,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<Self>, Error> {
        let member = member(store, room, user)?;
        Ok(member.map(|member| Self::Role { room, member }))
    }

    /// A message was edited or deleted.
    pub(crate) fn edited(
        store: &mut dyn Transaction,
        room: RoomId,
        seq: i64,
    ) -> Result<Option<Self>, Error> {
        let message = store.messages(room, seq, seq)?.pop();
        Ok(message.map(|message| Self::Edited(Box::new(message))))
    }

    /// Somebody's name or picture was changed.
    pub(crate) fn profile(
        store: &mut dyn Transaction,
        user: UserId,
    ) -> Result<Option<Self>, Error> {
        let user = store.user(user)?;
        Ok(user.map(|user| Self::Profile(Box::new(user))))
    }
}

fn member(
    store: &mut dyn Transaction,
    room: RoomId,
    user: UserId,
) -> Result<Option<Member>, Error> {
    let role: Option<Role> = store.membership(room, user)?.map(|found| found.role);
    let user = store.user(user)?;
    Ok(user.zip(role).map(|(user, role)| Member { user, role }))
}
