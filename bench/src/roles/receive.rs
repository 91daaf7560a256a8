//! One flooded client, which takes everything at once and does nothing with it. It measures itself: how many messages came
//! in a time, and how much CPU the process used for them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;
use futures_util::{SinkExt as _, StreamExt as _};
use kaiwa_protocols::Registry;
use kaiwa_protocols::client::{Client, ClientOptions};
use kaiwa_protocols::connection::{ChatEvent, ConnectionEvent};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::form;
use crate::process::cpu_of;

/// Not counted: the queues fill, the allocator finds its sizes.
const WARM_UP: Duration = Duration::from_millis(500);

/// How often the clock is looked at, in messages.
const STRIDE: u64 = 1024;

/// The least that a server of rim takes for one.
const SIGN_IN: &str = r#"{"clientMsgId":"login"}"#;

/// What receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReceiveKind {
    /// A `Client` with one account
    ClientStateless,
    /// The same, state kept
    Client,
    /// A `Connection`
    Connection,
    /// The floor: a tokio-tungstenite socket, texts are counted and dropped
    Tungstenite,
}

/// From where, and for how long.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) protocol: &'a str,
    /// The flood itself, for the floor.
    pub(super) url: &'a str,
    pub(super) millis: u64,
    /// The login form: `name=value`.
    pub(super) fields: &'a [String],
}

/// Says how many messages came and how many nanoseconds of CPU they took.
pub(super) async fn run(kind: ReceiveKind, from: Source<'_>) -> Result<()> {
    let mut meter = Meter::new(Duration::from_millis(from.millis));
    match kind {
        ReceiveKind::Client => client(&from, true, &mut meter).await?,
        ReceiveKind::ClientStateless => client(&from, false, &mut meter).await?,
        ReceiveKind::Connection => {
            let mut connection = (Registry::get(from.protocol)?.connect)();
            let mut events = connection.subscribe();
            connection.connect(form(from.fields)?).await?;
            while !meter.is_over()? {
                let event = events.recv().await.context("the connection has ended")?;
                meter.count(is_message(&event));
            }
        }
        ReceiveKind::Tungstenite => {
            let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
            let (mut socket, _) = connect_async_with_config(from.url, Some(config), true).await?;
            // Where there is a sign-in, the flood waits for it.
            socket.send(Message::text(SIGN_IN)).await?;
            while !meter.is_over()? {
                let message = socket.next().await.context("the socket has ended")??;
                meter.count(matches!(message, Message::Text(_)));
            }
        }
    }
    println!("{} {}", meter.messages, meter.cpu.as_nanos());
    Ok(())
}

async fn client(from: &Source<'_>, keep_state: bool, meter: &mut Meter) -> Result<()> {
    let mut options = ClientOptions::default();
    options.keep_state = keep_state;
    let client = Client::with_options(options);
    let mut events = client.subscribe();
    let account = client.add((Registry::get(from.protocol)?.connect)())?;
    client.connect(account, form(from.fields)?)?;
    while !meter.is_over()? {
        let event = events.recv().await.context("the client has ended")?.event;
        meter.count(is_message(&event));
    }
    Ok(())
}

pub(super) fn is_message(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Chat {
            event: ChatEvent::New { .. }
        }
    )
}

pub(super) struct Meter {
    duration: Duration,
    /// Since the process began, until the warm-up is over.
    seen: u64,
    begin: Option<(Instant, u64, Duration)>,
    start: Instant,
    pub(super) messages: u64,
    pub(super) cpu: Duration,
}

impl Meter {
    pub(super) fn new(duration: Duration) -> Self {
        Self {
            duration,
            seen: 0,
            begin: None,
            start: Instant::now(),
            messages: 0,
            cpu: Duration::ZERO,
        }
    }

    pub(super) fn count(&mut self, is_message: bool) {
        self.seen += u64::from(is_message);
    }

    pub(super) fn is_over(&mut self) -> Result<bool> {
        if !self.seen.is_multiple_of(STRIDE) {
            return Ok(false);
        }
        match self.begin {
            None if self.start.elapsed() >= WARM_UP => {
                self.begin = Some((Instant::now(), self.seen, cpu_of("self")?));
            }
            Some((begin, seen, cpu)) if begin.elapsed() >= self.duration => {
                self.messages = self.seen - seen;
                self.cpu = cpu_of("self")? - cpu;
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }
}
