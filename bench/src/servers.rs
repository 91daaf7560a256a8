//! The servers that are compared, each a process of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::missing::Missing;
use crate::process::Process;

/// Where the real wschat listens; it cannot be told otherwise.
const WSCHAT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 80);

/// How often, and with which pause between, it is asked whether it listens: 10 s in all.
const START_ATTEMPTS: u32 = 10_000;
const START_PAUSE: Duration = Duration::from_millis(1);

/// What is measured, or measures, and is not built with this program. What is not given is left out, and said to be missing.
#[derive(Debug, Default, Args)]
pub(crate) struct Foreign {
    /// The real wschat. It takes port 80 of all interfaces
    #[arg(long, value_name = "PROGRAM")]
    wschat: Option<PathBuf>,

    /// A Python with the package kaiwa, optimized
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) python: Option<PathBuf>,

    /// That package as it was installed
    #[arg(long, value_name = "FILE")]
    pub(crate) wheel: Option<PathBuf>,
}

/// What all measurements need to know.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) foreign: Foreign,
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
    pub(crate) fn new(foreign: Foreign, out: PathBuf, quick: bool) -> Result<Self> {
        fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        // What is named and not there is missing too.
        let there = |path: Option<PathBuf>| path.filter(|path| path.is_file());
        Ok(Self {
            foreign: Foreign {
                wschat: there(foreign.wschat),
                python: there(foreign.python),
                wheel: there(foreign.wheel),
            },
            out: out.canonicalize()?,
            quick,
        })
    }

    /// How often everything is repeated whose spread is shown.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 2 } else { 5 }
    }

    /// How long a busy server is warmed up, and then measured. All of them together make most of a run's time.
    pub(crate) fn busy(&self) -> (Duration, Duration) {
        let (warm_up, measured) = if self.quick { (200, 500) } else { (500, 2000) };
        (
            Duration::from_millis(warm_up),
            Duration::from_millis(measured),
        )
    }

    /// The Python that has the package.
    pub(crate) fn python(&self) -> Result<PathBuf, Missing> {
        let found = self.foreign.python.clone();
        found.ok_or_else(|| {
            Missing::new("the package kaiwa for Python", "cargo xtask --setup bench")
        })
    }

    /// Why there is no wschat, if there is none.
    pub(crate) fn wschat_missing(&self) -> Option<Missing> {
        let how = "sudo cargo xtask --setup bench";
        self.foreign
            .wschat
            .is_none()
            .then(|| Missing::new("wschat 0.2.1 in a network namespace", how))
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
            .filter(|server| *server != Server::Wschat || self.foreign.wschat.is_some())
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

    /// Starts ours for clients of wschat, with what a data directory holds, where an earlier one listened.
    pub(crate) fn again(&self, data: &Path, listen: SocketAddr) -> Result<Running> {
        serve_at("sqlite", data, "/wschat", &listen.to_string())
    }

    /// Starts the floor of rim's servers: `roles::rim_relay`.
    pub(crate) fn rim_relay(&self) -> Result<Running> {
        said(Process::role(&["rim-relay"])?, "/")
    }

    fn ours(&self, store: &str) -> Result<Running> {
        serve(store, &self.fresh("data")?, "/wschat")
    }

    fn wschat(&self) -> Result<Running> {
        let program = self.foreign.wschat.as_deref().context("no wschat")?;
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

    /// Not a peer's.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::KaiwaSqlite | Self::KaiwaNone)
    }
}

fn serve(store: &str, data: &Path, path: &'static str) -> Result<Running> {
    serve_at(store, data, path, "127.0.0.1:0")
}

fn serve_at(store: &str, data: &Path, path: &'static str, listen: &str) -> Result<Running> {
    let data = data.to_str().context("the path is not UTF-8")?;
    said(Process::role(&["serve", store, data, listen])?, path)
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
