//! What this program is as a measured process. Each role says on its output what the measurement waits for, and ends with
//! its input.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Subcommand};
use kaiwa_protocols::AuthField;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

mod hold;
mod host;
mod receive;
mod relay;
mod rim_relay;
mod serve;
mod sockchat;
mod subscribe;

pub(crate) use hold::HoldKind;
pub(crate) use host::BackendKind;
pub(crate) use receive::ReceiveKind;
pub(crate) use sockchat::SockchatKind;

/// A role.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
pub(crate) enum Role {
    /// kaiwa's server
    #[command(hide = true)]
    Serve {
        store: String,
        data: PathBuf,
        listen: SocketAddr,
    },
    /// The floor of servers
    #[command(hide = true)]
    Relay,
    /// The floor of rim's servers
    #[command(hide = true)]
    RimRelay,
    /// Many idle clients
    #[command(hide = true)]
    Hold { kind: HoldKind, url: String },
    /// A host of a backend
    #[command(hide = true)]
    Host { kind: BackendKind, millis: u64 },
    /// A backend
    #[command(hide = true)]
    Backend { kind: BackendKind },
    /// One flooded client
    #[command(hide = true)]
    Receive {
        kind: ReceiveKind,
        protocol: String,
        url: String,
        millis: u64,
        fields: Vec<String>,
    },
    /// One flooded client of Sock Chat
    #[command(hide = true)]
    Sockchat {
        kind: SockchatKind,
        url: String,
        warm_up: u64,
        packets: u64,
        /// A service of emotes, and how many it has
        #[arg(requires = "emotes")]
        asset_api: Option<String>,
        emotes: Option<usize>,
    },
    /// One flooded client, beside which one in C does the same
    #[command(hide = true)]
    Subscribe {
        #[arg(action = ArgAction::Set)]
        many: bool,
        #[arg(action = ArgAction::Set, value_parser = BoolishValueParser::new())]
        keep_state: bool,
        protocol: String,
        warm_up: u64,
        count: u64,
        fields: Vec<String>,
    },
}

/// Plays it. The runtime is the one that programs have who do not think about it.
pub(crate) fn run(role: &Role) -> Result<()> {
    if let Role::Backend { kind } = role {
        return host::backend(*kind);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match role {
            Role::Serve {
                store,
                data,
                listen,
            } => serve::run(store, data, *listen).await,
            Role::Relay => relay::run().await,
            Role::RimRelay => rim_relay::run().await,
            Role::Hold { kind, url } => hold::run(*kind, url).await,
            Role::Host { kind, millis } => host::host(*kind, *millis).await,
            // It waits for its pipes without a runtime.
            Role::Backend { .. } => Ok(()),
            Role::Receive {
                kind,
                protocol,
                url,
                millis,
                fields,
            } => {
                let from = receive::Source {
                    protocol,
                    url,
                    millis: *millis,
                    fields,
                };
                receive::run(*kind, from).await
            }
            Role::Sockchat {
                kind,
                url,
                warm_up,
                packets,
                asset_api,
                emotes,
            } => {
                let load = sockchat::Load {
                    url,
                    warm_up: *warm_up,
                    packets: *packets,
                    emotes: asset_api.as_deref().zip(*emotes),
                };
                sockchat::run(*kind, load).await
            }
            Role::Subscribe {
                many,
                keep_state,
                protocol,
                warm_up,
                count,
                fields,
            } => {
                let load = subscribe::Load {
                    many: *many,
                    keep_state: *keep_state,
                    protocol,
                    warm_up: *warm_up,
                    count: *count,
                    fields,
                };
                subscribe::run(load).await
            }
        }
    })?;
    // What still blocks a thread, reading the input for example, is not waited for.
    runtime.shutdown_background();
    Ok(())
}

/// Returns when the measurement is over, or the measuring program gone.
async fn end_of_input() {
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(_)) = lines.next_line().await {}
}

/// CPU time of this process so far, of all threads, in the process and for it in the kernel: in nanoseconds, which the ticks
/// of `/proc` are too coarse for.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// A login form of `name=value`.
fn form(fields: &[String]) -> Result<Vec<AuthField>> {
    let field = |field: &String| {
        let (name, value) = field.split_once('=').context("write name=value")?;
        Ok(AuthField::text(name, "", Some(value), false))
    };
    fields.iter().map(field).collect()
}
