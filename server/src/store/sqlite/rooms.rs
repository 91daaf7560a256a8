//! Rooms: making, changing, finding and removing them. Who is in them is `members.rs`, how far they are `marks.rs`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::{Db, Outcome, demand, refuse};
use super::room_names::{demand_name, unique_name};
use super::users::demand_user;
use super::values::{Code, Time};
use super::{channels, circles, conversations, direct, marks, members, removed};
use crate::store::{
    Conversation, LOBBY, Member, Membership, MessageId, NewRoom, Position, ReadRooms, Role, Room,
    RoomId, RoomKind, RoomPatch, Rooms, Span, UserId,
};

/// The columns of a room; `r` and `h` are rooms and heads. Read by [`room`].
macro_rules! room_columns {
    () => {
        "r.id, r.kind, r.name, r.topic, r.avatar, r.parent, r.owner, r.public, r.guests, r.mode,
         r.min_rank, r.password, r.temporary, r.hidden, r.epoch, r.created,
         h.last_id, h.last_seq, h.last_change, r.low, r.high"
    };
}

const ROOM: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id WHERE r.id = ?1"
);
const ROOM_EXISTS: &str = "SELECT 1 FROM heads WHERE room = ?1";
const NAMED: &str = "SELECT r.kind, r.parent FROM rooms r JOIN heads h ON h.room = r.id
     WHERE r.id = ?1";
/// Streams have no members of their own, so no room comes twice.
const ROOMS_OF: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM members m JOIN rooms r ON r.id = m.room JOIN heads h ON h.room = r.id WHERE m.user = ?1
     UNION ALL SELECT ",
    room_columns!(),
    " FROM members m JOIN rooms r ON r.parent = m.room JOIN heads h ON h.room = r.id
     WHERE m.user = ?1"
);
const ROOM_IDS_OF: &str = "SELECT m.room FROM members m WHERE m.user = ?1
     UNION ALL SELECT r.id FROM members m JOIN rooms r ON r.parent = m.room WHERE m.user = ?1";
const CHILDREN: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id WHERE r.parent = ?1 ORDER BY r.id"
);
/// Looks at every public room: a part of a name is in no index.
const PUBLIC_ROOMS: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id
     WHERE r.public = 1 AND r.hidden = 0 AND instr(lower(r.name), ?1) > 0 ORDER BY r.id LIMIT ?2"
);
/// As above. Kinds: [`super::values`].
const PUBLIC_CIRCLES: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id
     WHERE r.public = 1 AND r.hidden = 0 AND r.kind IN (0, 3) AND r.id > ?2
         AND instr(lower(r.name), ?1) > 0 ORDER BY r.id LIMIT ?3"
);
const NAMESAKE: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id WHERE r.unique_name = ?1"
);
/// Names of channels lie together: [`super::room_names`].
const CHANNELS: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r JOIN heads h ON h.room = r.id
     WHERE r.unique_name >= 'channel:' AND r.unique_name < 'channel;'"
);
/// From the channels, of which there are few; somebody may be in many more rooms.
const CHANNELS_OF: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM rooms r CROSS JOIN members m ON m.room = r.id JOIN heads h ON h.room = r.id
     WHERE r.unique_name >= 'channel:' AND r.unique_name < 'channel;' AND m.user = ?1"
);
/// Kinds: [`super::values`].
const GROUPS_OF: &str = concat!(
    "SELECT ",
    room_columns!(),
    " FROM members m CROSS JOIN rooms r ON r.id = m.room JOIN heads h ON h.room = r.id
     WHERE m.user = ?1 AND r.kind = 2 ORDER BY m.room LIMIT ?2"
);
const INSERT_ROOM: &str =
    "INSERT INTO rooms (kind, name, topic, avatar, parent, owner, public, mode,
         min_rank, password, temporary, hidden, unique_name, created, epoch)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
pub(super) const INSERT_HEAD: &str = "INSERT INTO heads (room) VALUES (?1)";
const UPDATE_ROOM: &str = "UPDATE rooms SET
         name = coalesce(?2, name), topic = iif(?3, ?4, topic), avatar = coalesce(?5, avatar),
         public = coalesce(?6, public), min_rank = coalesce(?7, min_rank),
         password = iif(?8, ?9, password), unique_name = coalesce(?10, unique_name)
     WHERE id = ?1";
