//! The step `interop`: facts about a network are checked on the real program and on our own server by the same tests, which
//! are in `interop/`; and a foreign client is let loose on our server.
//!
//! The real wschat listens on port 80 of all interfaces and cannot be told otherwise, so it runs with its tests in a network
//! namespace of their own. A process namespace around both ends whatever was started in it.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::steps::Outcome;
use crate::workspace::{Workspace, cargo_home};

/// Where the real program listens.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 80);

/// The secret of the guarded room; nothing outside the namespace can reach it.
const SECRET: &str = "interop";

/// How long one namespace may stand, in seconds; its tests take a few.
const LIMIT_SECONDS: u64 = 300;

/// How the real program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// How often, and with which pause between, the program is asked whether it listens: 10 s in all.
const START_ATTEMPTS: u32 = 500;
const START_PAUSE: Duration = Duration::from_millis(20);

/// Builds the real program and the tests, then runs these against both servers.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let Some(flags) = namespace() else {
        let why = "network namespaces are not allowed here: run as root, in a container with CAP_SYS_ADMIN";
        return Ok(Outcome::Skipped(why.to_owned()));
    };
    let program = build_wschat(workspace, Profile::Dev)?;
    command::run(&mut tests(workspace, "--no-run"))?;
    for test in ["wschat_kaiwa", "oshatori", "flubber"] {
        command::run(tests(workspace, "--test").arg(test))?;
    }
    for (test, secret) in [
        ("wschat_open", None),
        ("wschat_jwt", Some(SECRET)),
        ("client_open", None),
        ("client_jwt", Some(SECRET)),
    ] {
        let logs = workspace.target.join("interop/logs").join(test);
        if logs.is_dir() {
            fs::remove_dir_all(&logs)?;
        }
        fs::create_dir_all(&logs)?;
        let mut inside = command::limited(LIMIT_SECONDS, Path::new("unshare"));
        inside.args(flags).arg(&workspace.program);
        inside
            .arg("--inside-namespace")
            .args([program.as_os_str(), test.as_ref()]);
        // Both are read by the program itself, and by the tests.
        inside.env("LOG_DIR", &logs).env_remove("JWT_SECRET");
        inside.envs(secret.map(|secret| ("JWT_SECRET", secret)));
        command::run(&mut inside)?;
    }
    Ok(Outcome::Passed)
}

/// Inside the namespace: starts the program, runs one test target against it, ends it.
pub(crate) fn inside_namespace(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let [program, test] = arguments else {
        bail!("a program and a test are needed");
    };
    // `ip` is in a folder that is not on every user's path.
    let path = format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    );
    command::run(
        Command::new("ip")
            .args(["link", "set", "lo", "up"])
            .env("PATH", path),
    )?;
    let mut server = Command::new(program)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let tested = wait_until_it_listens(&mut server).and_then(|()| {
        let mut cargo = tests(workspace, "--offline");
        cargo.arg("--test").arg(test);
        command::run(cargo.env("KAIWA_WSCHAT_URL", format!("ws://{ADDRESS}/")))
    });
    server.kill()?;
    server.wait()?;
    tested
}

/// `cargo test` of `interop/`.
fn tests(workspace: &Workspace, flag: &str) -> Command {
    let mut cargo = workspace.cargo("test --locked --manifest-path interop/Cargo.toml");
    cargo.arg("--target-dir").arg(&workspace.target).arg(flag);
    cargo
}

/// How `unshare` is to be called to get namespaces of our own. A user who is not root becomes root of them.
pub(crate) fn namespace() -> Option<&'static [&'static str]> {
    const AS_ROOT: &[&str] = &["--net", "--pid", "--fork", "--kill-child"];
    const AS_USER: &[&str] = &[
        "--map-root-user",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
    ];
    let works =
        |flags: &&[&str]| command::succeeds(Command::new("unshare").args(*flags).arg("true"));
    [AS_ROOT, AS_USER].into_iter().find(works)
}

fn wait_until_it_listens(server: &mut Child) -> Result<()> {
    for _ in 0..START_ATTEMPTS {
        if let Some(status) = server.try_wait()? {
            bail!("the server ended by itself: {status}");
        }
        if TcpStream::connect(ADDRESS).is_ok() {
            return Ok(());
        }
        thread::sleep(START_PAUSE);
    }
    bail!("the server does not listen at {ADDRESS}");
}

