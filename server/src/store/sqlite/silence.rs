//! Who may not speak. Each message asks, so it is read once, and again after it was changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};

use super::db::{Fault, Outcome};
use super::values::Time;
use crate::store::{RoomId, UserId, silenced};

/// All of them, out of the index alone. Kind: [`super::values`].
const SILENCED: &str =
    "SELECT user, room, until FROM bans WHERE kind = 1 AND user IS NOT NULL ORDER BY user";

/// Accounts that are silenced, as the transaction that holds it sees them.
#[derive(Debug)]
pub(super) struct Silence {
    bans: BTreeMap<UserId, Vec<Ban>>,
}

#[derive(Debug)]
struct Ban {
    /// None: everywhere.
    room: Option<RoomId>,
    /// None: for ever.
    until: Option<DateTime<Utc>>,
}

impl Silence {
    /// Reads all bans of speech.
    pub(super) fn read(connection: &Connection) -> Outcome<Self> {
        let mut select = connection.prepare_cached(SILENCED)?;
        let rows = select.query_map([], |row| Ok((UserId(row.get(0)?), ban(row)?)))?;
        let mut bans: BTreeMap<UserId, Vec<Ban>> = BTreeMap::new();
        for row in rows {
            let (user, ban) = row?;
            bans.entry(user).or_default().push(ban);
        }
        Ok(Self { bans })
    }

    /// `Forbidden` for somebody who is silenced in a room, in the one in which it lies, or everywhere.
    pub(super) fn demand_voice(
        &self,
        user: Option<UserId>,
        room: RoomId,
        parent: Option<RoomId>,
        at: DateTime<Utc>,
    ) -> Outcome<()> {
        let Some(bans) = user.and_then(|user| self.bans.get(&user)) else {
            return Ok(());
        };
        let hits = |ban: &&Ban| {
            let is_here = ban.room.is_none() || ban.room == Some(room) || ban.room == parent;
            is_here && ban.until.is_none_or(|until| at < until)
        };
        let end = |ban: &Ban| ban.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let longest = bans.iter().filter(hits).max_by_key(|ban| end(ban));
        match longest {
            None => Ok(()),
            Some(ban) => Err(Fault::Refused(silenced(ban.until))),
        }
    }
}

fn ban(row: &Row<'_>) -> rusqlite::Result<Ban> {
    Ok(Ban {
        room: row.get::<_, Option<i64>>(1)?.map(RoomId),
        until: row.get::<_, Option<Time>>(2)?.map(|time| time.0),
    })
}
