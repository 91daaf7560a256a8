//! A flooded client: CPU of its process per message delivered to a subscriber, for the library in its forms, for the crate
//! oshatori, and for the bare WebSocket below them.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use serde_json::json;

use super::emotes;
use super::flood::Flood;
use crate::process::Process;
use crate::report::{Report, Spread};
use crate::roles::SockchatKind;
use crate::servers::Setup;

/// Emotes of a large site.
const EMOTES: usize = 2_000;

/// Packets that are not measured.
const WARM_UP: u64 = 20_000;

/// Measures each kind in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let (rounds, packets) = if setup.quick {
        (3, 60_000)
    } else {
        (7, 300_000)
    };
    let emotes = emotes::serve(EMOTES)?;
    let kinds = SockchatKind::value_variants();
    let mut runs = vec![Vec::new(); kinds.len()];
    for _ in 0..rounds {
        for (kind, runs) in kinds.iter().zip(&mut runs) {
            runs.push(one(*kind, packets, &emotes)?);
        }
    }
    report.table(
        "Sock Chat: received messages, one flooded client",
        &["client", "CPU per message, µs"],
    );
    for (kind, costs) in kinds.iter().zip(&runs) {
        report.row(vec![
            name(*kind).to_owned(),
            Spread::of(costs.clone()).map(micros),
        ]);
        report.record(json!({
            "measurement": "sockchat-receive",
            "client": name(*kind),
            "cpu_us_per_message": costs,
        }));
    }
    targets(report, |wanted| {
        let all = kinds.iter().zip(&runs);
        all.filter(|(kind, _)| **kind == wanted)
            .flat_map(|(_, costs)| costs.iter().copied())
            .collect()
    });
    Ok(())
}

/// Ratios are of neighbouring runs.
fn targets(report: &mut Report, costs: impl Fn(SockchatKind) -> Vec<f64>) {
    let ratio = |of: SockchatKind, to: SockchatKind| {
        let pairs = costs(of).into_iter().zip(costs(to));
        Spread::of(pairs.map(|(of, to)| of / to).collect())
    };
    let times = |ratio: f64| format!("{ratio:.2}");
    report.table(
        "Sock Chat: received messages, ratios",
        &["ratio of neighbouring runs", "", "target"],
    );
    report.target(
        "oshatori over kaiwa without state".to_owned(),
        &ratio(SockchatKind::Oshatori, SockchatKind::Stateless),
        true,
        40.0,
        |ratio| format!("{ratio:.0}"),
    );
    report.target(
        "kaiwa without state, µs".to_owned(),
        &Spread::of(costs(SockchatKind::Stateless)),
        false,
        1.0,
        micros,
    );
    report.target(
        "kaiwa with state over kaiwa without".to_owned(),
        &ratio(SockchatKind::State, SockchatKind::Stateless),
        false,
        2.0,
        times,
    );
    report.target(
        "kaiwa with 2,000 emotes over kaiwa without".to_owned(),
        &ratio(SockchatKind::Emotes, SockchatKind::Stateless),
        false,
        1.25,
        times,
    );
}

/// Microseconds of CPU per message.
fn one(kind: SockchatKind, packets: u64, emotes: &str) -> Result<f64> {
    let flood = Flood::listen(WARM_UP + packets)?;
    let role = kind.to_possible_value().context("a kind without a name")?;
    let (warm_up, count) = (WARM_UP.to_string(), packets.to_string());
    let mut arguments = vec!["sockchat", role.get_name(), &flood.url, &warm_up, &count];
    let all = EMOTES.to_string();
    if kind == SockchatKind::Emotes {
        arguments.extend([emotes, &all]);
    }
    let mut process = Process::role(&arguments)?;
    let said = process.line()?;
    ensure!(said == "ready", "`ready` was expected, not {said}");
    flood.start()?;
    let nanos: f64 = process.line()?.parse()?;
    drop(process);
    flood.end()?;
    Ok(nanos / 1000.0 / packets as f64)
}

fn name(kind: SockchatKind) -> &'static str {
    match kind {
        SockchatKind::Stateless => "`Client`, no state",
        SockchatKind::State => "`Client`, state kept",
        SockchatKind::Emotes => "`Client`, no state, 2,000 emotes",
        SockchatKind::Connection => "`Connection`",
        SockchatKind::Oshatori => "oshatori 0.2.0",
        SockchatKind::Tabs => "bare tokio-tungstenite, split at tabs",
    }
}

fn micros(cost: f64) -> String {
    format!("{cost:.2}")
}
