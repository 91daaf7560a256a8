//! The step `package`: packs every crate meant for the registry and builds each from its package, the others taken from
//! the packages just made (cargo keeps them in a registry of their own below the target directory).

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::command;
use crate::steps::Outcome;
use crate::workspace::{Workspace, cargo_home};

/// Packs and builds.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let unpacked = cargo_home()?.join("registry/src");
    fs::create_dir_all(&unpacked).with_context(|| unpacked.display().to_string())?;
    let lock = File::open(&unpacked)?;
    lock.lock().context("locking cargo's unpacked sources")?;

    forget(workspace, &unpacked)?;
    // A dirty tree is fine: what is proved is that the packages are whole.
    let mut cargo = workspace.cargo("package --workspace --allow-dirty");
    for package in workspace
        .packages
        .iter()
        .filter(|package| !package.published)
    {
        cargo.args(["--exclude", &package.name]);
    }
    // A package does not carry the workspace's profile; with the same setting its dependencies need no second build.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let packed = command::run(&mut cargo);
    forget(workspace, &unpacked)?;
    packed.map(|()| Outcome::Passed)
}

/// Removes our crates as unpacked from such a registry. Cargo (1.95) unpacks a name and version once and for all, so a
/// second run would build against the first run's sources. The folders of registries below a path have names that begin
/// with a dash (no host name); the lock held by [`run`] keeps two runs on one machine apart.
fn forget(workspace: &Workspace, unpacked: &Path) -> Result<()> {
    for folder in fs::read_dir(unpacked)? {
        let folder = folder?;
        if !folder.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for package in &workspace.packages {
            let ours = folder
                .path()
                .join(format!("{}-{}", package.name, package.version));
            if ours.is_dir() {
                fs::remove_dir_all(&ours).with_context(|| ours.display().to_string())?;
            }
        }
        // Goes if it is empty now; another project's registry stays.
        let _ = fs::remove_dir(folder.path());
    }
    Ok(())
}
