//! `cargo xtask`: what checks this workspace, the same words at home and in CI.
//!
//! [`steps::STEPS`] is the one table: it drives `--help`, `cargo xtask test` (all of it, in order) and CI, which calls
//! nothing else. What takes minutes and proves nothing is in [`steps::ASIDE`]. [`setup`] knows what a step needs besides Rust
//! and how to get it. A step of more than a few lines has a file of its own, named after it. Nothing here is published, and
//! nothing is written outside the target directory, but that `package` empties its own corner of cargo's cache.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line tool")]

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::steps::{ASIDE, STEPS, Step};
use crate::workspace::Workspace;

mod bench;
mod c;
mod command;
mod fuzz;
mod interop;
mod loom;
mod package;
mod python;
mod report;
mod setup;
mod steps;
mod workspace;

/// Checks kaiwa: the same words at home and in CI.
#[derive(Debug, Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    after_help = "With CI set in the environment, what is missing is installed and a skipped step is a failure."
)]
struct Cli {
    /// What to do
    #[arg(value_name = "WORD", required = true, value_parser = words())]
    words: Vec<String>,

    /// Install what is missing, system packages too; without it the commands are printed and the steps skipped
    #[arg(long)]
    setup: bool,

    /// How long each fuzz target runs
    #[arg(long, value_name = "SECONDS", default_value_t = fuzz::DEFAULT_SECONDS)]
    fuzz_seconds: u64,

    /// Passed on to the program of the step `bench`
    #[arg(last = true, value_name = "BENCH OPTIONS")]
    bench_options: Vec<OsString>,

    /// Run by the step `interop` in a network namespace of its own
    #[arg(long, hide = true, exclusive = true, num_args = 2, value_names = ["PROGRAM", "TEST"])]
    inside_namespace: Vec<OsString>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<bool> {
    let in_ci = std::env::var_os("CI").is_some();
    let mut workspace = Workspace::load(cli.setup || in_ci, cli.fuzz_seconds)?;
    workspace.bench_options.clone_from(&cli.bench_options);
    if !cli.inside_namespace.is_empty() {
        return interop::inside_namespace(&workspace, &cli.inside_namespace).map(|()| true);
    }
    let asked = |name: &str| cli.words.iter().any(|word| word == name);
    let steps = STEPS
        .iter()
        .filter(|step| asked(ALL) || asked(step.name))
        .chain(ASIDE.iter().filter(|step| asked(step.name)));
    Ok(report::run_all(&workspace, steps, in_ci))
}

/// The word for every step.
const ALL: &str = "test";

fn words() -> PossibleValuesParser {
    let all = PossibleValue::new(ALL).help("everything below but bench, in this order");
    let each = STEPS
        .iter()
        .chain(ASIDE)
        .map(|step: &Step| PossibleValue::new(step.name).help(step.about));
    PossibleValuesParser::new(std::iter::once(all).chain(each))
}
