//! Who is kept out or silenced.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use kaiwa_core::Error;
use rusqlite::types::Type;
use rusqlite::{Row, params};

use super::db::Db;
use super::rooms::room_exists;
use super::users::demand_user;
use super::values::{Code, Time};
use crate::store::{Ban, BanId, BanKind, BanTarget, Bans, ReadBans, RoomId, UserId};

/// The columns of a ban, read by [`ban`].
macro_rules! ban_columns {
    () => {
        "SELECT id, kind, user, address, room, until, reason, by, at FROM bans"
    };
}

const BANS_OF_USER: &str = concat!(
    ban_columns!(),
    " WHERE user = ?1 AND kind = ?2 AND (room IS NULL OR room = ?3) AND (until IS NULL OR until > ?4)"
);
const BANS_OF_ADDRESS: &str = concat!(
    ban_columns!(),
    " WHERE address = ?1 AND kind = ?2 AND (room IS NULL OR room = ?3) AND (until IS NULL OR until > ?4)"
);
/// All of them: those that have ended are forgotten from time to time.
const ALL_BANS: &str = concat!(
    ban_columns!(),
    " WHERE until IS NULL OR until > ?1 ORDER BY id"
);
const FORGET_BANS: &str = "DELETE FROM bans WHERE until <= ?1";
const INSERT_BAN: &str = "INSERT INTO bans (kind, user, address, room, until, reason, by, at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const DELETE_BAN: &str = "DELETE FROM bans WHERE id = ?1";
const LIFT_OF_USER: &str = "DELETE FROM bans WHERE user = ?1 AND kind = ?2 AND room IS ?3";
const LIFT_OF_ADDRESS: &str = "DELETE FROM bans WHERE address = ?1 AND kind = ?2 AND room IS ?3";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    BANS_OF_USER,
    BANS_OF_ADDRESS,
    FORGET_BANS,
    INSERT_BAN,
    DELETE_BAN,
    LIFT_OF_USER,
    LIFT_OF_ADDRESS,
];

impl ReadBans for Db {
    fn banned(
        &mut self,
        kind: BanKind,
        target: &BanTarget,
        room: Option<RoomId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Ban>, Error> {
        self.run("reading bans", |connection| {
            let sql = match target {
                BanTarget::User(_) => BANS_OF_USER,
                BanTarget::Address(_) => BANS_OF_ADDRESS,
            };
            let (user, address) = columns(target);
            let (kind, room, now) = (Code(kind), room.map(|room| room.0), Time(now));
            let mut select = connection.prepare_cached(sql)?;
            let mut rows = match user {
                Some(user) => select.query(params![user, kind, room, now])?,
                None => select.query(params![address, kind, room, now])?,
            };
            let mut longest: Option<Ban> = None;
            while let Some(row) = rows.next()? {
                let (_, ban) = ban(row)?;
                let end = |ban: &Ban| ban.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
                if longest.as_ref().is_none_or(|known| end(known) < end(&ban)) {
                    longest = Some(ban);
                }
            }
            Ok(longest)
        })
    }

    fn bans(&mut self, now: DateTime<Utc>) -> Result<Vec<(BanId, Ban)>, Error> {
        self.run("reading bans", |connection| {
            let mut select = connection.prepare_cached(ALL_BANS)?;
            let rows = select.query_map([Time(now)], ban)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Bans for Db {
    fn ban(&mut self, ban: &Ban) -> Result<BanId, Error> {
        self.silence = None;
        self.run("keeping a ban", |connection| {
            if let BanTarget::User(user) = ban.target {
                demand_user(connection, user)?;
            }
            if let Some(by) = ban.by {
                demand_user(connection, by)?;
            }
            if let Some(room) = ban.room {
                room_exists(connection, room)?;
            }
            connection
                .prepare_cached(FORGET_BANS)?
                .execute([Time(ban.at)])?;
            let (user, address) = columns(&ban.target);
            let id = connection.prepare_cached(INSERT_BAN)?.insert(params![
                Code(ban.kind),
                user,
                address,
                ban.room.map(|room| room.0),
                ban.until.map(Time),
                ban.reason,
                ban.by.map(|by| by.0),
                Time(ban.at),
            ])?;
            Ok(BanId(id))
        })
    }

    fn lift(
        &mut self,
        kind: BanKind,
        target: &BanTarget,
        room: Option<RoomId>,
    ) -> Result<usize, Error> {
        self.silence = None;
        self.run("ending bans", |connection| {
            let sql = match target {
                BanTarget::User(_) => LIFT_OF_USER,
                BanTarget::Address(_) => LIFT_OF_ADDRESS,
            };
            let (user, address) = columns(target);
            let (kind, room) = (Code(kind), room.map(|room| room.0));
            let mut delete = connection.prepare_cached(sql)?;
            Ok(match user {
                Some(user) => delete.execute(params![user, kind, room])?,
                None => delete.execute(params![address, kind, room])?,
            })
        })
    }

    fn unban(&mut self, id: BanId) -> Result<bool, Error> {
        self.silence = None;
        self.run("ending a ban", |connection| {
            let mut delete = connection.prepare_cached(DELETE_BAN)?;
            Ok(delete.execute([id.0])? > 0)
        })
    }
}

/// Either a person or an address. An IPv4 address is the same in its IPv6 form.
fn columns(target: &BanTarget) -> (Option<i64>, Option<String>) {
    match target {
        BanTarget::User(user) => (Some(user.0), None),
        BanTarget::Address(address) => (None, Some(address.to_canonical().to_string())),
    }
}

fn ban(row: &Row<'_>) -> rusqlite::Result<(BanId, Ban)> {
    let target = match row.get::<_, Option<i64>>(2)? {
        Some(user) => BanTarget::User(UserId(user)),
        None => {
            let address: IpAddr = row.get::<_, String>(3)?.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(3, Type::Text, Box::new(error))
            })?;
            BanTarget::Address(address)
        }
    };
    let ban = Ban {
        kind: row.get::<_, Code<BanKind>>(1)?.0,
        target,
        room: row.get::<_, Option<i64>>(4)?.map(RoomId),
        until: row.get::<_, Option<Time>>(5)?.map(|time| time.0),
        reason: row.get(6)?,
        by: row.get::<_, Option<i64>>(7)?.map(UserId),
        at: row.get::<_, Time>(8)?.0,
    };
    Ok((BanId(row.get(0)?), ban))
}
