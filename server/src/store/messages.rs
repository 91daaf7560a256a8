//! What is said in rooms.

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::{File, FileId, RoomId, RoomKind, User, UserId};

/// Reactions that a message may have, those taken back included: everybody who shows it gets all of them.
pub const MAX_REACTIONS: usize = 1000;

/// Messages among which [`ReadMessages::backlog`] looks for those that are not deleted: everybody waits while somebody comes in,
/// however many of the newest were deleted.
pub const BACKLOG_REACH: usize = 1000;

/// A message's number: unique and rising over all rooms, below 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

/// Where a message stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Its number over all rooms.
    pub id: MessageId,
    /// Rising by one within the room, from 1, without holes: a deleted message leaves its place.
    pub seq: i64,
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    /// Plain text.
    #[default]
    Text,
    /// Text with markup of its network.
    RichText,
    /// A picture's address.
    Image,
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Somebody with an account; must be in the room.
    Account(UserId),
    /// Somebody who says this name, or none; only in a room that takes guests.
    Guest(Option<String>),
}

/// A message to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where it is said.
    pub room: RoomId,
    /// When the server took it.
    pub at: DateTime<Utc>,
    /// By whom.
    pub sender: Sender,
    /// What the text is.
    pub kind: MessageKind,
    /// The text, if any.
    pub text: Option<String>,
    /// The id that its sender gave it.
    pub client_id: Option<String>,
    /// The sequence of the message that it answers.
    pub reply: Option<i64>,
    /// Files that go with it.
    pub files: Vec<FileId>,
    /// Whatever else its network carries, as a JSON object.
    pub extra: Option<String>,
}

/// What a client id that was used before means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it is another message.
    Another,
    /// If it is among the last 100 that this sender gave in this room and meant so: the same message, which is not kept again.
    Same,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where it stands.
    pub position: Position,
    /// The room's change that brought it.
    pub change: i64,
    /// Who said it; a guest without a name is nobody.
    pub sender: Option<UserId>,
    /// When it was taken: for a repeated one, the first time.
    pub at: DateTime<Utc>,
    /// Whether it had been kept before.
    pub repeated: bool,
    /// What its room is.
    pub kind: RoomKind,
    /// The two whose room it is, by id.
    pub two: Option<[UserId; 2]>,
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Where it stands.
    pub position: Position,
    /// In which room.
    pub room: RoomId,
    /// The room's newest change of it.
    pub change: i64,
    /// The change that brought it.
    pub posted: i64,
    /// When the server took it.
    pub at: DateTime<Utc>,
    /// Who said it, if that is known.
    pub sender: Option<UserId>,
    /// The name that was shown with it, if any: a guest's own words, an account's display name of today.
    pub sender_name: Option<String>,
    /// What the text is.
    pub kind: MessageKind,
    /// The text, if any; none of a deleted one.
    pub text: Option<String>,
    /// The id that its sender gave it.
    pub client_id: Option<String>,
    /// The sequence of the message that it answers.
    pub reply: Option<i64>,
    /// When it was last edited.
    pub edited: Option<DateTime<Utc>>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Files that go with it.
    pub files: Vec<File>,
    /// Who reacted how, in the order of their changes.
    pub reactions: Vec<Reaction>,
    /// Whatever else its network carries, as a JSON object.
    pub extra: Option<String>,
}

/// A message, and who said it as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was said.
    pub message: StoredMessage,
    /// By whom, if that is known.
    pub sender: Option<User>,
}

/// Somebody's reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Who.
    pub user: UserId,
    /// How.
    pub emoji: String,
}

/// What is to become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Another text.
    Text(String),
    /// A tombstone: text, files, reactions and [`StoredMessage::extra`] go.
    Delete,
}

/// One change of a room, as it stands now: of several changes of the same thing only the newest is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message that is new, or was edited or deleted.
    Message(StoredMessage),
    /// A reaction that was given or taken back.
    Reaction {
        /// The room's change.
        change: i64,
        /// The message's sequence.
        seq: i64,
        /// Who.
        user: UserId,
        /// How.
        emoji: String,
        /// Given, or taken back.
        on: bool,
    },
}

/// Questions about messages.
pub trait ReadMessages {
    /// A message by its number.
    fn message(&mut self, id: MessageId) -> Result<Option<StoredMessage>, Error>;

    /// The messages of a room from one sequence to another, both included, oldest first.
    fn messages(
        &mut self,
        room: RoomId,
        first: i64,
        last: i64,
    ) -> Result<Vec<StoredMessage>, Error>;

    /// The newest messages of a room that are not deleted, `limit` of them at most and oldest first, for whoever comes in, since
    /// whenever they are a member. Only the newest [`BACKLOG_REACH`] are looked at.
    fn backlog(&mut self, room: RoomId, limit: usize) -> Result<Vec<Line>, Error>;

    /// What has changed in a room after a change, in order; none if that is more than `limit`, or messages that were new then are
    /// not kept any more.
    fn changes(
        &mut self,
        room: RoomId,
        after: i64,
        limit: usize,
    ) -> Result<Option<Vec<Change>>, Error>;
}

/// Changes of messages.
pub trait Messages: ReadMessages {
    /// Keeps a message as the newest of its room. The sender has read it.
    ///
    /// # Errors
    /// `NotFound` for a room, file or answered message that is not there, `Forbidden` for somebody who is not in the room, a
    /// guest where none are taken, in a circle, or for an account that is silenced in the room, in the circle in which it lies
    /// or on the whole server; then the text says until when.
    fn post(&mut self, message: &NewMessage, repeat: Repeat) -> Result<Posted, Error>;

    /// Edits or deletes a message; tells the room's change. Who may do so is the caller's business.
    ///
    /// # Errors
    /// `NotFound` also for one that was deleted, `Forbidden` for another text of somebody who is silenced, as for
    /// [`Self::post`].
    fn edit(
        &mut self,
        room: RoomId,
        seq: i64,
        edit: &Edit,
        at: DateTime<Utc>,
    ) -> Result<i64, Error>;

    /// Gives a reaction or takes it back; tells the room's change, or none if it was so already.
    ///
    /// # Errors
    /// `NotFound` for a message that is not there or was deleted, and for a person who is not there; `Full` for one beyond
    /// [`MAX_REACTIONS`].
    fn react(
        &mut self,
        room: RoomId,
        seq: i64,
        reaction: &Reaction,
        on: bool,
    ) -> Result<Option<i64>, Error>;
}
