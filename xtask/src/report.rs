//! Runs steps one after the other, says what came of each and how long it took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::setup;
use crate::steps::{Outcome, Step};
use crate::workspace::Workspace;

/// Runs the steps, prints the summary, and tells whether that counts as success. A failed step does not hold up the
/// others; a skipped one counts as failed only where `skips_fail`.
pub(crate) fn run_all<'a>(
    workspace: &Workspace,
    steps: impl Iterator<Item = &'a Step>,
    skips_fail: bool,
) -> bool {
    let rows: Vec<Row> = steps.map(|step| run_one(workspace, step)).collect();
    let count = |wanted: fn(&Result<Outcome>) -> bool| {
        rows.iter().filter(|row| wanted(&row.result)).count()
    };
    let passed = count(|result| matches!(result, Ok(Outcome::Passed)));
    let failed = count(Result::is_err);
    let skipped = rows.len() - passed - failed;

    println!("\n== summary");
    for row in &rows {
        println!("{}", row.line());
    }
    if skipped > 0 && skips_fail {
        println!("a skipped step is a failure here, because CI is set");
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    failed == 0 && (skipped == 0 || !skips_fail)
}

struct Row {
    name: &'static str,
    result: Result<Outcome>,
    took: Duration,
}

impl Row {
    fn line(&self) -> String {
        let (word, why) = match &self.result {
            Ok(Outcome::Passed) => ("passed", String::new()),
            Ok(Outcome::Skipped(why)) => ("skipped", format!("  {why}")),
            Err(error) => ("failed", format!("  {error:#}")),
        };
        let seconds = self.took.as_secs_f64();
        format!("{:<12} {word:<8} {seconds:>7.1} s{why}", self.name)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "measures programs, for a person to read"
)]
fn run_one(workspace: &Workspace, step: &Step) -> Row {
    println!("\n== {}: {}", step.name, step.about);
    let start = Instant::now();
    let result = match setup::provide(workspace, step.needs) {
        Ok(None) => (step.run)(workspace),
        Ok(Some(missing)) => Ok(Outcome::Skipped(missing)),
        Err(error) => Err(error).context("setting up"),
    };
    let row = Row {
        name: step.name,
        result,
        took: start.elapsed(),
    };
    println!("== {}", row.line());
    row
}
