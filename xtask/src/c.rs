//! The step `c`: the library as C and C++ programs meet it. The contract programs of `ffi/tests/c` under the address,
//! undefined-behaviour and thread sanitizers and under valgrind; then an installation by cargo-c into a prefix of its own, and
//! the examples built against that prefix alone, by pkg-config and by CMake, and run against a server.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command;
use crate::setup;
use crate::steps::Outcome;
use crate::workspace::Workspace;

/// How long a program may run, in seconds; under valgrind it takes half a minute. Only a hang reaches it.
const LIMIT_SECONDS: u64 = 300;

/// What Rust's standard library needs of the system; `rustc --print native-static-libs` says it.
const SYSTEM: [&str; 5] = ["-lgcc_s", "-lutil", "-lpthread", "-lm", "-ldl"];

/// Builds the tests in C, as the step `unit` does, so that after it nothing is built again.
const TESTS: &str = "test --workspace --all-features --test c";

/// The promises of the headers as programs: compiler, standard, file.
const CONTRACTS: [(&str, &str, &str); 2] = [
    ("clang", "-std=c11", "contract.c"),
    ("clang++", "-std=c++17", "contract.cpp"),
];

/// The examples: compiler, file, what they are built with as `pkg-config` calls it.
const EXAMPLES: [(&str, &str, &[&str]); 4] = [
    ("cc", "c/chat.c", &[]),
    ("cc", "c/poll_loop.c", &[]),
    ("cc", "c/glib_loop.c", &["glib-2.0"]),
    ("c++", "cpp/chat.cpp", &[]),
];

/// All of it.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let out = workspace.target.join("c");
    fs::create_dir_all(&out)?;
    sanitize(workspace, &out)?;
    let prefix = install(workspace, &out)?;
    for examples in [
        by_pkg_config(workspace, &prefix, &out)?,
        by_cmake(workspace, &prefix, &out)?,
    ] {
        try_examples(workspace, &examples)?;
    }
    Ok(Outcome::Passed)
}

fn sanitize(workspace: &Workspace, out: &Path) -> Result<()> {
    // The library beside the tests has what the contracts want of it.
    command::run(&mut workspace.cargo(&format!("{TESTS} --no-run")))?;
    let libraries = workspace.target.join("debug/deps");
    let [library, shared] = ["libkaiwa.a", "libkaiwa.so"].map(|name| libraries.join(name));
    for contract in CONTRACTS {
        // The thread sanitizer sees nothing of Rust's own locks: it is to leave alone what the shared library does, which tells
        // of userdata that goes from thread to thread.
        let program = build(workspace, out, contract, &shared, &["-fsanitize=thread"])?;
        let mut limited = contract_run(&program);
        // A forked child makes a client, with threads, of its own.
        let options = "halt_on_error=1 die_after_fork=0 ignore_noninstrumented_modules=1";
        command::run(limited.env("TSAN_OPTIONS", options))?;
    }
    for contract in CONTRACTS {
        let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
        let program = build(workspace, out, contract, &library, &flags)?;
        command::run(&mut contract_run(&program))?;

        let program = build(workspace, out, contract, &library, &[])?;
        let mut valgrind = contract_run(Path::new("valgrind"));
        valgrind.args(["--quiet", "--error-exitcode=1", "--leak-check=full"]);
        // Rust's thread-locals of threads that still run are "possibly lost".
        let kinds = "definite,indirect";
        valgrind.arg(format!("--show-leak-kinds={kinds}"));
        valgrind.arg(format!("--errors-for-leak-kinds={kinds}"));
        command::run(valgrind.arg(program))?;
    }
    Ok(())
}

/// Runs it with a limit; the panics in it are on purpose, and their backtraces take valgrind a minute.
fn contract_run(program: &Path) -> Command {
    let mut command = command::limited(LIMIT_SECONDS, program);
    command.env("RUST_BACKTRACE", "0");
    command
}

/// Compiles a contract and links it with the library at a path.
fn build(
    workspace: &Workspace,
    out: &Path,
    (compiler, standard, file): (&str, &str, &str),
    library: &Path,
    flags: &[&str],
) -> Result<PathBuf> {
    let program = out.join(file.replace('.', "-"));
    let mut cc = Command::new(compiler);
    // Valgrind 3.19 does not read what clang writes of DWARF 5.
    cc.args([standard, "-gdwarf-4", "-O1", "-D_GNU_SOURCE", "-I"])
        .arg(workspace.root.join("include"))
        .args(flags)
        .arg(workspace.root.join("ffi/tests/c").join(file))
        .arg(library)
        .args(SYSTEM)
        .arg("-o")
        .arg(&program);
    command::run(&mut cc)?;
    Ok(program)
}

