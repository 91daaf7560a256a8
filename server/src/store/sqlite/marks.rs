//! How far somebody is in a room: what they may see, what has reached them, what they have read.
//!
//! The rules of the tables `marks` and `read_ahead` stand in the schema.

use kaiwa_core::ErrorKind;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::db::{Outcome, demand, refuse};
use super::rooms::NO_ROOM;
use super::values::Code;
use crate::store::{Membership, Role, RoomId, RoomKind, Span, UserId};

const STANDING: &str = "SELECT r.kind, r.guests, h.last_seq, h.last_change, m.role,
         k.since, k.read_to, k.delivered, k.own_ahead, k.ahead, r.parent, r.low, r.high
     FROM rooms r JOIN heads h ON h.room = r.id
     LEFT JOIN members m ON m.room = coalesce(r.parent, r.id) AND m.user = ?2
     LEFT JOIN marks k ON k.room = r.id AND k.user = ?2
     WHERE r.id = ?1";
const WRITE_MARKS: &str =
    "INSERT INTO marks (room, user, since, read_to, delivered, own_ahead, ahead)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (room, user) DO UPDATE SET read_to = excluded.read_to,
         delivered = excluded.delivered, own_ahead = excluded.own_ahead, ahead = excluded.ahead";
const BEGIN_MARKS: &str =
    "INSERT INTO marks (room, user, since, read_to, delivered, own_ahead, ahead)
     SELECT h.room, ?2, h.last_seq + 1, h.last_seq, h.last_seq, 0, 0
     FROM rooms r JOIN heads h ON h.room = r.id
     WHERE (r.id = ?1 OR r.parent = ?1) AND h.last_seq > 0";
/// Of a channel nothing is kept of who has gone: people come and go there all day. Kind: [`super::values`].
const CLOSE_SPANS: &str = "INSERT INTO spans (room, user, first, last)
     SELECT h.room, ?2, coalesce(k.since, 1), h.last_seq
     FROM rooms r JOIN heads h ON h.room = r.id LEFT JOIN marks k ON k.room = r.id AND k.user = ?2
     WHERE (r.id = ?1 OR r.parent = ?1) AND r.kind <> 5 AND h.last_seq >= coalesce(k.since, 1)";
const END_MARKS: &str = "DELETE FROM marks
     WHERE room IN (SELECT id FROM rooms WHERE id = ?1 OR parent = ?1) AND user = ?2";
const SPANS: &str = "SELECT first, last FROM spans WHERE room = ?1 AND user = ?2 ORDER BY first";
const IS_AHEAD: &str = "SELECT 1 FROM read_ahead WHERE room = ?1 AND user = ?2 AND seq = ?3";
const READ_AHEAD: &str = "INSERT INTO read_ahead (room, user, seq) VALUES (?1, ?2, ?3)";
const CATCH_UP: &str =
    "DELETE FROM read_ahead WHERE room = ?1 AND user = ?2 AND seq BETWEEN ?3 AND ?4";
const COUNT_OWN: &str =
    "SELECT count(*) FROM messages WHERE room = ?1 AND sender = ?2 AND seq BETWEEN ?3 AND ?4";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    STANDING,
    WRITE_MARKS,
    BEGIN_MARKS,
    CLOSE_SPANS,
    END_MARKS,
    SPANS,
    IS_AHEAD,
    READ_AHEAD,
    CATCH_UP,
    COUNT_OWN,
];

/// A room, and what somebody is in it.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) kind: RoomKind,
    pub(super) parent: Option<RoomId>,
    pub(super) two: Option<[UserId; 2]>,
    pub(super) guests: bool,
    pub(super) last_seq: i64,
    pub(super) last_change: i64,
    /// None for somebody who is not in.
    pub(super) role: Option<Role>,
    pub(super) marks: Marks,
}

/// A row of `marks`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) since: i64,
    pub(super) read_to: i64,
    pub(super) delivered: i64,
    pub(super) own_ahead: i64,
    pub(super) ahead: i64,
}

impl Marks {
    /// What no row stands for.
    pub(super) const FRESH: Self = Self {
        since: 1,
        read_to: 0,
        delivered: 0,
        own_ahead: 0,
        ahead: 0,
    };

