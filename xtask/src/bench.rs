//! The step `bench`: measures speed and memory beside the real wschat and a bare relay, as docs/benchmarks.md describes. Not
//! part of `test`, since what else runs on the machine changes the numbers. What follows `--` is for the measuring program:
//! `cargo xtask bench -- --only fanout --quick`.

use std::path::Path;

use anyhow::Result;

use crate::command;
use crate::interop;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// How long everything may take, in seconds; it takes a third of that.
const LIMIT_SECONDS: u64 = 3600;

/// In namespaces of its own, since wschat takes port 80 of all interfaces; `ip` is in a folder that is not on every user's
/// path.
const INSIDE: &str = r#"PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && exec "$0" "$@""#;

/// Builds all that is measured for release, then measures.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = workspace.cargo("build --release --locked --manifest-path bench/Cargo.toml");
    command::run(cargo.arg("--target-dir").arg(&workspace.target))?;
    command::run(&mut workspace.cargo("build --release --locked --package kaiwa-ffi"))?;
    let program = workspace.target.join("release/kaiwa-bench");

    let mut bench = match interop::namespace() {
        Some(flags) => {
            let wschat = interop::build_wschat(workspace, interop::Profile::Release)?;
            let mut bench = command::limited(LIMIT_SECONDS, Path::new("unshare"));
            // With a /proc that shows the process namespace: it is where CPU and memory are read.
            bench.args(flags).arg("--mount-proc");
            bench.args(["sh", "-c", INSIDE]).arg(program);
            bench.arg("--wschat").arg(wschat);
            bench
        }
        None => command::limited(LIMIT_SECONDS, &program),
    };
    bench.arg("--out").arg(workspace.target.join("bench"));
    bench.args(&workspace.bench_options);
    command::run(bench.current_dir(&workspace.root))?;
    Ok(Outcome::Passed)
}
