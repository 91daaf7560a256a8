//! A subscriber in Rust that does what `bench/c/pump.c` does in C: takes a flood and counts its messages. It says `ready` when
//! somebody with the id 42 is there, and after the flood how many nanoseconds of CPU and of time the measured part took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kaiwa_protocols::Registry;
use kaiwa_protocols::client::{Client, ClientOptions};
use kaiwa_protocols::connection::{ChatEvent, ConnectionEvent, StatusEvent, UserEvent};

use super::{cpu, form};

/// Events taken at once, as the pump does.
const AT_ONCE: usize = 256;

/// What is to come, and from where.
#[derive(Debug)]
pub(super) struct Load<'a> {
    /// Events are taken as they come together, not one at a time.
    pub(super) many: bool,
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
    let connection = (Registry::get(load.protocol)?.connect)();
    let account = client.add(connection)?;
    client.connect(account, form(load.fields)?)?;
    let mut meter = Meter::new(&load);
    while !meter.is_over() {
        if load.many {
            let taken = events.recv_many(AT_ONCE).await;
            for event in taken.context("the client has ended")? {
                meter.take(&event.event)?;
            }
        } else {
            let event = events.recv().await.context("the client has ended")?;
            meter.take(&event.event)?;
        }
    }
    println!("{} {}", meter.cpu.as_nanos(), meter.time.as_nanos());
    Ok(())
}

/// Counts messages, and looks at the clocks twice.
struct Meter {
    warm_up: u64,
    all: u64,
    seen: u64,
    begin: (Duration, Instant),
    cpu: Duration,
    time: Duration,
}

impl Meter {
    fn new(load: &Load<'_>) -> Self {
        Self {
            warm_up: load.warm_up,
            all: load.warm_up + load.count,
            seen: 0,
            begin: (Duration::ZERO, Instant::now()),
            cpu: Duration::ZERO,
            time: Duration::ZERO,
        }
    }

    fn take(&mut self, event: &ConnectionEvent) -> Result<()> {
        match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. },
            } => {
                self.seen += 1;
                if self.seen == self.warm_up {
                    self.begin = (cpu(), Instant::now());
                } else if self.seen == self.all {
                    self.cpu = cpu() - self.begin.0;
                    self.time = self.begin.1.elapsed();
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
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.seen >= self.all
    }
}
