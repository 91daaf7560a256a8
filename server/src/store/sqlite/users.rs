//! People: accounts, guests, and their sign-ins.

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::{Db, Outcome, demand};
use super::rooms::room_exists;
use super::values::Time;
use crate::names;
use crate::store::{
    Credentials, MAX_SESSIONS, NewAccount, ReadUsers, RoomId, Session, TokenHash, User, UserId,
    UserPatch, Users,
};

/// How long the sign-in of an expired token is kept, so that its owner can be told that it has expired.
const EXPIRED_KEPT: TimeDelta = TimeDelta::days(1);

/// The columns of a person; `u` is the table. Read by [`user`].
macro_rules! user_columns {
    () => {
        "u.id, u.guest, u.name, u.display, u.avatar, u.email, u.color, u.rank, u.nick, u.away, u.created"
    };
}
pub(super) use user_columns;

/// How many columns those are.
pub(super) const USER_COLUMNS: usize = 11;

const USER: &str = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = ?1");
const USER_EXISTS: &str = "SELECT 1 FROM users WHERE id = ?1";
const ACCOUNT_EXISTS: &str = "SELECT 1 FROM users WHERE id = ?1 AND guest = 0";
const ACCOUNT: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.password FROM users u WHERE u.name_key = ?1 AND u.guest = 0"
);
const NAME_TAKEN: &str = "SELECT 1 FROM users WHERE name_key = ?1 AND guest = 0";
/// Guests are not called anything: anybody may say any name.
const CALLED: &str = "SELECT id FROM users WHERE name_key = ?1 AND guest = 0
     UNION SELECT id FROM users WHERE display_key = ?1
     UNION SELECT id FROM users WHERE nick_key = ?1 ORDER BY id LIMIT ?2";
const GUEST: &str = "SELECT id FROM users WHERE name_key = ?1 AND guest = 1";
const INSERT_GUEST: &str =
    "INSERT INTO users (guest, name, name_key, display, created) VALUES (1, ?1, ?1, ?1, ?2)";
const INSERT_ACCOUNT: &str =
    "INSERT INTO users (guest, name, name_key, display, display_key, avatar, email, password, rank, created)
     VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const UPDATE_USER: &str = "UPDATE users SET
         display = coalesce(?2, display), avatar = coalesce(?3, avatar), email = coalesce(?4, email),
         password = coalesce(?5, password), rank = coalesce(?6, rank),
         color = iif(?7, ?8, color), nick = iif(?9, ?10, nick), away = iif(?11, ?12, away),
         display_key = iif(?13 AND NOT guest, ?14, display_key), nick_key = iif(?9, ?15, nick_key)
     WHERE id = ?1";
const SESSION: &str = "SELECT user, created, expires, room FROM sessions WHERE token = ?1";
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE expires < ?1";
/// All but the newest of a person, told by the rows before them: a person has few.
const FORGET_OLDEST: &str = "DELETE FROM sessions WHERE user = ?1 AND ?2 <= (
         SELECT count(*) FROM sessions newer WHERE newer.user = ?1
         AND (newer.created, newer.token) > (sessions.created, sessions.token))";
const COUNT_SESSIONS: &str = "SELECT count(*) FROM sessions WHERE user = ?1";
const INSERT_SESSION: &str =
    "INSERT INTO sessions (token, user, room, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)";
const MOVE_SESSION: &str = "UPDATE sessions SET room = ?2 WHERE token = ?1";
const END_SESSION: &str = "DELETE FROM sessions WHERE token = ?1";
const END_OTHER_SESSIONS: &str = "DELETE FROM sessions WHERE user = ?1 AND token <> ?2";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE user = ?1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    USER,
    USER_EXISTS,
    ACCOUNT_EXISTS,
    ACCOUNT,
    NAME_TAKEN,
    CALLED,
    GUEST,
    INSERT_GUEST,
    INSERT_ACCOUNT,
    UPDATE_USER,
    SESSION,
    FORGET_SESSIONS,
    COUNT_SESSIONS,
    FORGET_OLDEST,
    INSERT_SESSION,
    MOVE_SESSION,
    END_SESSION,
    END_OTHER_SESSIONS,
    END_SESSIONS,
];

impl ReadUsers for Db {
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error> {
        self.run("reading a person", |connection| select(connection, id))
    }

