//! Rooms and who is in them. A rim group, an Oshi circle and its streams, a Sock Chat channel and wschat's lobby are all rooms.

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::{Position, StoredMessage, User, UserId};

/// A room's number in the store; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub i64);

/// The room that is always there, open to guests, and the only one that wschat knows.
pub const LOBBY: RoomId = RoomId(1);

/// Streams that a circle may have, and the lobby: a client is told all of them when it signs in.
pub const MAX_STREAMS: usize = 500;

/// Channels that there may be: whoever comes in is told all of them.
pub const MAX_CHANNELS: usize = 1000;

/// Circles in which somebody may be.
pub const MAX_CIRCLES: usize = 500;

/// Circles that somebody may own: what one person can make the others keep.
pub const MAX_OWN_CIRCLES: usize = 100;

/// What a room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKind {
    /// [`LOBBY`].
    Lobby,
    /// Between two people; at most one per pair is made by [`Rooms::direct`].
    Direct,
    /// Some people.
    Group,
    /// An Oshi circle: holds streams, has no messages.
    Circle,
    /// A stream of a circle, or of the lobby; its members are the circle's.
    Stream,
    /// A Sock Chat channel.
    Channel,
}

/// What somebody may do in a room; each may do all that those before may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read and speak.
    #[default]
    Member,
    /// Remove messages and people.
    Moderator,
    /// Change the room.
    Admin,
    /// Give roles, delete the room.
    Owner,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The number.
    pub id: RoomId,
    /// What it is.
    pub kind: RoomKind,
    /// Its name; a channel's is unique among channels (ASCII case does not matter), a stream's in its circle (as [`crate::names`]
    /// has it).
    pub name: String,
    /// What it is about.
    pub topic: Option<String>,
    /// A picture's address, or empty.
    pub avatar: String,
    /// The circle of a stream, or the lobby.
    pub parent: Option<RoomId>,
    /// Who made it, or has it now.
    pub owner: Option<UserId>,
    /// The two whose room it is, by id; they may have left it.
    pub two: Option<[UserId; 2]>,
    /// Whether anybody may find and join it.
    pub public: bool,
    /// Whether people without an account may speak in it.
    pub guests: bool,
    /// rim's `mode`, kept for its clients.
    pub mode: u8,
    /// The rank that is needed to enter.
    pub min_rank: i64,
    /// The hash of the password that is needed to enter, in PHC form.
    pub password: Option<String>,
    /// Goes when its owner leaves it.
    pub temporary: bool,
    /// Not listed.
    pub hidden: bool,
    /// Where its newest message stands; all 0 in an empty room.
    pub last: Position,
    /// Its newest change.
    pub last_change: i64,
    /// Another one in another database, though a room has the same id there: the numbering begins anew then. Below 2^53.
    pub epoch: i64,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// What it is: a `Group`, `Circle`, `Stream` or `Channel`.
    pub kind: RoomKind,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: Option<String>,
    /// A picture's address, or empty.
    pub avatar: String,
    /// The circle of a stream.
    pub parent: Option<RoomId>,
    /// Who makes it.
    pub owner: Option<UserId>,
    /// Whether anybody may find and join it.
    pub public: bool,
    /// rim's `mode`.
    pub mode: u8,
    /// The rank that is needed to enter.
    pub min_rank: i64,
    /// The hash of a password, in PHC form.
    pub password: Option<String>,
    /// Goes when its owner leaves it.
    pub temporary: bool,
    /// Not listed.
    pub hidden: bool,
    /// Who is in it from the start; somebody named twice is in it once, with the last role.
    pub members: Vec<(UserId, Role)>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What is to change of a room; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RoomPatch {
    /// Its name.
    pub name: Option<String>,
    /// What it is about, or nothing.
    pub topic: Option<Option<String>>,
    /// A picture's address, or empty.
    pub avatar: Option<String>,
    /// Whether anybody may find and join it.
    pub public: Option<bool>,
    /// The rank that is needed to enter.
    pub min_rank: Option<i64>,
    /// The hash of a password, or none.
    pub password: Option<Option<String>>,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// What they may do.
    pub role: Role,
}

