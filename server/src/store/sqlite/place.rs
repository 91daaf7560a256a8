//! The database's place on disk: who uses it, and who may read it.

use std::fs::{File, TryLockError};
use std::path::Path;

use kaiwa_core::{Error, ErrorKind};

use crate::private;

/// The database, in the data directory.
pub(super) const DATABASE: &str = "kaiwa.db";

/// Held locked while a server uses the directory; the lock of a dead process is gone with it.
pub(super) const LOCK: &str = "server.lock";

/// Makes the directory and takes its lock.
pub(super) fn lock(dir: &Path) -> Result<File, Error> {
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
pub(super) fn make_private(path: &Path) -> Result<(), Error> {
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
