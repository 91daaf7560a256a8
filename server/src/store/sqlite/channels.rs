//! Channels: to be a member of one is to be there.

use rusqlite::Connection;

use super::db::{Outcome, demand_fewer};
use super::removed;
use crate::store::{MAX_CHANNELS, RoomId};

/// Names of channels lie together: [`super::room_names`].
const COUNT: &str =
    "SELECT count(*) FROM rooms WHERE unique_name >= 'channel:' AND unique_name < 'channel;'";
const TEMPORARY: &str = "SELECT id FROM rooms
     WHERE unique_name >= 'channel:' AND unique_name < 'channel;' AND temporary = 1";
/// What a member has there: all but what others see of them.
const EMPTY: [&str; 4] = [
    "DELETE FROM members WHERE room IN
         (SELECT id FROM rooms WHERE unique_name >= 'channel:' AND unique_name < 'channel;')",
    "DELETE FROM marks WHERE room IN
         (SELECT id FROM rooms WHERE unique_name >= 'channel:' AND unique_name < 'channel;')",
    "DELETE FROM subscriptions WHERE room IN
         (SELECT id FROM rooms WHERE unique_name >= 'channel:' AND unique_name < 'channel;')",
    "DELETE FROM data WHERE user <> 0 AND room IN
         (SELECT id FROM rooms WHERE unique_name >= 'channel:' AND unique_name < 'channel;')",
];

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[COUNT, TEMPORARY, EMPTY[0], EMPTY[1], EMPTY[2], EMPTY[3]];

/// `Full` if there are as many as may be.
pub(super) fn demand_number(connection: &Connection) -> Outcome<()> {
    let text = "1000 channels are the most";
    demand_fewer(connection, COUNT, [], MAX_CHANNELS, text)
}

/// Nobody is there any more, and what was for a while is gone.
pub(super) fn clear(connection: &Connection) -> Outcome<()> {
    let temporary: Vec<i64> = connection
        .prepare_cached(TEMPORARY)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for room in temporary {
        removed::remove(connection, RoomId(room))?;
    }
    for sql in EMPTY {
        connection.prepare_cached(sql)?.execute([])?;
    }
    Ok(())
}
