//! Writing messages: posting, editing, deleting, reacting.

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Db, Outcome, demand, demand_fewer, refuse};
use super::files::demand_file;
use super::forget;
use super::marks::{self, Standing, standing};
use super::rooms::NO_ROOM;
use super::silence::Silence;
use super::users::{demand_user, guest, make_guest};
use super::values::{Code, Time};
use crate::store::{
    Edit, MAX_REACTIONS, MessageId, Messages, NewMessage, Position, Posted, Reaction, Repeat,
    RoomId, RoomKind, Sender, UserId,
};

/// How many of somebody's newest messages in a room are known by their client ids.
const IDS_KNOWN: i64 = 100;

const LAST_ID: &str = "SELECT message FROM last_ids WHERE one = 1";
const INSERT: &str = "INSERT INTO messages
         (room, seq, id, posted, change, at, sender, kind, client_id, once, reply, files, text, extra)
     VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const MOVE_HEAD: &str =
    "UPDATE heads SET last_id = ?2, last_seq = ?3, last_change = ?4 WHERE room = ?1";
const ATTACH: &str = "INSERT INTO message_files (room, seq, place, file) VALUES (?1, ?2, ?3, ?4)";
/// The index has all that this asks for.
const KNOWN_IDS: &str = "SELECT seq, client_id FROM messages
     WHERE room = ?1 AND sender = ?2 AND once = 1 ORDER BY seq DESC LIMIT ?3";
const POSTED_AT: &str = "SELECT id, posted, at FROM messages WHERE room = ?1 AND seq = ?2";
const IS_LIVE: &str = "SELECT 1 FROM messages WHERE room = ?1 AND seq = ?2 AND deleted = 0";
const SPEAKER: &str = "SELECT m.sender, r.parent FROM messages m JOIN rooms r ON r.id = m.room
     WHERE m.room = ?1 AND m.seq = ?2";
const NEXT_CHANGE: &str =
    "UPDATE heads SET last_change = last_change + 1 WHERE room = ?1 RETURNING last_change";
const EDIT: &str =
    "UPDATE messages SET text = ?4, edited = ?5, change = ?3 WHERE room = ?1 AND seq = ?2";
const DELETE: &str = "UPDATE messages SET text = NULL, extra = NULL, files = 0, reactions = 0,
         deleted = 1, change = ?3
     WHERE room = ?1 AND seq = ?2";
const DETACH: &str = "DELETE FROM message_files WHERE room = ?1 AND seq = ?2";
const FORGET_REACTIONS: &str = "DELETE FROM reactions WHERE room = ?1 AND seq = ?2";
const IS_GIVEN: &str = "SELECT given FROM reactions
     WHERE room = ?1 AND seq = ?2 AND user = ?3 AND emoji = ?4";
const SET_REACTION: &str =
    "INSERT INTO reactions (room, seq, user, emoji, given, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (room, seq, user, emoji) DO UPDATE
     SET given = excluded.given, change = excluded.change";
const REACTION_COUNT: &str = "SELECT reactions FROM messages WHERE room = ?1 AND seq = ?2";
const COUNT_REACTION: &str =
    "UPDATE messages SET reactions = reactions + 1 WHERE room = ?1 AND seq = ?2";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    LAST_ID,
    INSERT,
    MOVE_HEAD,
    ATTACH,
    KNOWN_IDS,
    POSTED_AT,
    IS_LIVE,
    SPEAKER,
    NEXT_CHANGE,
    EDIT,
    DELETE,
    DETACH,
    FORGET_REACTIONS,
    IS_GIVEN,
    SET_REACTION,
    REACTION_COUNT,
    COUNT_REACTION,
];

impl Messages for Db {
    fn post(&mut self, message: &NewMessage, repeat: Repeat) -> Result<Posted, Error> {
        let mut last_id = self.last_id;
        let keep = self.keep;
        let posted = self.run_heard("keeping a message", |connection, silence| {
            let posted = post(connection, message, repeat, silence, &mut last_id)?;
            if let Some(keep) = keep
                && !posted.repeated
            {
                forget::older(connection, message.room, posted.position.seq, keep)?;
            }
            Ok(posted)
        });
        self.last_id = last_id;
        posted
    }

