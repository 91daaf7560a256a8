//! The promises of the header.

use std::collections::BTreeSet;
use std::process::Command;

use crate::build;

#[test]
fn the_header_keeps_its_promises() {
    let source = build::here().join("tests/c/contract.c");
    let program = build::program(&source, "contract");
    let output = build::succeeds(&mut build::limited(&program));
    // A panic on purpose speaks there, and nothing else.
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "");
    for apart in ["fork", "leave", "leave-handler", "leave-pump"] {
        build::succeeds(build::limited(&program).arg(apart));
    }
}

#[test]
fn the_library_exports_what_the_header_declares() {
    let header = std::fs::read_to_string(build::include().join("kaiwa.h")).unwrap();
    let code = header
        .lines()
        .filter(|line| !line.trim_start().starts_with(['*', '/']));
    let code: Vec<&str> = code.collect();
    let declared: BTreeSet<String> = code
        .join(" ")
        .split("KAIWA_API ")
        .skip(1)
        .filter_map(|after| {
            let before = after.split('(').next()?;
            let name = before.rsplit([' ', '*']).next()?;
            name.starts_with("kaiwa_").then(|| name.to_owned())
        })
        .collect();
    assert!(declared.len() > 50, "only {} were found", declared.len());
    let shared = build::library().with_file_name("libkaiwa.so");
    let listed = build::succeeds(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(shared),
    );
    let listed = String::from_utf8(listed.stdout).unwrap();
    let exported: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .filter(|name| *name != "kaiwa_test_panic")
        .map(str::to_owned)
        .collect();
    assert_eq!(exported, declared);
}
