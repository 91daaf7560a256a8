//! What outlives the process: one model of people, rooms and messages for every network (docs/server.md draws it).
//!
//! A [`Store`] has one [`Transaction`] at a time, for writing, and any number of [`Reader`]s beside it. What must hold for ever
//! is decided inside the transaction, never in memory: names are unique, a room's sequence has no holes, only members post, a
//! client id counts once. Times come in as arguments. Everything may block; `writer.rs` owns the thread that writes.
//!
//! A method that refuses (`NotFound`, `Forbidden`, `Conflict`, `Invalid`, …) has changed nothing, and the transaction goes on.
//! `Storage` ends the transaction: nothing in it is kept.

mod bans;
mod contacts;
mod data;
mod files;
#[cfg(test)]
pub(crate) mod fixtures;
mod invites;
mod messages;
mod migrations;
mod rooms;
mod sqlite;
mod subscriptions;
mod users;
pub(crate) mod writer;

use kaiwa_core::Error;

pub(crate) use bans::silenced;
pub use bans::{Ban, BanId, BanKind, BanTarget, Bans, ReadBans};
pub use contacts::{Contact, ContactStatus, Contacts, ReadContacts};
pub use data::{Data, DataScope, MAX_KEYS, ReadData};
pub use files::{
    File, FileId, Files, MIN_FILE_BYTES, NewFile, ReadFiles, UNUSED_FILES_AT_ONCE, UnusedFiles,
};
pub use invites::{Invite, Invites, MAX_INVITES, NewInvite};
pub use messages::{
    BACKLOG_REACH, Change, Edit, Line, MAX_REACTIONS, MessageId, MessageKind, Messages, NewMessage,
    Position, Posted, Reaction, ReadMessages, Repeat, Sender, StoredMessage,
};
pub use rooms::{
    Conversation, LOBBY, MAX_CHANNELS, MAX_CIRCLES, MAX_OWN_CIRCLES, MAX_STREAMS, Member,
    Membership, NewRoom, ReadRooms, Role, Room, RoomId, RoomKind, RoomPatch, Rooms, Span,
};
pub use sqlite::{SqliteStore, read_log};
pub use subscriptions::{MAX_SUBSCRIPTIONS, ReadSubscriptions, Subscription, Subscriptions};
pub use users::{
    Credentials, MAX_SESSIONS, NewAccount, ReadUsers, Session, TokenHash, User, UserId, UserPatch,
    Users,
};

/// Keeps everything. Called from one thread at a time; every method may block.
pub trait Store: Send {
    /// Runs `work` in one transaction; when this returns, what it did is durable and readers see it. If `work` fails, nothing
    /// is kept.
    ///
    /// # Errors
    /// That of `work`; `Storage` when writing fails.
    fn transaction(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// A reader for another thread. It sees everything that was committed before it is asked.
    ///
    /// # Errors
    /// `Storage` if there can be no more.
    fn reader(&self) -> Result<Box<dyn Reader>, Error>;

    /// Writes out what is left and closes.
    ///
    /// # Errors
    /// `Storage`; nothing that was committed is lost by it.
    fn close(self: Box<Self>) -> Result<(), Error>;
}

/// Everything that can be asked. Any method fails with `Storage` when reading fails.
pub trait Reader:
    ReadUsers
    + ReadContacts
    + ReadRooms
    + ReadSubscriptions
    + ReadMessages
    + ReadFiles
    + ReadData
    + ReadBans
    + Send
{
}

impl<T> Reader for T where
    T: ReadUsers
        + ReadContacts
        + ReadRooms
        + ReadSubscriptions
        + ReadMessages
        + ReadFiles
        + ReadData
        + ReadBans
        + Send
{
}

/// Everything that can be changed, and asked while changing: reads see what the same transaction has done. Any method fails with
/// `Storage` when reading or writing fails.
pub trait Transaction:
    ReadUsers
    + ReadContacts
    + ReadRooms
    + ReadSubscriptions
    + ReadMessages
    + ReadFiles
    + ReadData
    + ReadBans
    + Users
    + Contacts
    + Rooms
    + Subscriptions
    + Messages
    + Files
    + Invites
    + Data
    + Bans
{
}

impl<T> Transaction for T where
    T: ReadUsers
        + ReadContacts
        + ReadRooms
        + ReadSubscriptions
        + ReadMessages
        + ReadFiles
        + ReadData
        + ReadBans
        + Users
        + Contacts
        + Rooms
        + Subscriptions
        + Messages
        + Files
        + Invites
        + Data
        + Bans
{
}