    fn edit(
        &mut self,
        room: RoomId,
        seq: i64,
        edit: &Edit,
        at: DateTime<Utc>,
    ) -> Result<i64, Error> {
        self.run_heard("changing a message", |connection, silence| {
            demand_live(connection, room, seq)?;
            if let Edit::Text(_) = edit {
                let (sender, parent) = speaker(connection, room, seq)?;
                silence.demand_voice(sender, room, parent, at)?;
            }
            let change = next_change(connection, room)?;
            match edit {
                Edit::Text(text) => {
                    connection.prepare_cached(EDIT)?.execute(params![
                        room.0,
                        seq,
                        change,
                        text,
                        Time(at)
                    ])?;
                }
                Edit::Delete => {
                    connection
                        .prepare_cached(DELETE)?
                        .execute([room.0, seq, change])?;
                    for sql in [DETACH, FORGET_REACTIONS] {
                        connection.prepare_cached(sql)?.execute([room.0, seq])?;
                    }
                }
            }
            Ok(change)
        })
    }

    fn react(
        &mut self,
        room: RoomId,
        seq: i64,
        reaction: &Reaction,
        on: bool,
    ) -> Result<Option<i64>, Error> {
        self.run("changing a reaction", |connection| {
            demand_live(connection, room, seq)?;
            demand_user(connection, reaction.user)?;
            let Reaction { user, emoji } = reaction;
            let given: Option<bool> = connection
                .prepare_cached(IS_GIVEN)?
                .query_row(params![room.0, seq, user.0, emoji], |row| row.get(0))
                .optional()?;
            if given.unwrap_or(false) == on {
                return Ok(None);
            }
            if given.is_none() {
                demand_reaction(connection, room, seq)?;
            }
            let change = next_change(connection, room)?;
            connection
                .prepare_cached(SET_REACTION)?
                .execute(params![room.0, seq, user.0, emoji, on, change])?;
            if given.is_none() {
                connection
                    .prepare_cached(COUNT_REACTION)?
                    .execute([room.0, seq])?;
            }
            Ok(Some(change))
        })
    }
}

impl Db {
    /// Does what takes a voice.
    fn run_heard<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection, &Silence) -> Outcome<T>,
    ) -> Result<T, Error> {
        let mut silence = self.silence.take();
        let done = self.run(doing, |connection| {
            let silence = match &mut silence {
                Some(silence) => silence,
                none => none.insert(Silence::read(connection)?),
            };
            work(connection, silence)
        });
        self.silence = silence;
        done
    }
}

fn post(
    connection: &Connection,
    message: &NewMessage,
    repeat: Repeat,
    silence: &Silence,
    last_id: &mut Option<i64>,
) -> Outcome<Posted> {
    let room = message.room;
    let mut sender = match &message.sender {
        Sender::Account(user) => Some(*user),
        Sender::Guest(Some(name)) => guest(connection, name)?,
        Sender::Guest(None) => None,
    };
    let Some(standing) = standing(connection, room, sender)? else {
        return refuse(ErrorKind::NotFound, NO_ROOM);
    };
    demand_voice(&standing, &message.sender)?;
    let once = message
        .client_id
        .as_deref()
        .filter(|_| repeat == Repeat::Same);
    if let (Some(client_id), Some(sender)) = (once, sender)
        && let Some(posted) = repeated(connection, &standing, room, sender, client_id)?
    {
        return Ok(posted);
    }
    if let Sender::Account(user) = &message.sender {
        silence.demand_voice(Some(*user), room, standing.parent, message.at)?;
    }
    demand_parts(connection, message, standing.last_seq)?;
    if let (Sender::Guest(Some(name)), None) = (&message.sender, sender) {
        sender = Some(make_guest(connection, name, message.at)?);
    }
    let posted = Posted {
        position: Position {
            id: next_id(connection, last_id)?,
            seq: standing.last_seq + 1,
        },
        change: standing.last_change + 1,
        sender,
        at: message.at,
        repeated: false,
        kind: standing.kind,
        two: standing.two,
    };
    insert(connection, message, &posted, once.is_some())?;
    if let (Some(user), Some(_)) = (sender, standing.role) {
        let mut marks = standing.marks;
        marks.count_own(posted.position.seq);
        marks::write(connection, room, user, &marks)?;
    }
    Ok(posted)
}

/// Whether somebody may speak there.
fn demand_voice(standing: &Standing, sender: &Sender) -> Outcome<()> {
    let forbidden = ErrorKind::Forbidden;
    let is_circle = standing.kind == RoomKind::Circle;
    demand(
        !is_circle,
        forbidden,
        "a circle has no messages; name a stream",
    )?;
    match sender {
        Sender::Account(_) => demand(standing.role.is_some(), forbidden, "not in this room"),
        Sender::Guest(_) => demand(standing.guests, forbidden, "this room takes no guests"),
    }
}

