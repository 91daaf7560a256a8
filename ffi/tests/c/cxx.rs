//! `kaiwa.hpp`: it compiles without a warning where it is meant to, keeps its promises, and its example does what it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::build::{self, STRICT, include, is_there, succeeds};
use crate::examples::{ends_well, line, server};

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

#[tokio::test(flavor = "multi_thread")]
async fn chat_talks() {
    let (server, url) = server().await;
    let source = build::here().join("../examples/cpp/chat.cpp");
    let program = program(&source, "-std=c++17", "chat-cpp");
    let mut ann = tokio::process::Command::new(&program)
        .args(["wschat", &format!("url={url}"), "name=ann"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut heard = BufReader::new(ann.stdout.take().unwrap()).lines();
    assert_eq!(line(&mut heard).await, "* connected");
    let mut typed = ann.stdin.take().unwrap();
    typed.write_all(b"hello from C++\n").await.unwrap();
    assert!(line(&mut heard).await.ends_with("> hello from C++"));
    drop(typed);
    ends_well(ann).await;
    server.shutdown().await.unwrap();

    let refused = build::limited(&program).arg("nonsense").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("no network is called `nonsense`"), "{said}");
}

/// Compiles a C++ file and links it with the library.
pub(crate) fn program(source: &Path, standard: &str, name: &str) -> PathBuf {
    let program = build::out().join(format!("{name}{standard}"));
    let mut cxx = Command::new("c++");
    cxx.args(STRICT)
        .args(["-g", standard, "-I"])
        .arg(include())
        .arg(source)
        .arg(build::library())
        .args(build::SYSTEM)
        .arg("-o")
        .arg(&program);
    succeeds(&mut cxx);
    program
}
