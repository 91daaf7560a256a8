//! Who may know of what. Whoever asks for something that is not there, or that they must not know of, is told the same, after
//! the same questions to the store.

use kaiwa_protocols::oshi::wire::{CircleId, StreamId};

use super::failure::Failure;
use crate::store::{LOBBY, Membership, ReadRooms, Role, Room, RoomId, RoomKind, UserId};

/// Somewhere in which somebody is.
pub(super) struct Inside {
    pub(super) room: Room,
    pub(super) membership: Membership,
}

/// A stream that somebody may read and speak in.
///
/// # Errors
/// `not_member` for one of a public circle, `not_found`, and the store's.
pub(super) fn stream<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    id: StreamId,
) -> Result<Inside, Failure> {
    inside(store, user, RoomId(id.0), is_stream)
}

/// A circle in which somebody is.
///
/// # Errors
/// `not_member` for a public one, `not_found`, and the store's.
pub(super) fn circle<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    id: CircleId,
) -> Result<Inside, Failure> {
    inside(store, user, RoomId(id.0), is_circle)
}

/// The same, of somebody who may change it.
///
/// # Errors
/// As [`circle`], and `forbidden`.
pub(super) fn administered<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    id: CircleId,
) -> Result<Inside, Failure> {
    let inside = circle(store, user, id)?;
    if inside.membership.role < Role::Admin {
        return Err(Failure::forbidden(
            "only an admin of the circle may do this",
        ));
    }
    Ok(inside)
}

/// Whether something is shown as a stream.
pub(super) fn is_stream(kind: RoomKind) -> bool {
    match kind {
        RoomKind::Lobby
        | RoomKind::Stream
        | RoomKind::Group
        | RoomKind::Direct
        | RoomKind::Channel => true,
        RoomKind::Circle => false,
    }
}

/// Whether something is shown as a circle.
pub(super) fn is_circle(kind: RoomKind) -> bool {
    matches!(kind, RoomKind::Circle | RoomKind::Lobby)
}

/// The circle that something shown as a stream belongs to.
pub(super) fn circle_of(room: &Room) -> Option<RoomId> {
    match room.kind {
        RoomKind::Lobby => Some(room.id),
        _ => room.parent,
    }
}

/// Whether everybody may know of a circle, and let themselves in.
pub(super) fn is_open(room: &Room) -> bool {
    is_circle(room.kind) && room.public && room.password.is_none()
}

fn inside<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    id: RoomId,
    fits: fn(RoomKind) -> bool,
) -> Result<Inside, Failure> {
    let membership = store.membership(id, user)?;
    let room = store.room(id)?;
    // Asked whether it is needed or not, so that the time tells nothing.
    let around = room.as_ref().and_then(circle_of).unwrap_or(LOBBY);
    let around = store.room(around)?;
    let Some(room) = room.filter(|room| fits(room.kind)) else {
        return Err(Failure::not_found());
    };
    match membership {
        Some(membership) => Ok(Inside { room, membership }),
        None if is_known(&room, around.as_ref()) => Err(Failure::not_member()),
        None => Err(Failure::not_found()),
    }
}

/// Whether an outsider may know that it is there.
fn is_known(room: &Room, around: Option<&Room>) -> bool {
    if is_circle(room.kind) {
        return is_open(room);
    }
    circle_of(room).is_some() && around.is_some_and(is_open)
}
