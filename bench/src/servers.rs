//! The servers that are compared, each a process of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Process;

/// Where the real wschat listens; it cannot be told otherwise.
const WSCHAT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 80);

/// How often, and with which pause between, it is asked whether it listens: 10 s in all.
const START_ATTEMPTS: u32 = 500;
const START_PAUSE: Duration = Duration::from_millis(20);

/// What all measurements need to know.
#[derive(Debug)]
pub(crate) struct Setup {
    wschat: Option<PathBuf>,
    pub(crate) out: PathBuf,
    pub(crate) quick: bool,
}

/// A server that clients of wschat can talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Ours, each message durable before anybody sees it.
    KaiwaSqlite,
    /// Ours without storage.
    KaiwaNone,
    /// The real one, its log switched on.
    Wschat,
    /// The floor: `roles::relay`.
    Relay,
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) path: &'static str,
}

impl Setup {
    pub(crate) fn new(wschat: Option<PathBuf>, out: PathBuf, quick: bool) -> Result<Self> {
        fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        if wschat.is_none() {
            println!(
                "without --wschat the real wschat is left out; `cargo xtask bench` brings it\n"
            );
        }
        Ok(Self { wschat, out, quick })
    }

    /// The servers that can be had.
    pub(crate) fn servers(&self) -> Vec<Server> {
        let all = [
            Server::KaiwaSqlite,
            Server::KaiwaNone,
            Server::Wschat,
            Server::Relay,
        ];
        all.into_iter()
            .filter(|server| *server != Server::Wschat || self.wschat.is_some())
            .collect()
    }

    /// Starts a server with nothing stored and waits until it listens.
    pub(crate) fn start(&self, server: Server) -> Result<Running> {
        match server {
            Server::KaiwaSqlite => self.ours("sqlite"),
            Server::KaiwaNone => self.ours("none"),
            Server::Wschat => self.wschat(),
            Server::Relay => said(Process::role(&["relay"])?, "/"),
        }
    }

    /// Starts ours for clients of rim, with what a data directory holds.
    pub(crate) fn rim(&self, data: &Path) -> Result<Running> {
        serve("sqlite", data, "/rim/ws")
    }

    /// Starts ours for clients of Oshi, with what a data directory holds.
    pub(crate) fn oshi(&self, data: &Path) -> Result<Running> {
        serve("sqlite", data, "/oshi")
    }

    /// Starts the floor of rim's servers: `roles::rim_relay`.
    pub(crate) fn rim_relay(&self) -> Result<Running> {
        said(Process::role(&["rim-relay"])?, "/")
    }

    fn ours(&self, store: &str) -> Result<Running> {
        serve(store, &self.fresh("data")?, "/wschat")
    }

    fn wschat(&self) -> Result<Running> {
        let program = self.wschat.as_deref().context("no wschat")?;
        let mut command = Command::new(program);
        command
            .env("LOG_DIR", self.fresh("log")?)
            .env_remove("JWT_SECRET");
        let mut process = Process::start(&mut command)?;
        for _ in 0..START_ATTEMPTS {
            process.check()?;
            if TcpStream::connect(WSCHAT_ADDRESS).is_ok() {
                return Ok(Running {
                    process,
                    address: WSCHAT_ADDRESS,
                    path: "/",
                });
            }
            thread::sleep(START_PAUSE);
        }
        bail!("wschat does not listen at {WSCHAT_ADDRESS}");
    }

    /// An empty folder.
    pub(crate) fn fresh(&self, name: &str) -> Result<PathBuf> {
        let folder = self.out.join(name);
        if folder.is_dir() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Path::canonicalize(&folder)?)
    }
}

impl Server {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KaiwaSqlite => "kaiwa, sqlite",
            Self::KaiwaNone => "kaiwa, none",
            Self::Wschat => "wschat 0.2.1",
            Self::Relay => "bare relay",
        }
    }
}

fn serve(store: &str, data: &Path, path: &'static str) -> Result<Running> {
    let data = data.to_str().context("the path is not UTF-8")?;
    said(Process::role(&["serve", store, data])?, path)
}

/// Our own servers say where they listen.
fn said(mut process: Process, path: &'static str) -> Result<Running> {
    let address = process.line()?.parse()?;
    Ok(Running {
        process,
        address,
        path,
    })
}
