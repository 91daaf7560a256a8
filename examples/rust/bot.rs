//! A bot: answers `!ping` with `pong`, and `!quit` by leaving. Old news never wakes it, because backlog is `History`.
//!
//!     cargo run -p kaiwa-examples --bin bot -- ws://localhost:7878/wschat

use anyhow::Context;
use kaiwa_protocols::connection::{ChatEvent, ConnectionEvent};
use kaiwa_protocols::{AuthField, Message, MessageType, Registry};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).context("usage: bot URL")?;
    let form = vec![
        AuthField::text("url", "", Some(&url), true),
        AuthField::text("name", "", Some("bot"), true),
    ];
    // One account needs no client: a connection is enough.
    let mut connection = (Registry::get("wschat")?.connect)();
    let mut events = connection.subscribe();
    connection.connect(form).await?;
    while let Some(event) = events.recv().await {
        let ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    message,
                },
        } = event
        else {
            continue;
        };
        if message.message_type != MessageType::Normal {
            continue;
        }
        let text = message.plain_text();
        if text == "!quit" {
            break;
        }
        if text == "!ping" {
            let answer = Message::text("pong", chrono::Utc::now());
            let answer = ChatEvent::New {
                channel_id,
                message: answer,
            };
            connection.send(answer.into()).await?;
        }
    }
    connection.disconnect().await?;
    Ok(())
}