/// What a room is to one of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// What the room is.
    pub kind: RoomKind,
    /// What they may do.
    pub role: Role,
    /// Everything up to this sequence is read.
    pub read: i64,
    /// Everything up to this sequence has reached them.
    pub delivered: i64,
    /// How many messages of others, since they came, they have not read; deleted ones count.
    pub unread: i64,
}

/// Sequences that somebody may see: those of messages said while they were in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first, included.
    pub first: i64,
    /// The last, included; the room's last while they are in.
    pub last: i64,
}

/// A room with messages, as one of its members finds it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The room.
    pub room: Room,
    /// Its newest message that they may see.
    pub message: StoredMessage,
    /// [`Membership::unread`].
    pub unread: i64,
    /// The other one of two; of more, the one with the lowest id who is somebody else.
    pub other: Option<User>,
}

/// Questions about rooms.
pub trait ReadRooms {
    /// A room.
    fn room(&mut self, id: RoomId) -> Result<Option<Room>, Error>;

    /// The rooms in which somebody is, by id.
    fn rooms_of(&mut self, user: UserId) -> Result<Vec<Room>, Error>;

    /// Only their ids.
    fn room_ids_of(&mut self, user: UserId) -> Result<Vec<RoomId>, Error>;

    /// The ids of streams in which somebody is, `limit` of them at most.
    fn stream_ids_of(&mut self, user: UserId, limit: usize) -> Result<Vec<RoomId>, Error>;

    /// The rooms with members of their own in which somebody is, by id, and what they may do there: all but streams.
    fn roles_of(&mut self, user: UserId) -> Result<Vec<(RoomId, Role)>, Error>;

    /// The rooms below a room, by id.
    fn children(&mut self, parent: RoomId) -> Result<Vec<Room>, Error>;

    /// Public rooms that are not hidden, whose name contains `query` (ASCII case does not matter), by id.
    fn public_rooms(&mut self, query: &str, limit: usize) -> Result<Vec<Room>, Error>;

    /// The lobby and public circles that are not hidden, whose name contains `query` (ASCII case does not matter), by id: at most
    /// `limit` behind `after`.
    fn public_circles(
        &mut self,
        query: &str,
        after: RoomId,
        limit: usize,
    ) -> Result<Vec<Room>, Error>;

    /// The groups in which somebody is, by id: `limit` of them at most.
    fn groups_of(&mut self, user: UserId, limit: usize) -> Result<Vec<Room>, Error>;

    /// The channels in which somebody is, by id.
    fn channels_of(&mut self, user: UserId) -> Result<Vec<Room>, Error>;

    /// All channels, by id.
    fn channels(&mut self) -> Result<Vec<Room>, Error>;

    /// A channel by its name; ASCII case does not matter.
    fn channel(&mut self, name: &str) -> Result<Option<Room>, Error>;

    /// The rooms of two in which somebody is, by id, each with the first sequence that they may see since they came.
    fn direct_rooms(&mut self, user: UserId) -> Result<Vec<(RoomId, i64)>, Error>;

    /// The room of two, if they have one.
    fn direct_room(&mut self, one: UserId, other: UserId) -> Result<Option<RoomId>, Error>;

    /// Who is in a room, by id. A stream's members are its circle's.
    fn members(&mut self, room: RoomId) -> Result<Vec<Member>, Error>;

