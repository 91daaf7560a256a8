//! The C library: what an event costs on its way to a handler in C, beside a subscriber in Rust and one in Python; how soon it
//! is there.

pub(crate) mod flood;
pub(crate) mod latency;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::missing;
use crate::process::succeeds;
use crate::servers::Setup;

/// The folder of this crate.
pub(crate) const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// libkaiwa beside this program, where cargo puts both.
pub(crate) fn library() -> Result<PathBuf> {
    let library = std::env::current_exe()?.with_file_name("libkaiwa.so");
    missing::built(&library, "cargo build --release --package kaiwa-ffi")?;
    Ok(library)
}

/// A program of `bench/c`, built against libkaiwa.
pub(crate) fn program(setup: &Setup, name: &str) -> Result<PathBuf> {
    let library = library()?;
    let folder = library.parent().context("libkaiwa is in no folder")?;
    let include = Path::new(HERE).join("../include");
    let flags = [
        format!("-I{}", include.display()),
        format!("-L{}", folder.display()),
        format!("-Wl,-rpath,{}", folder.display()),
    ];
    let libraries = ["-lkaiwa", "-lpthread", "-ldl"].map(str::to_owned);
    compile(setup, name, flags.into_iter().chain(libraries))
}

/// A program of `bench/c`.
pub(crate) fn compile(
    setup: &Setup,
    name: &str,
    flags: impl Iterator<Item = String>,
) -> Result<PathBuf> {
    missing::tool("cc", "apt-get install gcc")?;
    let program = setup.out.join(name);
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
        .arg(Path::new(HERE).join(format!("c/{name}.c")))
        .arg("-o")
        .arg(&program)
        .args(flags);
    succeeds(&mut compile)?;
    Ok(program)
}