    fn account(&mut self, key: &str) -> Result<Option<(User, Credentials)>, Error> {
        self.run("reading an account", |connection| {
            let mut select = connection.prepare_cached(ACCOUNT)?;
            let found = select.query_row([key], |row| {
                let user = user(row, 0)?;
                let credentials = Credentials {
                    user: user.id,
                    password: row.get(USER_COLUMNS)?,
                };
                Ok((user, credentials))
            });
            Ok(found.optional()?)
        })
    }

    fn called(&mut self, name: &str, limit: usize) -> Result<Vec<UserId>, Error> {
        self.run("looking for people", |connection| {
            called(connection, name, limit)
        })
    }

    fn session(&mut self, token: &TokenHash) -> Result<Option<Session>, Error> {
        self.run("reading a sign-in", |connection| {
            let mut select = connection.prepare_cached(SESSION)?;
            let found = select.query_row([token.0], |row| {
                Ok(Session {
                    user: UserId(row.get(0)?),
                    created: row.get::<_, Time>(1)?.0,
                    expires: row.get::<_, Time>(2)?.0,
                    room: row.get::<_, Option<i64>>(3)?.map(RoomId),
                })
            });
            Ok(found.optional()?)
        })
    }
}

impl Users for Db {
    fn create_account(&mut self, account: &NewAccount) -> Result<UserId, Error> {
        self.run("making an account", |connection| {
            let key = account.name.key();
            let taken = connection.prepare_cached(NAME_TAKEN)?.exists([key])?;
            demand(!taken, ErrorKind::Conflict, "this account name is taken")?;
            let id = connection.prepare_cached(INSERT_ACCOUNT)?.insert(params![
                account.name.text(),
                key,
                account.display,
                key_of(&account.display),
                account.avatar,
                account.email,
                account.password,
                account.rank,
                Time(account.at),
            ])?;
            Ok(UserId(id))
        })
    }

    fn guest(&mut self, name: &str, at: DateTime<Utc>) -> Result<UserId, Error> {
        self.run("reading a guest", |connection| {
            match guest(connection, name)? {
                Some(id) => Ok(id),
                None => make_guest(connection, name, at),
            }
        })
    }

    fn update_user(&mut self, id: UserId, patch: &UserPatch) -> Result<(), Error> {
        self.run("changing a person", |connection| {
            let nick = patch.nick.as_ref().and_then(Option::as_ref);
            if let Some(nick) = nick {
                // Two: oneself may be called so.
                let holders = called(connection, nick, 2)?;
                let free = holders.iter().all(|holder| *holder == id);
                demand(free, ErrorKind::Conflict, "somebody else is called so")?;
            }
            let changed = connection.prepare_cached(UPDATE_USER)?.execute(params![
                id.0,
                patch.display,
                patch.avatar,
                patch.email,
                patch.password,
                patch.rank,
                patch.color.is_some(),
                patch.color.as_ref().and_then(Option::as_ref),
                patch.nick.is_some(),
                nick,
                patch.away.is_some(),
                patch.away.as_ref().and_then(Option::as_ref),
                patch.display.is_some(),
                patch.display.as_deref().and_then(key_of),
                nick.map(String::as_str).and_then(key_of),
            ])?;
            demand(changed > 0, ErrorKind::NotFound, NO_PERSON)
        })
    }

    fn create_session(&mut self, token: &TokenHash, session: &Session) -> Result<(), Error> {
        self.run("keeping a sign-in", |connection| {
            demand_user(connection, session.user)?;
            demand_room(connection, session.room)?;
            let taken = connection.prepare_cached(SESSION)?.exists([token.0])?;
            demand(!taken, ErrorKind::Conflict, "this token is in use")?;
            let forgotten = session.created.checked_sub_signed(EXPIRED_KEPT);
            connection
                .prepare_cached(FORGET_SESSIONS)?
                .execute([Time(forgotten.unwrap_or(DateTime::<Utc>::MIN_UTC))])?;
            forget_oldest(connection, session.user)?;
            connection.prepare_cached(INSERT_SESSION)?.execute(params![
                token.0,
                session.user.0,
                session.room.map(|room| room.0),
                Time(session.created),
                Time(session.expires),
            ])?;
            Ok(())
        })
    }

