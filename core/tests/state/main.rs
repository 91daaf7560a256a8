//! The folded state: what each event does to it, the message log against a model, and reading while it changes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod client;
mod events;
mod log;
mod people;
mod places;
mod talk;

use chrono::DateTime;
use kaiwa_core::{Message, MessageStatus};

/// A delivered message said `second` seconds after the epoch.
fn message(id: &str, second: i64) -> Message {
    Message {
        id: Some(id.into()),
        sender_id: Some("ann".into()),
        status: MessageStatus::Delivered,
        ..Message::text(
            format!("text of {id}"),
            DateTime::from_timestamp(second, 0).unwrap(),
        )
    }
}
