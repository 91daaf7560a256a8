//! Building C programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// What Rust's standard library needs of the system; `rustc --print native-static-libs` says it.
pub(crate) const SYSTEM: [&str; 5] = ["-lgcc_s", "-lutil", "-lpthread", "-lm", "-ldl"];

/// Every warning is an error.
pub(crate) const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// How long a program may run, in seconds; only a hang reaches it.
const LIMIT_SECONDS: u32 = 120;

/// The crate's folder.
pub(crate) fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the header.
pub(crate) fn include() -> PathBuf {
    here().join("../include")
}

/// A folder for what is built.
pub(crate) fn out() -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    std::fs::create_dir_all(&out).unwrap();
    out
}

/// The static library, with the hooks for tests: cargo makes it beside this program, all kinds of library at once.
pub(crate) fn library() -> PathBuf {
    let library = std::env::current_exe()
        .unwrap()
        .with_file_name("libkaiwa.a");
    assert!(library.is_file(), "{} is missing", library.display());
    library
}

/// A C file compiled and linked with the library.
pub(crate) fn program(source: &Path, name: &str) -> PathBuf {
    program_with(source, name, &[])
}

/// Like [`program`], with further flags.
pub(crate) fn program_with(source: &Path, name: &str, flags: &[String]) -> PathBuf {
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-g", "-D_GNU_SOURCE"]);
    link(cc, source, name, flags)
}

/// Runs a compiler; once for each program, since one that another test runs cannot be written.
pub(crate) fn link(mut compiler: Command, source: &Path, name: &str, flags: &[String]) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let program = out().join(name);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built.insert(name.to_owned()) {
        compiler
            .args(STRICT)
            .arg("-I")
            .arg(include())
            .arg(source)
            .arg(library())
            .args(flags)
            .args(SYSTEM)
            .arg("-o")
            .arg(&program);
        succeeds(&mut compiler);
    }
    program
}

/// A command that ends by itself.
pub(crate) fn limited(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", &LIMIT_SECONDS.to_string()])
        .arg(program)
        // Panics on purpose are short.
        .env_remove("RUST_BACKTRACE");
    command
}

/// Runs a command that must succeed.
pub(crate) fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("the program runs");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Whether a program is installed.
pub(crate) fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