    /// The same in pages: at most `limit` of those whose ids lie behind `after`.
    fn members_after(
        &mut self,
        room: RoomId,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<Member>, Error>;

    /// What a room is to somebody; none if they are not in it. Everybody in a circle is in its streams.
    fn membership(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, Error>;

    /// What somebody may see of a room, oldest first; also of one they have left.
    fn visible(&mut self, room: RoomId, user: UserId) -> Result<Vec<Span>, Error>;

    /// The rooms with messages in which somebody is, that of the newest message first; `skip` of them left out, then at most
    /// `limit`.
    fn conversations(
        &mut self,
        user: UserId,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Conversation>, Error>;
}

/// Changes of rooms.
pub trait Rooms: ReadRooms {
    /// Makes a room.
    ///
    /// # Errors
    /// `NotFound` for an owner, member or parent that is not there, `Conflict` for a channel or stream name that is taken,
    /// `Invalid` for a lobby, a room of two, a stream that has members of its own or lies in no circle, and anything else
    /// that lies in one; `Full` for a stream beyond [`MAX_STREAMS`], a channel beyond [`MAX_CHANNELS`], and a circle of somebody who has [`MAX_OWN_CIRCLES`] or
    /// with somebody who is in [`MAX_CIRCLES`].
    fn create_room(&mut self, room: &NewRoom) -> Result<RoomId, Error>;

    /// The room of two; made if they have none, and whoever has left it is let back in. Tells whether it is new.
    ///
    /// # Errors
    /// `NotFound` if either is not there, `Invalid` for oneself.
    fn direct(
        &mut self,
        one: UserId,
        other: UserId,
        at: DateTime<Utc>,
    ) -> Result<(RoomId, bool), Error>;

    /// Changes a room.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for a name that is taken.
    fn update_room(&mut self, id: RoomId, patch: &RoomPatch) -> Result<(), Error>;

    /// Removes a room and those below it: to everybody they are gone with this, and with them what was said there, which takes
    /// its space until [`Self::clear_removed`]. The lobby cannot be removed.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` for the lobby.
    fn remove_room(&mut self, id: RoomId) -> Result<(), Error>;

    /// Clears away at most `limit` messages and empty rooms of those that were removed; tells whether there may be more.
    ///
    /// # Errors
    /// `Storage` only.
    fn clear_removed(&mut self, limit: usize) -> Result<bool, Error>;

    /// Takes everybody out of all channels, and removes the temporary ones: to be in a channel is to be there, and when a server
    /// starts nobody is.
    ///
    /// # Errors
    /// `Storage` only.
    fn clear_channels(&mut self) -> Result<(), Error>;

    /// Lets people in; those who are in stay as they are. What was said before is read to them. Tells who is new, by id.
    ///
    /// # Errors
    /// `NotFound` for a room or a person that is not there, `Invalid` for a stream, whose members are its circle's, and for
    /// somebody else in a room of two, `Full` for a circle beyond somebody's [`MAX_CIRCLES`]; then nobody is let in.
    fn add_members(
        &mut self,
        room: RoomId,
        members: &[(UserId, Role)],
        at: DateTime<Utc>,
    ) -> Result<Vec<UserId>, Error>;

    /// Removes people; those who are not in do not matter. Tells who was in.
    ///
    /// # Errors
    /// `NotFound` for a room that is not there, `Invalid` for a stream.
    fn remove_members(&mut self, room: RoomId, users: &[UserId]) -> Result<Vec<UserId>, Error>;

    /// Gives a role.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in, `Invalid` for a stream.
    fn set_role(&mut self, room: RoomId, user: UserId, role: Role) -> Result<(), Error>;

    /// Makes a member the room's owner; who owned it becomes an admin. Tells who that was, if they are still in.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in, `Invalid` for a stream, `Full` for a circle beyond their [`MAX_OWN_CIRCLES`].
    fn hand_over(&mut self, room: RoomId, to: UserId) -> Result<Option<UserId>, Error>;

    /// Marks everything up to a sequence as delivered; never takes back. Beyond the room's last counts as the last.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in.
    fn mark_delivered(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<(), Error>;

    /// Marks everything up to a sequence as read, and as delivered; never takes back. Beyond the room's last counts as the last.
    /// Tells where the mark is now, as for [`Self::mark_read`].
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in.
    fn mark_read_to(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<i64, Error>;

    /// Marks one message as read, and as delivered; those before it stay as they are. The mark of [`Membership::read`] moves
    /// over whatever is read without a hole. Where there is no message nothing is marked. Tells where the mark is now.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in.
    fn mark_read(&mut self, room: RoomId, user: UserId, seq: i64) -> Result<i64, Error>;
}
