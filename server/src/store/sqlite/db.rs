//! One connection: asked by a reader, or by a transaction that also changes. The topics' files beside this one say how.

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, ErrorCode};

use super::silence::Silence;

/// Prepared statements kept per connection: more than there are in this folder.
const STATEMENTS: usize = 180;

/// A connection that answers every question of a [`crate::store::Reader`], and makes every change of a
/// [`crate::store::Transaction`] after [`Db::begin`].
#[derive(Debug)]
pub(super) struct Db {
    pub(super) connection: Connection,
    /// Messages kept per room; none: all.
    pub(super) keep: Option<i64>,
    /// The newest number of a message, once this transaction has asked for it.
    pub(super) last_id: Option<i64>,
    /// Who may not speak, once a message was asked for it; none after a change.
    pub(super) silence: Option<Silence>,
    /// Set when something failed half-way: then nothing of this transaction may be kept.
    broken: bool,
}

/// Why a method gives no answer: SQLite failed, or the answer is no.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Refused(Error),
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// A no. To be said before anything is changed.
pub(super) fn refuse<T>(kind: ErrorKind, text: &'static str) -> Outcome<T> {
    Err(Fault::Refused(Error::new(kind, text)))
}

/// [`refuse`] unless it holds.
pub(super) fn demand(holds: bool, kind: ErrorKind, text: &'static str) -> Outcome<()> {
    if holds { Ok(()) } else { refuse(kind, text) }
}

/// `Full` unless a statement counts fewer than `most`.
pub(super) fn demand_fewer(
    connection: &Connection,
    count: &str,
    params: impl rusqlite::Params,
    most: usize,
    text: &'static str,
) -> Outcome<()> {
    let mut count = connection.prepare_cached(count)?;
    let found: i64 = count.query_row(params, |row| row.get(0))?;
    let fits = usize::try_from(found).is_ok_and(|found| found < most);
    demand(fits, ErrorKind::Full, text)
}

impl Db {
    pub(super) fn new(connection: Connection, keep: Option<i64>) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Self {
            connection,
            keep,
            last_id: None,
            silence: None,
            broken: false,
        }
    }

    /// Answers a question or makes a change. Outside of a transaction all of it sees the same state.
    pub(super) fn run<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Outcome<T>,
    ) -> Result<T, Error> {
        let connection = &self.connection;
        let outcome = if connection.is_autocommit() {
            in_snapshot(connection, work)
        } else {
            work(connection)
        };
        outcome.map_err(|fault| match fault {
            Fault::Refused(error) => error,
            Fault::Sql(error) => {
                self.broken = true;
                failure(doing)(error)
            }
        })
    }

    /// Begins a transaction.
    pub(super) fn begin(&mut self) -> Result<Open<'_>, Error> {
        execute(&self.connection, "BEGIN IMMEDIATE").map_err(failure("beginning to write"))?;
        Ok(Open {
            db: self,
            is_kept: false,
        })
    }
}

/// A transaction. Nothing of it is kept if it is dropped.
pub(super) struct Open<'d> {
    pub(super) db: &'d mut Db,
    is_kept: bool,
}

impl Open<'_> {
    /// Makes what was done durable.
    pub(super) fn commit(mut self) -> Result<(), Error> {
        let db = &*self.db;
        if db.broken {
            let text = "writing failed before, so nothing is kept; see the error that came first";
            return Err(Error::new(ErrorKind::Storage, text));
        }
        if let Some(id) = db.last_id {
            db.connection
                .prepare_cached(KEEP_LAST_ID)
                .and_then(|mut update| update.execute([id]))
                .map_err(failure("writing"))?;
        }
        execute(&db.connection, "COMMIT").map_err(failure("writing"))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.db.last_id = None;
        self.db.broken = false;
        if !self.is_kept {
            self.db.silence = None;
        }
        // It has ended if it was committed, and some failures end it.
        if !self.db.connection.is_autocommit()
            && let Err(error) = execute(&self.db.connection, "ROLLBACK")
        {
            tracing::error!(%error, "undoing a transaction");
        }
    }
}

/// The number is in use from now on, whatever becomes of its message.
const KEEP_LAST_ID: &str = "UPDATE last_ids SET message = ?1 WHERE one = 1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[KEEP_LAST_ID];

fn in_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Outcome<T>,
) -> Outcome<T> {
    execute(connection, "BEGIN")?;
    let outcome = work(connection);
    // Nothing was changed, so there is nothing that this could lose.
    let ended = execute(connection, "ROLLBACK");
    let answer = outcome?;
    ended?;
    Ok(answer)
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Turns SQLite's error into ours, saying what was being done and what to do.
pub(in crate::store) fn failure(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
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
