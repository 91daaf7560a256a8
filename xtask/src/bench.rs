//! The step `bench`: measures speed and memory beside peers, as docs/benchmarks.md describes, and writes the results there. Not
//! part of `test`, since what else runs on the machine changes the numbers. What follows `--` is for the measuring program:
//! `cargo xtask bench -- --only fanout --quick`.
//!
//! A peer that cannot be had is left out: the measuring program is not told of it and says so in its tables.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::interop;
use crate::python;
use crate::setup;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// How long everything may take, in seconds; it takes less than a third of that.
const LIMIT_SECONDS: u64 = 3600;

/// In namespaces of its own, since wschat takes port 80 of all interfaces; `ip` is in a folder that is not on every user's
/// path.
const INSIDE: &str = r#"PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && exec "$0" "$@""#;

/// Builds all that is measured for release, then measures.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = workspace.cargo("build --release --locked --manifest-path bench/Cargo.toml");
    command::run(cargo.arg("--target-dir").arg(&workspace.target))?;
    // One by one, so that each has only the features that its users get.
    for package in ["kaiwa-ffi", "kaiwa-cli"] {
        command::run(
            &mut workspace.cargo(&format!("build --release --locked --package {package}")),
        )?;
    }
    let mut bench = measuring(workspace)?;
    // Only wished for.
    setup::provide(workspace, &[setup::PURPLE])?;
    if let Some(package) = python(workspace)? {
        bench.arg("--python").arg(package.python);
        bench.arg("--wheel").arg(package.wheel);
    }
    bench.arg("--out").arg(workspace.target.join("bench"));
    bench.arg("--docs").arg(workspace.root.join("docs"));
    bench.args(&workspace.bench_options);
    command::run(bench.current_dir(&workspace.root))?;
    Ok(Outcome::Passed)
}

/// The measuring program, with the real wschat where that can run.
fn measuring(workspace: &Workspace) -> Result<Command> {
    let program = workspace.target.join("release/kaiwa-bench");
    let missing = setup::provide(workspace, &[setup::UNSHARE, setup::IP])?;
    let flags = interop::namespace().filter(|_| missing.is_none());
    let Some(flags) = flags else {
        let why = missing
            .as_deref()
            .unwrap_or("network namespaces are not allowed here");
        println!("without the real wschat: {why}");
        return Ok(command::limited(LIMIT_SECONDS, &program));
    };
    let wschat = interop::build_wschat(workspace, interop::Profile::Release)?;
    let mut bench = command::limited(LIMIT_SECONDS, Path::new("unshare"));
    // With a /proc that shows the process namespace: it is where CPU and memory are read.
    bench.args(flags).arg("--mount-proc");
    bench.args(["sh", "-c", INSIDE]).arg(program);
    bench.arg("--wschat").arg(wschat);
    Ok(bench)
}

/// The package for Python, if it can be built here.
fn python(workspace: &Workspace) -> Result<Option<python::Optimized>> {
    let needs = [setup::PYTHON, setup::PYTHON_VENV, setup::PYTHON_DEV];
    if let Some(missing) = setup::provide(workspace, &needs)? {
        println!("without Python: {missing}");
        return Ok(None);
    }
    let package = python::optimized(workspace)?;
    if package.is_none() {
        println!("without Python: its tools are not in target/python (run with --setup)");
    }
    Ok(package)
}
