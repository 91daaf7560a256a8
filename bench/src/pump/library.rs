//! The library itself: how large it is, and how long loading it and making a client takes.

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::{library, program, succeeds};
use crate::report::{Report, Spread};
use crate::servers::Setup;

/// Processes that load it, one after the other.
const LOADS: usize = 50;

const MIB: f64 = 1024.0 * 1024.0;

/// Strips it, and loads what is left.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let stripped = setup.out.canonicalize()?.join("libkaiwa.so");
    succeeds(
        Command::new("strip")
            .arg(library()?)
            .arg("-o")
            .arg(&stripped),
    )?;
    let bytes = stripped.metadata()?.len();
    let loader = program(setup, "load")?;
    let mut millis = Vec::with_capacity(LOADS);
    for _ in 0..LOADS {
        let output = succeeds(Command::new(&loader).arg(&stripped))?;
        let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
        millis.push(nanos / 1e6);
    }
    report.table("The C library", &["", "", "target"]);
    report.target(
        "libkaiwa.so, all default networks, stripped, MiB".to_owned(),
        &Spread::of(vec![bytes as f64 / MIB]),
        false,
        8.0,
        |mib| format!("{mib:.2}"),
    );
    report.target(
        format!("loading it and making a client, {LOADS} processes, ms"),
        &Spread::of(millis.clone()),
        false,
        5.0,
        |millis| format!("{millis:.2}"),
    );
    report.record(json!({
        "measurement": "library",
        "stripped_bytes": bytes,
        "load_ms": millis,
    }));
    Ok(())
}