/// The real program, built from the registry's source with the versions of `interop/wschat/Cargo.lock`.
pub(crate) fn build_wschat(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let pins = workspace.root.join("interop/wschat");
    let lock = fs::read_to_string(pins.join("Cargo.lock"))?;
    command::run(&mut workspace.cargo("fetch --locked --manifest-path interop/wschat/Cargo.toml"))?;

    let version = version_of_wschat(&lock).context("interop/wschat/Cargo.lock names no wschat")?;
    let name = format!("wschat-{version}");
    let build = workspace.target.join("interop");
    let source = build.join(&name);
    copy(&fetched(&name)?, &source)?;
    // Without a table of its own the manifest would be taken for a member of the workspace around it.
    let manifest = fs::read_to_string(fetched(&name)?.join("Cargo.toml"))?;
    write_if_changed(
        &source.join("Cargo.toml"),
        format!("{manifest}\n[workspace]\n").as_bytes(),
    )?;
    write_if_changed(&source.join("Cargo.lock"), as_its_own(&lock).as_bytes())?;

    let mut cargo = workspace.cargo("build --locked");
    cargo.arg("--manifest-path").arg(source.join("Cargo.toml"));
    cargo
        .arg("--target-dir")
        .arg(&build)
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            cargo.arg("--release");
            "release"
        }
    };
    command::run(&mut cargo)?;
    Ok(build.join(folder).join("wschat"))
}

/// Where cargo unpacked a crate. `cargo metadata` would tell, but leaves out a dependency without a library.
fn fetched(name: &str) -> Result<PathBuf> {
    let registries = cargo_home()?.join("registry/src");
    for registry in fs::read_dir(&registries)? {
        let folder = registry?.path().join(name);
        if folder.join("Cargo.toml").is_file() {
            return Ok(folder);
        }
    }
    bail!("cargo fetched no {name} into {}", registries.display());
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to)?;
        } else if !["Cargo.toml", "Cargo.lock"]
            .map(OsString::from)
            .contains(&entry.file_name())
        {
            write_if_changed(&to, &fs::read(&from)?)?;
        }
    }
    Ok(())
}

/// Leaves a file alone that is right already, so that cargo sees nothing to build.
fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| path.display().to_string())
}

fn version_of_wschat(lock: &str) -> Option<&str> {
    let package = lock
        .split("\n\n")
        .find(|package| package.contains("name = \"wschat\"\n"))?;
    let line = package
        .lines()
        .find_map(|line| line.strip_prefix("version = "))?;
    Some(line.trim_matches('"'))
}

/// The lock file of the package that names wschat, as wschat's own: without that package, and with wschat at hand instead of
/// in a registry.
fn as_its_own(lock: &str) -> String {
    let packages = lock
        .split("\n\n")
        .filter(|package| !package.contains("name = \"wschat-source\""));
    let packages = packages.map(|package| {
        if !package.contains("name = \"wschat\"\n") {
            return package.to_owned();
        }
        let at_hand =
            |line: &&str| !line.starts_with("source = ") && !line.starts_with("checksum = ");
        package
            .lines()
            .filter(at_hand)
            .collect::<Vec<_>>()
            .join("\n")
    });
    packages.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"warp\"\nversion = \"0.2.5\"\nsource = \"registry+x\"\n\n\
        [[package]]\nname = \"wschat\"\nversion = \"0.2.1\"\nsource = \"registry+x\"\nchecksum = \"00\"\n\
        dependencies = [\n \"warp\",\n]\n\n[[package]]\nname = \"wschat-source\"\nversion = \"0.0.0\"\n\
        dependencies = [\n \"wschat\",\n]\n";

    #[test]
    fn the_lock_file_becomes_the_programs_own() {
        assert_eq!(version_of_wschat(LOCK), Some("0.2.1"));
        assert_eq!(
            as_its_own(LOCK),
            "version = 4\n\n[[package]]\nname = \"warp\"\nversion = \"0.2.5\"\nsource = \"registry+x\"\n\n\
            [[package]]\nname = \"wschat\"\nversion = \"0.2.1\"\ndependencies = [\n \"warp\",\n]"
        );
    }
}
