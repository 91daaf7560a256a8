//! The embedded store: one SQLite file in the data directory.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use chrono::DateTime;
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};

use super::migrations::{MIGRATIONS, migrate, steps_done};
use super::{NewMessage, Position, RoomId, Store, StoredMessage};
use crate::private;

/// The database, in the data directory.
const DATABASE: &str = "kaiwa.db";

/// Held locked while a server uses the directory; the lock of a dead process is gone with it.
const LOCK: &str = "server.lock";

/// How long a statement waits for a reader in another process, for example a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite in WAL mode with a sync per commit.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// Dropped last, after the database is closed.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database of a data directory; makes both if they are missing and brings an older schema up to date.
    ///
    /// # Errors
    /// `Config` for a directory that cannot be written, `State` if another server uses it, `Version` for the database of
    /// a newer program, `Storage` for one that is corrupt.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let lock = lock(dir)?;
        let path = dir.join(DATABASE);
        make_private(&path)?;
        let mut connection = Connection::open(&path).map_err(failure("opening the database"))?;
        connection
            .busy_timeout(BUSY_TIMEOUT)
            .map_err(failure("opening the database"))?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
            )
            .map_err(failure("opening the database"))?;
        migrate(&mut connection)?;
        Ok(Self {
            connection,
            _lock: lock,
        })
    }
}

/// The last `limit` messages of a room, oldest first, read from a data directory without a server, and while one may be
/// running there. Changes nothing.
///
/// # Errors
/// `NotFound` if there is no database, `Version` for one of another version, `Storage` for one that is corrupt, another
/// program's, or closed to this user.
pub fn read_log(data_dir: &Path, room: RoomId, limit: usize) -> Result<Vec<StoredMessage>, Error> {
    let nothing = || {
        let text = format!(
            "no messages are kept in {}; name the data directory of a server",
            data_dir.display()
        );
        Error::new(ErrorKind::NotFound, text)
    };
    let path = data_dir.join(DATABASE);
    // SQLite tells a missing file and a forbidden one in the same way.
    if let Err(error) = path.metadata()
        && matches!(
            error.kind(),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
        )
    {
        return Err(nothing());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(&path, flags).map_err(failure("opening the database"))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(failure("opening the database"))?;
    match steps_done(&connection)? {
        0 => Err(nothing()),
        done if done < MIGRATIONS.len() => Err(Error::new(
            ErrorKind::Version,
            "the database is of an older kaiwa; start the server once to bring it up to date",
        )),
        _ => select_recent(&connection, room, limit).map_err(failure("reading messages")),
    }
}

impl Store for SqliteStore {
    fn append(&mut self, messages: &[&NewMessage]) -> Result<Vec<Position>, Error> {
        self.insert(messages)
            .map_err(failure("writing messages"))?
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    "a message for a room that does not exist",
                )
            })
    }

    fn recent(&mut self, room: RoomId, limit: usize) -> Result<Vec<StoredMessage>, Error> {
        select_recent(&self.connection, room, limit).map_err(failure("reading messages"))
    }

    fn after(&mut self, room: RoomId, seq: i64, limit: usize) -> Result<Vec<StoredMessage>, Error> {
        self.select_after(room, seq, limit)
            .map_err(failure("reading messages"))
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        // The last connection's close moves the log into the database file.
        self.connection
            .close()
            .map_err(|(_connection, error)| failure("closing the database")(error))
    }
}

