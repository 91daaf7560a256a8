//! Who is in a room.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kaiwa_core::ErrorKind;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::{Outcome, demand, refuse};
use super::rooms::NO_ROOM;
use super::users::{USER_COLUMNS, demand_user, user, user_columns};
use super::values::{Code, Time};
use super::{circles, marks, subscriptions};
use crate::store::{Member, Role, RoomId, RoomKind, UserId};

const MEMBERS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", m.role FROM rooms r JOIN members m ON m.room = coalesce(r.parent, r.id)
     JOIN users u ON u.id = m.user WHERE r.id = ?1 ORDER BY m.user"
);
const MEMBERS_AFTER: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", m.role FROM rooms r JOIN members m ON m.room = coalesce(r.parent, r.id)
     JOIN users u ON u.id = m.user WHERE r.id = ?1 AND m.user > ?2 ORDER BY m.user LIMIT ?3"
);
const STREAM_IDS_OF: &str = "SELECT r.id FROM members m JOIN rooms r ON r.parent = m.room
     WHERE m.user = ?1 LIMIT ?2";
const ROLES_OF: &str = "SELECT room, role FROM members WHERE user = ?1 ORDER BY room";
const KIND: &str = "SELECT r.kind, r.low, r.high FROM rooms r JOIN heads h ON h.room = r.id
     WHERE r.id = ?1";
const ADD: &str = "INSERT INTO members (room, user, role, joined) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (room, user) DO NOTHING";
const REMOVE: &str = "DELETE FROM members WHERE room = ?1 AND user = ?2";
const FORGET_DATA: &str = "DELETE FROM data
     WHERE room IN (SELECT id FROM rooms WHERE id = ?1 OR parent = ?1) AND user = ?2";
const IS_MEMBER: &str = "SELECT 1 FROM members WHERE room = ?1 AND user = ?2";
const SET_ROLE: &str = "UPDATE members SET role = ?3 WHERE room = ?1 AND user = ?2";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    MEMBERS,
    MEMBERS_AFTER,
    STREAM_IDS_OF,
    ROLES_OF,
    KIND,
    ADD,
    REMOVE,
    FORGET_DATA,
    SET_ROLE,
    IS_MEMBER,
];

pub(super) fn list(connection: &Connection, room: RoomId) -> Outcome<Vec<Member>> {
    let mut select = connection.prepare_cached(MEMBERS)?;
    Ok(select
        .query_map([room.0], member)?
        .collect::<Result<_, _>>()?)
}

/// A page of them.
pub(super) fn list_after(
    connection: &Connection,
    room: RoomId,
    after: UserId,
    limit: usize,
) -> Outcome<Vec<Member>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(MEMBERS_AFTER)?;
    Ok(select
        .query_map([room.0, after.0, limit], member)?
        .collect::<Result<_, _>>()?)
}

/// Streams in which somebody is.
pub(super) fn stream_ids_of(
    connection: &Connection,
    user: UserId,
    limit: usize,
) -> Outcome<Vec<RoomId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(STREAM_IDS_OF)?;
    let rows = select.query_map([user.0, limit], |row| Ok(RoomId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rooms with members of their own in which somebody is.
pub(super) fn roles_of(connection: &Connection, user: UserId) -> Outcome<Vec<(RoomId, Role)>> {
    let mut select = connection.prepare_cached(ROLES_OF)?;
    let role = |row: &Row<'_>| Ok((RoomId(row.get(0)?), row.get::<_, Code<Role>>(1)?.0));
    Ok(select
        .query_map([user.0], role)?
        .collect::<Result<_, _>>()?)
}

/// Whether somebody is in a room that has members of its own.
pub(super) fn is_member(connection: &Connection, room: RoomId, user: UserId) -> Outcome<bool> {
    let mut select = connection.prepare_cached(IS_MEMBER)?;
    Ok(select.exists([room.0, user.0])?)
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        user: user(row, 0)?,
        role: row.get::<_, Code<Role>>(USER_COLUMNS)?.0,
    })
}

/// Lets people into a room; by their ids, those who are new.
pub(super) fn add(
    connection: &Connection,
    room: RoomId,
    members: &[(UserId, Role)],
    at: DateTime<Utc>,
) -> Outcome<Vec<UserId>> {
    let (kind, two) = demand_own_members(connection, room)?;
    let members: BTreeMap<UserId, Role> = members.iter().copied().collect();
    for user in members.keys() {
        demand_user(connection, *user)?;
    }
    if let Some(two) = two {
        demand(
            members.keys().all(|user| two.contains(user)),
            ErrorKind::Invalid,
            "this room is between two people; make a group",
        )?;
    }
    if kind == RoomKind::Circle {
        for user in members.keys() {
            if !is_member(connection, room, *user)? {
                circles::demand_seat(connection, *user)?;
            }
        }
    }
    insert(connection, room, &members, at)
}

/// Lets people in who are known to be there.
pub(super) fn insert(
    connection: &Connection,
    room: RoomId,
    members: &BTreeMap<UserId, Role>,
    at: DateTime<Utc>,
) -> Outcome<Vec<UserId>> {
    let mut insert = connection.prepare_cached(ADD)?;
    let mut new = Vec::new();
    for (user, role) in members {
        if insert.execute(params![room.0, user.0, Code(*role), Time(at)])? > 0 {
            marks::begin(connection, room, *user)?;
            subscriptions::begin(connection, room, *user)?;
            new.push(*user);
        }
    }
    Ok(new)
}

pub(super) fn remove(
    connection: &Connection,
    room: RoomId,
    users: &[UserId],
) -> Outcome<Vec<UserId>> {
    demand_own_members(connection, room)?;
    let mut delete = connection.prepare_cached(REMOVE)?;
    let mut gone = Vec::new();
    for user in users {
        if delete.execute([room.0, user.0])? > 0 {
            marks::end(connection, room, *user)?;
            subscriptions::end(connection, room, *user)?;
            connection
                .prepare_cached(FORGET_DATA)?
                .execute([room.0, user.0])?;
            gone.push(*user);
        }
    }
    Ok(gone)
}

pub(super) fn set_role(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    role: Role,
) -> Outcome<()> {
    demand_own_members(connection, room)?;
    let mut update = connection.prepare_cached(SET_ROLE)?;
    let changed = update.execute(params![room.0, user.0, Code(role)])?;
    demand(changed > 0, ErrorKind::NotFound, "not in this room")
}

/// `NotFound` for a room that is not there, `Invalid` for a stream. Gives the kind, and the two of a room of two.
fn demand_own_members(
    connection: &Connection,
    room: RoomId,
) -> Outcome<(RoomKind, Option<[UserId; 2]>)> {
    let found = connection
        .prepare_cached(KIND)?
        .query_row([room.0], |row| {
            let two: (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            Ok((row.get::<_, Code<RoomKind>>(0)?.0, two))
        })
        .optional()?;
    match found {
        None => refuse(ErrorKind::NotFound, NO_ROOM),
        Some((RoomKind::Stream, _)) => refuse(
            ErrorKind::Invalid,
            "a stream has the members of its circle; change those",
        ),
        Some((kind, (Some(low), Some(high)))) => Ok((kind, Some([UserId(low), UserId(high)]))),
        Some((kind, _)) => Ok((kind, None)),
    }
}
