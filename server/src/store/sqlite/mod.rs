//! The embedded store: one SQLite file in the data directory, or none at all.
//!
//! `db.rs` is a connection and what a transaction is; each topic of the traits has its file, with its statements on top.

mod bans;
mod changes;
mod channels;
mod circles;
mod contacts;
mod conversations;
mod data;
mod db;
mod direct;
mod files;
mod forget;
mod invites;
mod log;
mod marks;
mod members;
mod messages;
mod place;
mod posts;
mod removed;
mod room_names;
mod rooms;
mod silence;
mod subscriptions;
mod users;
mod values;
mod wal;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use kaiwa_core::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use self::db::Db;
use self::place::{DATABASE, lock, make_private};
use self::wal::{LOG_BYTES, WriteAheadLog};
use super::migrations::migrate;
use super::{Reader, Store, Transaction};

pub(super) use self::db::failure;
pub use self::log::read_log;

/// How long a statement waits for another process, for example a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A reader of a store in memory waits for a transaction, and a commit for the readers; both take microseconds.
const MEMORY_WAIT: Duration = Duration::from_micros(50);

/// Messages that a store in memory keeps per room: what a client may miss while it reconnects.
const MEMORY_MESSAGES: i64 = 1000;

/// SQLite's default.
const PAGE_BYTES: u64 = 4096;

/// Pages in the write-ahead log before they are moved into the database: at 5000 messages a second this happens about
/// every half second, and pages that are written again and again are moved once.
const CHECKPOINT_PAGES: u32 = 4000;

/// Page cache of the connection that writes, in KiB: the newest pages of a thousand rooms.
const WRITER_CACHE_KIB: u32 = 8 * 1024;

/// Page cache of a reader, in KiB.
const READER_CACHE_KIB: u32 = 2 * 1024;

/// SQLite in WAL mode with a sync per commit, or in memory.
#[derive(Debug)]
pub struct SqliteStore {
    db: Db,
    place: Place,
    /// None in memory.
    log: Option<WriteAheadLog>,
    /// Dropped last, after the database is closed.
    _lock: Option<File>,
}

/// Where a database is.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// Its name among those of this process; gone with its last connection.
    Memory(String),
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
        Self::start(Place::File(path), Some(lock))
    }

    /// A store that keeps nothing beyond its end, and of each room only about the newest 1000 messages. Older ones count as
    /// read, and are not found any more.
    ///
    /// # Errors
    /// `Storage` if there is no memory.
    pub fn in_memory() -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // The slash lets several connections find it.
        let name = format!("file:/kaiwa-{number}?vfs=memdb");
        Self::start(Place::Memory(name), None)
    }

    fn start(place: Place, lock: Option<File>) -> Result<Self, Error> {
        let mut connection = place.connect().map_err(failure("opening the database"))?;
        let (durability, keep) = match place {
            Place::File(_) => (
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
                None,
            ),
            Place::Memory(_) => (
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;",
                Some(MEMORY_MESSAGES),
            ),
        };
        let settings = format!(
            "{durability} PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA journal_size_limit = {LOG_BYTES};
             PRAGMA cache_size = -{WRITER_CACHE_KIB};"
        );
        connection
            .execute_batch(&settings)
            .map_err(failure("opening the database"))?;
        migrate(&mut connection)?;
        let log = match &place {
            Place::File(path) => Some(WriteAheadLog::of(path)),
            Place::Memory(_) => None,
        };
        Ok(Self {
            db: Db::new(connection, keep),
            place,
            log,
            _lock: lock,
        })
    }
}

impl Store for SqliteStore {
    fn transaction(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let open = self.db.begin()?;
        work(&mut *open.db)?;
        open.commit()?;
        if let Some(log) = &mut self.log {
            log.shorten(&self.db.connection);
        }
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Reader>, Error> {
        let connection = self
            .place
            .connect()
            .map_err(failure("opening the database"))?;
        let settings = format!(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{READER_CACHE_KIB};"
        );
        connection
            .execute_batch(&settings)
            .map_err(failure("opening the database"))?;
        Ok(Box::new(Db::new(connection, None)))
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        let Self { db, _lock, .. } = *self;
        if matches!(self.place, Place::File(_)) {
            // The last connection's close moves the log into the database; this does so if readers are still there.
            db.connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .map_err(failure("closing the database"))?;
        }
        db.connection
            .close()
            .map_err(|(_connection, error)| failure("closing the database")(error))
    }
}

impl Place {
    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = self.open()?;
        // Plans do not depend on values: else many statements would be compiled anew for each value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        match self {
            Self::File(path) => {
                let connection = Connection::open(path)?;
                connection.busy_timeout(BUSY_TIMEOUT)?;
                Ok(connection)
            }
            Self::Memory(name) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_CREATE
                    | OpenFlags::SQLITE_OPEN_URI
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let mut connection = Connection::open_with_flags(name, flags)?;
                // Whoever holds the lock is at work in this process and will let go.
                connection.busy_handler(Some(|_| {
                    thread::sleep(MEMORY_WAIT);
                    true
                }))?;
                Ok(connection)
            }
        }
    }
}

#[cfg(test)]
mod tests;
