//! What outlives the process: rooms and their messages.
//!
//! A [`Store`] decides sequence numbers and ids inside its transaction. One thread owns it (`writer.rs`) and commits
//! messages in groups; nobody is shown a message before it is durable.

mod memory;
mod migrations;
mod sqlite;
pub(crate) mod writer;

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

pub use memory::MemoryStore;
pub use sqlite::{SqliteStore, read_log};

/// A room's number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub i64);

/// The room that is always there, and the only one that wschat knows.
pub const LOBBY: RoomId = RoomId(1);

/// A message to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where it was said.
    pub room: RoomId,
    /// When the server took it.
    pub at: DateTime<Utc>,
    /// The name shown with it, if any.
    pub sender: Option<String>,
    /// The text, if any.
    pub text: Option<String>,
    /// Whatever else its network carries, as a JSON object.
    pub extra: Option<String>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Unique and rising over all rooms, below 2^53.
    pub id: i64,
    /// Rising by one within the room, from 1.
    pub seq: i64,
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its id and sequence.
    pub position: Position,
    /// What was said.
    pub message: NewMessage,
}

/// Keeps messages. Called from one thread at a time; every method may block.
pub trait Store: Send {
    /// Keeps all of `messages`, in order, or none. When it returns, they are durable.
    ///
    /// # Errors
    /// `NotFound` for a room that does not exist, `Storage` when writing fails.
    fn append(&mut self, messages: &[&NewMessage]) -> Result<Vec<Position>, Error>;

    /// The last `limit` messages of a room, oldest first.
    ///
    /// # Errors
    /// `Storage` when reading fails.
    fn recent(&mut self, room: RoomId, limit: usize) -> Result<Vec<StoredMessage>, Error>;

    /// The first `limit` messages of a room after a sequence, oldest first.
    ///
    /// # Errors
    /// `Storage` when reading fails.
    fn after(&mut self, room: RoomId, seq: i64, limit: usize) -> Result<Vec<StoredMessage>, Error>;

    /// Writes out what is left and closes.
    ///
    /// # Errors
    /// `Storage`; nothing that `append` has taken is lost by it.
    fn close(self: Box<Self>) -> Result<(), Error>;
}
