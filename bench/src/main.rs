//! Speed and memory of kaiwa, beside its peers in the same run: `cargo xtask bench`, or without the foreign programs
//! `cargo run --release --manifest-path bench/Cargo.toml`.
//!
//! Each measurement has a file; [`Name`] is their table. What is measured is always a process of its own, a
//! [`process::Process`]: this program again in one of the [`roles`], or a foreign one, such as those of `c/` and `python/`. The
//! load generators ([`load`], that of [`rim`], the floods) are cheap and the same for all peers. A [`report::Report`] collects
//! what comes out, [`docs`] writes it down. docs/benchmarks.md says how to read the numbers.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};

use crate::docs::Run;
use crate::machine::Machine;
use crate::report::Report;
use crate::roles::Role;
use crate::servers::{Foreign, Setup};

mod chart;
mod docs;
mod fanout;
mod flood;
mod flubber;
mod growth;
mod idle;
mod load;
mod machine;
mod missing;
mod oshi;
mod process;
mod pump;
mod purple;
mod receive;
mod reconnect;
mod report;
mod rim;
mod roles;
mod servers;
mod size;
mod sockchat;
mod socket;
mod start_up;
mod tally;

/// Measures kaiwa beside its peers.
#[derive(Debug, Parser)]
#[command(name = "kaiwa-bench")]
struct Cli {
    /// Measure only this; may be given several times
    #[arg(long, value_name = "NAME", value_enum)]
    only: Vec<Name>,

    /// Short runs: to see that everything works, not to read the numbers. Nothing is written into --docs
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    foreign: Foreign,

    /// Where databases, logs and the results for programs (bench.json) go
    #[arg(long, value_name = "DIRECTORY", default_value = "target/bench")]
    out: PathBuf,

    /// Write the results into benchmarks.md of this folder, and charts beside it
    #[arg(long, value_name = "DIRECTORY")]
    docs: Option<PathBuf>,

    #[command(subcommand)]
    role: Option<Role>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Deliveries per second, server CPU per delivery and latency in a busy room
    Fanout,
    /// CPU per received event of clients: wschat and rim
    Receive,
    /// Sock Chat: CPU per received event of clients, the crate oshatori among them
    SockchatReceive,
    /// The libraries for C: CPU per received message and memory per account of libpurple and of ours
    Purple,
    /// The C library and Python: mock events per second, beside a subscriber in Rust
    PumpMock,
    /// The C library and Python: the same with events of Sock Chat
    PumpSockchat,
    /// The C library: how soon a handler is called
    PumpLatency,
    /// Backends: values per second into events, and requests through the pipes
    Flubber,
    /// Resident bytes per idle connection, of servers and of clients
    Idle,
    /// rim: messages acknowledged per second, time to the acknowledgement, CPU
    RimAck,
    /// rim: a page of a long history
    RimHistory,
    /// rim: signing in with a thousand groups
    RimSignIn,
    /// rim: memory of the server with a thousand idle users
    RimMemory,
    /// Oshi: deliveries per second and latency in a stream with a thousand subscribers, beside wschat's room
    OshiFanout,
    /// Oshi: how long refusals take, of what is private and of what is not there
    OshiPrivacy,
    /// Oshi: catching up with what was missed
    OshiResume,
    /// Oshi: signing in with 500 streams
    OshiSignIn,
    /// A thousand accounts come back after their server
    Reconnect,
    /// What grows with ten times the channels, users, messages, emotes, subscribers
    Growth,
    /// Start-up of library, command and server
    StartUp,
    /// Size of library, command and Python package
    Size,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    process::allow_many_files();
    if let Some(role) = &cli.role {
        return roles::run(role);
    }
    let mut machine = Machine::look();
    let setup = Setup::new(cli.foreign, cli.out, cli.quick)?;
    let mut report = Report::new();
    let whole = cli.only.is_empty();
    let wanted = |name: &&Name| whole || cli.only.contains(name);
    let names: Vec<&Name> = Name::value_variants().iter().filter(wanted).collect();
    for (before, name) in names.iter().enumerate() {
        report.begin(&name.text(), before, names.len());
        let result = name.run(&setup, &mut report);
        report.end(result);
    }
    let (sections, took) = report.finish();
    machine.took = took;
    let run = Run {
        machine: &machine,
        sections: &sections,
        whole,
    };
    run.write_json(&setup.out.join("bench.json"))?;
    if let Some(docs) = cli.docs.filter(|_| !setup.quick) {
        run.write_docs(&docs)?;
    }
    eprintln!("all took {} s", took.as_secs());
    let failed = sections.iter().filter(|section| section.error.is_some());
    let failed: Vec<&str> = failed.map(|section| section.name.as_str()).collect();
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

impl Name {
    /// As `--only` takes it.
    fn text(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self, setup: &Setup, report: &mut Report) -> Result<()> {
        match self {
            Self::Fanout => fanout::run(setup, report),
            Self::Receive => receive::run(setup, report),
            Self::SockchatReceive => sockchat::receive::run(setup, report),
            Self::Purple => purple::run(setup, report),
            Self::PumpMock => pump::flood::run(pump::flood::Source::Mock, setup, report),
            Self::PumpSockchat => pump::flood::run(pump::flood::Source::Sockchat, setup, report),
            Self::PumpLatency => pump::latency::run(setup, report),
            Self::Flubber => flubber::run(setup, report),
            Self::Idle => idle::run(setup, report),
            Self::RimAck => rim::ack::run(setup, report),
            Self::RimHistory => rim::history::run(setup, report),
            Self::RimSignIn => rim::sign_in::run(setup, report),
            Self::RimMemory => rim::memory::run(setup, report),
            Self::OshiFanout => oshi::fanout::run(setup, report),
            Self::OshiPrivacy => oshi::privacy::run(setup, report),
            Self::OshiResume => oshi::resume::run(setup, report),
            Self::OshiSignIn => oshi::sign_in::run(setup, report),
            Self::Reconnect => reconnect::run(setup, report),
            Self::Growth => growth::run(setup, report),
            Self::StartUp => start_up::run(setup, report),
            Self::Size => size::run(setup, report),
        }
    }
}
