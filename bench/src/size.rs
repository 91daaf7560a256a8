//! How large what users get is: the C library and the command without symbols, the Python package as it is downloaded.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::missing::{self, Missing};
use crate::process::succeeds;
use crate::pump;
use crate::report::{Report, Spread, hundredths};
use crate::servers::Setup;

const MIB: f64 = 1024.0 * 1024.0;

/// Issue 6: the library, in MiB.
const MOST_LIBRARY: f64 = 8.0;

const WHEEL: &str = "the wheel of the Python package, compressed";

/// Strips and weighs.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let library = mib(&stripped(setup, &pump::library()?)?)?;
    let command = mib(&stripped(setup, &command()?)?)?;
    report.table("Sizes", &["file", "MiB", "target"]);
    report.target(
        "libkaiwa.so, all default networks, stripped".to_owned(),
        &Spread::of(vec![library]),
        false,
        MOST_LIBRARY,
        hundredths,
    );
    let row = |report: &mut Report, what: &str, mib: f64| {
        report.row(vec![what.to_owned(), hundredths(mib), String::new()]);
        report.record(json!({ "what": what, "mib": mib }));
    };
    row(
        report,
        "the command `kaiwa`, the server in it, stripped",
        command,
    );
    match &setup.foreign.wheel {
        Some(wheel) => row(report, WHEEL, mib(wheel)?),
        None => {
            let missing = Missing::new("the package kaiwa for Python", "cargo xtask --setup bench");
            report.row_missing(WHEEL, missing);
        }
    }
    Ok(())
}

/// The command beside this program, where cargo puts both.
pub(crate) fn command() -> Result<PathBuf> {
    let command = std::env::current_exe()?.with_file_name("kaiwa");
    missing::built(&command, "cargo build --release --package kaiwa-cli")?;
    Ok(command)
}

/// A copy without symbols.
pub(crate) fn stripped(setup: &Setup, file: &Path) -> Result<PathBuf> {
    missing::tool("strip", "apt-get install binutils")?;
    let copy = setup.out.join(file.file_name().unwrap_or_default());
    succeeds(Command::new("strip").arg(file).arg("-o").arg(&copy))?;
    Ok(copy)
}

fn mib(file: &Path) -> Result<f64> {
    Ok(file.metadata()?.len() as f64 / MIB)
}
