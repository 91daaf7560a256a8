//! The step `python`: the package `kaiwa` is built as a wheel, installed, type-checked and tested, with the examples, against
//! the workspace's own server.
//!
//! Everything lies in a virtual environment below the target directory; the tools in it are pinned here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{self, limited, run};
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// What the checks need; cffi and maturin also build the wheel.
const TOOLS: [&str; 5] = [
    "cffi==2.1.1",
    "maturin==1.16.0",
    "mypy==2.4.1",
    "pyright[nodejs]==1.1.414",
    "pytest==9.2.0",
];

/// The whole suite takes well under a minute; what takes this many seconds hangs.
const LIMIT_SECONDS: u64 = 600;

/// Builds the wheel and the server, then runs the type checkers and the tests.
pub(crate) fn run_step(workspace: &Workspace) -> Result<Outcome> {
    let Some(environment) = environment(workspace)? else {
        let why = format!(
            "{} are not in target/python: run with --setup",
            TOOLS.join(", ")
        );
        return Ok(Outcome::Skipped(why));
    };
    run(&mut workspace.cargo("build --package kaiwa-cli"))?;
    let python = environment.join("bin/python");
    let package = workspace.root.join("bindings/python");
    install(&environment, &package)?;
    run(at(&python, &package).arg("generate.py").arg("--check"))?;
    run(at(&python, &package).args(["-m", "mypy"]))?;
    run(at(&python, &package)
        .args(["-m", "pyright", "--pythonpath"])
        .arg(&python))?;
    let mut tests = limited(LIMIT_SECONDS, &python);
    tests.current_dir(&package).args(["-m", "pytest", "-q"]);
    tests.env("KAIWA_PROGRAM", workspace.target.join("debug/kaiwa"));
    run(&mut tests)?;
    Ok(Outcome::Passed)
}

/// What users get: a Python with the package, and the file that it was installed from.
#[derive(Debug)]
pub(crate) struct Optimized {
    pub(crate) python: PathBuf,
    pub(crate) wheel: PathBuf,
}

/// Builds the wheel with optimization and installs it; `None` if the tools are not there and must not be installed.
pub(crate) fn optimized(workspace: &Workspace) -> Result<Option<Optimized>> {
    let Some(environment) = environment(workspace)? else {
        return Ok(None);
    };
    let folder = workspace.target.join("bench/wheel");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    let mut build = pip(&environment);
    build.args(["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir"]);
    build.arg(&folder);
    build.arg(workspace.root.join("bindings/python"));
    build.env("PATH", path_with(&environment)?);
    // maturin makes a cdylib alone: in the common folder each of the two builds would undo the other, and leave its own
    // libkaiwa.so behind.
    build.env("CARGO_TARGET_DIR", workspace.target.join("wheel"));
    run(&mut build)?;
    let wheel = fs::read_dir(&folder)?.next().context("pip made no wheel")?;
    let wheel = wheel?.path();
    run(pip(&environment)
        .args(["install", "--no-deps", "--force-reinstall"])
        .arg(&wheel))?;
    let python = environment.join("bin/python");
    Ok(Some(Optimized { python, wheel }))
}

/// The virtual environment with the tools; `None` if it is not there and must not be made.
fn environment(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let environment = workspace.target.join("python");
    let stamp = environment.join("tools");
    let tools = TOOLS.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == tools) {
        return Ok(Some(environment));
    }
    if !workspace.may_install {
        return Ok(None);
    }
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment))?;
    run(pip(&environment).arg("install").args(TOOLS))?;
    fs::write(&stamp, tools).with_context(|| stamp.display().to_string())?;
    Ok(Some(environment))
}

/// As a user installs it, but without optimization, and with the tools that are there already.
fn install(environment: &Path, package: &Path) -> Result<()> {
    run(pip(environment)
        .args(["install", "--no-deps", "--no-build-isolation"])
        .args(["--force-reinstall", "--config-settings"])
        .arg("build-args=--profile=dev")
        .arg(package)
        .env("PATH", path_with(environment)?))
}

/// Where programs are, those of the environment first.
fn path_with(environment: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [environment.join("bin")];
    Ok(std::env::join_paths(
        folders.into_iter().chain(std::env::split_paths(&path)),
    )?)
}

fn pip(environment: &Path) -> Command {
    // What cargo sets for this program would make build scripts run again.
    let mut pip = command::without_cargo(environment.join("bin/python"));
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]);
    pip
}

fn at(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.current_dir(folder);
    command
}