/// Installs into an empty prefix and looks at the SONAME.
fn install(workspace: &Workspace, out: &Path) -> Result<PathBuf> {
    let prefix = out.join("prefix");
    if prefix.is_dir() {
        fs::remove_dir_all(&prefix)?;
    }
    let mut cargo = Command::new(setup::tools(workspace).join("bin/cargo-cinstall"));
    cargo
        .args(["cinstall", "--locked", "--package", "kaiwa-ffi", "--debug"])
        .args(["--libdir", "lib", "--prefix"])
        .arg(&prefix)
        // Of its own: nothing can be shared with a cargo of another version, and build scripts would run in turns.
        .arg("--target-dir")
        .arg(out.join("cargo-c"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(&workspace.root);
    command::run(&mut cargo)?;

    let header = fs::read_to_string(prefix.join("include/kaiwa.h"))?;
    let kept = fs::read_to_string(workspace.root.join("include/kaiwa.h"))?;
    ensure!(header == kept, "cargo-c installed another kaiwa.h");
    let dynamic = command::output(
        Command::new("readelf")
            .arg("--dynamic")
            .arg(prefix.join("lib/libkaiwa.so")),
    )?;
    let version = fs::read_to_string(workspace.root.join("ffi/src/version.rs"))?;
    let abi = version
        .lines()
        .find_map(|line| line.split_once("ABI_VERSION: u32 = "))
        .context("ffi/src/version.rs has no ABI_VERSION")?;
    let soname = format!("[libkaiwa.so.{}]", abi.1.trim_end_matches(';'));
    ensure!(
        dynamic.contains(&soname),
        "the SONAME is not {soname}; see [package.metadata.capi.library] in ffi/Cargo.toml"
    );
    Ok(prefix)
}

/// Builds the examples with what `pkg-config` says. Gives where they are.
fn by_pkg_config(workspace: &Workspace, prefix: &Path, out: &Path) -> Result<PathBuf> {
    let folder = out.join("pkg-config");
    fs::create_dir_all(&folder)?;
    let mut path = OsString::from(prefix.join("lib/pkgconfig"));
    if let Some(more) = std::env::var_os("PKG_CONFIG_PATH") {
        path.push(":");
        path.push(more);
    }
    for (compiler, file, others) in EXAMPLES {
        if others.iter().any(|library| !setup::has_library(library)) {
            println!("{file} is left out: it needs {}", others.join(", "));
            continue;
        }
        let ask = |what: &str, libraries: &[&str]| {
            let mut ask = Command::new("pkg-config");
            ask.arg(what).args(libraries).env("PKG_CONFIG_PATH", &path);
            command::output(&mut ask)
        };
        let libraries = [&["kaiwa"], others].concat();
        let mut cc = Command::new(compiler);
        cc.args(ask("--cflags", &libraries)?.split_whitespace())
            .arg(workspace.root.join("examples").join(file))
            .args(ask("--libs", &libraries)?.split_whitespace())
            .arg("-pthread")
            // As CMake does in a build tree.
            .arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()))
            .arg("-o")
            .arg(folder.join(program(file)));
        command::run(&mut cc)?;
    }
    Ok(folder)
}

/// Builds them in a project as a user would have it, outside of this tree's build. Gives where they are.
fn by_cmake(workspace: &Workspace, prefix: &Path, out: &Path) -> Result<PathBuf> {
    let tree = out.join("cmake");
    if tree.is_dir() {
        fs::remove_dir_all(&tree)?;
    }
    let set = |name: &str, value: &Path| {
        let mut flag = OsString::from(format!("-D{name}="));
        flag.push(value);
        flag
    };
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(workspace.root.join("cmake/test"))
        .arg("-B")
        .arg(&tree)
        .arg(set("CMAKE_PREFIX_PATH", prefix))
        .arg(set("EXAMPLES", &workspace.root.join("examples")));
    command::run(&mut configure)?;
    command::run(Command::new("cmake").arg("--build").arg(&tree))?;
    Ok(tree)
}

/// The tests of the examples, with these programs and the installed library.
fn try_examples(workspace: &Workspace, programs: &Path) -> Result<()> {
    let mut cargo = workspace.cargo(&format!("{TESTS} -- examples::"));
    command::run(cargo.env("KAIWA_EXAMPLES", programs))
}

/// What the program of an example is called.
fn program(file: &str) -> String {
    file.replace(['/', '.'], "-")
}
