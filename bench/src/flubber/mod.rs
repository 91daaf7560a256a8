//! Backends: what a value costs the host that reads it, and how long a request takes through the pipes.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::process::Process;
use crate::report::{Report, Spread, count};
use crate::servers::Setup;

/// `MessageUpsert`s per second that a host makes events of on one core.
const MIN_VALUES: f64 = 200_000.0;

/// Microseconds of a request through a backend that answers at once.
const MAX_TRIP: f64 = 100.0;

/// Measures both, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let millis = if setup.quick { 500 } else { 1200 };
    let (mut rates, mut per_core, mut medians, mut tails) = (vec![], vec![], vec![], vec![]);
    for _ in 0..setup.rounds() {
        let [values, nanos] = host("flood", millis)?;
        ensure!(values > 0.0 && nanos > 0.0, "no value was received");
        rates.push(values * 1000.0 / millis as f64);
        per_core.push(values * 1e9 / nanos);
        let [median, tail] = host("answer", millis)?;
        medians.push(median);
        tails.push(tail);
    }
    report.table("Backends", &["", "", "target"]);
    let micros = |micros: f64| format!("{micros:.1} µs");
    report.row(vec![
        "MessageUpserts into events, per second".to_owned(),
        Spread::of(rates.clone()).map(count),
        String::new(),
    ]);
    let what = "the same, per second of the host's CPU".to_owned();
    report.target(what, &Spread::of(per_core.clone()), true, MIN_VALUES, count);
    let what = "a request through a backend, p50".to_owned();
    report.target(what, &Spread::of(medians.clone()), false, MAX_TRIP, micros);
    report.row(vec![
        "the same, p99".to_owned(),
        Spread::of(tails.clone()).map(micros),
        String::new(),
    ]);
    report.record(json!({
        "values_per_second": rates,
        "values_per_cpu_second": per_core,
        "trip_p50_us": medians,
        "trip_p99_us": tails,
    }));
    Ok(())
}

/// The two numbers that a host says after so much time with a backend of that kind.
fn host(kind: &str, millis: u64) -> Result<[f64; 2]> {
    let mut process = Process::role(&["host", kind, &millis.to_string()])?;
    let said = process.line()?;
    let (one, two) = said.split_once(' ').context("two numbers are expected")?;
    Ok([one.parse()?, two.parse()?])
}
