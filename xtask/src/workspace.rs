//! The workspace as cargo describes it, and what the command line asked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;

/// What every step is given.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Where the root manifest is.
    pub(crate) root: PathBuf,
    /// The one place for everything that a step makes.
    pub(crate) target: PathBuf,
    /// This program. Asked for at the start: a step may build it anew, and the running one then has no file any more.
    pub(crate) program: PathBuf,
    /// The members, in cargo's order.
    pub(crate) packages: Vec<Package>,
    /// Whether missing tools and packages may be installed.
    pub(crate) may_install: bool,
    /// How long each fuzz target runs.
    pub(crate) fuzz_seconds: u64,
    /// What the measuring program is told.
    pub(crate) bench_options: Vec<OsString>,
}

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// The name.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: String,
    /// Whether it is meant for the registry.
    pub(crate) published: bool,
    /// Its features but `default`.
    pub(crate) features: Vec<String>,
    /// Whether it has tests in files of their own.
    pub(crate) has_tests: bool,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load(may_install: bool, fuzz_seconds: u64) -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut ask = command::cargo();
        ask.args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(here);
        let described: Value = serde_json::from_str(&command::output(&mut ask)?)?;
        let path = |key: &str| -> Result<PathBuf> {
            let text = described.get(key).and_then(Value::as_str);
            Ok(text
                .with_context(|| format!("cargo metadata has no {key}"))?
                .into())
        };
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            program: std::env::current_exe()?,
            packages: list(&described, "packages").map(Package::of).collect(),
            may_install,
            fuzz_seconds,
            bench_options: Vec::new(),
        })
    }

    /// `cargo …` in the root, as a step runs it.
    pub(crate) fn cargo(&self, words: &str) -> Command {
        let mut cargo = command::cargo();
        cargo.args(words.split_whitespace()).current_dir(&self.root);
        cargo
    }
}

impl Package {
    fn of(described: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let features = described.get("features").and_then(Value::as_object);
        Self {
            name: text(described, "name"),
            version: text(described, "version"),
            // `publish = false` is an empty list of registries, everywhere is null.
            published: described.get("publish").is_none_or(Value::is_null),
            features: features
                .into_iter()
                .flat_map(|all| all.keys())
                .filter(|name| *name != "default")
                .cloned()
                .collect(),
            has_tests: list(described, "targets")
                .any(|target| list(target, "kind").any(|kind| kind == "test")),
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Cargo's own folder.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    if let Some(set) = std::env::var_os("CARGO_HOME") {
        return Ok(set.into());
    }
    let home = std::env::home_dir().context("no home directory: set HOME or CARGO_HOME")?;
    Ok(home.join(".cargo"))
}
