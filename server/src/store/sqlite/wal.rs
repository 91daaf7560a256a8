//! The write-ahead log is begun anew before it grows long, though somebody is always reading.
//!
//! SQLite moves pages into the database beside its readers, but begins the log anew only when nobody reads from it: with two
//! readers that overlap again and again, never.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::{BUSY_TIMEOUT, CHECKPOINT_PAGES, PAGE_BYTES};

/// Bytes of the log from which on it is begun anew: four times what is moved at once, so that this waits for readers rarely and
/// a large transaction now and then does not count.
pub(super) const LOG_BYTES: u64 = 4 * CHECKPOINT_PAGES as u64 * PAGE_BYTES;

/// How long writing waits at once for those who are reading: their questions take milliseconds. SQLite waits for the place
/// that an old reader has taken, though new ones, who are in nobody's way, may have followed there; a further try sees that.
const READERS_WAIT: Duration = Duration::from_millis(25);

/// How often it is tried at once: 250 ms in all. A backup takes longer, and is not waited for.
const TRIES: u32 = 10;

/// The log of the connection that writes.
#[derive(Debug)]
pub(super) struct WriteAheadLog {
    path: PathBuf,
    /// The size that it may have.
    pub(super) limit: u64,
    pub(super) tries: u32,
    /// The size from which on it is tried again.
    next: u64,
}

impl WriteAheadLog {
    /// That of a database.
    pub(super) fn of(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self {
            path: path.into(),
            limit: LOG_BYTES,
            tries: TRIES,
            next: 0,
        }
    }

    /// Begins it anew if it is too long. To be called after a commit; what goes wrong is for the next one.
    pub(super) fn shorten(&mut self, connection: &Connection) {
        let bytes = self.bytes();
        if bytes <= self.limit {
            self.next = 0;
        } else if bytes >= self.next {
            let done = begin_anew(connection, self.tries).unwrap_or_else(|error| {
                tracing::error!(%error, "moving the write-ahead log into the database");
                false
            });
            // Somebody reads for long: waiting for them at each commit would stop everything.
            self.next = if done { 0 } else { bytes.saturating_mul(2) };
        }
    }

    /// How long it is; 0 if it is not there.
    pub(super) fn bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }
}

/// Moves all of it into the database, waits until nobody reads from it, and empties it. False if somebody went on reading.
fn begin_anew(connection: &Connection, tries: u32) -> rusqlite::Result<bool> {
    connection.busy_timeout(READERS_WAIT)?;
    let mut busy = Ok(true);
    for _ in 0..tries {
        busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        if !matches!(busy, Ok(true)) {
            break;
        }
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(!busy?)
}
