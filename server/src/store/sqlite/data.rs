//! Small values that clients keep.

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Db, Outcome, demand_fewer, refuse};
use super::marks::{demand_member, standing};
use super::rooms::room_exists;
use super::users::demand_user;
use crate::store::{Data, DataScope, MAX_KEYS, ReadData};

const VALUE: &str = "SELECT value FROM data WHERE room = ?1 AND user = ?2 AND key = ?3";
const VALUES: &str = "SELECT key, value FROM data WHERE room = ?1 AND user = ?2 ORDER BY key";
const COUNT: &str = "SELECT count(*) FROM data WHERE room = ?1 AND user = ?2";
const SET_VALUE: &str = "INSERT INTO data (room, user, key, value) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (room, user, key) DO UPDATE SET value = excluded.value";
const DELETE_VALUE: &str = "DELETE FROM data WHERE room = ?1 AND user = ?2 AND key = ?3";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[VALUE, VALUES, COUNT, SET_VALUE, DELETE_VALUE];

impl ReadData for Db {
    fn data(&mut self, scope: DataScope, key: &str) -> Result<Option<String>, Error> {
        self.run("reading data", |connection| {
            let Some((room, user)) = place(scope) else {
                return Ok(None);
            };
            let mut select = connection.prepare_cached(VALUE)?;
            Ok(select
                .query_row(params![room, user, key], |row| row.get(0))
                .optional()?)
        })
    }

    fn all_data(&mut self, scope: DataScope) -> Result<Vec<(String, String)>, Error> {
        self.run("reading data", |connection| {
            let Some((room, user)) = place(scope) else {
                return Ok(Vec::new());
            };
            let mut select = connection.prepare_cached(VALUES)?;
            let rows = select.query_map([room, user], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Data for Db {
    fn set_data(&mut self, scope: DataScope, key: &str, value: Option<&str>) -> Result<(), Error> {
        self.run("keeping data", |connection| {
            demand_scope(connection, scope)?;
            let Some((room, user)) = place(scope) else {
                return refuse(ErrorKind::NotFound, "nobody's data");
            };
            if value.is_some() {
                demand_place(connection, room, user, key)?;
            }
            match value {
                Some(value) => connection
                    .prepare_cached(SET_VALUE)?
                    .execute(params![room, user, key, value])?,
                None => connection
                    .prepare_cached(DELETE_VALUE)?
                    .execute(params![room, user, key])?,
            };
            Ok(())
        })
    }
}

fn demand_scope(connection: &Connection, scope: DataScope) -> Outcome<()> {
    match scope {
        DataScope::User(user) => demand_user(connection, user),
        DataScope::Room(room) => room_exists(connection, room),
        DataScope::Member(room, user) => {
            demand_member(standing(connection, room, Some(user))?, ErrorKind::NotFound).map(drop)
        }
    }
}

/// `Full` for a new key where there are as many as may be.
fn demand_place(connection: &Connection, room: i64, user: i64, key: &str) -> Outcome<()> {
    let mut select = connection.prepare_cached(VALUE)?;
    if select.exists(params![room, user, key])? {
        return Ok(());
    }
    let text = "100 keys are the most; remove some";
    demand_fewer(connection, COUNT, [room, user], MAX_KEYS, text)
}

/// The room and the user, 0 where there is none; nothing for a number that nobody has, since 0 means something else here.
fn place(scope: DataScope) -> Option<(i64, i64)> {
    let (room, user) = match scope {
        DataScope::User(user) => (None, Some(user.0)),
        DataScope::Room(room) => (Some(room.0), None),
        DataScope::Member(room, user) => (Some(room.0), Some(user.0)),
    };
    let known = |number: Option<i64>| number.is_none_or(|number| number > 0);
    (known(room) && known(user)).then(|| (room.unwrap_or(0), user.unwrap_or(0)))
}
