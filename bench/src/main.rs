//! Speed and memory of kaiwa, beside its peers in the same run: `cargo xtask bench`, or without the real wschat
//! `cargo run --release --manifest-path bench/Cargo.toml`.
//!
//! Each measurement has a file: [`fanout`] (what a busy room costs the server), [`idle`] (what a connection holds in memory,
//! at both ends), [`receive`] (what an event costs the client), and those of [`flubber`], [`oshi`], [`rim`], [`sockchat`] and of
//! the C library, [`pump`]. What is measured is always a process of its own, a [`process::Process`]: this program again in one of
//! the [`roles`], or a foreign one, such as those of `c/`. The load generators, [`load`] and that of [`rim`], are cheap and the
//! same for all peers. docs/benchmarks.md says how to read the numbers.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::report::Report;
use crate::roles::Role;
use crate::servers::Setup;

mod fanout;
mod flubber;
mod idle;
mod load;
mod oshi;
mod process;
mod pump;
mod receive;
mod report;
mod rim;
mod roles;
mod servers;
mod sockchat;
mod socket;
mod tally;

/// Measures kaiwa beside its peers.
#[derive(Debug, Parser)]
#[command(name = "kaiwa-bench")]
struct Cli {
    /// Measure only this; may be given several times
    #[arg(long, value_name = "NAME", value_enum)]
    only: Vec<Name>,

    /// Short runs: to see that everything works, not to read the numbers
    #[arg(long)]
    quick: bool,

    /// The real wschat; left out if not given. It takes port 80 of all interfaces
    #[arg(long, value_name = "PROGRAM")]
    wschat: Option<PathBuf>,

    /// Where databases, logs and the results (bench.json) go
    #[arg(long, value_name = "DIRECTORY", default_value = "target/bench")]
    out: PathBuf,

    #[command(subcommand)]
    role: Option<Role>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Deliveries per second, server CPU per delivery and latency in a busy room
    Fanout,
    /// Backends: values per second into events, and requests through the pipes
    Flubber,
    /// Resident bytes per idle connection, of servers and of clients
    Idle,
    /// CPU per received event of clients
    Receive,
    /// Oshi: deliveries per second and latency in a stream with a thousand subscribers, beside wschat's room
    OshiFanout,
    /// Oshi: how long refusals take, of what is private and of what is not there
    OshiPrivacy,
    /// Oshi: catching up with what was missed
    OshiResume,
    /// Oshi: signing in with 500 streams
    OshiSignIn,
    /// The C library: mock events per second through the pump, beside a subscriber in Rust
    PumpMock,
    /// The C library: the same with events of Sock Chat
    PumpSockchat,
    /// The C library: how soon a handler is called
    PumpLatency,
    /// The C library: its size, and how long loading it takes
    Library,
    /// rim: messages acknowledged per second, time to the acknowledgement, CPU
    RimAck,
    /// rim: a page of a long history
    RimHistory,
    /// rim: signing in with a thousand groups
    RimSignIn,
    /// rim: memory of the server with a thousand idle users
    RimMemory,
    /// Sock Chat: CPU per received event of clients, the crate oshatori among them
    SockchatReceive,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(role) = &cli.role {
        return roles::run(role);
    }
    let setup = Setup::new(cli.wschat, cli.out, cli.quick)?;
    let mut report = Report::new(cli.quick);
    let wanted = |name| cli.only.is_empty() || cli.only.contains(&name);
    if wanted(Name::Fanout) {
        fanout::run(&setup, &mut report)?;
    }
    if wanted(Name::Flubber) {
        flubber::run(&setup, &mut report)?;
    }
    if wanted(Name::Idle) {
        idle::run(&setup, &mut report)?;
    }
    if wanted(Name::Receive) {
        receive::run(&setup, &mut report)?;
    }
    if wanted(Name::OshiFanout) {
        oshi::fanout::run(&setup, &mut report)?;
    }
    if wanted(Name::OshiPrivacy) {
        oshi::privacy::run(&setup, &mut report)?;
    }
    if wanted(Name::OshiResume) {
        oshi::resume::run(&setup, &mut report)?;
    }
    if wanted(Name::OshiSignIn) {
        oshi::sign_in::run(&setup, &mut report)?;
    }
    if wanted(Name::PumpMock) {
        pump::flood::run(pump::flood::Source::Mock, &setup, &mut report)?;
    }
    if wanted(Name::PumpSockchat) {
        pump::flood::run(pump::flood::Source::Sockchat, &setup, &mut report)?;
    }
    if wanted(Name::PumpLatency) {
        pump::latency::run(&setup, &mut report)?;
    }
    if wanted(Name::Library) {
        pump::library::run(&setup, &mut report)?;
    }
    if wanted(Name::RimAck) {
        rim::ack::run(&setup, &mut report)?;
    }
    if wanted(Name::RimHistory) {
        rim::history::run(&setup, &mut report)?;
    }
    if wanted(Name::RimSignIn) {
        rim::sign_in::run(&setup, &mut report)?;
    }
    if wanted(Name::RimMemory) {
        rim::memory::run(&setup, &mut report)?;
    }
    if wanted(Name::SockchatReceive) {
        sockchat::receive::run(&setup, &mut report)?;
    }
    report.write(&setup.out.join("bench.json"))
}