impl SqliteStore {
    /// `None` if a room does not exist; then the transaction is rolled back by its drop.
    fn insert(&mut self, messages: &[&NewMessage]) -> rusqlite::Result<Option<Vec<Position>>> {
        let transaction = self.connection.transaction()?;
        let mut sequences = BTreeMap::new();
        let mut positions = Vec::with_capacity(messages.len());
        {
            let mut last =
                transaction.prepare_cached("SELECT last_seq FROM rooms WHERE id = ?1")?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO messages (room, seq, at_ns, sender, text, extra) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut update =
                transaction.prepare_cached("UPDATE rooms SET last_seq = ?2 WHERE id = ?1")?;
            for message in messages {
                let room = message.room.0;
                let known = match sequences.get(&room) {
                    Some(seq) => Some(*seq),
                    None => last
                        .query_row([room], |row| row.get::<_, i64>(0))
                        .optional()?,
                };
                let Some(seq) = known.map(|seq| seq + 1) else {
                    return Ok(None);
                };
                sequences.insert(room, seq);
                let NewMessage {
                    sender,
                    text,
                    extra,
                    ..
                } = message;
                let at_ns = message.at.timestamp_nanos_opt().unwrap_or(i64::MAX);
                let id = insert.insert(params![room, seq, at_ns, sender, text, extra])?;
                positions.push(Position { id, seq });
            }
            for (room, seq) in sequences {
                update.execute([room, seq])?;
            }
        }
        transaction.commit()?;
        Ok(Some(positions))
    }

    fn select_after(
        &self,
        room: RoomId,
        seq: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<StoredMessage>> {
        let mut select = self.connection.prepare_cached(
            "SELECT id, room, seq, at_ns, sender, text, extra FROM messages
             WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        select.query_map([room.0, seq, limit], stored)?.collect()
    }
}

fn select_recent(
    connection: &Connection,
    room: RoomId,
    limit: usize,
) -> rusqlite::Result<Vec<StoredMessage>> {
    let mut select = connection.prepare_cached(
        "SELECT * FROM (SELECT id, room, seq, at_ns, sender, text, extra FROM messages
         WHERE room = ?1 ORDER BY seq DESC LIMIT ?2) ORDER BY seq",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    select.query_map([room.0, limit], stored)?.collect()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        position: Position {
            id: row.get("id")?,
            seq: row.get("seq")?,
        },
        message: NewMessage {
            room: RoomId(row.get("room")?),
            at: DateTime::from_timestamp_nanos(row.get("at_ns")?),
            sender: row.get("sender")?,
            text: row.get("text")?,
            extra: row.get("extra")?,
        },
    })
}

/// Makes the directory and takes its lock.
fn lock(dir: &Path) -> Result<File, Error> {
    let unwritable = |error: std::io::Error| {
        let text = format!(
            "data_dir {} cannot be written; choose a directory that this user may write to",
            dir.display()
        );
        Error::new(ErrorKind::Config, text).with_source(error)
    };
    private::make_dir(dir).map_err(unwritable)?;
    let lock = private::create()
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK))
        .map_err(unwritable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let text = format!(
                "data_dir {} is used by another server; stop that one or choose another directory",
                dir.display()
            );
            Err(Error::new(ErrorKind::State, text))
        }
        Err(TryLockError::Error(error)) => Err(unwritable(error)),
    }
}

/// Makes the database's file, before SQLite does, so that nobody else can read it: nor the files beside it, which are of
/// SQLite's making and get its mode, or were left by a dead process.
fn make_private(path: &Path) -> Result<(), Error> {
    let make = || {
        // Not opened if it is there: closing it would drop the locks that this process has on it through SQLite.
        match private::create().write(true).create_new(true).open(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => private::restrict(path)?,
        }
        for suffix in ["-wal", "-shm"] {
            let mut beside = path.as_os_str().to_owned();
            beside.push(suffix);
            private::restrict(Path::new(&beside))?;
        }
        Ok(())
    };
    make().map_err(|error: std::io::Error| {
        let text = "opening the database: kaiwa.db cannot be written; check its owner and mode";
        Error::new(ErrorKind::Storage, text).with_source(error)
    })
}

/// Turns SQLite's error into ours, saying what was being done and what to do.
pub(super) fn failure(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |error| {
        let advice = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                "the file is corrupt; move kaiwa.db away or restore a backup"
            }
            Some(ErrorCode::DiskFull) => "the disk is full; make room",
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                "kaiwa.db cannot be used by this user; check its owner and mode"
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program keeps kaiwa.db locked"
            }
            _ => "see the cause",
        };
        Error::new(ErrorKind::Storage, format!("{doing}: {advice}")).with_source(error)
    }
}

#[cfg(test)]
mod tests;
