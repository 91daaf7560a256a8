//! One flooded client of Sock Chat, which takes everything at once and does nothing with it. It says when it is in, and after
//! the flood how much CPU that took.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use futures_util::{SinkExt as _, StreamExt as _};
use kaiwa_protocols::AuthField;
use kaiwa_protocols::client::{Client, ClientEvents, ClientOptions, TakenEvents};
use kaiwa_protocols::connection::{
    AssetEvent, ChatEvent, Connection, ConnectionEvent, StatusEvent, UserEvent,
};
use oshatori::connection as foreign;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::cpu;

/// How long signing in may take, with everything that comes before the flood.
const READY_LIMIT: Duration = Duration::from_secs(20);

/// Events taken at once, as the C library's pump does.
const AT_ONCE: usize = 256;

/// What receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SockchatKind {
    /// A `Client` with one account, without state
    Stateless,
    /// The same, state kept
    State,
    /// The same as the first, emotes loaded
    Emotes,
    /// A `Connection`
    Connection,
    /// A connection of the crate oshatori
    Oshatori,
    /// The floor: a tokio-tungstenite socket, texts are split at tabs and dropped
    Tabs,
}

/// What is to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    pub(super) url: &'a str,
    /// Packets that are not measured: the queues fill, the allocator finds its sizes.
    pub(super) warm_up: u64,
    /// Packets that are.
    pub(super) packets: u64,
    /// A service of emotes, and how many it has.
    pub(super) emotes: Option<(&'a str, usize)>,
}

/// Says `ready`, and how many nanoseconds of CPU the measured packets took.
pub(super) async fn run(kind: SockchatKind, load: Load<'_>) -> Result<()> {
    let mut meter = Meter::new(load);
    match kind {
        SockchatKind::Stateless | SockchatKind::Emotes => client(load, false, &mut meter).await?,
        SockchatKind::State => client(load, true, &mut meter).await?,
        SockchatKind::Connection => connection(load, &mut meter).await?,
        SockchatKind::Oshatori => oshatori(load, &mut meter).await?,
        SockchatKind::Tabs => tabs(load, &mut meter).await?,
    }
    println!("{}", meter.cpu.as_nanos());
    Ok(())
}

async fn client(load: Load<'_>, keep_state: bool, meter: &mut Meter) -> Result<()> {
    let mut options = ClientOptions::default();
    options.keep_state = keep_state;
    let client = Client::with_options(options);
    let mut events = client.subscribe();
    let account = client.add(Box::new(kaiwa_protocols::sockchat::connection()))?;
    client.connect(account, form(load))?;
    let mut taken = TakenEvents::default();
    let mut next = async || next_of(&mut events, &mut taken).await;
    timeout(READY_LIMIT, ready(load, &mut next)).await??;
    while !meter.is_over() {
        meter.count(is_message(&next().await?));
    }
    Ok(())
}

/// As whoever is flooded takes events: those that are there together.
async fn next_of(events: &mut ClientEvents, taken: &mut TakenEvents) -> Result<ConnectionEvent> {
    loop {
        if let Some(event) = taken.next() {
            return Ok(event.event);
        }
        let some = events.recv_many(AT_ONCE).await;
        *taken = some.context("the client has ended")?;
    }
}

async fn connection(load: Load<'_>, meter: &mut Meter) -> Result<()> {
    let mut connection = kaiwa_protocols::sockchat::connection();
    let mut events = connection.subscribe();
    connection.connect(form(load)).await?;
    let mut next = async || events.recv().await.context("the connection has ended");
    timeout(READY_LIMIT, ready(load, &mut next)).await??;
    while !meter.is_over() {
        meter.count(is_message(&next().await?));
    }
    Ok(())
}

