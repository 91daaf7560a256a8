//! A busy room: deliveries per second, CPU of the server per delivery, latency.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::chart::Chart;
use crate::load::{IN_FLIGHT, Load};
use crate::process::cpu_of;
use crate::report::{Report, Spread, count, hundredths};
use crate::servers::{Server, Setup};

/// One run of one server.
#[derive(Debug)]
pub(crate) struct Run {
    per_second: f64,
    /// Server CPU per delivery, in microseconds.
    pub(crate) cost: f64,
    /// The load generator's, for the notes.
    generator_cost: f64,
    p50: f64,
    p99: f64,
    /// Messages per second, for the notes.
    messages: f64,
}

/// A target of issues 2 and 8: `over` against `under`, at least or at most.
struct Target {
    clients: usize,
    over: Server,
    under: Server,
    what: &'static str,
    value: fn(&Run) -> f64,
    at_least: bool,
    bound: f64,
}

const TARGETS: &[Target] = &[
    Target {
        clients: 200,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "deliveries/s",
        value: |run| run.per_second,
        at_least: true,
        bound: 4.0,
    },
    Target {
        clients: 200,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "CPU per delivery",
        value: |run| run.cost,
        at_least: false,
        bound: 0.25,
    },
    Target {
        clients: 200,
        over: Server::KaiwaNone,
        under: Server::Relay,
        what: "deliveries/s",
        value: |run| run.per_second,
        at_least: true,
        bound: 0.8,
    },
    Target {
        clients: 2000,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "deliveries/s",
        value: |run| run.per_second,
        at_least: true,
        bound: 3.0,
    },
    Target {
        clients: 200,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "p99",
        value: |run| run.p99,
        at_least: false,
        bound: 1.0,
    },
    Target {
        clients: 2000,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "CPU per delivery",
        value: |run| run.cost,
        at_least: false,
        bound: 1.0,
    },
    Target {
        clients: 2000,
        over: Server::KaiwaSqlite,
        under: Server::Wschat,
        what: "p99",
        value: |run| run.p99,
        at_least: false,
        bound: 1.0,
    },
];

/// Runs all servers in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    for clients in [200, 2000] {
        let rounds = measure(setup, clients)?;
        write(setup, report, clients, &rounds);
    }
    Ok(())
}

/// A round has one run per server, in the order of [`Setup::servers`].
fn measure(setup: &Setup, clients: usize) -> Result<Vec<Vec<Run>>> {
    let once = |server| one(setup, server, clients);
    (0..setup.rounds())
        .map(|_| setup.servers().into_iter().map(once).collect())
        .collect()
}

/// One server in one process, from nothing.
pub(crate) fn one(setup: &Setup, server: Server, clients: usize) -> Result<Run> {
    let (warm_up, duration) = setup.busy();
    let measuring = || -> Result<Run> {
        let running = setup.start(server)?;
        let mut load = Load::in_room(&running, clients)?;
        load.begin()?;
        load.run(warm_up)?;
        let (server_before, own_before) = (running.process.cpu()?, cpu_of("self")?);
        let (heard, elapsed) = load.run(duration)?;
        let deliveries = heard.deliveries.count() as f64;
        let server_cpu = running.process.cpu()? - server_before;
        let own_cpu = cpu_of("self")? - own_before;
        let per_delivery = |cpu: Duration| cpu.as_secs_f64() * 1_000_000.0 / deliveries;
        Ok(Run {
            per_second: deliveries / elapsed.as_secs_f64(),
            cost: per_delivery(server_cpu),
            generator_cost: per_delivery(own_cpu),
            p50: heard.deliveries.percentile(50),
            p99: heard.deliveries.percentile(99),
            messages: heard.messages as f64 / elapsed.as_secs_f64(),
        })
    };
    measuring().with_context(|| format!("{} with {clients} clients", server.name()))
}

fn write(setup: &Setup, report: &mut Report, clients: usize, rounds: &[Vec<Run>]) {
    let many = count(clients as f64);
    report.table(
        &format!("Fan-out, {many} clients, {IN_FLIGHT} messages in flight"),
        &[
            "server",
            "deliveries/s",
            "server CPU per delivery, µs",
            "p50, ms",
            "p99, ms",
            "messages/s",
            "generator CPU per delivery, µs",
        ],
    );
    let mut chart = Chart::new(
        &format!("fanout-{clients}"),
        &format!("A room of {many}: deliveries a second"),
    );
    for server in setup.servers() {
        let all = |value| of(setup, rounds, server, value);
        let spread = |value| Spread::of(all(value));
        let millis = |value| spread(value).map(|micros| hundredths(micros / 1000.0));
        let rate = spread(|run| run.per_second);
        report.row(vec![
            server.name().to_owned(),
            rate.map(count),
            spread(|run| run.cost).map(hundredths),
            millis(|run| run.p50),
            millis(|run| run.p99),
            spread(|run| run.messages).map(count),
            spread(|run| run.generator_cost).map(hundredths),
        ]);
        chart.bar(server.name(), server.is_ours(), rate, count);
        report.record(json!({
            "clients": clients,
            "server": server.name(),
            "deliveries_per_second": all(|run| run.per_second),
            "server_cpu_us_per_delivery": all(|run| run.cost),
            "generator_cpu_us_per_delivery": all(|run| run.generator_cost),
            "p50_us": all(|run| run.p50),
            "p99_us": all(|run| run.p99),
        }));
    }
    if let Some(missing) = setup.wschat_missing() {
        report.row_missing(Server::Wschat.name(), missing);
    }
    report.chart(chart);
    report.table(
        &format!("Ratios of neighbouring runs, {many} clients"),
        &["what", "ratio", "target"],
    );
    for target in TARGETS.iter().filter(|target| target.clients == clients) {
        judge(setup, report, target, rounds);
    }
}

fn judge(setup: &Setup, report: &mut Report, target: &Target, rounds: &[Vec<Run>]) {
    let [over, under] =
        [target.over, target.under].map(|server| of(setup, rounds, server, target.value));
    if over.is_empty() || under.is_empty() {
        return;
    }
    let ratio = Spread::of_ratios(&over, &under);
    let (over, under) = (target.over.name(), target.under.name());
    let what = format!(
        "{clients} clients, {}: {over} / {under}",
        target.what,
        clients = count(target.clients as f64)
    );
    report.target(what, &ratio, target.at_least, target.bound, hundredths);
}

/// Of one server, a value of each round; none if it was not there.
fn of(setup: &Setup, rounds: &[Vec<Run>], server: Server, value: fn(&Run) -> f64) -> Vec<f64> {
    let place = setup.servers().iter().position(|other| *other == server);
    let runs = rounds.iter().filter_map(|round| round.get(place?));
    runs.map(value).collect()
}
