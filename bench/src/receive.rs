//! A flooded client: CPU per received message, for the library in its forms and for the bare WebSocket below it, on two
//! networks. Sock Chat has a measurement of its own.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use serde_json::json;

use crate::chart::Chart;
use crate::flood::{self, Flood};
use crate::process::Process;
use crate::report::{Report, Spread, count, hundredths};
use crate::rim;
use crate::roles::ReceiveKind;
use crate::servers::Setup;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Wschat,
    Rim,
}

/// Microseconds of CPU per message, and messages per second.
#[derive(Clone, Copy, Debug)]
struct Run {
    cost: f64,
    rate: f64,
}

/// Measures each kind in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let millis = if setup.quick { 500 } else { 1200 };
    let kinds = ReceiveKind::value_variants();
    let rest = rim::flood::serve()?;
    for network in [Network::Wschat, Network::Rim] {
        let mut runs = vec![Vec::new(); kinds.len()];
        for _ in 0..setup.rounds() {
            for (kind, runs) in kinds.iter().zip(&mut runs) {
                let one = one(network, *kind, &rest, millis);
                runs.push(one.with_context(|| format!("{}, {}", network.name(), name(*kind)))?);
            }
        }
        write(report, network, &runs)?;
    }
    Ok(())
}

fn write(report: &mut Report, network: Network, runs: &[Vec<Run>]) -> Result<()> {
    let network = network.name();
    let title = format!("Received messages, one flooded client of {network}");
    report.table(
        &title,
        &[
            "client",
            "CPU per message, µs",
            "over the bare socket, times",
            "messages/s",
        ],
    );
    let costs = |runs: &Vec<Run>| runs.iter().map(|run| run.cost).collect::<Vec<_>>();
    let floor = costs(runs.last().context("no kinds")?);
    let mut chart = Chart::new(
        &format!("receive-{network}"),
        &format!("{network}: CPU per received message, µs"),
    );
    for (kind, runs) in ReceiveKind::value_variants().iter().zip(runs) {
        let name = name(*kind);
        let costs = costs(runs);
        let rates: Vec<f64> = runs.iter().map(|run| run.rate).collect();
        let spread = Spread::of(costs.clone());
        report.row(vec![
            name.to_owned(),
            spread.map(hundredths),
            Spread::of_ratios(&costs, &floor).map(|times| format!("{times:.1}")),
            Spread::of(rates.clone()).map(count),
        ]);
        let is_ours = *kind != ReceiveKind::Tungstenite;
        chart.bar(name, is_ours, spread, hundredths);
        report.record(json!({
            "network": network,
            "client": name,
            "cpu_us_per_message": costs,
            "messages_per_second": rates,
        }));
    }
    report.chart(chart);
    Ok(())
}

fn one(network: Network, kind: ReceiveKind, rest: &str, millis: u64) -> Result<Run> {
    let (flood, fields) = network.flood(rest)?;
    let name = kind.to_possible_value().context("a kind without a name")?;
    let millis_text = millis.to_string();
    let mut arguments = vec![
        "receive",
        name.get_name(),
        network.name(),
        &flood.url,
        &millis_text,
    ];
    arguments.extend(fields.iter().map(String::as_str));
    let mut process = Process::role(&arguments)?;
    let said = process.line()?;
    drop(process);
    flood.end()?;
    let (messages, nanos) = said.split_once(' ').context("two numbers are expected")?;
    let (messages, nanos): (f64, f64) = (messages.parse()?, nanos.parse()?);
    ensure!(messages > 0.0, "no message was received");
    Ok(Run {
        cost: nanos / 1000.0 / messages,
        rate: messages * 1000.0 / millis as f64,
    })
}

impl Network {
    fn name(self) -> &'static str {
        match self {
            Self::Wschat => "wschat",
            Self::Rim => "rim",
        }
    }

    /// A server that floods, and the login form for it: `name=value`. `rest` is the half of rim's on HTTP.
    fn flood(self, rest: &str) -> Result<(Flood, Vec<String>)> {
        match self {
            Self::Wschat => {
                let flood = Flood::listen(flood::WSCHAT)?;
                let fields = vec![format!("url={}", flood.url), "name=bench".to_owned()];
                Ok((flood, fields))
            }
            Self::Rim => {
                let flood = Flood::listen(rim::flood::WORDS)?;
                let fields = vec![
                    format!("url={rest}"),
                    format!("ws_url={}", flood.url),
                    "account=ann".to_owned(),
                    "password=secret".to_owned(),
                ];
                Ok((flood, fields))
            }
        }
    }
}

fn name(kind: ReceiveKind) -> &'static str {
    match kind {
        ReceiveKind::ClientStateless => "`Client`, no state",
        ReceiveKind::Client => "`Client`, state kept",
        ReceiveKind::Connection => "`Connection`",
        ReceiveKind::Tungstenite => "bare tokio-tungstenite, nothing parsed",
    }
}