/// Whether the answered message and the files are there.
fn demand_parts(connection: &Connection, message: &NewMessage, last_seq: i64) -> Outcome<()> {
    // A sequence has no holes.
    let answers = message
        .reply
        .is_none_or(|seq| (1..=last_seq).contains(&seq));
    demand(answers, ErrorKind::NotFound, "no such message to answer")?;
    for file in &message.files {
        demand_file(connection, *file)?;
    }
    Ok(())
}

/// The message that this sender's client id means.
fn repeated(
    connection: &Connection,
    standing: &Standing,
    room: RoomId,
    sender: UserId,
    client_id: &str,
) -> Outcome<Option<Posted>> {
    let mut select = connection.prepare_cached(KNOWN_IDS)?;
    let mut rows = select.query([room.0, sender.0, IDS_KNOWN])?;
    let seq: i64 = loop {
        match rows.next()? {
            None => return Ok(None),
            Some(row) if row.get_ref(1)?.as_bytes_or_null() == Ok(Some(client_id.as_bytes())) => {
                break row.get(0)?;
            }
            Some(_) => {}
        }
    };
    let posted = connection
        .prepare_cached(POSTED_AT)?
        .query_row([room.0, seq], |row| {
            Ok(Posted {
                position: Position {
                    id: MessageId(row.get(0)?),
                    seq,
                },
                change: row.get(1)?,
                sender: Some(sender),
                at: row.get::<_, Time>(2)?.0,
                repeated: true,
                kind: standing.kind,
                two: standing.two,
            })
        })?;
    Ok(Some(posted))
}

fn next_id(connection: &Connection, last: &mut Option<i64>) -> Outcome<MessageId> {
    let id = match *last {
        Some(id) => id,
        None => connection
            .prepare_cached(LAST_ID)?
            .query_row([], |row| row.get(0))?,
    };
    *last = Some(id + 1);
    Ok(MessageId(id + 1))
}

/// Writes the message and moves its room's head.
fn insert(
    connection: &Connection,
    message: &NewMessage,
    posted: &Posted,
    once: bool,
) -> Outcome<()> {
    let room = message.room.0;
    let Position { id, seq } = posted.position;
    connection.prepare_cached(INSERT)?.execute(params![
        room,
        seq,
        id.0,
        posted.change,
        Time(message.at),
        posted.sender.map(|sender| sender.0),
        Code(message.kind),
        message.client_id,
        once,
        message.reply,
        i64::try_from(message.files.len()).unwrap_or(i64::MAX),
        message.text,
        message.extra,
    ])?;
    connection
        .prepare_cached(MOVE_HEAD)?
        .execute([room, id.0, seq, posted.change])?;
    for (place, file) in (0_i64..).zip(&message.files) {
        connection
            .prepare_cached(ATTACH)?
            .execute([room, seq, place, file.0])?;
    }
    Ok(())
}

/// Who said something, and in what its room lies.
fn speaker(
    connection: &Connection,
    room: RoomId,
    seq: i64,
) -> Outcome<(Option<UserId>, Option<RoomId>)> {
    let mut select = connection.prepare_cached(SPEAKER)?;
    Ok(select.query_row([room.0, seq], |row| {
        let (sender, parent): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok((sender.map(UserId), parent.map(RoomId)))
    })?)
}

/// `NotFound` for a message that is not there or was deleted.
fn demand_live(connection: &Connection, room: RoomId, seq: i64) -> Outcome<()> {
    let live = connection.prepare_cached(IS_LIVE)?.exists([room.0, seq])?;
    demand(live, ErrorKind::NotFound, "no such message")
}

/// `Full` for a message that has as many reactions as may be.
fn demand_reaction(connection: &Connection, room: RoomId, seq: i64) -> Outcome<()> {
    let text = "1000 reactions to a message are the most";
    demand_fewer(
        connection,
        REACTION_COUNT,
        [room.0, seq],
        MAX_REACTIONS,
        text,
    )
}

fn next_change(connection: &Connection, room: RoomId) -> Outcome<i64> {
    let mut update = connection.prepare_cached(NEXT_CHANGE)?;
    Ok(update.query_row([room.0], |row| row.get(0))?)
}
