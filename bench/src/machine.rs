//! Where and when it was measured.

use std::fs;
use std::process::Command;
use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};

use crate::process::succeeds;

/// The machine, the versions, the day.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    system: String,
    kernel: String,
    rustc: String,
    commit: String,
    date: String,
    /// What else was running when it began: processes that want a core.
    load: String,
    /// Of the whole run.
    pub(crate) took: Duration,
}

impl Machine {
    /// Looks around.
    pub(crate) fn look() -> Self {
        let memory_kib = field("/proc/meminfo", "MemTotal:");
        let memory_kib = memory_kib
            .split(' ')
            .next()
            .and_then(|kib| kib.parse().ok());
        Self {
            processor: field("/proc/cpuinfo", "model name\t:"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            // What the kernel took for itself is not counted.
            memory_gib: memory_kib.unwrap_or(0_u64).div_ceil(1024 * 1024),
            system: field("/etc/os-release", "PRETTY_NAME=")
                .trim_matches('"')
                .to_owned(),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            rustc: said("rustc", &["--version"]),
            commit: said("git", &["describe", "--always", "--dirty", "--exclude=*"]),
            date: Utc::now().format("%Y-%m-%d").to_string(),
            load: first_line("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
            took: Duration::ZERO,
        }
    }

    /// The day and what was measured.
    pub(crate) fn when(&self) -> String {
        let Self { date, commit, .. } = self;
        format!("{date}, commit {commit}")
    }

    /// For people.
    pub(crate) fn sentences(&self) -> String {
        let Self {
            processor,
            cores,
            memory_gib,
            system,
            kernel,
            rustc,
            load,
            ..
        } = self;
        let (minutes, seconds) = (self.took.as_secs() / 60, self.took.as_secs() % 60);
        format!(
            "Measured {} by `cargo xtask bench` in {minutes} min {seconds} s, on {processor}, {cores} cores (servers, clients and \
             generator share them), {memory_gib} GiB, {system}, Linux {kernel}, {rustc}; load {load} before it began.",
            self.when()
        )
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "memory_gib": self.memory_gib,
            "system": self.system,
            "kernel": self.kernel,
            "rustc": self.rustc,
            "measured": self.when(),
            "load_before": self.load,
            "seconds": self.took.as_secs(),
        })
    }

    /// Any.
    #[cfg(test)]
    pub(crate) fn of_test() -> Self {
        Self {
            commit: "abc".to_owned(),
            date: "2026-01-01".to_owned(),
            ..Self::look()
        }
    }
}

/// What follows a name at the beginning of a line.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or_else(unknown, |line| line.trim().to_owned())
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().next();
    line.map_or_else(unknown, str::to_owned)
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = succeeds(Command::new(program).args(arguments));
    let text = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(unknown, |text| text.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}
