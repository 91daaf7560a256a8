//! Small values that clients keep: per person, per room, and per person in a room.

use kaiwa_core::Error;

use super::{RoomId, UserId};

/// Keys in one scope.
pub const MAX_KEYS: usize = 100;

/// Whose value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataScope {
    /// A person's.
    User(UserId),
    /// A room's.
    Room(RoomId),
    /// A person's in a room; gone when they leave it.
    Member(RoomId, UserId),
}

/// Questions about values.
pub trait ReadData {
    /// A value, as JSON.
    fn data(&mut self, scope: DataScope, key: &str) -> Result<Option<String>, Error>;

    /// All values by key, as JSON.
    fn all_data(&mut self, scope: DataScope) -> Result<Vec<(String, String)>, Error>;
}

/// Changes of values.
pub trait Data: ReadData {
    /// Keeps a value, or forgets it.
    ///
    /// # Errors
    /// `NotFound` for a person, room or member that is not there, `Full` for a new key beyond [`MAX_KEYS`].
    fn set_data(&mut self, scope: DataScope, key: &str, value: Option<&str>) -> Result<(), Error>;
}
