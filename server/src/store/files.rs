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

/// A file counts as so many bytes at least: what the smallest takes on disk.
pub const MIN_FILE_BYTES: i64 = 4096;

/// Files that are looked at by one [`ReadFiles::unused_files`]: it holds up nobody.
pub const UNUSED_FILES_AT_ONCE: i64 = 1000;

/// Files that no message has, among some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedFiles {
    /// These.
    pub files: Vec<File>,
    /// The last that was looked at, if there are more.
    pub next: Option<FileId>,
}

/// Questions about files.
pub trait ReadFiles {
    /// A file by the key of its address.
    fn file(&mut self, key: &str) -> Result<Option<File>, Error>;

    /// A file by its number, if it is of that owner.
    fn file_of(&mut self, owner: UserId, id: FileId) -> Result<Option<File>, Error>;

    /// The bytes of all files of an owner; one counts as [`MIN_FILE_BYTES`] at least.
    fn file_bytes(&mut self, owner: UserId) -> Result<i64, Error>;

    /// Which of the next [`UNUSED_FILES_AT_ONCE`] files after a number were uploaded before a time and hang on no message.
    fn unused_files(&mut self, after: FileId, before: DateTime<Utc>) -> Result<UnusedFiles, Error>;
}

/// Changes of files.
pub trait Files: ReadFiles {
    /// Keeps a file.
    ///
    /// # Errors
    /// `Conflict` for a key that is taken, `NotFound` for an owner that is not there.
    fn create_file(&mut self, file: &NewFile) -> Result<FileId, Error>;

    /// Forgets a file that no message has; tells whether it did.
    fn remove_unused_file(&mut self, id: FileId) -> Result<bool, Error>;
}
