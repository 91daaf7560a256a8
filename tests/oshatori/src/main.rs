//! A small chat logger in the words of the crate oshatori 0.2: its paths, its literals, its calls.
//!
//! It is built against `kaiwa-protocols` under that name. Where the two differ on purpose (`connect` takes the form, errors
//! are values, enums grow, ids are no `String`s) it is written as kaiwa wants it.

#![forbid(unsafe_code)]

mod records;
mod script;
mod storage;

use std::error::Error;
use std::io::Write;

use oshatori::client::{ConnectionStatus, StateClient};
use oshatori::connection::{ChatEvent, ConnectionEvent, MockConnection, StatusEvent};
use oshatori::{Connection, MessageFragment};

use crate::records::account;
use crate::script::script;
use crate::storage::CountingStorage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let account = account();
    let mut connection = MockConnection::new();
    writeln!(out, "network: {}", connection.protocol_spec().name)?;

    let states = StateClient::with_storage(CountingStorage::default());
    let id = states.track(&account.protocol_name).await;
    let processor = states.spawn_processor(id.clone(), connection.subscribe());
    let mut events = connection.subscribe();

    connection.connect(account.auth).await?;
    for event in script() {
        connection.send(event).await?;
    }
    // The events end with their connection, and the processor with the events.
    drop(connection);
    while let Some(event) = events.recv().await {
        if let Some(line) = log(&event) {
            writeln!(out, "{line}")?;
        }
    }
    processor.await?;
    report(&mut out, &states, &id).await?;

    let disconnected = StatusEvent::Disconnected { artifact: None };
    states
        .process(
            &id,
            ConnectionEvent::Status {
                event: disconnected,
            },
        )
        .await;
    let state = states.get_connection(&id).await.ok_or("no connection")?;
    writeln!(out, "then: {:?}", state.status)?;
    states.untrack(&id).await;
    writeln!(out, "tracked: {}", states.list_connections().await.len())?;
    Ok(())
}

/// What was said, in a line.
fn log(event: &ConnectionEvent) -> Option<String> {
    let ConnectionEvent::Chat {
        event: ChatEvent::New {
            channel_id,
            message,
        },
    } = event
    else {
        return None;
    };
    let words: Vec<String> = message
        .content
        .iter()
        .map(|fragment| match fragment {
            MessageFragment::Text(text) | MessageFragment::Url(text) => text.clone(),
            MessageFragment::Image { url, mime }
            | MessageFragment::Video { url, mime }
            | MessageFragment::Audio { url, mime } => format!("[{mime}: {url}]"),
            MessageFragment::AssetId(id) => format!("<{id}>"),
            _ => String::new(),
        })
        .collect();
    let place = channel_id.as_deref().unwrap_or("here");
    let who = message.sender_id.as_deref().unwrap_or("?");
    Some(format!("{place} <{who}> {}", words.join(" ")))
}

/// What the state has come to, by every question there is.
async fn report(
    out: &mut impl Write,
    states: &StateClient<CountingStorage>,
    id: &str,
) -> Result<(), Box<dyn Error>> {
    let state = states.get_connection(id).await.ok_or("no connection")?;
    writeln!(out, "up: {}", state.status == ConnectionStatus::Connected)?;
    writeln!(
        out,
        "in: {:?}, as {:?}",
        state.current_channel, state.current_user_id
    )?;
    let mut channels: Vec<_> = state.channels.keys().collect();
    channels.sort();
    writeln!(out, "channels: {channels:?}")?;
    let garden = states.get_channel(id, "garden").await.ok_or("no channel")?;
    writeln!(
        out,
        "people: {} here, {} anywhere",
        garden.users.len(),
        state.global_users.len()
    )?;
    let first = garden.messages.iter().next().ok_or("no message")?;
    writeln!(out, "first: {:?}", first.content)?;
    let cat = states.get_user(id, "cat").await.ok_or("no cat")?;
    writeln!(out, "cat: {:?}", cat.display_name)?;
    writeln!(
        out,
        "messages: {}, assets: {} here, {} everywhere",
        states.get_messages(id, "garden").await.len(),
        states.get_assets(id, Some("garden")).await.len(),
        states.get_assets(id, None).await.len()
    )?;
    Ok(())
}
