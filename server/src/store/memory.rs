//! No storage: messages are numbered and forgotten.

use std::collections::BTreeMap;

use kaiwa_core::Error;

use super::{NewMessage, Position, RoomId, Store, StoredMessage};

/// Numbers messages and keeps none (`store = "none"`).
#[derive(Debug, Default)]
pub struct MemoryStore {
    last_id: i64,
    last_seq: BTreeMap<RoomId, i64>,
}

impl Store for MemoryStore {
    fn append(&mut self, messages: &[&NewMessage]) -> Result<Vec<Position>, Error> {
        let number = |message: &&NewMessage| {
            self.last_id += 1;
            let seq = self.last_seq.entry(message.room).or_default();
            *seq += 1;
            Position {
                id: self.last_id,
                seq: *seq,
            }
        };
        Ok(messages.iter().map(number).collect())
    }

    fn recent(&mut self, _room: RoomId, _limit: usize) -> Result<Vec<StoredMessage>, Error> {
        Ok(Vec::new())
    }

    fn after(&mut self, _: RoomId, _: i64, _: usize) -> Result<Vec<StoredMessage>, Error> {
        Ok(Vec::new())
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}
