//! Removes files that nobody can see: those that hang on no message a day after their upload, and bytes without a record, which
//! a crash can leave.
//!
//! Nothing that is used is ever removed: a record goes only in the transaction that sees that no message has it, and its bytes
//! after it. A message that names it later finds no such file.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Files;
use crate::store::{File, FileId};
use crate::world::World;

/// How long a file may wait for its message: whoever uploads in the evening may still press the key in the morning.
const GRACE: Duration = Duration::from_hours(24);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_hours(1);

/// Looks now and then, until stopped.
pub(crate) async fn run(world: Arc<World>, files: Arc<Files>, stop: CancellationToken) {
    let sweeping = async {
        // They come of crashes only.
        report(strays(&world, &files, SystemTime::now() - GRACE).await);
        loop {
            report(unused(&world, &files, Utc::now() - GRACE).await);
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = sweeping => {}
    }
}

fn report(swept: Result<usize, Error>) {
    match swept {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed files that nobody can see"),
        Err(error) if error.kind() == ErrorKind::State => {}
        Err(error) => tracing::warn!(error = error.chain(), "files cannot be tidied up"),
    }
}

/// Removes what was uploaded before a time and hangs on no message; how many.
async fn unused(world: &World, files: &Files, before: DateTime<Utc>) -> Result<usize, Error> {
    let (mut count, mut after) = (0, Some(FileId(0)));
    while let Some(place) = after {
        let found = world
            .read(move |store| store.unused_files(place, before))
            .await?;
        after = found.next;
        if !found.files.is_empty() {
            count += remove(world, files, found.files).await?;
        }
    }
    Ok(count)
}

/// Those that are still unused go.
async fn remove(world: &World, files: &Files, found: Vec<File>) -> Result<usize, Error> {
    let keys = world
        .change(move |store, _| {
            let mut keys = Vec::new();
            for file in found {
                if store.remove_unused_file(file.id)? {
                    keys.push(file.key);
                }
            }
            Ok(keys)
        })
        .await?;
    remove_bytes(files, &keys).await
}

/// Of all of them, whatever happens to one.
///
/// # Errors
/// That of the last that could not be removed; the next start tries again.
async fn remove_bytes(files: &Files, keys: &[String]) -> Result<usize, Error> {
    let mut result = Ok(keys.len());
    for key in keys {
        if let Err(error) = files.disk.remove(key).await {
            result = Err(broken(error));
        }
    }
    result
}

/// Removes bytes that were written before a time and have no record; how many.
async fn strays(world: &World, files: &Files, before: SystemTime) -> Result<usize, Error> {
    let mut count = 0;
    for shelf in files.disk.shelves().await.map_err(broken)? {
        let keys = files.disk.keys(shelf, before).await.map_err(broken)?;
        let strays = world
            .read(move |store| {
                let mut strays = Vec::new();
                for key in keys {
                    if store.file(&key)?.is_none() {
                        strays.push(key);
                    }
                }
                Ok(strays)
            })
            .await?;
        count += remove_bytes(files, &strays).await?;
    }
    Ok(count)
}

fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Storage, "a directory of files cannot be used").with_source(error)
}
