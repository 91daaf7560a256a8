//! `kaiwa backend`: an account as a backend of another program, on the standard input and output.

use kaiwa_protocols::Error;
use kaiwa_protocols::flubber::backend::{self, Backend as Role};

use crate::args::Backend;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::login::Login;

/// Serves the host until it closes the standard input, or a signal comes.
///
/// # Errors
/// What the login form has against it, what the host does wrong, and why the connection is over for good.
pub(crate) async fn run(args: &Backend) -> Result<Code, Error> {
    let label = args.kept.account.as_deref();
    let login = Login::of(args.protocol.as_deref(), label, &args.fields)?;
    let interrupt = Interrupt::install()?;
    let stop = {
        let mut interrupt = interrupt.clone();
        async move {
            interrupt.wait().await;
        }
    };
    let extended = std::env::var_os(backend::ENV).is_some_and(|value| value == "1");
    let role = Role::new((login.entry.connect)(), login.form).extended(extended);
    role.serve(tokio::io::stdin(), tokio::io::stdout(), stop)
        .await?;
    Ok(interrupt.seen().unwrap_or(Code::DONE))
}
