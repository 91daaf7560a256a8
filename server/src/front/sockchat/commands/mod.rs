//! What stands behind a slash.

mod arguments;
mod refusal;

pub(super) use refusal::Refusal;

use kaiwa_protocols::sockchat::wire::Command;

use super::call::Call;

/// Carries out a command. The next packet of its session is read when this is done; whoever asked is told the refusal, while
/// what comes of success is told here ([`Call::change`]).
///
/// # Errors
/// Why not.
#[expect(clippy::unused_async, reason = "commands wait for the store")]
pub(super) async fn carry_out(_call: &Call, command: Command<'_>) -> Result<(), Refusal> {
    Err(Refusal::NoCommand(command.name))
}
