//! The server of one's own: found or started by the first who needs it, ended by itself after the last has left.
//!
//! It is a child process in a process group of its own, so that neither Ctrl-C nor the end of the one who started it ends
//! it. The data directory holds, besides the database:
//!
//! * `start.lock`: held by whoever finds, starts or enters the server, and by the server while it ends, which it lets
//!   go of last. So nobody enters a server that is about to end, and no two are started.
//! * `embedded.lock`: held by the server as long as it lives. The system frees locks of dead processes.
//! * `server.json`: where the server listens; true as long as `embedded.lock` is held. Missing meanwhile, the server is
//!   starting or ending.
//! * `identities.toml`: the user's accounts there, for this user alone; read and written with `start.lock` held.
//! * `server.log`: what the server logs.

mod child;
mod home;
mod identity;

pub(crate) use child::run;
pub(crate) use home::Home;

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kaiwa_protocols::{Error, ErrorInfo, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::private;

/// Where the server is joined.
const PATH: &str = "/oshi";

/// The files of a data directory.
#[derive(Clone, Debug)]
struct Files {
    dir: PathBuf,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Address {
    url: String,
    port: u16,
    pid: u32,
}

/// What the server tells whoever has started it, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    Listening(Address),
    Failed(ErrorInfo),
}

impl Files {
    /// Makes the directory if it is missing, for this user alone.
    ///
    /// # Errors
    /// `Storage`.
    fn in_dir(dir: &Path) -> Result<Self, Error> {
        let files = Self {
            dir: dir.to_owned(),
        };
        private::make_dir(dir).map_err(|error| files.unusable(error))?;
        Ok(files)
    }

    fn start_lock(&self) -> io::Result<File> {
        private::open_lock(&self.dir.join("start.lock"))
    }

    fn embedded_lock(&self) -> io::Result<File> {
        private::open_lock(&self.dir.join("embedded.lock"))
    }

    fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    fn address_path(&self) -> PathBuf {
        self.dir.join("server.json")
    }

    /// Where the last server listened, if that is known.
    fn address(&self) -> Option<Address> {
        serde_json::from_slice(&fs::read(self.address_path()).ok()?).ok()
    }

    /// Says where the server listens: readers see the old file or the new one, never a part.
    fn set_address(&self, address: &Address) -> io::Result<()> {
        let new = self.dir.join("server.json.new");
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, address)?;
        file.flush()?;
        fs::rename(new, self.address_path())
    }

    fn forget_address(&self) {
        let _ = fs::remove_file(self.address_path());
    }

    /// Whether a server of one's own lives here. Ask with `start.lock` held.
    fn is_served(&self) -> io::Result<bool> {
        match self.embedded_lock()?.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unusable(&self, error: io::Error) -> Error {
        let dir = self.dir.display();
        let text = format!(
            "the data directory {dir} cannot be used; make it writable, or name another one in KAIWA_DATA_DIR"
        );
        Error::new(ErrorKind::Storage, text).with_source(error)
    }
}
