//! The step `fuzz-smoke`: each target of `fuzz/` for some seconds, from its seeds on. A longer run is
//! `cargo xtask fuzz-smoke --fuzz-seconds 3600`; what it finds stays in the target directory and is used again.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::setup;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// Enough for some hundred thousand inputs, which find what a change broke plainly.
pub(crate) const DEFAULT_SECONDS: u64 = 30;

/// One input may take this many seconds: a session that needs one is as good as blocked.
const INPUT_LIMIT_SECONDS: u64 = 10;

/// Runs every target.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let folder = workspace.root.join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        return Ok(Outcome::Skipped("there is no fuzz target".to_owned()));
    }
    // cargo-fuzz has no --locked: an outdated lock file is an error here, and not a change to the checkout.
    command::run(&mut workspace.cargo("fetch --locked --manifest-path fuzz/Cargo.toml"))?;
    let listed = command::output(cargo_fuzz(workspace, "list").arg("--fuzz-dir").arg(&folder))?;
    for target in listed.split_whitespace() {
        let found = workspace.target.join("fuzz-corpus").join(target);
        let crashes = workspace.target.join("fuzz-crashes").join(target);
        for folder in [&found, &crashes] {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let mut fuzz = cargo_fuzz(workspace, "run");
        fuzz.arg("--fuzz-dir").arg(&folder);
        fuzz.arg("--target-dir").arg(workspace.target.join("fuzz"));
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
        command::run(&mut fuzz)?;
    }
    Ok(Outcome::Passed)
}

fn cargo_fuzz(workspace: &Workspace, word: &str) -> Command {
    let mut command = Command::new(setup::tools(workspace).join("bin/cargo-fuzz"));
    command.arg(word).current_dir(&workspace.root);
    // Sanitizers are unstable options, which the stable compiler takes only so.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}
