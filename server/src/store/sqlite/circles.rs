//! Circles: how many there may be, and whose they are.

use std::collections::BTreeMap;

use kaiwa_core::ErrorKind;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Outcome, demand_fewer, refuse};
use super::members::{is_member, set_role};
use super::rooms::NO_ROOM;
use super::values::Code;
use crate::store::{
    MAX_CIRCLES, MAX_OWN_CIRCLES, MAX_STREAMS, NewRoom, Role, RoomId, RoomKind, UserId,
};

/// Circles in which somebody is. Kind: [`super::values`].
const COUNT: &str = "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room
     WHERE m.user = ?1 AND r.kind = 3";
/// Those of them that are theirs.
const COUNT_OWN: &str = "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room
     WHERE m.user = ?1 AND r.kind = 3 AND r.owner = ?1";
const COUNT_STREAMS: &str = "SELECT count(*) FROM rooms WHERE parent = ?1";
const OWNER: &str = "SELECT kind, owner FROM rooms WHERE id = ?1";
const SET_OWNER: &str = "UPDATE rooms SET owner = ?2 WHERE id = ?1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[COUNT, COUNT_OWN, COUNT_STREAMS, OWNER, SET_OWNER];

/// `Full` where there are as many streams, or circles of somebody's, as may be.
pub(super) fn demand_number(
    connection: &Connection,
    room: &NewRoom,
    members: &BTreeMap<UserId, Role>,
) -> Outcome<()> {
    if let Some(parent) = room.parent {
        let text = "500 streams of one circle are the most";
        demand_fewer(connection, COUNT_STREAMS, [parent.0], MAX_STREAMS, text)?;
    }
    if room.kind == RoomKind::Circle {
        if let Some(owner) = room.owner {
            demand_ownership(connection, owner)?;
        }
        for user in members.keys() {
            demand_seat(connection, *user)?;
        }
    }
    Ok(())
}

/// `Full` for somebody who is in as many circles as may be.
pub(super) fn demand_seat(connection: &Connection, user: UserId) -> Outcome<()> {
    let text = "somebody is in 500 circles, which is the most";
    demand_fewer(connection, COUNT, [user.0], MAX_CIRCLES, text)
}

/// `Full` for somebody who has as many circles as may be.
fn demand_ownership(connection: &Connection, user: UserId) -> Outcome<()> {
    let text = "100 circles of one person are the most";
    demand_fewer(connection, COUNT_OWN, [user.0], MAX_OWN_CIRCLES, text)
}

/// Makes a member the owner; gives the one before, if they are still in.
pub(super) fn hand_over(
    connection: &Connection,
    room: RoomId,
    to: UserId,
) -> Outcome<Option<UserId>> {
    let found = connection
        .prepare_cached(OWNER)?
        .query_row([room.0], |row| {
            let owner: Option<i64> = row.get(1)?;
            Ok((row.get::<_, Code<RoomKind>>(0)?.0, owner.map(UserId)))
        })
        .optional()?;
    let Some((kind, owner)) = found else {
        return refuse(ErrorKind::NotFound, NO_ROOM);
    };
    if kind == RoomKind::Circle && owner != Some(to) && is_member(connection, room, to)? {
        demand_ownership(connection, to)?;
    }
    set_role(connection, room, to, Role::Owner)?;
    connection
        .prepare_cached(SET_OWNER)?
        .execute(params![room.0, to.0])?;
    let former = match owner {
        Some(owner) if owner != to && is_member(connection, room, owner)? => Some(owner),
        _ => None,
    };
    if let Some(former) = former {
        set_role(connection, room, former, Role::Admin)?;
    }
    Ok(former)
}
