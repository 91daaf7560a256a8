//! `kaiwa backend-check`: starts a backend as a host would, and says which rules it keeps.
//!
//! [`rules`] has the rules, [`scenes`] what is played with the backend, [`talk`] one conversation with it and what is looked
//! for in every value, [`form`] how values look, [`process`] the child and its pipes, [`report`] what is printed.

mod form;
mod process;
mod report;
mod rules;
mod scenes;
mod talk;

use std::time::Duration;

use kaiwa_protocols::Error;

use crate::args::BackendCheck;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::output;
use report::Report;

/// What is checked, and how.
pub(crate) struct Setup {
    /// The backend and its arguments.
    command: Vec<String>,
    /// The name of a room that is there.
    room: String,
    /// How long everything may take that the backend does at once.
    limit: Duration,
}

/// Plays all scenes and prints the report.
///
/// # Errors
/// `Invalid` for a command that cannot be started.
pub(crate) async fn run(args: &BackendCheck) -> Result<Code, Error> {
    let setup = Setup {
        command: args.command.clone(),
        room: args.room.clone(),
        limit: args.time_limit,
    };
    let mut interrupt = Interrupt::install()?;
    let mut report = Report::default();
    tokio::select! {
        code = interrupt.wait() => return Ok(code),
        played = scenes::play(&setup, &mut report) => played?,
    }
    output::print(&report.text())?;
    Ok(if report.has_failures() {
        Code::UNDELIVERED
    } else {
        Code::DONE
    })
}
