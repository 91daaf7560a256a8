//! What steps need besides Rust, a C compiler and git, and how to get it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{self, output, run, succeeds};
use crate::workspace::Workspace;

/// Something that a step needs.
#[derive(Debug)]
pub(crate) struct Need {
    /// The program, or the library as `pkg-config` calls it.
    program: &'static str,
    /// Where it comes from.
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// A component of the Rust toolchain.
    Component(&'static str),
    /// A package of Debian and its relatives.
    Apt(&'static str),
    /// The same for a library.
    AptLibrary(&'static str),
    /// The same for one that is only wished for: where it cannot be had, what uses it is left out.
    AptWish(&'static str),
    /// A package of Debian's for Python: what `python3 -c` runs if it is there, and its name.
    Python(&'static str, &'static str),
    /// A crate, installed into the target directory: name and version.
    Crate(&'static str),
}

pub(crate) const RUSTFMT: Need = Need {
    program: "cargo-fmt",
    source: Source::Component("rustfmt"),
};
pub(crate) const CLIPPY: Need = Need {
    program: "cargo-clippy",
    source: Source::Component("clippy"),
};
pub(crate) const UNSHARE: Need = Need {
    program: "unshare",
    source: Source::Apt("util-linux"),
};
pub(crate) const IP: Need = Need {
    program: "ip",
    source: Source::Apt("iproute2"),
};
/// Finds libraries.
pub(crate) const PKG_CONFIG: Need = Need {
    program: "pkg-config",
    source: Source::Apt("pkg-config"),
};
/// The crate oshatori speaks TLS through it.
pub(crate) const OPENSSL: Need = Need {
    program: "openssl",
    source: Source::AptLibrary("libssl-dev"),
};
/// The fuzzing engine is C++.
pub(crate) const CXX: Need = Need {
    program: "c++",
    source: Source::Apt("g++"),
};
pub(crate) const PYTHON: Need = Need {
    program: "python3",
    source: Source::Apt("python3"),
};
pub(crate) const PYTHON_VENV: Need = Need {
    program: "python3 -m venv",
    source: Source::Python("import ensurepip, venv", "python3-venv"),
};
/// For a cffi without a wheel for this machine.
pub(crate) const PYTHON_DEV: Need = Need {
    program: "Python.h",
    source: Source::Python(
        "import os, sysconfig; os.stat(sysconfig.get_path('include') + '/Python.h')",
        "python3-dev",
    ),
};
/// A peer of the bench.
pub(crate) const PURPLE: Need = Need {
    program: "purple",
    source: Source::AptWish("libpurple-dev"),
};
pub(crate) const CARGO_FUZZ: Need = Need {
    program: "cargo-fuzz",
    source: Source::Crate("cargo-fuzz@0.13.2"),
};

pub(crate) const CLANG: Need = Need {
    program: "clang++",
    source: Source::Apt("clang"),
};
/// Comes with clang's sanitizers, and only with them.
pub(crate) const SANITIZERS: Need = Need {
    program: "asan_symbolize-14",
    source: Source::Apt("libclang-rt-14-dev"),
};
pub(crate) const VALGRIND: Need = Need {
    program: "valgrind",
    source: Source::Apt("valgrind"),
};
pub(crate) const CMAKE: Need = Need {
    program: "cmake",
    source: Source::Apt("cmake"),
};
/// For the example of its main loop.
pub(crate) const GLIB: Need = Need {
    program: "glib-2.0",
    source: Source::AptWish("libglib2.0-dev"),
};
/// Later versions need a newer Rust. Built without optimization: it takes a third of the time.
pub(crate) const CARGO_C: Need = Need {
    program: "cargo-cinstall",
    source: Source::Crate("cargo-c@0.10.24+cargo-0.98.0"),
};

/// Sees to it that everything needed is there; else tells what is missing and the commands that would bring it.
pub(crate) fn provide(workspace: &Workspace, needs: &[Need]) -> Result<Option<String>> {
    let mut missing = Vec::new();
    for need in needs.iter().filter(|need| !need.is_present(workspace)) {
        let mut install = need.install(workspace)?;
        let wish = matches!(need.source, Source::AptWish(_));
        if !workspace.may_install {
            if wish {
                println!(
                    "`{}` would be nice: {}",
                    need.program,
                    command::show(&install)
                );
                continue;
            }
            missing.push(format!(
                "`{}` is missing: {}",
                need.program,
                command::show(&install)
            ));
            continue;
        }
        let installed = update(need).and_then(|()| run(&mut install));
        match installed {
            Err(error) if wish => {
                println!("done without `{}`: {error:#}", need.program);
                continue;
            }
            installed => installed?,
        }
        ensure!(
            need.is_present(workspace),
            "`{}` is still missing",
            need.program
        );
    }
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "{} (or run with --setup)",
        missing.join("; ")
    )))
}

/// What is known of packages may be old, or nothing at all.
fn update(need: &Need) -> Result<()> {
    match need.source {
        Source::Component(_) | Source::Crate(_) => Ok(()),
        _ => run(&mut as_root("apt-get update --quiet")?),
    }
}

/// Where crates are installed to, with `bin/` below.
pub(crate) fn tools(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools")
}

/// Whether a library can be compiled with, as `pkg-config` calls it.
pub(crate) fn has_library(name: &str) -> bool {
    let mut command = Command::new(PKG_CONFIG.program);
    on_path(PKG_CONFIG.program) && succeeds(command.arg("--exists").arg(name))
}

impl Need {
    fn is_present(&self, workspace: &Workspace) -> bool {
        match self.source {
            // rustup puts a proxy of every component's programs on the path, installed or not.
            Source::Component(_) => succeeds(Command::new(self.program).arg("--version")),
            Source::Apt(_) => on_path(self.program),
            Source::AptLibrary(_) | Source::AptWish(_) => has_library(self.program),
            Source::Python(code, _) => succeeds(Command::new("python3").args(["-c", code])),
            Source::Crate(_) => tools(workspace).join("bin").join(self.program).is_file(),
        }
    }

    fn install(&self, workspace: &Workspace) -> Result<Command> {
        match self.source {
            Source::Component(name) => {
                let mut rustup = Command::new("rustup");
                rustup.args(["component", "add", name]);
                Ok(rustup)
            }
            Source::Apt(name)
            | Source::AptLibrary(name)
            | Source::AptWish(name)
            | Source::Python(_, name) => as_root(&format!(
                "apt-get install --yes --no-install-recommends {name}"
            )),
            Source::Crate(name) => {
                let mut cargo = workspace.cargo("install --debug --locked --root");
                cargo.arg(tools(workspace)).arg(name);
                // Its other programs, and looking into it, cost a third more.
                cargo.args(["--bin", self.program]);
                cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
                Ok(cargo)
            }
        }
    }
}

fn as_root(words: &str) -> Result<Command> {
    let is_root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut words = words.split_whitespace();
    let first = if is_root { words.next() } else { Some("sudo") };
    let mut command = Command::new(first.context("no command")?);
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Not on every user's path, but where `ip` may be.
    let system = ["/usr/sbin", "/sbin"].map(Path::new).map(Path::to_path_buf);
    std::env::split_paths(&path)
        .chain(system)
        .any(|folder| folder.join(program).is_file())
}
