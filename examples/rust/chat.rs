//! The smallest chat program: lines of the standard input are sent, everything said is printed.
//!
//!     cargo run -p kaiwa-examples --bin chat -- ws://localhost:7878/wschat ann

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use anyhow::{Context, bail};
use kaiwa_protocols::client::Client;
use kaiwa_protocols::connection::{ChatEvent, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{AuthField, Message, MessageStatus, Registry};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        bail!("usage: chat URL NAME");
    };
    let client = Client::new();
    let mut events = client.subscribe();
    let account = client.add((Registry::get("wschat")?.connect)())?;
    let form = vec![
        AuthField::text("url", "", Some(&url), true),
        AuthField::text("name", "", Some(&name), true),
    ];
    client.connect(account, form)?;

    let mut lines = BufReader::new(stdin()).lines();
    let mut typing = true;
    let mut unsettled = 0_u32;
    while typing || unsettled > 0 {
        tokio::select! {
            line = lines.next_line(), if typing => match line? {
                Some(text) => {
                    let say = ChatEvent::New {
                        channel_id: None,
                        message: Message::text(text, chrono::Utc::now()),
                    };
                    client.send(account, say.into())?;
                    unsettled += 1;
                }
                None => typing = false,
            },
            event = events.recv() => match event.context("the client has ended")?.event {
                ConnectionEvent::Chat { event } => show(&event),
                ConnectionEvent::Status { event } => match event {
                    StatusEvent::Done { .. } => unsettled -= 1,
                    StatusEvent::Failed { error, .. } => bail!("not sent: {error}"),
                    StatusEvent::Lost { error, retry_in_ms: None } => bail!("{error}"),
                    _ => {}
                },
                _ => {}
            },
        }
    }
    client.shutdown().await;
    Ok(())
}

/// Prints messages of others when they come, own ones when the server has confirmed them.
fn show(event: &ChatEvent) {
    let (ChatEvent::New { message, .. }
    | ChatEvent::Update {
        new_message: message,
        ..
    }) = event
    else {
        return;
    };
    if message.status == MessageStatus::Delivered {
        let sender = message.sender_id.as_deref().unwrap_or("?");
        println!("{sender}: {}", message.plain_text());
    }
}
