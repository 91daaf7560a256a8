//! Files that people upload: what is known of them. The bytes lie beside the database.

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::UserId;

/// A file's number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub i64);

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The number.
    pub id: FileId,
    /// The unguessable part of its address.
    pub key: String,
    /// Who uploaded it.
    pub owner: UserId,
    /// The name it was given.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its length in bytes.
    pub size: i64,
    /// When it was uploaded.
    pub created: DateTime<Utc>,
}

/// A file to be kept.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The unguessable part of its address.
    pub key: String,
    /// Who uploads it.
    pub owner: UserId,
    /// The name it is given.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its length in bytes.
    pub size: i64,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Questions about files.
pub trait ReadFiles {
    /// A file by the key of its address.
    fn file(&mut self, key: &str) -> Result<Option<File>, Error>;
}

/// Changes of files.
pub trait Files: ReadFiles {
    /// Keeps a file.
    ///
    /// # Errors
    /// `Conflict` for a key that is taken, `NotFound` for an owner that is not there.
    fn create_file(&mut self, file: &NewFile) -> Result<FileId, Error>;
}
