//! From the moment something happens to the moment that the handler knows, while nothing else does: the pumping thread sleeps
//! and has to be woken. A second thread says something on the mock network; the echo comes at once. What is measured includes
//! the saying.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::program;
use crate::process::succeeds;
use crate::report::{Report, Spread, count};
use crate::servers::Setup;
use crate::tally::Tally;

/// The ways to know when to pump.
const WAYS: [(&str, &str); 3] = [
    ("wait", "waiting in the pump"),
    ("poll", "`poll` of the descriptor"),
    ("poke", "a wakeup handler that writes to a pipe"),
];

/// What is shown, of a hundred.
const SHOWN: [u64; 3] = [50, 90, 99];

/// Measures each way in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let messages = if setup.quick { 500 } else { 2000 };
    let program = program(setup, "pump")?;
    let mut runs = vec![Vec::new(); WAYS.len()];
    for _ in 0..setup.rounds() {
        for ((way, _), runs) in WAYS.iter().zip(&mut runs) {
            let count = messages.to_string();
            let output = succeeds(Command::new(&program).args(["latency", way, &count]))?;
            let mut tally = Tally::new();
            for line in String::from_utf8(output.stdout)?.lines() {
                tally.add(Duration::from_nanos(line.parse()?));
            }
            ensure!(tally.count() == messages, "{way}: some echoes are missing");
            runs.push(tally);
        }
    }
    report.table(
        "The C pump: from saying something to the handler with its echo",
        &["woken by", "p50, µs", "p90, µs", "p99, µs", "p99, target"],
    );
    for ((way, name), tallies) in WAYS.iter().zip(&runs) {
        show(report, way, name, tallies);
    }
    Ok(())
}

fn show(report: &mut Report, way: &str, name: &str, tallies: &[Tally]) {
    let of = |percent| -> Vec<f64> {
        let values = tallies.iter().map(|tally| tally.percentile(percent));
        values.collect()
    };
    let mut cells = vec![name.to_owned()];
    for percent in SHOWN {
        cells.push(Spread::of(of(percent)).map(|micros| format!("{micros:.0}")));
    }
    let p99 = Spread::of(of(99));
    let what = format!("wakeup to callback, {way}: p99, µs");
    let verdict = report.judge(&what, &p99, false, 1000.0, count);
    cells.push(format!("≤ 1,000, {verdict}"));
    report.row(cells);
    report.record(json!({
        "way": way,
        "p50_us": of(50),
        "p90_us": of(90),
        "p99_us": of(99),
    }));
}
