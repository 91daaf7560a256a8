//! Packets as frames, and the numbers of those that are kept nowhere.

use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use chrono::Utc;
use kaiwa_protocols::sockchat::wire::{ChatMessage, Flags, Notice, SERVER_ID, ServerPacket};
use tokio::time::Instant;

use crate::world::{Batch, Receiver};
use crate::ws::put_text;

/// Appends a packet as a frame.
pub(super) fn put(packet: &ServerPacket<'_>, out: &mut Vec<u8>) {
    put_text(&packet.encode(), out);
}

/// Packets as frames, one behind the other.
pub(super) fn frames(packets: &[ServerPacket<'_>]) -> Bytes {
    let mut out = Vec::new();
    for packet in packets {
        put(packet, &mut out);
    }
    out.into()
}

/// Sends frames to one connection.
pub(super) fn give(receiver: &Receiver, bytes: Bytes) {
    receiver.push(&Batch { bytes, messages: 1 }, Instant::now());
}

/// What the server says. Of a `say` the argument is as in a message, else names are as they stand in packets.
pub(super) fn notice(ids: &Ids, is_error: bool, code: &str, arguments: &[&str]) -> Bytes {
    let notice = Notice {
        is_error,
        code,
        arguments: arguments.to_vec(),
    };
    frames(&[ServerPacket::Message(ChatMessage {
        time: Some(Utc::now()),
        user_id: SERVER_ID,
        text: &notice.written(),
        message_id: &ids.next(),
        flags: Flags::MESSAGE,
        notify: None,
        channel: None,
    })])
}

/// Ids of what is kept nowhere, as that somebody has come: no message ever has one of them, and neither has another run of the
/// server.
pub(super) struct Ids(AtomicI64);

/// Ids of messages lie below: they count messages.
const FIRST: i64 = 1 << 52;

/// Ids for each second since [`EPOCH`]: about a million, more than can be told in one.
const PER_SECOND: u32 = 20;

/// The second from which on ids are counted, 2023-11-14; ids stay below 2^53 for 136 years from then.
const EPOCH: i64 = 1_700_000_000;

impl Default for Ids {
    fn default() -> Self {
        let seconds = (Utc::now().timestamp() - EPOCH).clamp(0, (1 << 32) - 1);
        Self(AtomicI64::new(FIRST + (seconds << PER_SECOND)))
    }
}

impl Ids {
    /// The next one.
    pub(super) fn next(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_integers_and_none_is_given_twice() {
        let ids = Ids::default();
        let one: i64 = ids.next().parse().unwrap();
        let other: i64 = ids.next().parse().unwrap();
        assert!(one >= FIRST && other == one + 1 && other < 1 << 53);
    }
}
