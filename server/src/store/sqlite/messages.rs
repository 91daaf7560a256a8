//! Reading messages, with what hangs on them.

use std::collections::BTreeMap;

use kaiwa_core::Error;
use rusqlite::{Connection, Params, Row, params};

use super::db::{Db, Outcome};
use super::files::{file, file_columns};
use super::values::{Code, Time};
use super::{changes, users};
use crate::store::{
    BACKLOG_REACH, Change, File, Line, MessageId, MessageKind, Position, Reaction, ReadMessages,
    RoomId, StoredMessage, User, UserId,
};

/// The columns of a message; `m` is the table, `u` its sender. Read by [`load`].
macro_rules! message_columns {
    () => {
        "m.id, m.seq, m.room, m.change, m.at, m.sender, iif(u.guest, u.name, u.display), m.kind,
         m.text, m.client_id, m.reply, m.edited, m.deleted, m.files, m.reactions, m.extra, m.posted
         FROM messages m LEFT JOIN users u ON u.id = m.sender"
    };
}
pub(super) use message_columns;

const MESSAGE: &str = concat!(
    "SELECT ",
    message_columns!(),
    " JOIN heads h ON h.room = m.room WHERE m.id = ?1"
);
const MESSAGE_AT: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE m.room = ?1 AND m.seq = ?2"
);
const MESSAGES: &str = concat!(
    "SELECT ",
    message_columns!(),
    " JOIN heads h ON h.room = m.room WHERE m.room = ?1 AND m.seq BETWEEN ?2 AND ?3 ORDER BY m.seq"
);
const NEWEST: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE m.room = ?1 ORDER BY m.seq DESC LIMIT ?2"
);
/// Nothing of a room that was removed: it has no head.
const BACKLOG: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE m.room = ?1 AND m.seq > (SELECT last_seq - ?3 FROM heads WHERE room = ?1)
         AND m.deleted = 0 ORDER BY m.seq DESC LIMIT ?2"
);
const FILES: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM message_files l JOIN files f ON f.id = l.file
     WHERE l.room = ?1 AND l.seq = ?2 ORDER BY l.place"
);
/// Those of one message, which are few: put in order after they are read.
const REACTIONS: &str =
    "SELECT user, emoji, change FROM reactions WHERE room = ?1 AND seq = ?2 AND given = 1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    MESSAGE, MESSAGE_AT, MESSAGES, NEWEST, BACKLOG, FILES, REACTIONS,
];

impl ReadMessages for Db {
    fn message(&mut self, id: MessageId) -> Result<Option<StoredMessage>, Error> {
        self.run("reading a message", |connection| {
            Ok(load(connection, MESSAGE, [id.0])?.pop())
        })
    }

    fn messages(
        &mut self,
        room: RoomId,
        first: i64,
        last: i64,
    ) -> Result<Vec<StoredMessage>, Error> {
        self.run("reading messages", |connection| {
            load(connection, MESSAGES, [room.0, first, last])
        })
    }

    fn backlog(&mut self, room: RoomId, limit: usize) -> Result<Vec<Line>, Error> {
        self.run("reading messages", |connection| {
            backlog(connection, room, limit)
        })
    }

    fn changes(
        &mut self,
        room: RoomId,
        after: i64,
        limit: usize,
    ) -> Result<Option<Vec<Change>>, Error> {
        self.run("reading changes", |connection| {
            changes::list(connection, room, after, limit)
        })
    }
}

pub(super) fn at(
    connection: &Connection,
    room: RoomId,
    seq: i64,
) -> Outcome<Option<StoredMessage>> {
    Ok(load(connection, MESSAGE_AT, [room.0, seq])?.pop())
}

/// The last `limit` messages of a room, oldest first.
pub(super) fn newest(
    connection: &Connection,
    room: RoomId,
    limit: usize,
) -> Outcome<Vec<StoredMessage>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut messages = load(connection, NEWEST, [room.0, limit])?;
    messages.reverse();
    Ok(messages)
}

fn backlog(connection: &Connection, room: RoomId, limit: usize) -> Outcome<Vec<Line>> {
    let [limit, reach] = [limit, BACKLOG_REACH].map(|most| i64::try_from(most).unwrap_or(i64::MAX));
    let mut messages = load(connection, BACKLOG, [room.0, limit, reach])?;
    messages.reverse();
    let mut people: BTreeMap<UserId, Option<User>> = BTreeMap::new();
    let mut lines = Vec::with_capacity(messages.len());
    for message in messages {
        let sender = match message.sender {
            None => None,
            Some(id) => match people.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let user = users::select(connection, id)?;
                    people.insert(id, user.clone());
                    user
                }
            },
        };
        lines.push(Line { message, sender });
    }
    Ok(lines)
}

/// The messages that a statement finds.
pub(super) fn load(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Outcome<Vec<StoredMessage>> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params)?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let mut message = message(row)?;
        let (room, seq) = (message.room.0, message.position.seq);
        if row.get::<_, i64>(13)? > 0 {
            message.files = files(connection, room, seq)?;
        }
        if row.get::<_, i64>(14)? > 0 {
            message.reactions = reactions(connection, room, seq)?;
        }
        messages.push(message);
    }
    Ok(messages)
}

fn message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        position: Position {
            id: MessageId(row.get(0)?),
            seq: row.get(1)?,
        },
        room: RoomId(row.get(2)?),
        change: row.get(3)?,
        posted: row.get(16)?,
        at: row.get::<_, Time>(4)?.0,
        sender: row.get::<_, Option<i64>>(5)?.map(UserId),
        sender_name: row.get(6)?,
        kind: row.get::<_, Code<MessageKind>>(7)?.0,
        text: row.get(8)?,
        client_id: row.get(9)?,
        reply: row.get(10)?,
        edited: row.get::<_, Option<Time>>(11)?.map(|time| time.0),
        deleted: row.get(12)?,
        files: Vec::new(),
        reactions: Vec::new(),
        extra: row.get(15)?,
    })
}

fn files(connection: &Connection, room: i64, seq: i64) -> rusqlite::Result<Vec<File>> {
    let mut select = connection.prepare_cached(FILES)?;
    select.query_map([room, seq], file)?.collect()
}

fn reactions(connection: &Connection, room: i64, seq: i64) -> rusqlite::Result<Vec<Reaction>> {
    let mut select = connection.prepare_cached(REACTIONS)?;
    let reaction = |row: &Row<'_>| {
        let reaction = Reaction {
            user: UserId(row.get(0)?),
            emoji: row.get(1)?,
        };
        Ok((row.get::<_, i64>(2)?, reaction))
    };
    let mut given = select
        .query_map(params![room, seq], reaction)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    given.sort_unstable_by_key(|(change, _)| *change);
    Ok(given.into_iter().map(|(_, reaction)| reaction).collect())
}