/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    ROOM,
    ROOM_EXISTS,
    NAMED,
    ROOMS_OF,
    ROOM_IDS_OF,
    CHILDREN,
    NAMESAKE,
    CHANNELS,
    CHANNELS_OF,
    GROUPS_OF,
    INSERT_ROOM,
    INSERT_HEAD,
    UPDATE_ROOM,
];

impl ReadRooms for Db {
    fn room(&mut self, id: RoomId) -> Result<Option<Room>, Error> {
        self.run("reading a room", |connection| select(connection, id))
    }

    fn rooms_of(&mut self, user: UserId) -> Result<Vec<Room>, Error> {
        self.run("reading rooms", |connection| {
            let mut rooms = list(connection, ROOMS_OF, params![user.0])?;
            rooms.sort_unstable_by_key(|room| room.id);
            Ok(rooms)
        })
    }

    fn room_ids_of(&mut self, user: UserId) -> Result<Vec<RoomId>, Error> {
        self.run("reading rooms", |connection| {
            let mut select = connection.prepare_cached(ROOM_IDS_OF)?;
            let rows = select.query_map([user.0], |row| Ok(RoomId(row.get(0)?)))?;
            let mut ids = rows.collect::<Result<Vec<_>, _>>()?;
            ids.sort_unstable();
            Ok(ids)
        })
    }

    fn stream_ids_of(&mut self, user: UserId, limit: usize) -> Result<Vec<RoomId>, Error> {
        self.run("reading rooms", |connection| {
            members::stream_ids_of(connection, user, limit)
        })
    }

    fn roles_of(&mut self, user: UserId) -> Result<Vec<(RoomId, Role)>, Error> {
        self.run("reading memberships", |connection| {
            members::roles_of(connection, user)
        })
    }

    fn children(&mut self, parent: RoomId) -> Result<Vec<Room>, Error> {
        self.run("reading rooms", |connection| {
            list(connection, CHILDREN, params![parent.0])
        })
    }

