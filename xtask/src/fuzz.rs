//! The step `fuzz-smoke`: each target of `fuzz/` for some seconds, from its seeds on. A longer run is
//! `cargo xtask fuzz-smoke --fuzz-seconds 3600`; what it finds stays in the target directory and is used again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::command;
use crate::setup;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// Enough for some hundred thousand inputs, which find what a change broke plainly.
pub(crate) const DEFAULT_SECONDS: u64 = 10;

/// One input may take this many seconds: a session that needs one is as good as blocked.
const INPUT_LIMIT_SECONDS: u64 = 10;

/// Runs every target, as many at a time as there are processors.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let folder = workspace.root.join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        return Ok(Outcome::Skipped("there is no fuzz target".to_owned()));
    }
    // cargo-fuzz has no --locked: an outdated lock file is an error here, and not a change to the checkout.
    command::run(&mut workspace.cargo("fetch --locked --manifest-path fuzz/Cargo.toml"))?;
    let listed = command::output(cargo_fuzz(workspace, "list").arg("--fuzz-dir").arg(&folder))?;
    let targets: Vec<&str> = listed.split_whitespace().collect();
    command::run(&mut in_folder(workspace, "build", &folder))?;
    // What takes the time has no part in the others' but the processors.
    let next = AtomicUsize::new(0);
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let lane = || -> Result<()> {
            while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                fuzz(workspace, &folder, target)?;
            }
            Ok(())
        };
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        lanes
            .into_iter()
            .try_for_each(|lane| lane.join().map_err(|_| anyhow!("a thread has panicked"))?)
    })?;
    Ok(Outcome::Passed)
}

/// Runs one target; what it says is shown when it fails.
fn fuzz(workspace: &Workspace, folder: &Path, target: &str) -> Result<()> {
    let found = workspace.target.join("fuzz-corpus").join(target);
    let crashes = workspace.target.join("fuzz-crashes").join(target);
    for folder in [&found, &crashes] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut fuzz = in_folder(workspace, "run", folder);
    // The engine adds to the first folder and only reads the second.
    fuzz.arg(target).arg(found);
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.arg("--")
        .arg(format!("-max_total_time={}", workspace.fuzz_seconds))
        .arg(format!("-timeout={INPUT_LIMIT_SECONDS}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()));
    command::run_quietly(&mut fuzz)
}

fn in_folder(workspace: &Workspace, word: &str, folder: &Path) -> Command {
    let mut command = cargo_fuzz(workspace, word);
    command.arg("--fuzz-dir").arg(folder);
    command
        .arg("--target-dir")
        .arg(workspace.target.join("fuzz"));
    command
}

fn cargo_fuzz(workspace: &Workspace, word: &str) -> Command {
    let mut command = Command::new(setup::tools(workspace).join("bin/cargo-fuzz"));
    command.arg(word).current_dir(&workspace.root);
    // Sanitizers are unstable options, which the stable compiler takes only so.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}
