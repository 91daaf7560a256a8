//! The step `examples`: builds them all, then runs each. An example must show itself without arguments, input or network
//! beyond this machine, and end by itself.

use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::command;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// How long one example may run, in seconds: many times what it needs, so that only a hanging one is ended.
const LIMIT_SECONDS: u64 = 60;

/// Builds and runs them.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let names: Vec<&String> = workspace
        .packages
        .iter()
        .flat_map(|package| &package.examples)
        .collect();
    if names.is_empty() {
        return Ok(Outcome::Skipped("the workspace has no example".to_owned()));
    }
    command::run(&mut workspace.cargo("build --workspace --all-features --examples"))?;
    for name in names {
        let program = workspace.target.join("debug/examples").join(name);
        ensure!(program.is_file(), "no program at {}", program.display());
        command::run(command::limited(LIMIT_SECONDS, &program).stdin(Stdio::null()))?;
    }
    Ok(Outcome::Passed)
}
