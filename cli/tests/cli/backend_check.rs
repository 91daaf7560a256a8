//! `kaiwa backend-check`: it passes backends that do as they should, and names what is wrong with those that do not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::kaiwa::{Output, Site};

/// Each way in which `broken_backend.py` is broken, and the rule that catches it.
const BROKEN: &[(&str, &str)] = &[
    ("silent", "init-first"),
    ("update-first", "init-first"),
    ("short-version", "init-form"),
    ("prints", "only-json"),
    ("half-a-value", "only-json"),
    ("half-a-room", "forms"),
    ("bad-base64", "forms"),
    ("number-ids", "ids"),
    ("float-times", "times"),
    ("mute", "answered"),
    ("wrong-type", "answer-type"),
    ("other-numbers", "own-numbers"),
    ("twice", "once"),
    ("lines", "separators"),
    ("no-room", "lookup"),
    ("other-room", "get"),
    ("no-join", "join"),
    ("no-send", "send"),
    ("changes-text", "message-get"),
    ("forgets-rooms", "create"),
    ("knows-all", "not-there"),
    ("dies-of-nonsense", "not-understood"),
    ("chunks", "pieces"),
    ("strict", "fields"),
    ("no-nul", "any-text"),
    ("few", "together"),
    ("drops", "slow-host"),
    ("stays", "end"),
    ("exit-code", "end"),
    ("stays-early", "end-early"),
    ("stays-in-half", "end-half"),
    ("forgives", "no-json"),
    ("always-kaiwa", "no-extension"),
    ("late-hello", "extension"),
];

/// How many are checked at the same time: most of them only wait.
const AT_ONCE: usize = 8;

/// Seconds for those that are broken, some of which are found out by waiting so long: more than an interpreter takes to start
/// on a machine that does ten other things.
const BROKEN_LIMIT: &str = "10";

/// Seconds for those that are not, of which none is waited for.
const SANE_LIMIT: &str = "60";

#[test]
fn each_fault_is_caught_and_named() {
    let left = Mutex::new(BROKEN.iter());
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((way, rule)) = next else {
                        return;
                    };
                    let output = check(BROKEN_LIMIT, &["python3", &broken(), "--broken", way]);
                    let line = format!("failed          {rule:<14}  ");
                    let caught = output.out.iter().any(|one| one.starts_with(&line));
                    if !caught || output.code != Some(1) {
                        missed.lock().unwrap().push((way, rule, output));
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_sane_backend_passes() {
    all_pass(&check(SANE_LIMIT, &["python3", &broken()]), &[]);
}

#[test]
fn the_examples_pass() {
    let optional = ["create", "extension"];
    let python = example("echo.py");
    all_pass(
        &check(SANE_LIMIT, &["python3", python.to_str().unwrap()]),
        &optional,
    );

    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("echo");
    let compiled = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-o",
        ])
        .args([&program, &example("echo.c")])
        .status()
        .unwrap();
    assert!(compiled.success());
    all_pass(&check(SANE_LIMIT, &[program.to_str().unwrap()]), &optional);
}

#[test]
fn our_own_backend_passes() {
    let kaiwa = env!("CARGO_BIN_EXE_kaiwa");
    let site = Site::new();
    let args = [
        "backend-check",
        "--time-limit",
        SANE_LIMIT,
        "--room",
        "Lobby",
    ];
    let args = [&args[..], &[kaiwa, "backend", "mock"]].concat();
    all_pass(&site.run(&args, ""), &[]);
}

#[test]
fn a_command_that_is_not_there_is_a_mistake_of_the_caller() {
    let output = check(SANE_LIMIT, &["/nonexistent/backend"]);
    output.failed(2, &["`/nonexistent/backend` cannot be started"]);
    let output = Site::new().run(&["backend-check"], "");
    assert_eq!(output.code, Some(2), "{output:?}");
}

#[test]
fn what_a_broken_backend_said_last_is_shown() {
    let output = check(SANE_LIMIT, &["sh", "-c", "echo something is missing >&2"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert_eq!(output.out.last().unwrap(), "  something is missing");
}

fn check(seconds: &str, command: &[&str]) -> Output {
    let mut args = vec!["backend-check", "--time-limit", seconds];
    args.extend(command);
    Site::new().run(&args, "")
}

/// That every rule is kept, but for those that need not apply.
#[track_caller]
fn all_pass(output: &Output, optional: &[&str]) {
    assert_eq!(output.code, Some(0), "{output:#?}");
    let left_out: Vec<&str> = output
        .out
        .iter()
        .filter_map(|line| line.strip_prefix("not applicable  "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(left_out, optional, "{output:#?}");
}

fn broken() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = here.join("tests/cli/broken_backend.py");
    script.to_str().unwrap().to_owned()
}

fn example(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().join("examples/backends").join(name)
}
