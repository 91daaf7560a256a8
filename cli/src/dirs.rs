//! Where this user's files are.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, HomeDirError, choose_app_strategy};
use kaiwa_protocols::{Error, ErrorKind};

/// The directory of the accounts file.
///
/// # Errors
/// `Config` if there is no home directory and no `KAIWA_CONFIG_DIR`.
pub(crate) fn config() -> Result<PathBuf, Error> {
    named("KAIWA_CONFIG_DIR", || {
        strategy().map(|strategy| strategy.config_dir())
    })
}

/// The directory of one's own server.
///
/// # Errors
/// `Config` if there is no home directory and no `KAIWA_DATA_DIR`.
pub(crate) fn data() -> Result<PathBuf, Error> {
    named("KAIWA_DATA_DIR", || {
        strategy().map(|strategy| strategy.data_dir())
    })
}

fn strategy() -> Result<impl AppStrategy, HomeDirError> {
    choose_app_strategy(AppStrategyArgs {
        app_name: "kaiwa".to_owned(),
        ..AppStrategyArgs::default()
    })
}

fn named(
    variable: &str,
    platform: impl FnOnce() -> Result<PathBuf, HomeDirError>,
) -> Result<PathBuf, Error> {
    if let Some(dir) = std::env::var_os(variable).filter(|dir| !dir.is_empty()) {
        return Ok(dir.into());
    }
    platform().map_err(|error| {
        let text = format!("your home directory is not known; set HOME or {variable}");
        Error::new(ErrorKind::Config, text).with_source(error)
    })
}
