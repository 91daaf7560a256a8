//! Invitations.

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Db, Outcome, demand, demand_fewer, refuse};
use super::rooms::room_exists;
use super::users::demand_user;
use super::values::Time;
use crate::store::{Invite, Invites, MAX_INVITES, NewInvite, RoomId, UserId};

const INVITE: &str = "SELECT room, by, user FROM invites
     WHERE code = ?1 AND (user IS NULL OR user = ?2) AND (expires IS NULL OR expires > ?3)";
const CODE_TAKEN: &str = "SELECT 1 FROM invites WHERE code = ?1";
const COUNT: &str =
    "SELECT count(*) FROM invites WHERE room = ?1 AND (expires IS NULL OR expires > ?2)";
const FORGET_INVITES: &str = "DELETE FROM invites WHERE expires <= ?1";
const INSERT_INVITE: &str =
    "INSERT INTO invites (code, room, by, user, expires, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const END_INVITES: &str = "DELETE FROM invites WHERE room = ?1 AND (by = ?2 OR user IS NULL)";
const DELETE_INVITE: &str = "DELETE FROM invites WHERE code = ?1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    INVITE,
    CODE_TAKEN,
    COUNT,
    FORGET_INVITES,
    INSERT_INVITE,
    END_INVITES,
    DELETE_INVITE,
];

impl Invites for Db {
    fn create_invite(&mut self, invite: &NewInvite) -> Result<(), Error> {
        self.run("keeping an invitation", |connection| {
            room_exists(connection, invite.room)?;
            demand_user(connection, invite.by)?;
            if let Some(user) = invite.user {
                demand_user(connection, user)?;
            }
            let taken = connection
                .prepare_cached(CODE_TAKEN)?
                .exists([&invite.code])?;
            demand(!taken, ErrorKind::Conflict, "this code is in use")?;
            let open = params![invite.room.0, Time(invite.at)];
            let text = "1000 invitations are open, which is the most";
            demand_fewer(connection, COUNT, open, MAX_INVITES, text)?;
            connection
                .prepare_cached(FORGET_INVITES)?
                .execute([Time(invite.at)])?;
            connection.prepare_cached(INSERT_INVITE)?.execute(params![
                invite.code,
                invite.room.0,
                invite.by.0,
                invite.user.map(|user| user.0),
                invite.expires.map(Time),
                Time(invite.at),
            ])?;
            Ok(())
        })
    }

    fn end_invites(&mut self, room: RoomId, by: UserId) -> Result<(), Error> {
        self.run("ending invitations", |connection| {
            connection
                .prepare_cached(END_INVITES)?
                .execute([room.0, by.0])?;
            Ok(())
        })
    }

    fn invite(&mut self, code: &str, user: UserId, now: DateTime<Utc>) -> Result<Invite, Error> {
        self.run("reading an invitation", |connection| {
            Ok(find(connection, code, user, now)?.0)
        })
    }

    fn take_invite(
        &mut self,
        code: &str,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Invite, Error> {
        self.run("using an invitation", |connection| {
            let (invite, only_for) = find(connection, code, user, now)?;
            if only_for.is_some() {
                connection.prepare_cached(DELETE_INVITE)?.execute([code])?;
            }
            Ok(invite)
        })
    }
}

/// An invitation, and whom alone it is for.
fn find(
    connection: &Connection,
    code: &str,
    user: UserId,
    now: DateTime<Utc>,
) -> Outcome<(Invite, Option<UserId>)> {
    let found = connection
        .prepare_cached(INVITE)?
        .query_row(params![code, user.0, Time(now)], |row| {
            let invite = Invite {
                room: RoomId(row.get(0)?),
                by: UserId(row.get(1)?),
            };
            Ok((invite, row.get::<_, Option<i64>>(2)?.map(UserId)))
        })
        .optional()?;
    match found {
        Some(found) => Ok(found),
        None => refuse(ErrorKind::NotFound, "no such invitation"),
    }
}
