//! The step `loom`: the models of `loom/`, which run the queues, the pump and the wakeup in every order of steps that threads
//! can take.

use std::path::Path;

use anyhow::Result;

use crate::command;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// How often a thread is interrupted where it would not wait: as often as all models together do in half a minute.
const PREEMPTIONS: &str = "3";

/// Ten times as long as it takes, in seconds: a model that runs for longer has too many threads or steps.
const LIMIT_SECONDS: u64 = 300;

/// Builds the models and runs them.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let target = workspace.target.join("loom");
    let words = "test --locked --manifest-path loom/Cargo.toml";
    let mut build = workspace.cargo(words);
    command::run(build.arg("--no-run").arg("--target-dir").arg(&target))?;

    let mut run = command::limited(LIMIT_SECONDS, Path::new(build.get_program()));
    run.args(words.split(' '))
        .arg("--target-dir")
        .arg(&target)
        .env("LOOM_MAX_PREEMPTIONS", PREEMPTIONS)
        .current_dir(&workspace.root);
    command::run(&mut run)?;
    Ok(Outcome::Passed)
}
