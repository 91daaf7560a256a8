//! Floods through the pump, beside a subscriber in Rust that takes the same: events per second and CPU per event. Each run is
//! a process of its own; those that are compared are neighbours.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{HERE, program};
use crate::chart::Chart;
use crate::process::Process;
use crate::report::{Report, Spread, count, hundredths};
use crate::servers::Setup;
use crate::sockchat::flood::Flood;

/// Events that are not measured: the queues fill, the allocator finds its sizes.
const WARM_UP: u64 = 50_000;

/// Where the flood comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The mock network, in the process that is measured.
    Mock,
    /// A Sock Chat server in this process.
    Sockchat,
}

/// Who takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taker {
    /// `ClientEvents::recv`: one event at a time.
    Rust,
    /// `ClientEvents::recv_many`: the fastest that there is in Rust.
    RustMany,
    /// `kaiwa_client_pump`.
    C,
    /// `Client.iterate`: events as dataclasses.
    Python,
}

/// The last may be missing.
const TAKERS: [Taker; 4] = [Taker::Rust, Taker::RustMany, Taker::C, Taker::Python];

/// Python gets so many times fewer events.
const PYTHON_FEWER: u64 = 5;

/// Issue 8: events per second in C over those in Rust; events per second in Python.
const LEAST_RATIO: f64 = 0.9;
const LEAST_PYTHON: f64 = 150_000.0;

/// One run: events per second, and microseconds of CPU per event.
#[derive(Clone, Copy, Debug)]
struct Run {
    rate: f64,
    cost: f64,
}

/// Neighbouring runs, in the order of [`TAKERS`].
type Round = Vec<Run>;

/// Measures the takers in turn, several times over, without state and with it.
pub(crate) fn run(source: Source, setup: &Setup, report: &mut Report) -> Result<()> {
    let program = program(setup, "pump")?;
    let python = setup.python();
    let takers = TAKERS.len() - usize::from(python.is_err());
    let mut without = Vec::new();
    let mut with = Vec::new();
    for _ in 0..setup.rounds() {
        for (state, rounds) in [(false, &mut without), (true, &mut with)] {
            let run = |taker: &Taker| {
                let program = match (taker, &python) {
                    (Taker::Python, Ok(python)) => python,
                    _ => &program,
                };
                one(source, setup, program, *taker, state)
            };
            let round = TAKERS.iter().take(takers).map(run);
            rounds.push(round.collect::<Result<Round>>()?);
        }
    }
    let kinds: [(&str, &[Round]); 2] = [("no state", &without), ("state kept", &with)];
    show(source, report, &kinds);
    if let Err(missing) = python {
        report.row_missing(Taker::Python.name(), missing);
    }
    targets(source, report, &kinds);
    Ok(())
}

fn show(source: Source, report: &mut Report, kinds: &[(&str, &[Round])]) {
    report.table(
        &format!("The C pump: {} flood", source.name()),
        &["taker", "events/s", "CPU per event, µs"],
    );
    let mut chart = Chart::new(
        &format!("pump-{}", source.name()),
        &format!("{} flood: events a second", source.name()),
    );
    for (state, rounds) in kinds {
        for (at, taker) in TAKERS.into_iter().enumerate() {
            let rates = of(rounds, at, |run| run.rate);
            let costs = of(rounds, at, |run| run.cost);
            if rates.is_empty() {
                continue;
            }
            let name = format!("{}, {state}", taker.name());
            report.row(vec![
                name.clone(),
                Spread::of(rates.clone()).map(count),
                Spread::of(costs.clone()).map(hundredths),
            ]);
            chart.bar(&name, true, Spread::of(rates.clone()), count);
            report.record(json!({
                "taker": name,
                "events_per_second": rates,
                "cpu_us_per_event": costs,
            }));
        }
    }
    report.chart(chart);
}

/// Of one taker, a value of each round.
fn of(rounds: &[Round], at: usize, value: fn(&Run) -> f64) -> Vec<f64> {
    let runs = rounds.iter().filter_map(|round| round.get(at));
    runs.map(value).collect()
}

