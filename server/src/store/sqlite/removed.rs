//! Rooms that were removed. They are out of everybody's sight at once; what was said there goes bit by bit, since everybody's
//! messages wait while it does. A room without a head is removed.

use rusqlite::{Connection, OptionalExtension as _};

use super::db::Outcome;
use crate::store::RoomId;

const BELOW: &str =
    "SELECT id FROM rooms WHERE id = ?1 UNION ALL SELECT id FROM rooms WHERE parent = ?1";
const REMEMBER: &str = "INSERT INTO removed_rooms (room) VALUES (?1)";
/// Names, and the two whose room it is, are free again. A stream is not removed again with its circle.
const UNLINK: &str = "UPDATE rooms SET parent = NULL, low = NULL, high = NULL, unique_name = NULL,
         public = 0, hidden = 1
     WHERE id = ?1";
const LEAVE: &str = "UPDATE sessions SET room = NULL WHERE room = ?1";
const FORGET: [&str; 8] = [
    "DELETE FROM heads WHERE room = ?1",
    "DELETE FROM members WHERE room = ?1",
    "DELETE FROM subscriptions WHERE room = ?1",
    "DELETE FROM marks WHERE room = ?1",
    "DELETE FROM spans WHERE room = ?1",
    "DELETE FROM invites WHERE room = ?1",
    "DELETE FROM data WHERE room = ?1",
    "DELETE FROM bans WHERE room = ?1",
];
/// One row at most is looked at.
const FIRST: &str = "SELECT room FROM removed_rooms ORDER BY room LIMIT 1";
const CLEAR: &str = "DELETE FROM messages WHERE room = ?1 AND seq <=
         (SELECT max(seq) FROM (SELECT seq FROM messages WHERE room = ?1 ORDER BY seq LIMIT ?2))";
/// Takes the rest that refers to it along.
const DELETE_ROOM: &str = "DELETE FROM rooms WHERE id = ?1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    BELOW,
    REMEMBER,
    UNLINK,
    LEAVE,
    FORGET[0],
    FORGET[1],
    FORGET[2],
    FORGET[3],
    FORGET[4],
    FORGET[5],
    FORGET[6],
    FORGET[7],
    DELETE_ROOM,
];

/// Removes a room and those below it.
pub(super) fn remove(connection: &Connection, room: RoomId) -> Outcome<()> {
    let rooms: Vec<i64> = connection
        .prepare_cached(BELOW)?
        .query_map([room.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for room in rooms {
        for sql in [REMEMBER, UNLINK, LEAVE].iter().chain(&FORGET) {
            connection.prepare_cached(sql)?.execute([room])?;
        }
    }
    Ok(())
}

/// Clears away at most `limit` messages and empty rooms; tells whether there may be more to clear.
pub(super) fn clear(connection: &Connection, limit: usize) -> Outcome<bool> {
    let mut left = limit;
    while left > 0 {
        let first: Option<i64> = connection
            .prepare_cached(FIRST)?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(room) = first else {
            return Ok(false);
        };
        let most = i64::try_from(left).unwrap_or(i64::MAX);
        let cleared = connection.prepare_cached(CLEAR)?.execute([room, most])?;
        if cleared == 0 {
            connection.prepare_cached(DELETE_ROOM)?.execute([room])?;
        }
        left = left.saturating_sub(cleared.max(1));
    }
    Ok(true)
}
