//! What is known of files.

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::{Db, Outcome, demand};
use super::users::demand_user;
use super::values::Time;
use crate::store::{
    File, FileId, Files, MIN_FILE_BYTES, NewFile, ReadFiles, UNUSED_FILES_AT_ONCE, UnusedFiles,
    UserId,
};

/// The columns of a file; `f` is the table. Read by [`file()`].
macro_rules! file_columns {
    () => {
        "f.id, f.key, f.owner, f.name, f.mime, f.size, f.created"
    };
}
pub(super) use file_columns;

const FILE: &str = concat!("SELECT ", file_columns!(), " FROM files f WHERE f.key = ?1");
const FILE_OF: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM files f WHERE f.id = ?1 AND f.owner = ?2"
);
/// As a float, which no length makes overflow; exact as far as any disk goes.
const FILE_BYTES: &str = "SELECT total(max(size, ?2)) FROM files WHERE owner = ?1";
/// The last of the next so many.
const NEXT_END: &str = "SELECT id FROM files WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2 - 1";
const ANY_AFTER: &str = "SELECT 1 FROM files WHERE id > ?1";
const UNUSED: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM files f WHERE f.id > ?1 AND f.id <= ?2 AND f.created < ?3
     AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file = f.id) ORDER BY f.id"
);
const REMOVE: &str = "DELETE FROM files WHERE id = ?1
     AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file = ?1)";
const FILE_EXISTS: &str = "SELECT 1 FROM files WHERE id = ?1";
const INSERT_FILE: &str =
    "INSERT INTO files (key, owner, name, mime, size, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    FILE,
    FILE_OF,
    FILE_BYTES,
    NEXT_END,
    ANY_AFTER,
    UNUSED,
    REMOVE,
    FILE_EXISTS,
    INSERT_FILE,
];

impl ReadFiles for Db {
    fn file(&mut self, key: &str) -> Result<Option<File>, Error> {
        self.run("reading a file's record", |connection| {
            let mut select = connection.prepare_cached(FILE)?;
            Ok(select.query_row([key], file).optional()?)
        })
    }

    fn file_of(&mut self, owner: UserId, id: FileId) -> Result<Option<File>, Error> {
        self.run("reading a file's record", |connection| {
            let mut select = connection.prepare_cached(FILE_OF)?;
            Ok(select.query_row([id.0, owner.0], file).optional()?)
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes the nearest number there is"
    )]
    fn file_bytes(&mut self, owner: UserId) -> Result<i64, Error> {
        self.run("adding up somebody's files", |connection| {
            let mut select = connection.prepare_cached(FILE_BYTES)?;
            let total: f64 = select.query_row([owner.0, MIN_FILE_BYTES], |row| row.get(0))?;
            Ok(total as i64)
        })
    }

    fn unused_files(&mut self, after: FileId, before: DateTime<Utc>) -> Result<UnusedFiles, Error> {
        self.run("looking for unused files", |connection| {
            let end: Option<i64> = connection
                .prepare_cached(NEXT_END)?
                .query_row([after.0, UNUSED_FILES_AT_ONCE], |row| row.get(0))
                .optional()?;
            let next = match end {
                Some(end) if connection.prepare_cached(ANY_AFTER)?.exists([end])? => Some(end),
                _ => None,
            };
            let end = end.unwrap_or(i64::MAX);
            let mut select = connection.prepare_cached(UNUSED)?;
            let files = select.query_map(params![after.0, end, Time(before)], file)?;
            Ok(UnusedFiles {
                files: files.collect::<Result<_, _>>()?,
                next: next.map(FileId),
            })
        })
    }
}

impl Files for Db {
    fn create_file(&mut self, file: &NewFile) -> Result<FileId, Error> {
        self.run("keeping a file's record", |connection| {
            demand_user(connection, file.owner)?;
            let taken = connection.prepare_cached(FILE)?.exists([&file.key])?;
            demand(!taken, ErrorKind::Conflict, "this key is in use")?;
            let id = connection.prepare_cached(INSERT_FILE)?.insert(params![
                file.key,
                file.owner.0,
                file.name,
                file.mime,
                file.size,
                Time(file.at),
            ])?;
            Ok(FileId(id))
        })
    }

    fn remove_unused_file(&mut self, id: FileId) -> Result<bool, Error> {
        self.run("forgetting a file", |connection| {
            Ok(connection.prepare_cached(REMOVE)?.execute([id.0])? > 0)
        })
    }
}

pub(super) fn file(row: &Row<'_>) -> rusqlite::Result<File> {
    Ok(File {
        id: FileId(row.get(0)?),
        key: row.get(1)?,
        owner: UserId(row.get(2)?),
        name: row.get(3)?,
        mime: row.get(4)?,
        size: row.get(5)?,
        created: row.get::<_, Time>(6)?.0,
    })
}

/// `NotFound` for a file that is not there.
pub(super) fn demand_file(connection: &Connection, id: FileId) -> Outcome<()> {
    let there = connection.prepare_cached(FILE_EXISTS)?.exists([id.0])?;
    demand(there, ErrorKind::NotFound, "no such file")
}
