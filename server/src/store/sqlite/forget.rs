//! A store in memory keeps only the newest messages of each room.

use rusqlite::Connection;

use super::db::Outcome;
use super::marks;
use crate::store::{RoomId, UserId};

/// Removed at once: so many more than are to be kept may be there.
const BATCH: i64 = 100;

const BEHIND: &str =
    "SELECT m.user FROM rooms r JOIN members m ON m.room = coalesce(r.parent, r.id)
     LEFT JOIN marks k ON k.room = r.id AND k.user = m.user
     WHERE r.id = ?1 AND coalesce(k.read_to, 0) < ?2";
const REMOVE: &str = "DELETE FROM messages WHERE room = ?1 AND seq <= ?2";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[BEHIND, REMOVE];

/// Removes what is older than the newest `keep` messages, from time to time. What nobody can read any more counts as read.
pub(super) fn older(
    connection: &Connection,
    room: RoomId,
    last_seq: i64,
    keep: i64,
) -> Outcome<()> {
    let gone = last_seq - keep;
    if gone <= 0 || gone % BATCH != 0 {
        return Ok(());
    }
    let mut select = connection.prepare_cached(BEHIND)?;
    let behind = select
        .query_map([room.0, gone], |row| Ok(UserId(row.get(0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for user in behind {
        marks::mark_read_to(connection, room, user, gone)?;
    }
    connection.prepare_cached(REMOVE)?.execute([room.0, gone])?;
    Ok(())
}
