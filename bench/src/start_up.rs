//! How long it takes until one can begin: the C library in a process that loads it, the command, a server.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use crate::process::{Process, succeeds};
use crate::pump;
use crate::report::{Report, Spread, hundredths};
use crate::servers::{Server, Setup};
use crate::size;

/// Processes, one after the other.
const TIMES: usize = 50;
const QUICK_TIMES: usize = 10;

/// Issue 6: loading the library and making a client, in milliseconds.
const MOST_LIBRARY: f64 = 5.0;

const LIBRARY: &str = "the C library: loading it and making a client";
const SERVER: &str = "`kaiwa serve`, an old database, until it accepts";

/// In the order of their measuring.
const OURS: [&str; 5] = [
    LIBRARY,
    "`kaiwa --version`, to its end",
    "`kaiwa protocols`, to its end",
    SERVER,
    "`kaiwa serve`, no database yet, until it accepts",
];

/// Servers without a store to open.
const PEERS: [Server; 2] = [Server::Wschat, Server::Relay];

/// Starts each again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let times = if setup.quick { QUICK_TIMES } else { TIMES };
    let library = size::stripped(setup, &pump::library()?)?;
    let loader = pump::program(setup, "load")?;
    let command = size::command()?;
    let data = setup.fresh("start-up")?;
    // The first start makes the database.
    serve(&command, &data)?;

    let mut rows: Vec<(&str, Vec<f64>)> = OURS.map(|what| (what, Vec::new())).into();
    for _ in 0..times {
        let fresh = setup.fresh("start-up-fresh")?;
        let values = [
            load(&loader, &library)?,
            whole(Command::new(&command).arg("--version"))?,
            whole(Command::new(&command).arg("protocols"))?,
            serve(&command, &data)?,
            serve(&command, &fresh)?,
        ];
        for ((_, all), value) in rows.iter_mut().zip(values) {
            all.push(value);
        }
    }
    for server in PEERS {
        if setup.servers().contains(&server) {
            let values = (0..times).map(|_| {
                let begin = Instant::now();
                setup.start(server)?;
                Ok(millis(begin))
            });
            rows.push((server.name(), values.collect::<Result<_>>()?));
        }
    }
    write(setup, report, &rows);
    Ok(())
}

fn write(setup: &Setup, report: &mut Report, rows: &[(&str, Vec<f64>)]) {
    report.table("Start-up", &["what", "ms", "target"]);
    for (what, all) in rows {
        let spread = Spread::of(all.clone());
        report.record(json!({ "what": what, "ms": all }));
        let what = (*what).to_owned();
        if what == LIBRARY {
            report.target(what, &spread, false, MOST_LIBRARY, hundredths);
        } else {
            report.row(vec![what, spread.map(hundredths), String::new()]);
        }
    }
    let values = |wanted: &str| {
        let row = rows.iter().find(|(what, _)| *what == wanted);
        row.map(|(_, all)| all)
    };
    if let (Some(ours), Some(theirs)) = (values(SERVER), values(Server::Wschat.name())) {
        let ratio = Spread::of_ratios(ours, theirs);
        let what = "`kaiwa serve` over wschat, ratio".to_owned();
        report.target(what, &ratio, false, 1.0, hundredths);
    }
    if let Some(missing) = setup.wschat_missing() {
        report.row_missing(Server::Wschat.name(), missing);
    }
}

/// Milliseconds that loading takes, as the process itself says.
fn load(loader: &Path, library: &Path) -> Result<f64> {
    let output = succeeds(Command::new(loader).arg(library))?;
    let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(nanos / 1e6)
}

/// Milliseconds of a whole process.
fn whole(command: &mut Command) -> Result<f64> {
    let begin = Instant::now();
    succeeds(command)?;
    Ok(millis(begin))
}

/// Milliseconds until a server has said where it listens, and accepts.
fn serve(command: &Path, data: &Path) -> Result<f64> {
    let begin = Instant::now();
    let mut serve = Command::new(command);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    // What it tells about itself is not of interest.
    serve.stderr(std::process::Stdio::null());
    let mut process = Process::start(&mut serve)?;
    let line = process.line()?;
    let address = line
        .strip_prefix("ws://")
        .and_then(|rest| rest.split_once('/'));
    let (address, _) = address.with_context(|| format!("no address: {line}"))?;
    TcpStream::connect(address.parse::<SocketAddr>()?)?;
    Ok(millis(begin))
}

fn millis(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}