    fn move_session(&mut self, token: &TokenHash, room: Option<RoomId>) -> Result<(), Error> {
        self.run("moving a sign-in", |connection| {
            demand_room(connection, room)?;
            let moved = connection
                .prepare_cached(MOVE_SESSION)?
                .execute(params![token.0, room.map(|room| room.0)])?;
            demand(moved > 0, ErrorKind::NotFound, "no such sign-in")
        })
    }

    fn end_session(&mut self, token: &TokenHash) -> Result<bool, Error> {
        self.run("ending a sign-in", |connection| {
            let mut delete = connection.prepare_cached(END_SESSION)?;
            Ok(delete.execute([token.0])? > 0)
        })
    }

    fn end_other_sessions(&mut self, user: UserId, kept: &TokenHash) -> Result<usize, Error> {
        self.run("ending sign-ins", |connection| {
            Ok(connection
                .prepare_cached(END_OTHER_SESSIONS)?
                .execute(params![user.0, kept.0])?)
        })
    }

    fn end_sessions(&mut self, user: UserId) -> Result<usize, Error> {
        self.run("ending sign-ins", |connection| {
            Ok(connection.prepare_cached(END_SESSIONS)?.execute([user.0])?)
        })
    }
}

/// Makes room for one more sign-in of somebody.
fn forget_oldest(connection: &Connection, user: UserId) -> Outcome<()> {
    let mut count = connection.prepare_cached(COUNT_SESSIONS)?;
    let count: i64 = count.query_row([user.0], |row| row.get(0))?;
    let kept = i64::try_from(MAX_SESSIONS - 1).unwrap_or(i64::MAX);
    if count > kept {
        connection
            .prepare_cached(FORGET_OLDEST)?
            .execute(params![user.0, kept])?;
    }
    Ok(())
}

const NO_PERSON: &str = "no such person";

/// The person whose columns begin at `first`.
pub(super) fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(first)?),
        guest: row.get(first + 1)?,
        name: row.get(first + 2)?,
        display: row.get(first + 3)?,
        avatar: row.get(first + 4)?,
        email: row.get(first + 5)?,
        color: row.get(first + 6)?,
        rank: row.get(first + 7)?,
        nick: row.get(first + 8)?,
        away: row.get(first + 9)?,
        created: row.get::<_, Time>(first + 10)?.0,
    })
}

/// A person.
pub(super) fn select(connection: &Connection, id: UserId) -> Outcome<Option<User>> {
    let mut select = connection.prepare_cached(USER)?;
    Ok(select.query_row([id.0], |row| user(row, 0)).optional()?)
}

fn called(connection: &Connection, name: &str, limit: usize) -> Outcome<Vec<UserId>> {
    let Some(key) = key_of(name) else {
        return Ok(Vec::new());
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(CALLED)?;
    let rows = select.query_map(params![key, limit], |row| Ok(UserId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What makes two names the same; an empty one is none.
fn key_of(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| names::key(name))
}

/// The guest of this name, if they are known.
pub(super) fn guest(connection: &Connection, name: &str) -> Outcome<Option<UserId>> {
    let mut select = connection.prepare_cached(GUEST)?;
    let id = select.query_row([name], |row| row.get(0)).optional()?;
    Ok(id.map(UserId))
}

/// Makes a guest who is not known.
pub(super) fn make_guest(
    connection: &Connection,
    name: &str,
    at: DateTime<Utc>,
) -> Outcome<UserId> {
    let mut insert = connection.prepare_cached(INSERT_GUEST)?;
    Ok(UserId(insert.insert(params![name, Time(at)])?))
}

/// `NotFound` for a person who is not there.
pub(super) fn demand_user(connection: &Connection, id: UserId) -> Outcome<()> {
    let there = connection.prepare_cached(USER_EXISTS)?.exists([id.0])?;
    demand(there, ErrorKind::NotFound, NO_PERSON)
}

/// `NotFound` for somebody who has no account.
pub(super) fn demand_account(connection: &Connection, id: UserId) -> Outcome<()> {
    let there = connection.prepare_cached(ACCOUNT_EXISTS)?.exists([id.0])?;
    demand(there, ErrorKind::NotFound, "no such account")
}

fn demand_room(connection: &Connection, room: Option<RoomId>) -> Outcome<()> {
    match room {
        Some(room) => room_exists(connection, room),
        None => Ok(()),
    }
}
