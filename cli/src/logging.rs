//! What is logged to the standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};

/// Starts logging: what `RUST_LOG` says, else what `-v` says. Servers tell what happens without being asked.
pub(crate) fn start(args: &Cli) {
    let serves = matches!(args.command, Some(Command::Serve(_)));
    let filter = match (args.verbose, serves) {
        (0, false) => "off",
        (0, true) => "info",
        (1, _) => "info,kaiwa=debug,kaiwa_core=debug,kaiwa_protocols=debug,kaiwa_server=debug",
        (2, _) => "debug",
        (_, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
}
