//! Finding or starting the server, from the side of those who talk there.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use kaiwa_protocols::{AuthField, Error, ErrorKind};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::identity::Identity;
use super::{Address, Files, PATH, Report};

/// How long finding or starting the server may take: longer than it takes to end an old one and to start a new one on a slow
/// disk.
const ENTER_LIMIT: Duration = Duration::from_secs(40);

/// How long a server may live without an address: longer than it takes to end one whose guests do not go, shorter than
/// `ENTER_LIMIT`.
const UNSETTLED_LIMIT: Duration = Duration::from_secs(25);

/// How often is looked whether that is over; nothing else tells that one of two things has happened in another process.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// A longer report is none, in bytes.
const MAX_REPORT_BYTES: u64 = 64 * 1024;

/// A log larger than this is begun anew, in bytes.
const MAX_LOG_BYTES: u64 = 1024 * 1024;

/// The way to the server of one's own.
#[derive(Debug)]
pub(crate) struct Home {
    files: Files,
    identity: Identity,
    address: Address,
    /// Held until the connection stands: the server does not end meanwhile.
    entrance: Option<Entrance>,
    reviving: Option<JoinHandle<Result<(Address, Entrance), Error>>>,
}

/// The lock of the entrance; let go by its drop.
#[derive(Debug)]
struct Entrance(#[expect(dead_code, reason = "held, not read")] File);

impl Home {
    /// Finds the server of this data directory, or starts it. Needs a runtime.
    ///
    /// # Errors
    /// `Storage` for a directory that cannot be used, `State` if another server uses it, `Config` for a file of accounts that
    /// is not valid or not safe, `TimedOut`.
    pub(crate) async fn enter(dir: &Path, name: &str) -> Result<Self, Error> {
        // The server works elsewhere.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let files = Files::in_dir(&dir)?;
        Identity::check(&dir)?;
        let (address, entrance) = enter(files.clone()).await?;
        let identity = Identity::of(&dir, name)?;
        Ok(Self {
            files,
            identity,
            address,
            entrance: Some(entrance),
            reviving: None,
        })
    }

    /// The login form of Oshi for this server.
    pub(crate) fn form(&self) -> Vec<AuthField> {
        self.identity.form(&self.address)
    }

    /// The server has refused that, and why; says whether the form is another one now.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn refused(&mut self, why: ErrorKind) -> Result<bool, Error> {
        self.identity.refused(why)
    }

    /// The user is signed in for the first time here; gives what there is to say of that.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn signed_in(&mut self) -> Result<Option<String>, Error> {
        self.identity.accepted()
    }

    /// The connection stands: others may enter, and the server may end when all have left.
    pub(crate) fn arrived(&mut self) {
        self.entrance = None;
    }

    /// The connection is lost: finds the server again, or starts a new one. [`Home::revived`] says what came of it.
    pub(crate) fn revive(&mut self) {
        self.entrance = None;
        if self.reviving.is_none() {
            self.reviving = Some(tokio::spawn(enter(self.files.clone())));
        }
    }

    /// Ready when a server is there again; says whether its address is another one. Waits for ever if nothing is being done.
    ///
    /// # Errors
    /// As [`Home::enter`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn revived(&mut self) -> Result<bool, Error> {
        let Some(reviving) = &mut self.reviving else {
            return std::future::pending().await;
        };
        let entered = reviving.await;
        self.reviving = None;
        let (address, entrance) = entered.map_err(|error| {
            Error::new(ErrorKind::Internal, "starting the server").with_source(error)
        })??;
        let moved = address.url != self.address.url;
        self.address = address;
        self.entrance = Some(entrance);
        Ok(moved)
    }
}

async fn enter(files: Files) -> Result<(Address, Entrance), Error> {
    let dir = files.dir.clone();
    let entering = tokio::task::spawn_blocking(move || find_or_start(&files));
    match timeout(ENTER_LIMIT, entering).await {
        Ok(Ok(entered)) => entered,
        Ok(Err(error)) => {
            Err(Error::new(ErrorKind::Internal, "starting the server").with_source(error))
        }
        Err(_) => Err(Error::new(
            ErrorKind::TimedOut,
            format!(
                "the server in {} neither starts nor ends; look at its server.log, and for a process that hangs",
                dir.display()
            ),
        )),
    }
}

fn find_or_start(files: &Files) -> Result<(Address, Entrance), Error> {
    let unusable = |error| files.unusable(error);
    let lock = files.start_lock().map_err(unusable)?;
    lock.lock().map_err(unusable)?;
    let entrance = Entrance(lock);
    // The same port as before, if it can be had: those who lost a server that died find the new one by themselves.
    let port = files.address().map_or(0, |address| address.port);
    let address = match living(files)? {
        Some(address) => address,
        None => start(files, port)?,
    };
    Ok((address, entrance))
}

/// Where the server is, if one lives. Waits while one lives that has no address: it is ending because of a signal, or
/// starting though its starter has died.
fn living(files: &Files) -> Result<Option<Address>, Error> {
    let until = Instant::now() + UNSETTLED_LIMIT;
    while files.is_served().map_err(|error| files.unusable(error))? {
        if let Some(address) = files.address() {
            if !address.url.ends_with(PATH) {
                let dir = files.dir.display();
                let text = format!(
                    "the server in {dir} is that of an older kaiwa; leave it in all terminals, it ends then, and try again"
                );
                return Err(Error::new(ErrorKind::State, text));
            }
            return Ok(Some(address));
        }
        if Instant::now() >= until {
            let dir = files.dir.display();
            let text = format!(
                "a server in {dir} neither ends nor says where it listens; look at its server.log, and for a process that hangs"
            );
            return Err(Error::new(ErrorKind::State, text));
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
    Ok(None)
}

/// Starts the server and waits until it listens.
fn start(files: &Files, port: u16) -> Result<Address, Error> {
    let failed = |text: &'static str| {
        move |error: std::io::Error| Error::new(ErrorKind::Internal, text).with_source(error)
    };
    let program =
        std::env::current_exe().map_err(failed("the path of this program is not known"))?;
    let log = open_log(files).map_err(|error| files.unusable(error))?;
    let mut command = Command::new(program);
    command
        .args([
            "serve",
            "--embedded",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--data",
        ])
        .arg(&files.dir)
        .current_dir(&files.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    // Ctrl-C in the terminal goes to the group of those who talk.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .spawn()
        .map_err(failed("this program cannot be started as a server"))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout)
            .take(MAX_REPORT_BYTES)
            .read_line(&mut line)
            .map_err(failed("the server does not report"))?;
    }
    // Nobody else takes leave of it when it ends before this process.
    std::thread::spawn(move || child.wait());
    match serde_json::from_str(&line) {
        Ok(Report::Listening(address)) => Ok(address),
        Ok(Report::Failed(error)) => Err(error.into()),
        Err(_) => Err(Error::new(
            ErrorKind::Internal,
            format!(
                "the server ended at once; {} may say why",
                files.log().display()
            ),
        )),
    }
}

fn open_log(files: &Files) -> std::io::Result<File> {
    let path = files.log();
    let large = std::fs::metadata(&path).is_ok_and(|log| log.len() > MAX_LOG_BYTES);
    if large {
        File::create(path)
    } else {
        File::options().create(true).append(true).open(path)
    }
}