/// Takes events until the client is in, knows who is there, and has all emotes.
async fn ready(
    load: Load<'_>,
    next: &mut impl AsyncFnMut() -> Result<ConnectionEvent>,
) -> Result<()> {
    let mut emotes = load.emotes.map_or(0, |(_, count)| count);
    let mut is_in = false;
    while !is_in || emotes > 0 {
        match next().await? {
            ConnectionEvent::Status {
                event: StatusEvent::Lost { error, .. },
            } => bail!("{error:?}"),
            ConnectionEvent::User {
                event: UserEvent::New { user, .. },
            } => is_in |= user.id.as_deref() == Some("42"),
            ConnectionEvent::Asset {
                event: AssetEvent::New { asset, .. },
            } => {
                let is_emote = matches!(asset, kaiwa_protocols::Asset::Emote { .. });
                emotes = emotes.saturating_sub(usize::from(is_emote));
            }
            _ => {}
        }
    }
    println!("ready");
    Ok(())
}

fn form(load: Load<'_>) -> Vec<AuthField> {
    let mut form = vec![
        AuthField::text("sockchat_url", "", Some(load.url), true),
        AuthField::text("uid", "", Some("7"), false),
        AuthField::text("token", "", Some("bench"), true),
    ];
    if let Some((api, _)) = load.emotes {
        form.push(AuthField::text("asset_api", "", Some(api), false));
    }
    form
}

fn is_message(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Chat {
            event: ChatEvent::New { .. }
        }
    )
}

async fn oshatori(load: Load<'_>, meter: &mut Meter) -> Result<()> {
    use foreign::Connection as _;
    let mut connection = foreign::SockchatConnection::new();
    let mut events = connection.subscribe();
    let field = |name: &str, value| oshatori::AuthField {
        name: name.to_owned(),
        display: None,
        value,
        required: true,
    };
    let text = |text: &str| oshatori::FieldValue::Text(Some(text.to_owned()));
    let set = connection.set_auth(vec![
        field("sockchat_url", text(load.url)),
        field("uid", text("7")),
        field(
            "token",
            oshatori::FieldValue::Password(Some("bench".to_owned())),
        ),
    ]);
    set.map_err(anyhow::Error::msg)?;
    connection.connect().await.map_err(anyhow::Error::msg)?;
    let is_in = |event: &foreign::ConnectionEvent| {
        matches!(event, foreign::ConnectionEvent::User {
            event: foreign::UserEvent::New { user, .. },
        } if user.id.as_deref() == Some("42"))
    };
    let coming_in = async {
        while !is_in(&events.recv().await.context("oshatori has ended")?) {}
        anyhow::Ok(())
    };
    timeout(READY_LIMIT, coming_in).await??;
    println!("ready");
    while !meter.is_over() {
        let event = events.recv().await.context("oshatori has ended")?;
        meter.count(matches!(
            event,
            foreign::ConnectionEvent::Chat {
                event: foreign::ChatEvent::New { .. }
            }
        ));
    }
    Ok(())
}

async fn tabs(load: Load<'_>, meter: &mut Meter) -> Result<()> {
    let (mut socket, _) = connect_async(load.url).await?;
    socket.send(Message::text("1\t7\tbench")).await?;
    println!("ready");
    while !meter.is_over() {
        let message = socket.next().await.context("the socket has ended")??;
        let mut fields = message.to_text()?.split('\t');
        let is_message = fields.next() == Some("2");
        meter.count(std::hint::black_box(fields.count()) == 5 && is_message);
    }
    Ok(())
}

/// Counts messages and looks at the clock twice: in nanoseconds, which the ticks of `/proc` are too coarse for.
struct Meter {
    warm_up: u64,
    all: u64,
    seen: u64,
    begin: Duration,
    cpu: Duration,
}

impl Meter {
    fn new(load: Load<'_>) -> Self {
        Self {
            warm_up: load.warm_up,
            all: load.warm_up + load.packets,
            seen: 0,
            begin: Duration::ZERO,
            cpu: Duration::ZERO,
        }
    }

    fn count(&mut self, is_message: bool) {
        if !is_message {
            return;
        }
        self.seen += 1;
        if self.seen == self.warm_up {
            self.begin = cpu();
        } else if self.seen == self.all {
            self.cpu = cpu() - self.begin;
        }
    }

    fn is_over(&self) -> bool {
        self.seen >= self.all
    }
}
