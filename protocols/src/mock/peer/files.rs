//! The files that come along with messages: read from this machine's disk, counted, and not kept.

use std::path::Path;

use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse};
use kaiwa_core::{Error, ErrorKind};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::serve::Shared;
use crate::transport::HttpProgress;

/// Bytes taken at once.
const PIECE: usize = 64 * 1024;

impl Shared {
    /// Takes a file and says where it lies now. While confirmations are held, so is this one.
    pub(super) async fn take_file(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        let HttpBody::File { path, max_bytes } = &request.body else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the mock network takes nothing but files over HTTP",
            ));
        };
        read(path, *max_bytes, progress).await?;
        loop {
            let released = self.lock().released.clone();
            // Before the look, so that a release between the two is not missed.
            let released = released.notified();
            if let Some(stored) = self.store() {
                return Ok(stored);
            }
            released.await;
        }
    }

    /// The address of one more file, unless confirmations are held.
    fn store(&self) -> Option<HttpResponse> {
        let mut world = self.lock();
        if world.held.is_some() {
            return None;
        }
        world.files += 1;
        Some(HttpResponse {
            status: 201,
            headers: Vec::new(),
            body: format!("https://mock.invalid/files/{}", world.files).into_bytes(),
        })
    }
}

/// Reads a file to its end.
async fn read(path: &Path, max_bytes: u64, progress: &HttpProgress) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.escape_debug();
    let unreadable = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Storage,
        };
        Error::new(kind, format!("the file `{name}` cannot be read")).with_source(error)
    };
    let mut file = File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
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
    let mut piece = vec![0; PIECE];
    let mut sent = 0;
    progress.report(0, total);
    while sent < total {
        let count = file.read(&mut piece).await.map_err(unreadable)?;
        if count == 0 {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("`{name}` changed while it was being sent; send it again"),
            ));
        }
        sent = total.min(sent + count as u64);
        progress.report(sent, total);
    }
    Ok(())
}
