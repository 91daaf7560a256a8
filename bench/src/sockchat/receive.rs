//! A flooded client: CPU of its process per message delivered to a subscriber, for the library in its forms, for the crate
//! oshatori, and for the bare WebSocket below them.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use serde_json::json;

use super::emotes;
use super::flood::Flood;
use crate::chart::Chart;
use crate::process::Process;
use crate::report::{Report, Spread, hundredths};
use crate::roles::SockchatKind;
use crate::servers::Setup;

/// Emotes of a large site.
const EMOTES: usize = 2_000;

/// Packets that are not measured.
pub(crate) const WARM_UP: u64 = 20_000;

/// It takes some forty times longer, so it gets so many times fewer packets.
const OSHATORI_FEWER: u64 = 5;

/// What comes to a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    /// Packets that are not measured.
    pub(crate) warm_up: u64,
    /// Packets that are.
    pub(crate) packets: u64,
    /// A service of emotes, and how many it has.
    pub(crate) emotes: Option<(&'a str, usize)>,
    /// Others in the channel.
    pub(crate) others: usize,
}

/// Measures each kind in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let packets = if setup.quick { 40_000 } else { 300_000 };
    let api = emotes::serve(EMOTES)?;
    let kinds = SockchatKind::value_variants();
    let mut runs = vec![Vec::new(); kinds.len()];
    for _ in 0..setup.rounds() {
        for (kind, runs) in kinds.iter().zip(&mut runs) {
            let packets = match kind {
                SockchatKind::Oshatori => packets / OSHATORI_FEWER,
                _ => packets,
            };
            let emotes = (*kind == SockchatKind::Emotes).then_some((api.as_str(), EMOTES));
            let load = Load {
                warm_up: WARM_UP,
                packets,
                emotes,
                others: 0,
            };
            runs.push(one(*kind, load)?);
        }
    }
    report.table(
        "Sock Chat: received messages, one flooded client",
        &["client", "CPU per message, µs"],
    );
    let mut chart = Chart::new(
        "receive-sockchat",
        "Sock Chat: CPU per received message, µs",
    );
    for (kind, costs) in kinds.iter().zip(&runs) {
        let spread = Spread::of(costs.clone());
        report.row(vec![name(*kind).to_owned(), spread.map(hundredths)]);
        let is_ours = !matches!(kind, SockchatKind::Oshatori | SockchatKind::Tabs);
        chart.bar(name(*kind), is_ours, spread, hundredths);
        report.record(json!({
            "client": name(*kind),
            "cpu_us_per_message": costs,
        }));
    }
    report.chart(chart);
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
    let ratio = |of: SockchatKind, to: SockchatKind| Spread::of_ratios(&costs(of), &costs(to));
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
        "kaiwa without state over the bare loop".to_owned(),
        &ratio(SockchatKind::Stateless, SockchatKind::Tabs),
        false,
        6.0,
        hundredths,
    );
    report.target(
        "kaiwa without state, µs".to_owned(),
        &Spread::of(costs(SockchatKind::Stateless)),
        false,
        1.0,
        hundredths,
    );
    report.target(
        "kaiwa with state over kaiwa without".to_owned(),
        &ratio(SockchatKind::State, SockchatKind::Stateless),
        false,
        2.0,
        hundredths,
    );
    report.target(
        "kaiwa with 2,000 emotes over kaiwa without".to_owned(),
        &ratio(SockchatKind::Emotes, SockchatKind::Stateless),
        false,
        1.25,
        hundredths,
    );
}

/// Microseconds of CPU per message.
pub(crate) fn one(kind: SockchatKind, load: Load<'_>) -> Result<f64> {
    let flood = Flood::listen(load.warm_up + load.packets, load.others)?;
    let role = kind.to_possible_value().context("a kind without a name")?;
    let (warm_up, count) = (load.warm_up.to_string(), load.packets.to_string());
    let mut arguments = vec!["sockchat", role.get_name(), &flood.url, &warm_up, &count];
    let all = load.emotes.map(|(api, count)| (api, count.to_string()));
    if let Some((api, count)) = &all {
        arguments.extend([api, count.as_str()]);
    }
    let mut process = Process::role(&arguments)?;
    let said = process.line()?;
    ensure!(said == "ready", "`ready` was expected, not {said}");
    flood.start()?;
    let nanos: f64 = process.line()?.parse()?;
    drop(process);
    flood.end()?;
    Ok(nanos / 1000.0 / load.packets as f64)
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
