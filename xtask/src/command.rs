//! Running other programs: shown before they run, waited for, and named when they fail.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The cargo that runs this program, without what `cargo run` adds to the environment: build scripts look at some of it
/// (`CARGO_MANIFEST_DIR`, `CARGO_PKG_*`), and would run again at every change between inside and outside.
pub(crate) fn cargo() -> Command {
    without_cargo(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that runs cargo in its turn, with the same environment.
pub(crate) fn without_cargo(program: impl AsRef<OsStr>) -> Command {
    let mut cargo = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Shows the command, runs it with this terminal, and waits.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    let status = command.status().with_context(|| show(command))?;
    ensure!(status.success(), "`{}`: {status}", show(command));
    Ok(())
}

/// Shows the command, runs it, and shows what it printed if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    let output = command.output().with_context(|| show(command))?;
    let printed = || {
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        format!("{out}{err}")
    };
    ensure!(
        output.status.success(),
        "{}`{}`: {}",
        printed(),
        show(command),
        output.status
    );
    Ok(())
}

/// What the command prints; its errors go to this terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| show(command))?;
    ensure!(
        output.status.success(),
        "`{}`: {}",
        show(command),
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the command ends well; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The command as one would type it: variables set for it, program, arguments.
pub(crate) fn show(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={}",
            name.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let program = Path::new(command.get_program()).file_name();
    let program = program
        .unwrap_or_else(|| command.get_program())
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    set.chain([program])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A command that is killed when it takes longer than so many seconds.
pub(crate) fn limited(seconds: u64, program: &Path) -> Command {
    let mut command = Command::new("timeout");
    // In the foreground: Ctrl-C reaches the program too.
    command
        .args(["--foreground", "--signal=KILL", &seconds.to_string()])
        .arg(program);
    command
}
