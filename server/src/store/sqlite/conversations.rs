//! The rooms of somebody that have messages, newest first: what a client shows when it starts.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::Outcome;
use super::marks::Marks;
use super::users::{user, user_columns};
use super::{messages, rooms};
use crate::store::{Conversation, RoomId, User, UserId};

/// Where each of their rooms stands, and they in it.
const STANDINGS: &str =
    "SELECT h.room, h.last_id, h.last_seq, k.since, k.read_to, k.own_ahead, k.ahead
     FROM members m JOIN heads h ON h.room = m.room
     LEFT JOIN marks k ON k.room = h.room AND k.user = m.user
     WHERE m.user = ?1 AND h.last_seq > 0
     UNION ALL SELECT h.room, h.last_id, h.last_seq, k.since, k.read_to, k.own_ahead, k.ahead
     FROM members m JOIN rooms r ON r.parent = m.room JOIN heads h ON h.room = r.id
     LEFT JOIN marks k ON k.room = h.room AND k.user = m.user
     WHERE m.user = ?1 AND h.last_seq > 0";
const LAST_SEEN: &str = "SELECT m.id, m.seq FROM spans s
     JOIN messages m ON m.room = s.room AND m.seq = s.last
     WHERE s.room = ?1 AND s.user = ?2 ORDER BY s.first DESC LIMIT 1";
const OTHER: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM rooms r JOIN members m ON m.room = coalesce(r.parent, r.id)
     JOIN users u ON u.id = m.user WHERE r.id = ?1 AND m.user <> ?2 ORDER BY m.user LIMIT 1"
);

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[STANDINGS, LAST_SEEN, OTHER];

/// A room, and the newest message of it that they may see.
struct Entry {
    room: RoomId,
    id: i64,
    seq: i64,
    unread: i64,
}

pub(super) fn list(
    connection: &Connection,
    user: UserId,
    skip: usize,
    limit: usize,
) -> Outcome<Vec<Conversation>> {
    let mut conversations = Vec::new();
    for entry in page(entries(connection, user)?, skip, limit) {
        let room = rooms::select(connection, entry.room)?;
        let message = messages::at(connection, entry.room, entry.seq)?;
        // Both are there, unless somebody has removed rows by hand.
        if let (Some(room), Some(message)) = (room, message) {
            conversations.push(Conversation {
                other: other(connection, entry.room, user)?,
                room,
                message,
                unread: entry.unread,
            });
        }
    }
    Ok(conversations)
}

/// The newest `limit` after the newest `skip`. Only these are put in order: somebody may be in thousands of rooms.
fn page(mut entries: Vec<Entry>, skip: usize, limit: usize) -> Vec<Entry> {
    let newest = |entry: &Entry| Reverse(entry.id);
    let end = skip.saturating_add(limit);
    if end < entries.len() {
        entries.select_nth_unstable_by_key(end, newest);
        entries.truncate(end);
    }
    entries.sort_unstable_by_key(newest);
    entries.drain(..skip.min(entries.len()));
    entries
}

fn entries(connection: &Connection, user: UserId) -> Outcome<Vec<Entry>> {
    let mut select = connection.prepare_cached(STANDINGS)?;
    let mut rows = select.query([user.0])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let room = RoomId(row.get(0)?);
        let last_seq = row.get(2)?;
        let marks = match row.get(3)? {
            None => Marks::FRESH,
            Some(since) => Marks {
                since,
                read_to: row.get(4)?,
                own_ahead: row.get(5)?,
                ahead: row.get(6)?,
                ..Marks::FRESH
            },
        };
        let newest = if marks.since <= last_seq {
            Some((row.get(1)?, last_seq))
        } else {
            last_seen(connection, room, user)?
        };
        entries.extend(newest.map(|(id, seq)| Entry {
            room,
            id,
            seq,
            unread: marks.unread(last_seq),
        }));
    }
    Ok(entries)
}

/// Id and sequence of the newest message that they saw before they left the last time.
fn last_seen(connection: &Connection, room: RoomId, user: UserId) -> Outcome<Option<(i64, i64)>> {
    let mut select = connection.prepare_cached(LAST_SEEN)?;
    let found = select.query_row([room.0, user.0], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn other(connection: &Connection, room: RoomId, own: UserId) -> Outcome<Option<User>> {
    let mut select = connection.prepare_cached(OTHER)?;
    let found = select.query_row(params![room.0, own.0], |row| user(row, 0));
    Ok(found.optional()?)
}