    /// How many messages of others are not read.
    pub(super) fn unread(&self, last_seq: i64) -> i64 {
        last_seq - self.read_to - self.own_ahead - self.ahead
    }

    /// Their own message has become the newest.
    pub(super) fn count_own(&mut self, seq: i64) {
        if self.read_to == seq - 1 {
            self.read_to = seq;
        } else {
            self.own_ahead += 1;
        }
        if self.delivered == seq - 1 {
            self.delivered = seq;
        }
    }
}

/// What somebody is in a room; none for a room that is not there.
pub(super) fn standing(
    connection: &Connection,
    room: RoomId,
    user: Option<UserId>,
) -> Outcome<Option<Standing>> {
    let mut select = connection.prepare_cached(STANDING)?;
    let params = params![room.0, user.map(|user| user.0)];
    let found = select.query_row(params, |row| {
        let since: Option<i64> = row.get(5)?;
        let marks = match since {
            None => Marks::FRESH,
            Some(since) => Marks {
                since,
                read_to: row.get(6)?,
                delivered: row.get(7)?,
                own_ahead: row.get(8)?,
                ahead: row.get(9)?,
            },
        };
        Ok(Standing {
            kind: row.get::<_, Code<RoomKind>>(0)?.0,
            parent: row.get::<_, Option<i64>>(10)?.map(RoomId),
            two: row
                .get::<_, Option<i64>>(11)?
                .zip(row.get(12)?)
                .map(|(low, high)| [UserId(low), UserId(high)]),
            guests: row.get(1)?,
            last_seq: row.get(2)?,
            last_change: row.get(3)?,
            role: row.get::<_, Option<Code<Role>>>(4)?.map(|role| role.0),
            marks,
        })
    });
    Ok(found.optional()?)
}

/// `NotFound` for a room that is not there, `kind` for somebody who is not in it.
pub(super) fn demand_member(standing: Option<Standing>, kind: ErrorKind) -> Outcome<Standing> {
    match standing {
        None => refuse(ErrorKind::NotFound, NO_ROOM),
        Some(standing) => {
            demand(standing.role.is_some(), kind, NOT_IN)?;
            Ok(standing)
        }
    }
}

const NOT_IN: &str = "not in this room";

pub(super) fn membership(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Outcome<Option<Membership>> {
    let standing = standing(connection, room, Some(user))?;
    Ok(standing.and_then(|standing| {
        standing.role.map(|role| Membership {
            kind: standing.kind,
            role,
            read: standing.marks.read_to,
            delivered: standing.marks.delivered,
            unread: standing.marks.unread(standing.last_seq),
        })
    }))
}

pub(super) fn visible(connection: &Connection, room: RoomId, user: UserId) -> Outcome<Vec<Span>> {
    let mut select = connection.prepare_cached(SPANS)?;
    let span = |row: &rusqlite::Row<'_>| {
        Ok(Span {
            first: row.get(0)?,
            last: row.get(1)?,
        })
    };
    let mut spans = select
        .query_map([room.0, user.0], span)?
        .collect::<Result<Vec<_>, _>>()?;
    let standing = standing(connection, room, Some(user))?;
    if let Some(standing) = standing.filter(|standing| standing.role.is_some()) {
        let (first, last) = (standing.marks.since, standing.last_seq);
        if first <= last {
            spans.push(Span { first, last });
        }
    }
    Ok(spans)
}

/// Somebody has come into a room, which may be a circle.
pub(super) fn begin(connection: &Connection, room: RoomId, user: UserId) -> Outcome<()> {
    let mut insert = connection.prepare_cached(BEGIN_MARKS)?;
    insert.execute([room.0, user.0])?;
    Ok(())
}

/// Somebody has left a room, which may be a circle.
pub(super) fn end(connection: &Connection, room: RoomId, user: UserId) -> Outcome<()> {
    for sql in [CLOSE_SPANS, END_MARKS] {
        connection.prepare_cached(sql)?.execute([room.0, user.0])?;
    }
    Ok(())
}

pub(super) fn mark_delivered(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    seq: i64,
) -> Outcome<()> {
    change(connection, room, user, |standing| {
        let marks = &mut standing.marks;
        marks.delivered = marks.delivered.max(seq.min(standing.last_seq));
        Ok(())
    })?;
    Ok(())
}

