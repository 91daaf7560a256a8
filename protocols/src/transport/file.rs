//! A file that is sent: opened and found fit, read piece by piece, watched for changes.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use kaiwa_core::{Error, ErrorKind};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncReadExt;

use super::HttpProgress;

/// Bytes read and handed on at a time: few enough that ten at once cost nothing, enough that reading is no work.
pub(super) const PIECE: usize = 64 * 1024;

/// Reads a whole file, for the [`Connector::http`](super::Connector::http) of transports that have no HTTP: their sessions open
/// no files either.
///
/// # Errors
/// Those of [`HttpBody::File`](kaiwa_core::session::HttpBody::File).
///
/// # Cancel safety
/// Dropping the future ends the reading.
pub async fn read_file(
    path: &Path,
    max_bytes: u64,
    progress: &HttpProgress,
) -> Result<Vec<u8>, Error> {
    let mut source = FileSource::open(path, max_bytes).await?;
    let total = source.total();
    let mut bytes = Vec::new();
    progress.report(0, total);
    while (bytes.len() as u64) < total {
        let (piece, rest) = source.read(bytes.len() as u64).await?;
        bytes.extend_from_slice(&piece);
        progress.report(bytes.len() as u64, total);
        source = rest;
    }
    Ok(bytes)
}

/// A file that was opened and found fit to be sent.
pub(crate) struct FileSource {
    file: File,
    /// For error texts: the last part of the path.
    name: String,
    total: u64,
    modified: Option<SystemTime>,
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` for anything but a file, `TooLong`, `Storage`.
    pub(crate) async fn open(path: &Path, max_bytes: u64) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().escape_debug().to_string();
        let file = options().open(path).await;
        let file = file.map_err(|error| unreadable(&name, error))?;
        let metadata = file.metadata().await;
        let metadata = metadata.map_err(|error| unreadable(&name, error))?;
        if !metadata.is_file() {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("`{name}` is no file; only files can be sent"),
            ));
        }
        let total = metadata.len();
        if total > max_bytes {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!("`{name}` has {total} bytes; at most {max_bytes} can be sent"),
            ));
        }
        Ok(Self {
            file,
            name,
            total,
            modified: metadata.modified().ok(),
        })
    }

    /// The length of the file.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Reads the piece after so many bytes.
    ///
    /// # Errors
    /// `Invalid` for a file that changes meanwhile, told before its last piece: the server never has such a file as a whole.
    pub(crate) async fn read(mut self, sent: u64) -> Result<(Bytes, Self), Error> {
        let left = usize::try_from(self.total - sent).unwrap_or(usize::MAX);
        let mut piece = vec![0; left.min(PIECE)];
        let read = self.file.read_exact(&mut piece).await;
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(changed(&self.name));
            }
            Err(error) => return Err(unreadable(&self.name, error)),
        }
        if piece.len() == left {
            let metadata = self.file.metadata().await;
            let metadata = metadata.map_err(|error| unreadable(&self.name, error))?;
            if self.is_other(&metadata) {
                return Err(changed(&self.name));
            }
        }
        Ok((piece.into(), self))
    }

    fn is_other(&self, now: &Metadata) -> bool {
        now.len() != self.total || now.modified().ok() != self.modified
    }
}

/// Reads, and never waits for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    options.custom_flags((nix::fcntl::OFlag::O_NONBLOCK | nix::fcntl::OFlag::O_NOCTTY).bits());
    options
}

fn unreadable(name: &str, error: io::Error) -> Error {
    let (kind, text) = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            (ErrorKind::NotFound, format!("there is no file `{name}`"))
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            (ErrorKind::Invalid, format!("`{name}` cannot be a file"))
        }
        io::ErrorKind::PermissionDenied => (
            ErrorKind::Storage,
            format!("`{name}` may not be read; check its permissions"),
        ),
        _ => (ErrorKind::Storage, format!("`{name}` cannot be read")),
    };
    Error::new(kind, text).with_source(error)
}

fn changed(name: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("`{name}` changed while it was being sent; send it again when it is complete"),
    )
}
