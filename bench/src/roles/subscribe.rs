//! A subscriber in Rust that does what `bench/c/pump.c` does in C: takes a flood and counts its messages. It says `ready` when
//! somebody with the id 42 is there, and after the flood how many nanoseconds of CPU and of time the measured part took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kaiwa_protocols::client::{Client, ClientOptions};
use kaiwa_protocols::connection::{ChatEvent, Connection, ConnectionEvent, StatusEvent, UserEvent};
use kaiwa_protocols::mock::{MockConnection, Script};
use kaiwa_protocols::{AuthField, sockchat};

use super::cpu;

/// What is to come, and from where.
#[derive(Debug)]
pub(super) struct Load<'a> {
    pub(super) keep_state: bool,
    pub(super) protocol: &'a str,
    /// Messages that are not measured.
    pub(super) warm_up: u64,
    /// Messages that are.
    pub(super) count: u64,
    /// The login form: `name=value`.
    pub(super) fields: &'a [String],
}

/// Plays it.
pub(super) async fn run(load: Load<'_>) -> Result<()> {
    let mut options = ClientOptions::default();
    options.keep_state = load.keep_state;
    let client = Client::with_options(options);
    let mut events = client.subscribe();
    let connection: Box<dyn Connection> = match load.protocol {
        "mock" => Box::new(MockConnection::scripted(Script::echo())),
        "sockchat" => Box::new(sockchat::connection()),
        other => bail!("no flood comes from {other}"),
    };
    let account = client.add(connection)?;
    client.connect(account, form(load.fields)?)?;
    let all = load.warm_up + load.count;
    let mut begin = (Duration::ZERO, Instant::now());
    let mut seen = 0;
    while seen < all {
        match events.recv().await.context("the client has ended")?.event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. },
            } => {
                seen += 1;
                if seen == load.warm_up {
                    begin = (cpu(), Instant::now());
                }
            }
            ConnectionEvent::User {
                event: UserEvent::New { user, .. },
            } if user.id.as_deref() == Some("42") => println!("ready"),
            ConnectionEvent::Status {
                event: StatusEvent::Lost { error, .. },
            } => bail!("{error:?}"),
            _ => {}
        }
    }
    let (cpu, time) = (cpu() - begin.0, begin.1.elapsed());
    println!("{} {}", cpu.as_nanos(), time.as_nanos());
    Ok(())
}

fn form(fields: &[String]) -> Result<Vec<AuthField>> {
    let field = |field: &String| {
        let (name, value) = field.split_once('=').context("write name=value")?;
        Ok(AuthField::text(name, "", Some(value), false))
    };
    fields.iter().map(field).collect()
}
