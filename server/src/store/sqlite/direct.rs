//! Rooms of two.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kaiwa_core::ErrorKind;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Outcome, demand};
use super::members;
use super::rooms::{INSERT_HEAD, epoch};
use super::users::demand_user;
use super::values::{Code, Time};
use crate::store::{Role, RoomId, RoomKind, UserId};

/// rim's `mode` of a chat between two.
const DIRECT_MODE: u8 = 1;

const DIRECT: &str = "SELECT id FROM rooms WHERE low = ?1 AND high = ?2";
const INSERT_DIRECT: &str = "INSERT INTO rooms (kind, name, low, high, mode, created, epoch)
     VALUES (?1, '', ?2, ?3, ?4, ?5, ?6)";
/// Kind: [`super::values`].
const ALL: &str = "SELECT m.room, coalesce(k.since, 1)
     FROM members m JOIN rooms r ON r.id = m.room
     LEFT JOIN marks k ON k.room = m.room AND k.user = m.user
     WHERE m.user = ?1 AND r.kind = 1 ORDER BY m.room";
/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[DIRECT, INSERT_DIRECT, ALL];

/// The room of two, with both in it; tells whether it is new.
pub(super) fn enter(
    connection: &Connection,
    one: UserId,
    other: UserId,
    at: DateTime<Utc>,
) -> Outcome<(RoomId, bool)> {
    demand_user(connection, one)?;
    demand_user(connection, other)?;
    demand(one != other, ErrorKind::Invalid, "two people are needed")?;
    let known = select(connection, one, other)?;
    let room = match known {
        Some(room) => room,
        None => {
            let (low, high) = (one.min(other), one.max(other));
            let id = connection.prepare_cached(INSERT_DIRECT)?.insert(params![
                Code(RoomKind::Direct),
                low.0,
                high.0,
                DIRECT_MODE,
                Time(at),
                epoch(at),
            ])?;
            connection.prepare_cached(INSERT_HEAD)?.execute([id])?;
            RoomId(id)
        }
    };
    let two = BTreeMap::from([(one, Role::Member), (other, Role::Member)]);
    members::insert(connection, room, &two, at)?;
    Ok((room, known.is_none()))
}

/// The room of two, if they have one.
pub(super) fn select(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> Outcome<Option<RoomId>> {
    let mut select = connection.prepare_cached(DIRECT)?;
    let two = [one.min(other).0, one.max(other).0];
    let id = select.query_row(two, |row| row.get(0)).optional()?;
    Ok(id.map(RoomId))
}

/// The rooms of two in which somebody is, and since when.
pub(super) fn list(connection: &Connection, user: UserId) -> Outcome<Vec<(RoomId, i64)>> {
    let mut select = connection.prepare_cached(ALL)?;
    let rows = select.query_map([user.0], |row| Ok((RoomId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
