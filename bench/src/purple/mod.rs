//! What a C programmer would take instead: libpurple, on IRC, beside our C library, on wschat. Both receive the same texts of 100
//! bytes in a flood and hold the same number of idle accounts; each side's server is the cheapest one that its network allows.

mod irc;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::irc::Irc;
use crate::chart::Chart;
use crate::flood::{self, Flood};
use crate::missing::{self, Missing};
use crate::process::{Process, succeeds};
use crate::pump;
use crate::report::{Report, Spread, count, hundredths};
use crate::servers::{Server, Setup};

/// Messages that are not measured, and those that are.
const WARM_UP: u64 = 20_000;
const COUNT: u64 = 200_000;
const QUICK_COUNT: u64 = 50_000;

/// Idle accounts: after the first hundred there is all that is needed once.
const FEW: usize = 100;
const MANY: usize = 1_000;

/// Memory is much the same each time.
const IDLE_ROUNDS: usize = 2;

const INSTALL: &str = "apt-get install libpurple-dev";

/// A program that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Stateless,
    State,
    Purple,
}

const KINDS: [Kind; 3] = [Kind::Stateless, Kind::State, Kind::Purple];

/// What one kind gave.
#[derive(Debug, Default)]
struct Runs {
    /// Microseconds of CPU per message, and messages per second.
    costs: Vec<f64>,
    rates: Vec<f64>,
    /// Resident bytes per account.
    bytes: Vec<f64>,
}

/// Runs all in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let ours = pump::program(setup, "pump")?;
    let (theirs, missing) = match build(setup) {
        Ok(program) => (Some(program), None),
        Err(error) => (None, Some(error.downcast::<Missing>()?)),
    };
    let program = |kind| match kind {
        Kind::Purple => theirs.as_deref(),
        Kind::Stateless | Kind::State => Some(ours.as_path()),
    };
    let mut all: [Runs; 3] = Default::default();
    for round in 0..setup.rounds() {
        for (kind, runs) in KINDS.into_iter().zip(&mut all) {
            let Some(program) = program(kind) else {
                continue;
            };
            let (cost, rate) = flooded(setup, kind, program).with_context(|| kind.name())?;
            runs.costs.push(cost);
            runs.rates.push(rate);
            if round < IDLE_ROUNDS {
                let bytes = idle(setup, kind, program).with_context(|| kind.name())?;
                runs.bytes.push(bytes);
            }
        }
    }
    write(report, &all, missing);
    Ok(())
}

fn write(report: &mut Report, all: &[Runs; 3], missing: Option<Missing>) {
    report.table(
        "Libraries for C: a flooded program, and one with 1,000 idle accounts",
        &[
            "library",
            "CPU per message, µs",
            "messages/s",
            "resident per idle account, 100 → 1,000, KiB",
        ],
    );
    let mut chart = Chart::new("purple", "Libraries for C: CPU per received message, µs");
    for (kind, runs) in KINDS.into_iter().zip(all) {
        if runs.costs.is_empty() {
            continue;
        }
        let cost = Spread::of(runs.costs.clone());
        report.row(vec![
            kind.name(),
            cost.map(hundredths),
            Spread::of(runs.rates.clone()).map(count),
            Spread::of(runs.bytes.clone()).map(kib),
        ]);
        chart.bar(&kind.name(), kind != Kind::Purple, cost, hundredths);
        report.record(json!({
            "library": kind.name(),
            "cpu_us_per_message": runs.costs,
            "messages_per_second": runs.rates,
            "bytes_per_idle_account": runs.bytes,
        }));
    }
    if let Some(missing) = missing {
        report.row_missing("libpurple", missing);
        return;
    }
    report.chart(chart);
    let [stateless, state, purple] = all;
    report.table(
        "Libraries for C, ratios",
        &["ours over libpurple, neighbouring runs", "ratio", "target"],
    );
    for (what, ours, theirs) in [
        ("CPU per message, no state", &stateless.costs, &purple.costs),
        ("CPU per message, state kept", &state.costs, &purple.costs),
        ("an idle account, no state", &stateless.bytes, &purple.bytes),
        ("an idle account, state kept", &state.bytes, &purple.bytes),
    ] {
        let ratio = Spread::of_ratios(ours, theirs);
        report.target(what.to_owned(), &ratio, false, 1.0, hundredths);
    }
}

/// The program on libpurple.
fn build(setup: &Setup) -> Result<PathBuf> {
    let flags = missing::library_flags("purple", INSTALL)?;
    pump::compile(setup, "purple", flags.into_iter())
}

/// Microseconds of CPU per message, and messages per second.
fn flooded(setup: &Setup, kind: Kind, program: &Path) -> Result<(f64, f64)> {
    let messages = if setup.quick { QUICK_COUNT } else { COUNT };
    let (warm_up, count) = (WARM_UP.to_string(), messages.to_string());
    let mut command = Command::new(program);
    command.arg("flood");
    let said = if kind == Kind::Purple {
        let irc = Irc::flood()?;
        command.arg(setup.fresh("purple-settings")?);
        command.args([&irc.port.to_string(), &warm_up, &count]);
        let mut process = Process::start(&mut command)?;
        let ready = process.line()?;
        ensure!(ready == "ready", "`ready` was expected, not {ready}");
        irc.start()?;
        process.line()?
    } else {
        let flood = Flood::listen(flood::WSCHAT)?;
        let url = format!("url={}", flood.url);
        command.args([kind.state(), "wschat", &warm_up, &count, &url, "name=bench"]);
        let mut process = Process::start(&mut command)?;
        let said = process.line()?;
        drop(process);
        flood.end()?;
        said
    };
    let (cpu, time) = said.split_once(' ').context("two numbers are expected")?;
    let (cpu, time): (f64, f64) = (cpu.parse()?, time.parse()?);
    let messages = messages as f64;
    Ok((cpu / 1000.0 / messages, messages * 1e9 / time))
}

/// Resident bytes per account.
fn idle(setup: &Setup, kind: Kind, program: &Path) -> Result<f64> {
    let mut command = Command::new(program);
    command.arg("hold");
    // Until all is measured.
    let _server = if kind == Kind::Purple {
        let irc = Irc::quiet()?;
        command.arg(setup.fresh("purple-settings")?);
        command.arg(irc.port.to_string());
        None
    } else {
        let server = setup.start(Server::KaiwaNone)?;
        let url = format!("ws://{}{}", server.address, server.path);
        command.args([kind.state(), &url]);
        Some(server)
    };
    let mut process = Process::start(&mut command)?;
    let mut sizes = [0.0; 2];
    for (step, size) in [FEW, MANY].into_iter().zip(&mut sizes) {
        process.tell(&step.to_string())?;
        let held = process.line()?;
        ensure!(held == "held", "`held` was expected, not {held}");
        *size = process.resident()? as f64;
    }
    let [few, many] = sizes;
    Ok((many - few) / (MANY - FEW) as f64)
}

impl Kind {
    fn name(self) -> String {
        match self {
            Self::Stateless => "libkaiwa on wschat, no state".to_owned(),
            Self::State => "libkaiwa on wschat, state kept".to_owned(),
            Self::Purple => format!("libpurple {} on IRC", version()),
        }
    }

    /// As `pump.c` takes it.
    fn state(self) -> &'static str {
        if self == Self::State { "1" } else { "0" }
    }
}

fn version() -> String {
    let output = succeeds(Command::new("pkg-config").args(["--modversion", "purple"]));
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}

fn kib(bytes: f64) -> String {
    format!("{:.1}", bytes / 1024.0)
}