    fn public_rooms(&mut self, query: &str, limit: usize) -> Result<Vec<Room>, Error> {
        self.run("looking for rooms", |connection| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let query = query.to_ascii_lowercase();
            list(connection, PUBLIC_ROOMS, params![query, limit])
        })
    }

    fn public_circles(
        &mut self,
        query: &str,
        after: RoomId,
        limit: usize,
    ) -> Result<Vec<Room>, Error> {
        self.run("looking for circles", |connection| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let query = query.to_ascii_lowercase();
            list(connection, PUBLIC_CIRCLES, params![query, after.0, limit])
        })
    }

    fn groups_of(&mut self, user: UserId, limit: usize) -> Result<Vec<Room>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run("reading rooms", |connection| {
            list(connection, GROUPS_OF, params![user.0, limit])
        })
    }

    fn channels_of(&mut self, user: UserId) -> Result<Vec<Room>, Error> {
        self.run("reading rooms", |connection| {
            let mut rooms = list(connection, CHANNELS_OF, params![user.0])?;
            rooms.sort_unstable_by_key(|room| room.id);
            Ok(rooms)
        })
    }

    fn channels(&mut self) -> Result<Vec<Room>, Error> {
        self.run("reading rooms", |connection| {
            let mut rooms = list(connection, CHANNELS, [])?;
            rooms.sort_unstable_by_key(|room| room.id);
            Ok(rooms)
        })
    }

    fn channel(&mut self, name: &str) -> Result<Option<Room>, Error> {
        self.run("reading a room", |connection| {
            let key = unique_name(RoomKind::Channel, None, name);
            let mut select = connection.prepare_cached(NAMESAKE)?;
            Ok(select.query_row([key], room).optional()?)
        })
    }

    fn direct_rooms(&mut self, user: UserId) -> Result<Vec<(RoomId, i64)>, Error> {
        self.run("reading rooms", |connection| direct::list(connection, user))
    }

    fn direct_room(&mut self, one: UserId, other: UserId) -> Result<Option<RoomId>, Error> {
        self.run("reading a room", |connection| {
            direct::select(connection, one, other)
        })
    }

    fn members(&mut self, room: RoomId) -> Result<Vec<Member>, Error> {
        self.run("reading members", |connection| {
            members::list(connection, room)
        })
    }

    fn members_after(
        &mut self,
        room: RoomId,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<Member>, Error> {
        self.run("reading members", |connection| {
            members::list_after(connection, room, after, limit)
        })
    }

    fn membership(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, Error> {
        self.run("reading a membership", |connection| {
            marks::membership(connection, room, user)
        })
    }

    fn visible(&mut self, room: RoomId, user: UserId) -> Result<Vec<Span>, Error> {
        self.run("reading a membership", |connection| {
            marks::visible(connection, room, user)
        })
    }

    fn conversations(
        &mut self,
        user: UserId,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Conversation>, Error> {
        self.run("reading conversations", |connection| {
            conversations::list(connection, user, skip, limit)
        })
    }
}

impl Rooms for Db {
    fn create_room(&mut self, room: &NewRoom) -> Result<RoomId, Error> {
        self.run("making a room", |connection| create(connection, room))
    }

    fn direct(
        &mut self,
        one: UserId,
        other: UserId,
        at: DateTime<Utc>,
    ) -> Result<(RoomId, bool), Error> {
        self.run("making a room", |connection| {
            direct::enter(connection, one, other, at)
        })
    }

    fn update_room(&mut self, id: RoomId, patch: &RoomPatch) -> Result<(), Error> {
        self.run("changing a room", |connection| {
            update(connection, id, patch)
        })
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), Error> {
        self.run("removing a room", |connection| {
            demand(id != LOBBY, ErrorKind::Forbidden, "the lobby stays")?;
            room_exists(connection, id)?;
            removed::remove(connection, id)
        })
    }

    fn clear_removed(&mut self, limit: usize) -> Result<bool, Error> {
        self.run("clearing removed rooms away", |connection| {
            removed::clear(connection, limit)
        })
    }

    fn clear_channels(&mut self) -> Result<(), Error> {
        self.run("emptying channels", channels::clear)
    }

    fn add_members(
        &mut self,
        room: RoomId,
        members: &[(UserId, Role)],
        at: DateTime<Utc>,
    ) -> Result<Vec<UserId>, Error> {
        self.run("letting people in", |connection| {
            members::add(connection, room, members, at)
        })
    }

    fn remove_members(&mut self, room: RoomId, users: &[UserId]) -> Result<Vec<UserId>, Error> {
        self.run("removing people", |connection| {
            members::remove(connection, room, users)
        })
    }

    fn set_role(&mut self, room: RoomId, user: UserId, role: Role) -> Result<(), Error> {
        self.run("giving a role", |connection| {
            members::set_role(connection, room, user, role)
        })
    }

    fn hand_over(&mut self, room: RoomId, to: UserId) -> Result<Option<UserId>, Error> {
        self.run("handing a room over", |connection| {
            circles::hand_over(connection, room, to)
        })
    }

    fn mark_delivered(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<(), Error> {
        self.run("marking", |connection| {
            marks::mark_delivered(connection, room, user, seq)
        })
    }

    fn mark_read_to(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<i64, Error> {
        self.run("marking", |connection| {
            marks::mark_read_to(connection, room, user, seq)
        })
    }

    fn mark_read(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<i64, Error> {
        self.run("marking", |connection| {
            marks::mark_read(connection, room, user, seq)
        })
    }
}

pub(super) const NO_ROOM: &str = "no such room";

/// `NotFound` for a room that is not there.
pub(super) fn room_exists(connection: &Connection, id: RoomId) -> Outcome<()> {
    let there = connection.prepare_cached(ROOM_EXISTS)?.exists([id.0])?;
    demand(there, ErrorKind::NotFound, NO_ROOM)
}

/// What tells a room's numbering from that of another database, in which a room has the same id: when it began, in milliseconds.
pub(super) fn epoch(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().max(1)
}

pub(super) fn select(connection: &Connection, id: RoomId) -> Outcome<Option<Room>> {
    let mut select = connection.prepare_cached(ROOM)?;
    Ok(select.query_row([id.0], room).optional()?)
}

fn list(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Outcome<Vec<Room>> {
    let mut select = connection.prepare_cached(sql)?;
    Ok(select.query_map(params, room)?.collect::<Result<_, _>>()?)
}

fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(row.get(0)?),
        kind: row.get::<_, Code<RoomKind>>(1)?.0,
        name: row.get(2)?,
        topic: row.get(3)?,
        avatar: row.get(4)?,
        parent: row.get::<_, Option<i64>>(5)?.map(RoomId),
        owner: row.get::<_, Option<i64>>(6)?.map(UserId),
        public: row.get(7)?,
        guests: row.get(8)?,
        mode: row.get(9)?,
        min_rank: row.get(10)?,
        password: row.get(11)?,
        temporary: row.get(12)?,
        hidden: row.get(13)?,
        epoch: row.get(14)?,
        created: row.get::<_, Time>(15)?.0,
        last: Position {
            id: MessageId(row.get(16)?),
            seq: row.get(17)?,
        },
        last_change: row.get(18)?,
        two: row
            .get::<_, Option<i64>>(19)?
            .zip(row.get(20)?)
            .map(|(low, high)| [UserId(low), UserId(high)]),
    })
}

fn create(connection: &Connection, room: &NewRoom) -> Outcome<RoomId> {
    demand_shape(connection, room)?;
    if let Some(owner) = room.owner {
        demand_user(connection, owner)?;
    }
    let members: BTreeMap<UserId, Role> = room.members.iter().copied().collect();
    for user in members.keys() {
        demand_user(connection, *user)?;
    }
    let unique = unique_name(room.kind, room.parent, &room.name);
    demand_name(connection, unique.as_deref(), None)?;
    circles::demand_number(connection, room, &members)?;
    if room.kind == RoomKind::Channel {
        channels::demand_number(connection)?;
    }
    let id = connection.prepare_cached(INSERT_ROOM)?.insert(params![
        Code(room.kind),
        room.name,
        room.topic,
        room.avatar,
        room.parent.map(|parent| parent.0),
        room.owner.map(|owner| owner.0),
        room.public,
        room.mode,
        room.min_rank,
        room.password,
        room.temporary,
        room.hidden,
        unique,
        Time(room.at),
        epoch(room.at),
    ])?;
    connection.prepare_cached(INSERT_HEAD)?.execute([id])?;
    members::insert(connection, RoomId(id), &members, room.at)?;
    Ok(RoomId(id))
}

/// What kinds there can be more of, and that a stream, and nothing else, lies in a circle or the lobby.
fn demand_shape(connection: &Connection, room: &NewRoom) -> Outcome<()> {
    let invalid = |text| refuse(ErrorKind::Invalid, text);
    match (room.kind, room.parent) {
        (RoomKind::Lobby, _) => invalid("there is one lobby"),
        (RoomKind::Direct, _) => invalid("ask for the room of two"),
        (RoomKind::Stream, None) => invalid("a stream needs a circle"),
        (RoomKind::Stream, Some(_)) if !room.members.is_empty() => {
            invalid("a stream has the members of its circle")
        }
        (RoomKind::Stream, Some(parent)) => {
            let kind = connection
                .prepare_cached(NAMED)?
                .query_row([parent.0], |row| row.get::<_, Code<RoomKind>>(0))
                .optional()?;
            match kind {
                None => refuse(ErrorKind::NotFound, "no such circle"),
                Some(Code(RoomKind::Circle | RoomKind::Lobby)) => Ok(()),
                Some(_) => invalid("a stream needs a circle"),
            }
        }
        (_, Some(_)) => invalid("only a stream lies in another room"),
        (RoomKind::Group | RoomKind::Circle | RoomKind::Channel, None) => Ok(()),
    }
}
fn update(connection: &Connection, id: RoomId, patch: &RoomPatch) -> Outcome<()> {
    let found = connection
        .prepare_cached(NAMED)?
        .query_row([id.0], |row| {
            let parent: Option<i64> = row.get(1)?;
            Ok((row.get::<_, Code<RoomKind>>(0)?.0, parent.map(RoomId)))
        })
        .optional()?;
    let Some((kind, parent)) = found else {
        return refuse(ErrorKind::NotFound, NO_ROOM);
    };
    let unique = match &patch.name {
        Some(name) => unique_name(kind, parent, name),
        None => None,
    };
    demand_name(connection, unique.as_deref(), Some(id))?;
    connection.prepare_cached(UPDATE_ROOM)?.execute(params![
        id.0,
        patch.name,
        patch.topic.is_some(),
        patch.topic.as_ref().and_then(Option::as_ref),
        patch.avatar,
        patch.public,
        patch.min_rank,
        patch.password.is_some(),
        patch.password.as_ref().and_then(Option::as_ref),
        unique,
    ])?;
    Ok(())
}
