//! The table of steps. `--help`, `cargo xtask test` and CI are made from it.

use std::thread;

use anyhow::{Context, Result};

use crate::command::run;
use crate::setup::{self, Need};
use crate::workspace::{Package, Workspace};
use crate::{bench, c, fuzz, interop, loom, package, python};

/// One word.
#[derive(Debug)]
pub(crate) struct Step {
    /// The word.
    pub(crate) name: &'static str,
    /// What it does, for `--help`.
    pub(crate) about: &'static str,
    /// What must be there besides Rust, a C compiler and git.
    pub(crate) needs: &'static [Need],
    /// Does it.
    pub(crate) run: fn(&Workspace) -> Result<Outcome>,
}

/// How a step ended, if not with an error.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it was done.
    Passed,
    /// It could not be done here, and why.
    Skipped(String),
}

/// Quick answers first; steps that share build results are neighbours.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "the formatting is rustfmt's",
        needs: &[setup::RUSTFMT],
        run: fmt,
    },
    Step {
        name: "locks",
        about: "the lock files outside the workspace fit what is in it",
        needs: &[],
        run: locks,
    },
    Step {
        name: "clippy",
        about: "no warnings, with all features and (core, protocols) with none",
        needs: &[setup::CLIPPY],
        run: clippy,
    },
    Step {
        name: "features",
        about: "each feature compiles alone, without warnings",
        needs: &[setup::CLIPPY],
        run: features,
    },
    Step {
        name: "doc",
        about: "the documentation builds without warnings",
        needs: &[],
        run: doc,
    },
    Step {
        name: "unit",
        about: "the workspace's own tests, layer rules included",
        needs: &[],
        run: unit,
    },
    Step {
        name: "loom",
        about: "queues, pump and wakeup lose nothing and leave nobody waiting, in every order of their threads' steps",
        needs: &[],
        run: loom::run,
    },
    Step {
        name: "examples",
        about: "each example builds and, run as by a user, does what it says",
        needs: &[],
        run: examples,
    },
    Step {
        name: "c",
        about: "the C and C++ contracts hold under sanitizers and valgrind; the library installs and is found",
        needs: &[
            setup::CXX,
            setup::CLANG,
            setup::SANITIZERS,
            setup::VALGRIND,
            setup::CMAKE,
            setup::PKG_CONFIG,
            setup::GLIB,
            setup::CARGO_C,
        ],
        run: c::run,
    },
    Step {
        name: "python",
        about: "the Python package builds, passes mypy and pyright, and its tests and examples run",
        needs: &[setup::PYTHON, setup::PYTHON_VENV, setup::PYTHON_DEV],
        run: python::run_step,
    },
    Step {
        name: "interop",
        about: "the facts about wschat hold for the real program and for our server; oshatori talks on it",
        needs: FOREIGN,
        run: interop::run,
    },
    Step {
        name: "fuzz-smoke",
        about: "each fuzz target survives a short run",
        needs: &[setup::CXX, setup::CARGO_FUZZ],
        run: fuzz::run,
    },
    Step {
        name: "package",
        about: "each crate meant for the registry packs, and builds from its package",
        needs: &[],
        run: package::run,
    },
];

/// What the foreign programs and crates need that are met in `interop/` and `bench/`.
const FOREIGN: &[Need] = &[setup::UNSHARE, setup::IP, setup::PKG_CONFIG, setup::OPENSSL];

/// Steps that `cargo xtask test` leaves out.
pub(crate) const ASIDE: &[Step] = &[Step {
    name: "bench",
    about: "measures speed and memory beside the peers; minutes, on an idle machine (not part of test)",
    needs: &[setup::PKG_CONFIG, setup::OPENSSL],
    run: bench::run,
}];

/// Most tests wait for a socket or a disk: with one per processor, half of the time of each would pass idle.
const TESTS_PER_PROCESSOR: usize = 3;

/// Folders with a manifest and a lock file of their own.
const OUTSIDE: [&str; 4] = ["bench", "fuzz", "interop", "loom"];

fn fmt(workspace: &Workspace) -> Result<Outcome> {
    run(&mut workspace.cargo("fmt --all --check"))?;
    for folder in OUTSIDE {
        let words = format!("fmt --manifest-path {folder}/Cargo.toml --check");
        run(&mut workspace.cargo(&words))?;
    }
    Ok(Outcome::Passed)
}

/// Each would be an error in the step that uses it, minutes later.
fn locks(workspace: &Workspace) -> Result<Outcome> {
    for folder in OUTSIDE {
        let update = format!("update --workspace --manifest-path {folder}/Cargo.toml");
        run(&mut workspace.cargo(&format!("{update} --locked")))
            .with_context(|| format!("run `cargo {update}` and commit {folder}/Cargo.lock"))?;
    }
    Ok(Outcome::Passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome> {
    run(&mut workspace.cargo("clippy --workspace --all-targets --all-features -- -D warnings"))?;
    run(&mut workspace.cargo(
        "clippy --package kaiwa-core --package kaiwa-protocols --no-default-features -- -D warnings",
    ))?;
    Ok(Outcome::Passed)
}

/// By clippy and not by `cargo check`: it costs the same here, and an import left over without a feature is a warning.
fn features(workspace: &Workspace) -> Result<Outcome> {
    for package in &workspace.packages {
        for feature in &package.features {
            let name = &package.name;
            let words = format!(
                "clippy --package {name} --lib --no-default-features --features {feature} -- -D warnings"
            );
            run(&mut workspace.cargo(&words))?;
        }
    }
    Ok(Outcome::Passed)
}

fn doc(workspace: &Workspace) -> Result<Outcome> {
    run(workspace
        .cargo("doc --workspace --all-features --no-deps")
        .env("RUSTDOCFLAGS", "-Dwarnings"))?;
    Ok(Outcome::Passed)
}

fn unit(workspace: &Workspace) -> Result<Outcome> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = processors * TESTS_PER_PROCESSOR;
    let mut test = workspace.cargo("test --workspace --all-features");
    run(test.env("RUST_TEST_THREADS", threads.to_string()))?;
    Ok(Outcome::Passed)
}

fn examples(workspace: &Workspace) -> Result<Outcome> {
    const PACKAGE: &str = "kaiwa-examples";
    let is_tested = |package: &Package| package.name == PACKAGE && package.has_tests;
    if !workspace.packages.iter().any(is_tested) {
        return Ok(Outcome::Skipped(format!(
            "{PACKAGE} has no tests: nothing runs the examples"
        )));
    }
    run(&mut workspace.cargo(&format!("test --package {PACKAGE}")))?;
    Ok(Outcome::Passed)
}
