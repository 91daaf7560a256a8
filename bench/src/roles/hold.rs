//! Many idle clients in one process. It is told how many there are to be, and says when they are.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use futures_util::StreamExt as _;
use kaiwa_protocols::client::{Client, ClientEvents, ClientOptions};
use kaiwa_protocols::connection::{Connection, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{AuthField, Registry};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Read buffer of the floor; as small as the library's.
const READ_BUFFER: usize = 4 * 1024;

/// What holds the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoldKind {
    /// A `Client` with an account each, state kept
    Client,
    /// The same without state
    ClientStateless,
    /// A `Connection` each, and a task that reads its events
    Connection,
    /// The floor: a tokio-tungstenite socket each, and a task that reads it
    Tungstenite,
}

pub(super) async fn run(kind: HoldKind, url: &str) -> Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let mut clients = Clients::new(kind);
    let mut held = 0;
    while let Some(line) = lines.next_line().await? {
        let wanted: usize = line.parse()?;
        clients.add(held..wanted, url).await?;
        held = wanted;
        println!("{held}");
    }
    Ok(())
}

enum Clients {
    Client(Client, ClientEvents),
    Connections,
    Sockets,
}

impl Clients {
    fn new(kind: HoldKind) -> Self {
        let client = |keep_state| {
            let mut options = ClientOptions::default();
            options.keep_state = keep_state;
            let client = Client::with_options(options);
            let events = client.subscribe();
            Self::Client(client, events)
        };
        match kind {
            HoldKind::Client => client(true),
            HoldKind::ClientStateless => client(false),
            HoldKind::Connection => Self::Connections,
            HoldKind::Tungstenite => Self::Sockets,
        }
    }

    /// Connects more; returns when all are in.
    async fn add(&mut self, numbers: std::ops::Range<usize>, url: &str) -> Result<()> {
        match self {
            Self::Client(client, events) => {
                for number in numbers.clone() {
                    let account = client.add(connection()?)?;
                    client.connect(account, form(url, number))?;
                }
                let mut missing = numbers.len();
                while missing > 0 {
                    match events.recv().await.context("the client has ended")?.event {
                        ConnectionEvent::Status {
                            event: StatusEvent::Connected { .. },
                        } => {
                            missing -= 1;
                        }
                        ConnectionEvent::Status {
                            event: StatusEvent::Lost { error, .. },
                        } => {
                            bail!("{error:?}");
                        }
                        _ => {}
                    }
                }
            }
            Self::Connections => {
                for number in numbers {
                    let mut connection = connection()?;
                    let mut events = connection.subscribe();
                    connection.connect(form(url, number)).await?;
                    tokio::spawn(async move {
                        while events.recv().await.is_some() {}
                        drop(connection);
                    });
                }
            }
            Self::Sockets => {
                for _ in numbers {
                    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
                    let (mut socket, _) =
                        connect_async_with_config(url, Some(config), true).await?;
                    tokio::spawn(async move { while socket.next().await.is_some() {} });
                }
            }
        }
        Ok(())
    }
}

/// A wschat connection, as programs get it.
pub(super) fn connection() -> Result<Box<dyn Connection>> {
    Ok((Registry::get("wschat")?.connect)())
}

/// Its login form.
pub(super) fn form(url: &str, number: usize) -> Vec<AuthField> {
    vec![
        AuthField::text("url", "", Some(url), true),
        AuthField::text("name", "", Some(&format!("bench{number}")), true),
    ]
}
