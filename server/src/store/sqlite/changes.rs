//! What has changed in a room: new messages, edited ones, reactions.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::Outcome;
use super::messages::{load, message_columns};
use crate::store::{Change, RoomId, UserId};

const HEAD: &str = "SELECT last_seq, last_change FROM heads WHERE room = ?1";
const FIRST_KEPT: &str = "SELECT seq, posted FROM messages WHERE room = ?1 ORDER BY seq LIMIT 1";
const POSTED: &str = "SELECT posted FROM messages WHERE room = ?1 AND seq BETWEEN ?2 AND ?3
     ORDER BY seq DESC LIMIT 1";
const NEW: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE m.room = ?1 AND m.seq >= ?2 ORDER BY m.seq LIMIT ?3"
);
/// Edited ones among those that were there.
const EDITED: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE m.room = ?1 AND m.change > ?2 AND m.change > m.posted AND m.posted <= ?2
     ORDER BY m.change LIMIT ?3"
);
const REACTED: &str = "SELECT change, seq, user, emoji, given FROM reactions
     WHERE room = ?1 AND change > ?2 ORDER BY change LIMIT ?3";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[HEAD, FIRST_KEPT, POSTED, NEW, EDITED, REACTED];

/// What has changed after a change, in order; none if that is more than `limit`, or is not all kept.
pub(super) fn list(
    connection: &Connection,
    room: RoomId,
    after: i64,
    limit: usize,
) -> Outcome<Option<Vec<Change>>> {
    let head: Option<(i64, i64)> = connection
        .prepare_cached(HEAD)?
        .query_row([room.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((last_seq, last_change)) = head.filter(|(_, last_change)| *last_change > after) else {
        return Ok(Some(Vec::new()));
    };
    let Some(first) = first_new(connection, room, after, last_seq, last_change)? else {
        return Ok(None);
    };
    // One more than may be, to see that there are too many.
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut changes = Vec::new();
    for message in load(connection, NEW, [room.0, first, most])? {
        changes.push((message.change, Change::Message(message)));
    }
    for message in load(connection, EDITED, [room.0, after, most])? {
        changes.push((message.change, Change::Message(message)));
    }
    let mut select = connection.prepare_cached(REACTED)?;
    for reaction in select.query_map(params![room.0, after, most], reaction)? {
        changes.push(reaction?);
    }
    if changes.len() > limit {
        return Ok(None);
    }
    changes.sort_unstable_by_key(|(change, _)| *change);
    Ok(Some(
        changes.into_iter().map(|(_, change)| change).collect(),
    ))
}

/// The sequence of the first message that was posted after a change; none if messages are gone of which that may be true.
///
/// A message's sequence is never more than its change, and less by no more than the changes that were no messages.
fn first_new(
    connection: &Connection,
    room: RoomId,
    after: i64,
    last_seq: i64,
    last_change: i64,
) -> Outcome<Option<i64>> {
    let kept: Option<(i64, i64)> = connection
        .prepare_cached(FIRST_KEPT)?
        .query_row([room.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let complete = match kept {
        Some((seq, posted)) => seq == 1 || posted - 1 <= after,
        None => last_seq == 0,
    };
    if !complete {
        return Ok(None);
    }
    let others = last_change - last_seq;
    let mut low = after.saturating_sub(others).clamp(0, last_seq) + 1;
    let mut high = after.clamp(0, last_seq) + 1;
    // Everything before `low` was there, everything from `high` on is new.
    while low < high {
        let middle = low + (high - low) / 2;
        let posted: Option<i64> = connection
            .prepare_cached(POSTED)?
            .query_row([room.0, low, middle], |row| row.get(0))
            .optional()?;
        if posted.is_some_and(|posted| posted > after) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Some(low))
}

fn reaction(row: &Row<'_>) -> rusqlite::Result<(i64, Change)> {
    let change = row.get(0)?;
    let reaction = Change::Reaction {
        change,
        seq: row.get(1)?,
        user: UserId(row.get(2)?),
        emoji: row.get(3)?,
        on: row.get(4)?,
    };
    Ok((change, reaction))
}
