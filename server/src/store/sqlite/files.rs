//! What is known of files.

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::db::{Db, Outcome, demand};
use super::users::demand_user;
use super::values::Time;
use crate::store::{File, FileId, Files, NewFile, ReadFiles, UserId};

/// The columns of a file; `f` is the table. Read by [`file()`].
macro_rules! file_columns {
    () => {
        "f.id, f.key, f.owner, f.name, f.mime, f.size, f.created"
    };
}
pub(super) use file_columns;

const FILE: &str = concat!("SELECT ", file_columns!(), " FROM files f WHERE f.key = ?1");
const FILE_EXISTS: &str = "SELECT 1 FROM files WHERE id = ?1";
const INSERT_FILE: &str =
    "INSERT INTO files (key, owner, name, mime, size, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[FILE, FILE_EXISTS, INSERT_FILE];

impl ReadFiles for Db {
    fn file(&mut self, key: &str) -> Result<Option<File>, Error> {
        self.run("reading a file's record", |connection| {
            let mut select = connection.prepare_cached(FILE)?;
            Ok(select.query_row([key], file).optional()?)
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
