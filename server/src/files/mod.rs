//! Files that people upload: their bytes on disk, and the rules for them. The store has their records, a front end speaks
//! HTTP for them (`front/oshi/files`).
//!
//! * [`disk`]: where the bytes lie, and how they get there whole or not at all.
//! * [`name`] and [`media`]: what of an uploader's words about a file is believed.
//! * [`seats`]: how many may be under way.
//! * [`sweep`]: what nobody can see any more goes.

mod disk;
pub(crate) mod media;
pub(crate) mod name;
mod seats;
pub(crate) mod sweep;

use std::net::IpAddr;
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};

pub(crate) use self::disk::{Disk, Incoming, is_key};
pub(crate) use self::seats::{NoSeat, Seat, Seats};
use crate::config::{Config, StoreKind};
use crate::store::UserId;

/// Uploads at a time: each has a file open and its connection busy, and a disk does not get faster by more.
const UPLOADS: usize = 64;

/// Uploads of one person at a time, so that no few fill all places.
const UPLOADS_EACH: usize = 4;

/// Downloads at a time: each has a file open, of 1,024 that a process has by default.
const DOWNLOADS: usize = 512;

/// Downloads of one address at a time: a page full of pictures, or a few people behind one address.
const DOWNLOADS_EACH: usize = 64;

/// The slowest line that is waited for, in bytes per second: 256 kbit/s, a phone with bad reception.
const MIN_RATE: u64 = 32 * 1024;

/// What all requests for files share.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) disk: Disk,
    /// The longest file, in bytes.
    pub(crate) max_bytes: u64,
    /// What one person may have, in bytes; see [`crate::store::ReadFiles::file_bytes`].
    pub(crate) user_bytes: i64,
    pub(crate) uploads: Seats<UserId>,
    pub(crate) downloads: Seats<IpAddr>,
}

impl Files {
    /// Opens the directory and removes what broken uploads left. Only for who has the lock of the data directory; may wait for
    /// the disk.
    ///
    /// # Errors
    /// `Config` for a directory that cannot be written.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let disk = match config.store {
            StoreKind::Sqlite => Disk::open(config.data_dir.join("files")),
            StoreKind::None => Disk::temporary(),
        };
        let disk = disk.map_err(|error| {
            let text = "the directory for files cannot be written; check data_dir and its owner";
            Error::new(ErrorKind::Config, text).with_source(error)
        })?;
        Ok(Self {
            disk,
            max_bytes: config.oshi_max_file_bytes,
            user_bytes: i64::try_from(config.oshi_user_file_bytes).unwrap_or(i64::MAX),
            uploads: Seats::new(UPLOADS, UPLOADS_EACH),
            downloads: Seats::new(DOWNLOADS, DOWNLOADS_EACH),
        })
    }
}

/// How long so many bytes take on the slowest line that is waited for.
pub(crate) fn patience(bytes: u64) -> Duration {
    Duration::from_secs(bytes / MIN_RATE)
}
