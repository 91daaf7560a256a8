//! What a measurement needs and does not find: it says its name and how to get it, and the suite goes on.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::succeeds;

/// A peer or a tool that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Its name.
    pub(crate) what: String,
    /// What brings it.
    pub(crate) how: String,
}

impl Missing {
    /// Something that a command installs.
    pub(crate) fn new(what: &str, how: &str) -> Self {
        Self {
            what: what.to_owned(),
            how: how.to_owned(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} is missing: `{}`", self.what, self.how)
    }
}

impl std::error::Error for Missing {}

/// A program of the path.
pub(crate) fn tool(name: &str, how: &str) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return Ok(());
    }
    Err(Missing::new(name, how).into())
}

/// A file that a build leaves beside this program.
pub(crate) fn built(file: &Path, how: &str) -> Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Err(Missing::new(&name, how).into())
}

/// The flags to compile and link with a library, as `pkg-config` knows it.
pub(crate) fn library_flags(name: &str, how: &str) -> Result<Vec<String>> {
    tool("pkg-config", "apt-get install pkg-config")?;
    let flags = succeeds(Command::new("pkg-config").args(["--cflags", "--libs", name]));
    let flags = flags.map_err(|_| Missing::new(&format!("lib{name}"), how))?;
    let flags = String::from_utf8(flags.stdout)?;
    // Warnings of its headers are not ours.
    let flags = flags.replace("-I", "-isystem");
    Ok(flags.split_whitespace().map(str::to_owned).collect())
}
