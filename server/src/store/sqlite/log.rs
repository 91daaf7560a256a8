//! Reading what a server has kept, without the server.

use std::path::Path;

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, OpenFlags};

use super::db::Db;
use super::place::DATABASE;
use super::{BUSY_TIMEOUT, failure, messages};
use crate::store::migrations::{MIGRATIONS, steps_done};
use crate::store::{RoomId, StoredMessage};

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
        _ => Db::new(connection, None).run("reading messages", |connection| {
            messages::newest(connection, room, limit)
        }),
    }
}
