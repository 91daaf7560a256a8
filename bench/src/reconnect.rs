//! A thousand accounts lose their server, which is started again at once: how long until all are back, and what that costs
//! them. The library waits up to a second before it tries, each account for a time of its own, so that a server is not overrun
//! by its own clients.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use serde_json::json;

use crate::process::Process;
use crate::report::{Report, Spread, count};
use crate::roles::HoldKind;
use crate::servers::Setup;

/// Issue 8.
const ACCOUNTS: usize = 1_000;

/// One return.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Milliseconds from the server's end until it listens again.
    away: f64,
    /// Milliseconds from then until the last is back.
    back: f64,
    /// Milliseconds of CPU per account, at both ends.
    client_cost: f64,
    server_cost: f64,
}

type Row = (&'static str, fn(&Run) -> f64);

const ROWS: [Row; 4] = [
    ("the server is away", |run| run.away),
    ("from then until the last is back", |run| run.back),
    ("CPU of the clients, per account", |run| run.client_cost),
    ("CPU of the server since its start, per account", |run| {
        run.server_cost
    }),
];

/// Ends and starts the server again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let runs = (0..setup.rounds()).map(|_| one(setup));
    write(report, &runs.collect::<Result<Vec<_>>>()?);
    Ok(())
}

/// New clients, since those whose server goes again and again wait longer each time.
fn one(setup: &Setup) -> Result<Run> {
    let data = setup.fresh("reconnect")?;
    let server = setup.again(&data, ([127, 0, 0, 1], 0).into())?;
    let address = server.address;
    let url = format!("ws://{address}{}", server.path);
    let kind = HoldKind::Client.to_possible_value();
    let kind = kind.context("a kind without a name")?;
    let mut clients = Process::role(&["hold", kind.get_name(), &url])?;
    clients.tell(&ACCOUNTS.to_string())?;
    clients.line()?;
    clients.tell("return")?;
    ensure!(clients.line()? == "waiting", "the clients do not wait");

    let before = clients.cpu()?;
    let begin = Instant::now();
    drop(server);
    let server = setup.again(&data, address)?;
    let listening = Instant::now();
    ensure!(clients.line()? == "back", "the clients did not return");
    let back = listening.elapsed();
    let per_account = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / ACCOUNTS as f64;
    Ok(Run {
        away: (listening - begin).as_secs_f64() * 1000.0,
        back: back.as_secs_f64() * 1000.0,
        client_cost: per_account(clients.cpu()? - before),
        server_cost: per_account(server.process.cpu()?),
    })
}

fn write(report: &mut Report, runs: &[Run]) {
    let many = count(ACCOUNTS as f64);
    report.table(
        &format!("{many} accounts of one `Client` return to a server that was started again"),
        &["what", "ms"],
    );
    for (what, value) in ROWS {
        let all: Vec<f64> = runs.iter().map(value).collect();
        let spread = Spread::of(all.clone());
        let digits = usize::from(spread.median < 10.0) * 2;
        report.row(vec![
            what.to_owned(),
            spread.map(|millis| format!("{millis:.digits$}")),
        ]);
        report.record(json!({ "what": what, "ms": all }));
    }
}
