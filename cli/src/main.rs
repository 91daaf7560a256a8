//! The command `kaiwa`: chat, watch, send and serve, over the library that everybody else can use too.
//!
//! Here is no network and no logic that a library would want. A file per command (`chat/`, `watch.rs`, `send.rs`,
//! `protocols.rs`, `account.rs`, `log.rs`, `serve.rs`, `backend.rs`, `backend_check/`); below them `link.rs` (one account from signing in to the last event),
//! `arrival.rs` (when all of before is told), `names.rs` (who is meant by a name), `login.rs`, `form.rs` and `source.rs` (login
//! forms), `accounts.rs` (the file), `embedded/` (the server of one's own), `exit.rs` (codes and errors).
//!
//! Start at [`args::Cli`], which is what `--help` shows, then `run` below.

#![forbid(unsafe_code)]

mod account;
mod accounts;
mod args;
mod arrival;
mod backend;
mod backend_check;
mod chat;
mod dirs;
mod embedded;
mod exit;
mod form;
mod interrupt;
mod link;
mod log;
mod logging;
mod login;
mod names;
mod output;
mod private;
mod protocols;
mod send;
mod serve;
mod source;
mod terminal;
mod text;
mod watch;

use std::process::ExitCode;

use args::{Cli, Command};
use exit::Code;
use kaiwa_protocols::{Error, ErrorKind};

fn main() -> ExitCode {
    let args = args::parse();
    logging::start(&args);
    let result = run(&args);
    terminal::restore();
    let code = result.unwrap_or_else(|error| exit::report(&error));
    code.into()
}

fn run(args: &Cli) -> Result<Code, Error> {
    match &args.command {
        Some(Command::Protocols(args)) => protocols::run(args),
        Some(Command::Account(args)) => account::run(args),
        Some(Command::Log(args)) => log::run(args),
        Some(Command::Chat(args)) => block_on(chat::run_on(args)),
        Some(Command::Watch(args)) => block_on(watch::run(args)),
        Some(Command::Send(args)) => block_on(send::run(args)),
        Some(Command::Serve(args)) => block_on(serve::run(args)),
        Some(Command::Backend(args)) => block_on(backend::run(args)),
        Some(Command::BackendCheck(args)) => block_on(backend_check::run(args)),
        None => block_on(chat::run(&args.chat)),
    }
}

fn block_on(run: impl Future<Output = Result<Code, Error>>) -> Result<Code, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "no threads can be had").with_source(error)
        })?;
    let result = runtime.block_on(run);
    // A read of the standard input or a lock that is waited for ends with the process, not before.
    runtime.shutdown_background();
    result
}
