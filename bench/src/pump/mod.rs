//! The C library: what an event costs on its way to a handler in C, beside a subscriber in Rust; how soon it is there; how
//! large the library is, and how soon loaded.

pub(crate) mod flood;
pub(crate) mod latency;
pub(crate) mod library;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use crate::servers::Setup;

/// The folder of this crate.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// libkaiwa beside this program, where cargo puts both.
fn library() -> Result<PathBuf> {
    let library = std::env::current_exe()?.with_file_name("libkaiwa.so");
    ensure!(
        library.is_file(),
        "there is no {}; run `cargo build --release --package kaiwa-ffi`",
        library.display()
    );
    Ok(library)
}

/// A program of `bench/c`, built against libkaiwa.
fn program(setup: &Setup, name: &str) -> Result<PathBuf> {
    let library = library()?;
    let folder = library.parent().context("libkaiwa is in no folder")?;
    let program = setup.out.canonicalize()?.join(name);
    let mut compile = Command::new("cc");
    compile
        .args([
            "-std=c11",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
        ])
        .arg("-I")
        .arg(Path::new(HERE).join("../include"))
        .arg(Path::new(HERE).join(format!("c/{name}.c")))
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(folder)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .args(["-lkaiwa", "-lpthread", "-ldl"]);
    succeeds(&mut compile)?;
    Ok(program)
}

/// Runs a program; an error with what it says if it fails.
fn succeeds(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}
