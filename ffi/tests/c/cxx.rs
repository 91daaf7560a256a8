//! `kaiwa.hpp`: it compiles without a warning where it is meant to and keeps its promises.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{self, STRICT, include, is_there, succeeds};

const STANDARDS: [&str; 2] = ["-std=c++17", "-std=c++20"];

#[test]
fn the_header_compiles_alone() {
    let source = build::out().join("hpp.cpp");
    std::fs::write(&source, "#include <kaiwa.hpp>\n").unwrap();
    let mut compiled = 0;
    for compiler in ["g++", "clang++"] {
        if !is_there(compiler) {
            continue;
        }
        for standard in STANDARDS {
            let mut cxx = Command::new(compiler);
            cxx.args(STRICT)
                .args(["-Wshadow", "-Wconversion", "-fsyntax-only", standard, "-I"])
                .arg(include())
                .arg(&source);
            succeeds(&mut cxx);
            compiled += 1;
        }
    }
    assert!(compiled > 0, "no C++ compiler is installed");
}

#[test]
fn the_header_keeps_its_promises() {
    let source = build::here().join("tests/c/contract.cpp");
    for standard in STANDARDS {
        let program = program(&source, standard, "contract-cpp");
        let output = succeeds(&mut build::limited(&program));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
    }
}

/// Compiles a C++ file and links it with the library.
pub(crate) fn program(source: &Path, standard: &str, name: &str) -> PathBuf {
    let mut cxx = Command::new("c++");
    cxx.args(["-g", standard]);
    build::link(cxx, source, &format!("{name}{standard}"), &[])
}
