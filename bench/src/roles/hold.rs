//! Many idle clients in one process. It is told how many there are to be, and says when they are; or that they will all lose
//! their server and return, and says when they are back. They connect one after the other, unless the kind says otherwise.

use std::ops::Range;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use kaiwa_protocols::client::{Client, ClientEvents, ClientOptions};
use kaiwa_protocols::connection::{Connection, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{AuthField, Registry};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Read buffer of the floor; as small as the library's.
const READ_BUFFER: usize = 4 * 1024;

/// What holds the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoldKind {
    /// A `Client` with an account each, state kept
    Client,
    /// The same without state
    ClientStateless,
    /// A `Client` as the first, all of whose accounts connect at the same moment
    ClientAtOnce,
    /// A `Connection` each, and a task that reads its events
    Connection,
    /// The floor: a tokio-tungstenite socket each, and a task that reads it
    Tungstenite,
    /// The same, all at the same moment
    TungsteniteAtOnce,
}

pub(super) async fn run(kind: HoldKind, url: &str) -> Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let mut clients = Clients::new(kind);
    let mut held = 0;
    while let Some(line) = lines.next_line().await? {
        if line == "return" {
            println!("waiting");
            clients.wait_for_return(held).await?;
            println!("back");
            continue;
        }
        let wanted: usize = line.parse()?;
        clients.add(held..wanted, url).await?;
        held = wanted;
        println!("{held}");
    }
    Ok(())
}

/// What holds them; the flags say whether all connect at the same moment.
enum Clients {
    Client(Client, ClientEvents, bool),
    Connections,
    Sockets(bool),
}

impl Clients {
    fn new(kind: HoldKind) -> Self {
        let client = |keep_state, at_once| {
            let mut options = ClientOptions::default();
            options.keep_state = keep_state;
            let client = Client::with_options(options);
            let events = client.subscribe();
            Self::Client(client, events, at_once)
        };
        match kind {
            HoldKind::Client => client(true, false),
            HoldKind::ClientStateless => client(false, false),
            HoldKind::ClientAtOnce => client(true, true),
            HoldKind::Connection => Self::Connections,
            HoldKind::Tungstenite => Self::Sockets(false),
            HoldKind::TungsteniteAtOnce => Self::Sockets(true),
        }
    }

    /// Connects more; returns when all are in.
    async fn add(&mut self, numbers: Range<usize>, url: &str) -> Result<()> {
        match self {
            Self::Client(client, events, at_once) => {
                let mut missing = 0;
                for number in numbers {
                    let account = client.add(connection()?)?;
                    client.connect(account, form(url, number))?;
                    missing += 1;
                    if !*at_once {
                        wait_for_sign_ins(events, std::mem::take(&mut missing)).await?;
                    }
                }
                wait_for_sign_ins(events, missing).await
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
                Ok(())
            }
            Self::Sockets(at_once) => {
                let sockets = stream::iter(numbers).map(|_| socket(url));
                let mut sockets = sockets.buffer_unordered(if *at_once { usize::MAX } else { 1 });
                while let Some(mut socket) = sockets.next().await.transpose()? {
                    tokio::spawn(async move { while socket.next().await.is_some() {} });
                }
                Ok(())
            }
        }
    }
}

impl Clients {
    /// Takes events until so many accounts have signed in again.
    async fn wait_for_return(&mut self, mut missing: usize) -> Result<()> {
        let Self::Client(_, events, _) = self else {
            bail!("only a `Client` returns by itself");
        };
        while missing > 0 {
            let event = events.recv().await.context("the client has ended")?.event;
            let is_back = matches!(
                event,
                ConnectionEvent::Status {
                    event: StatusEvent::Connected { .. }
                }
            );
            missing -= usize::from(is_back);
        }
        while events.next().now_or_never().is_some() {}
        Ok(())
    }
}

/// Takes events until so many accounts have signed in.
async fn wait_for_sign_ins(events: &mut ClientEvents, mut missing: usize) -> Result<()> {
    while missing > 0 {
        let event = events.recv().await.context("the client has ended")?.event;
        let ConnectionEvent::Status { event } = event else {
            continue;
        };
        match event {
            StatusEvent::Connected { .. } => missing -= 1,
            StatusEvent::Lost { error, .. } => bail!("{error:?}"),
            _ => {}
        }
    }
    // What each says after that: who I am, the room.
    while events.next().now_or_never().is_some() {}
    Ok(())
}

async fn socket(url: &str) -> Result<Socket> {
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    Ok(connect_async_with_config(url, Some(config), true).await?.0)
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
