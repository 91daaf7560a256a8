//! Directories and files of this user alone, and the locks in them.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a directory and what is missing above it, for this user alone. One that is there keeps its mode.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens a file to be locked; makes it if it is missing. What it holds does not matter and stays.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// Writes a file for this user alone: a new one beside it that takes its place, so that a crash leaves one of the two, whole.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    // A file that is a link elsewhere stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let new = path.with_added_extension("new");
    let _ = fs::remove_file(&new);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, &path)
}

/// Whether nobody else on this machine can read or change a file; so it is where that cannot be told.
#[cfg(unix)]
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode());
    mode & 0o077 == 0
}

/// Whether nobody else on this machine can read or change a file; so it is where that cannot be told.
#[cfg(not(unix))]
pub(crate) fn is_private(_path: &Path) -> bool {
    true
}