/// Ratios are of neighbouring runs, to whoever is faster in Rust.
fn targets(source: Source, report: &mut Report, kinds: &[(&str, &[Round])]) {
    let name = source.name();
    report.table(
        &format!("The C pump: {name} flood, targets"),
        &["", "", "target"],
    );
    for (state, rounds) in kinds {
        let [rust, many, c, python] = [0, 1, 2, 3].map(|at| of(rounds, at, |run| run.rate));
        let faster = rust.iter().zip(&many).map(|(rust, many)| rust.max(*many));
        report.target(
            format!("{name}, {state}: events/s, C over the faster in Rust"),
            &Spread::of_ratios(&c, &faster.collect::<Vec<_>>()),
            true,
            LEAST_RATIO,
            hundredths,
        );
        if !python.is_empty() {
            report.target(
                format!("{name}, {state}: events/s in Python, as dataclasses"),
                &Spread::of(python),
                true,
                LEAST_PYTHON,
                count,
            );
        }
    }
    if source == Source::Mock
        && let Some((state, rounds)) = kinds.first()
    {
        report.target(
            format!("{name}, {state}: events/s in C"),
            &Spread::of(of(rounds, 2, |run| run.rate)),
            true,
            2_000_000.0,
            count,
        );
    }
}

fn one(source: Source, setup: &Setup, program: &Path, taker: Taker, state: bool) -> Result<Run> {
    let fewer = if taker == Taker::Python {
        PYTHON_FEWER
    } else {
        1
    };
    let events = source.events(setup.quick) / fewer;
    let flood = match source {
        Source::Mock => None,
        Source::Sockchat => Some(Flood::listen(WARM_UP + events, 0)?),
    };
    let mut process = start(&flood, program, taker, state, events)?;
    if let Some(flood) = &flood {
        let said = process.line()?;
        ensure!(said == "ready", "`ready` was expected, not {said}");
        flood.start()?;
    }
    let said = process.line()?;
    drop(process);
    if let Some(flood) = flood {
        flood.end()?;
    }
    let (cpu, time) = said.split_once(' ').context("two numbers are expected")?;
    let (cpu, time): (f64, f64) = (cpu.parse()?, time.parse()?);
    Ok(Run {
        rate: events as f64 * 1e9 / time,
        cost: cpu / 1000.0 / events as f64,
    })
}

fn start(
    flood: &Option<Flood>,
    program: &Path,
    taker: Taker,
    state: bool,
    events: u64,
) -> Result<Process> {
    let state = if state { "1" } else { "0" };
    let (warm_up, count) = (WARM_UP.to_string(), events.to_string());
    let (protocol, fields) = match flood {
        None => ("mock", vec![format!("script=flood:{}", WARM_UP + events)]),
        Some(flood) => (
            "sockchat",
            vec![
                format!("sockchat_url={}", flood.url),
                "uid=7".to_owned(),
                "token=bench".to_owned(),
            ],
        ),
    };
    let mut arguments = vec![state, protocol, &warm_up, &count];
    arguments.extend(fields.iter().map(String::as_str));
    match taker {
        Taker::Rust | Taker::RustMany => {
            let many = (taker == Taker::RustMany).to_string();
            arguments.splice(0..0, ["subscribe", many.as_str()]);
            Process::role(&arguments)
        }
        Taker::C => Process::start(Command::new(program).arg("flood").args(arguments)),
        Taker::Python => {
            let script = Path::new(HERE).join("python/flood.py");
            Process::start(Command::new(program).arg(script).args(arguments))
        }
    }
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Sockchat => "sockchat",
        }
    }

    /// How many are measured: about a second each.
    fn events(self, quick: bool) -> u64 {
        match (self, quick) {
            (Self::Mock, true) => 500_000,
            (Self::Mock, false) => 2_000_000,
            (Self::Sockchat, true) => 150_000,
            (Self::Sockchat, false) => 500_000,
        }
    }
}

impl Taker {
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust, `recv`",
            Self::RustMany => "Rust, `recv_many`",
            Self::C => "C, `kaiwa_client_pump`",
            Self::Python => "Python, `iterate`",
        }
    }
}
