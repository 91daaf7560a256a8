//! Where the bytes of files lie: `ab/cdef…` by their keys, or in `incoming` while they arrive. A file is under its key only as a
//! whole, and for good: synced before it gets there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};
use tokio::task::spawn_blocking;

use crate::private;

/// Where uploads arrive.
const INCOMING: &str = "incoming";

/// Characters of a key: 128 bits in hexadecimal.
const KEY_CHARS: usize = 32;

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// The directory of all files.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    /// Removes it at the end, if nothing is to be kept.
    _temporary: Option<TempDir>,
}

/// Whether this can be a key.
pub(crate) fn is_key(key: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    key.len() == KEY_CHARS && key.bytes().all(is_digit)
}

impl Disk {
    /// Makes what is missing and removes what broken uploads left.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        let incoming = dir.join(INCOMING);
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => private::make_dir(&incoming)?,
        }
        Ok(Self {
            dir,
            _temporary: None,
        })
    }

    /// A directory that goes away with this.
    pub(crate) fn temporary() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("kaiwa-files-").tempdir()?;
        let disk = Self::open(temporary.path().to_owned())?;
        Ok(Self {
            _temporary: Some(temporary),
            ..disk
        })
    }

    /// Begins a file under a new key from the system's random source.
    pub(crate) async fn begin(&self) -> io::Result<Incoming> {
        let mut random = [0; KEY_CHARS / 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let leftover = Leftover(self.dir.join(INCOMING).join(&key));
        let make = move || {
            let mut options = private::create();
            let file = options.write(true).create_new(true).open(&leftover.0)?;
            Ok::<_, io::Error>((file, leftover))
        };
        let (file, leftover) = spawn_blocking(make).await.map_err(io::Error::other)??;
        Ok(Incoming {
            to: self.place(&key),
            key,
            file: BufWriter::with_capacity(BUFFER, File::from_std(file)),
            leftover,
        })
    }

    /// Opens a file.
    pub(crate) async fn read(&self, key: &str) -> io::Result<File> {
        File::open(self.place(key)).await
    }

    /// Removes a file; one that is not there is no error.
    pub(crate) async fn remove(&self, key: &str) -> io::Result<()> {
        match tokio::fs::remove_file(self.place(key)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The directories in which files are.
    pub(crate) async fn shelves(&self) -> io::Result<Vec<PathBuf>> {
        let dir = self.dir.clone();
        let list = move || {
            let mut shelves = Vec::new();
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                if entry.file_name().len() == 2 && entry.file_type()?.is_dir() {
                    shelves.push(entry.path());
                }
            }
            Ok(shelves)
        };
        spawn_blocking(list).await.map_err(io::Error::other)?
    }

    /// The keys in one of [`Self::shelves`] whose files were last written before a time.
    pub(crate) async fn keys(&self, shelf: PathBuf, before: SystemTime) -> io::Result<Vec<String>> {
        let list = move || {
            let start = name(&shelf).unwrap_or_default().to_owned();
            let mut keys = Vec::new();
            for entry in fs::read_dir(&shelf)? {
                let entry = entry?;
                let key = name(&entry.path()).map(|rest| format!("{start}{rest}"));
                if let Some(key) = key.filter(|key| is_key(key))
                    && entry.metadata()?.modified()? < before
                {
                    keys.push(key);
                }
            }
            Ok(keys)
        };
        spawn_blocking(list).await.map_err(io::Error::other)?
    }

    /// Only for what [`is_key`]; then it is within the directory.
    fn place(&self, key: &str) -> PathBuf {
        let (shelf, rest) = key.split_at_checked(2).unwrap_or(("", key));
        self.dir.join(shelf).join(rest)
    }
}

fn name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// A file that arrives. Dropped before [`Self::keep`], it is gone.
#[derive(Debug)]
pub(crate) struct Incoming {
    key: String,
    to: PathBuf,
    file: BufWriter<File>,
    leftover: Leftover,
}

impl Incoming {
    /// The key that it will have.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Puts it under its key. Afterwards it survives a crash.
    ///
    /// # Cancel safety
    /// None: where this is dropped, the file may stay.
    pub(crate) async fn keep(mut self) -> io::Result<()> {
        self.file.flush().await?;
        let file = self.file.into_inner().into_std().await;
        let (from, to) = (self.leftover, self.to);
        let keep = move || {
            file.sync_all()?;
            let shelf = to.parent().unwrap_or(&to);
            let is_new = !shelf.exists();
            private::make_dir(shelf)?;
            fs::rename(&from.0, &to)?;
            sync(shelf)?;
            if is_new {
                sync(shelf.parent().unwrap_or(shelf))?;
            }
            Ok(())
        };
        spawn_blocking(keep).await.map_err(io::Error::other)?
    }
}

/// Syncs a directory, where that can be done.
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// A file that goes away unless it has moved.
#[derive(Debug)]
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        // Not there: it has moved, or was never made. Otherwise the next start removes it.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn open(dir: &TempDir) -> Disk {
        Disk::open(dir.path().join("files")).unwrap()
    }

    /// All files below.
    fn files(dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let below = entries.flat_map(|entry| {
            let is_dir = entry.file_type().unwrap().is_dir();
            if is_dir {
                files(&entry.path())
            } else {
                vec![entry.path()]
            }
        });
        below.collect()
    }

    async fn keep(disk: &Disk, bytes: &[u8]) -> String {
        let mut incoming = disk.begin().await.unwrap();
        incoming.write(bytes).await.unwrap();
        let key = incoming.key().to_owned();
        assert!(disk.read(&key).await.is_err(), "not before it is whole");
        incoming.keep().await.unwrap();
        key
    }

    #[tokio::test]
    async fn what_is_kept_is_there_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let disk = open(&dir);
        let key = keep(&disk, b"hello").await;
        assert!(is_key(&key));
        let other = keep(&disk, b"").await;
        assert_ne!(key, other);
        let disk = open(&dir);
        let mut text = String::new();
        disk.read(&key)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text, "hello");
        assert_eq!(files(dir.path()).len(), 2);
        #[cfg(unix)]
        for path in files(dir.path()) {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
        for _ in 0..2 {
            disk.remove(&key).await.unwrap();
            assert!(disk.read(&key).await.is_err());
        }
    }

    #[tokio::test]
    async fn what_is_not_kept_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let disk = open(&dir);
        let mut incoming = disk.begin().await.unwrap();
        incoming.write(&vec![0; 10 * BUFFER]).await.unwrap();
        assert_eq!(files(dir.path()).len(), 1);
        drop(incoming);
        assert_eq!(files(dir.path()).len(), 0);
    }

    #[tokio::test]
    async fn what_a_crash_left_goes_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let disk = open(&dir);
        let kept = keep(&disk, b"kept").await;
        std::mem::forget(disk.begin().await.unwrap());
        assert_eq!(files(dir.path()).len(), 2);
        let disk = open(&dir);
        assert_eq!(files(dir.path()).len(), 1);
        disk.read(&kept).await.unwrap();
    }

    #[tokio::test]
    async fn a_temporary_one_goes_away() {
        let disk = Disk::temporary().unwrap();
        keep(&disk, b"hello").await;
        let dir = disk.dir.clone();
        assert_eq!(files(&dir).len(), 1);
        drop(disk);
        assert!(!dir.exists());
    }

    #[tokio::test]
    async fn the_keys_of_old_files_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let disk = open(&dir);
        assert_eq!(disk.shelves().await.unwrap(), Vec::<PathBuf>::new());
        let key = keep(&disk, b"hello").await;
        let shelf = disk.shelves().await.unwrap().remove(0);
        fs::write(shelf.join("not of ours"), "").unwrap();
        let written = fs::metadata(disk.place(&key)).unwrap().modified().unwrap();
        let later = written + std::time::Duration::from_secs(1);
        assert_eq!(
            disk.keys(shelf.clone(), written).await.unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(disk.keys(shelf, later).await.unwrap(), [key]);
    }

    #[test]
    fn keys() {
        assert!(is_key(&"0a".repeat(16)));
        for key in [
            "",
            "..",
            "0a",
            &"0A".repeat(16),
            &"0a".repeat(17),
            &"/.".repeat(16),
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
