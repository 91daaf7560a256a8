//! What somebody has chosen to hear.

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, Row};

use super::db::{Db, Outcome, demand, demand_fewer};
use super::marks::{demand_member, standing};
use crate::store::{
    MAX_SUBSCRIPTIONS, ReadSubscriptions, RoomId, RoomKind, Subscription, Subscriptions, UserId,
};

/// Only streams lie in another room.
const SUBSCRIPTIONS: &str = "SELECT s.room, iif(r.parent IS NULL, coalesce(k.since, 1), 1),
         coalesce(k.read_to, 0)
     FROM subscriptions s JOIN rooms r ON r.id = s.room
     LEFT JOIN marks k ON k.room = s.room AND k.user = s.user
     WHERE s.user = ?1 ORDER BY s.room";
const IS_SUBSCRIBED: &str = "SELECT 1 FROM subscriptions WHERE user = ?1 AND room = ?2";
const COUNT: &str = "SELECT count(*) FROM subscriptions WHERE user = ?1";
const SUBSCRIBE: &str = "INSERT INTO subscriptions (user, room) VALUES (?1, ?2)";
/// The lobby, rooms of two, groups and channels: [`super::values`].
const SUBSCRIBE_MEMBER: &str = "INSERT INTO subscriptions (user, room)
     SELECT ?2, id FROM rooms WHERE id = ?1 AND kind IN (0, 1, 2, 5)
     ON CONFLICT (user, room) DO NOTHING";
const UNSUBSCRIBE: &str = "DELETE FROM subscriptions WHERE user = ?1 AND room = ?2";
const UNSUBSCRIBE_MEMBER: &str = "DELETE FROM subscriptions
     WHERE user = ?2 AND room IN (SELECT id FROM rooms WHERE id = ?1 OR parent = ?1)";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    SUBSCRIPTIONS,
    IS_SUBSCRIBED,
    COUNT,
    SUBSCRIBE,
    SUBSCRIBE_MEMBER,
    UNSUBSCRIBE,
    UNSUBSCRIBE_MEMBER,
];

impl ReadSubscriptions for Db {
    fn subscriptions(&mut self, user: UserId) -> Result<Vec<Subscription>, Error> {
        self.run("reading subscriptions", |connection| {
            let mut select = connection.prepare_cached(SUBSCRIPTIONS)?;
            let rows = select.query_map([user.0], subscription)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Subscriptions for Db {
    fn subscribe(&mut self, user: UserId, room: RoomId) -> Result<(Subscription, bool), Error> {
        self.run("subscribing", |connection| {
            let found = standing(connection, room, Some(user))?;
            let standing = demand_member(found, ErrorKind::NotFound)?;
            let is_circle = standing.kind == RoomKind::Circle;
            let text = "a circle has no messages; name a stream";
            demand(!is_circle, ErrorKind::Invalid, text)?;
            let known = connection
                .prepare_cached(IS_SUBSCRIBED)?
                .exists([user.0, room.0])?;
            if !known {
                let text = "5000 subscriptions are the most; end some";
                demand_fewer(connection, COUNT, [user.0], MAX_SUBSCRIPTIONS, text)?;
                connection
                    .prepare_cached(SUBSCRIBE)?
                    .execute([user.0, room.0])?;
            }
            let since = match standing.kind {
                RoomKind::Stream => 1,
                _ => standing.marks.since,
            };
            let read = standing.marks.read_to;
            Ok((Subscription { room, since, read }, !known))
        })
    }

    fn unsubscribe(&mut self, user: UserId, room: RoomId) -> Result<bool, Error> {
        self.run("unsubscribing", |connection| {
            let mut delete = connection.prepare_cached(UNSUBSCRIBE)?;
            Ok(delete.execute([user.0, room.0])? > 0)
        })
    }
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    Ok(Subscription {
        room: RoomId(row.get(0)?),
        since: row.get(1)?,
        read: row.get(2)?,
    })
}

/// Somebody has come into a room: they hear it, if it is not a circle.
pub(super) fn begin(connection: &Connection, room: RoomId, user: UserId) -> Outcome<()> {
    let mut insert = connection.prepare_cached(SUBSCRIBE_MEMBER)?;
    insert.execute([room.0, user.0])?;
    Ok(())
}

/// Somebody has left a room, and what lies in it.
pub(super) fn end(connection: &Connection, room: RoomId, user: UserId) -> Outcome<()> {
    let mut delete = connection.prepare_cached(UNSUBSCRIBE_MEMBER)?;
    delete.execute([room.0, user.0])?;
    Ok(())
}
