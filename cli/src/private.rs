//! Directories of this user alone, and the locks in them.

use std::fs::{DirBuilder, File};
use std::io;
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