pub(super) fn mark_read_to(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    seq: i64,
) -> Outcome<i64> {
    let marks = change(connection, room, user, |standing| {
        let to = seq.min(standing.last_seq);
        if to > standing.marks.read_to {
            Progress {
                connection,
                room,
                user,
                last_seq: standing.last_seq,
            }
            .advance(&mut standing.marks, to)?;
        }
        Ok(())
    })?;
    Ok(marks.read_to)
}

pub(super) fn mark_read(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    seq: i64,
) -> Outcome<i64> {
    let mut ahead = false;
    let marks = change(connection, room, user, |standing| {
        let marks = &mut standing.marks;
        if seq <= marks.read_to || seq > standing.last_seq {
            return Ok(());
        }
        marks.delivered = marks.delivered.max(seq);
        let progress = Progress {
            connection,
            room,
            user,
            last_seq: standing.last_seq,
        };
        if seq == marks.read_to + 1 {
            return progress.advance(marks, seq);
        }
        let mut known = connection.prepare_cached(IS_AHEAD)?;
        if !known.exists([room.0, user.0, seq])? && progress.own(seq, seq)? == 0 {
            marks.ahead += 1;
            ahead = true;
        }
        Ok(())
    })?;
    if ahead {
        connection
            .prepare_cached(READ_AHEAD)?
            .execute([room.0, user.0, seq])?;
    }
    Ok(marks.read_to)
}

/// Changes a member's marks.
fn change(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    work: impl FnOnce(&mut Standing) -> Outcome<()>,
) -> Outcome<Marks> {
    let found = standing(connection, room, Some(user))?;
    let mut standing = demand_member(found, ErrorKind::NotFound)?;
    let before = standing.marks;
    work(&mut standing)?;
    let marks = &mut standing.marks;
    marks.delivered = marks.delivered.max(marks.read_to);
    if *marks != before {
        write(connection, room, user, marks)?;
    }
    Ok(*marks)
}

pub(super) fn write(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    marks: &Marks,
) -> Outcome<()> {
    connection.prepare_cached(WRITE_MARKS)?.execute([
        room.0,
        user.0,
        marks.since,
        marks.read_to,
        marks.delivered,
        marks.own_ahead,
        marks.ahead,
    ])?;
    Ok(())
}

/// Moving somebody's read mark.
struct Progress<'c> {
    connection: &'c Connection,
    room: RoomId,
    user: UserId,
    last_seq: i64,
}

impl Progress<'_> {
    /// Moves the mark forward to a sequence, and over what is read behind it.
    fn advance(&self, marks: &mut Marks, to: i64) -> Outcome<()> {
        if marks.ahead > 0 {
            marks.ahead -= self.catch_up(marks.read_to + 1, to)?;
        }
        if marks.own_ahead > 0 {
            // Whichever part is shorter: a room may be long.
            let (read, left) = (to - marks.read_to, self.last_seq - to);
            marks.own_ahead = if left < read {
                self.own(to + 1, self.last_seq)?
            } else {
                marks.own_ahead - self.own(marks.read_to + 1, to)?
            };
        }
        marks.read_to = to;
        while marks.ahead + marks.own_ahead > 0 {
            let next = marks.read_to + 1;
            if marks.ahead > 0 && self.catch_up(next, next)? > 0 {
                marks.ahead -= 1;
            } else if marks.own_ahead > 0 && self.own(next, next)? > 0 {
                marks.own_ahead -= 1;
            } else {
                break;
            }
            marks.read_to = next;
        }
        Ok(())
    }

    /// Forgets which messages of these were read: the mark moves over them.
    fn catch_up(&self, first: i64, last: i64) -> Outcome<i64> {
        let mut delete = self.connection.prepare_cached(CATCH_UP)?;
        let count = delete.execute([self.room.0, self.user.0, first, last])?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// How many of these messages are their own.
    fn own(&self, first: i64, last: i64) -> Outcome<i64> {
        let mut count = self.connection.prepare_cached(COUNT_OWN)?;
        Ok(count.query_row([self.room.0, self.user.0, first, last], |row| row.get(0))?)
    }
}
