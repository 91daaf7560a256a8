//! Names that rooms do not share.

use kaiwa_core::ErrorKind;
use rusqlite::{Connection, OptionalExtension as _};

use super::db::{Outcome, demand};
use crate::names::key;
use crate::store::{RoomId, RoomKind};

const NAME_HOLDER: &str = "SELECT id FROM rooms WHERE unique_name = ?1";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[NAME_HOLDER];

/// `Conflict` if another room than `own` has this name.
pub(super) fn demand_name(
    connection: &Connection,
    unique: Option<&str>,
    own: Option<RoomId>,
) -> Outcome<()> {
    let Some(unique) = unique else {
        return Ok(());
    };
    let mut select = connection.prepare_cached(NAME_HOLDER)?;
    let holder: Option<i64> = select.query_row([unique], |row| row.get(0)).optional()?;
    let free = holder.is_none_or(|holder| Some(RoomId(holder)) == own);
    demand(free, ErrorKind::Conflict, "this room name is taken")
}

/// What must differ between rooms that need a name of their own.
pub(super) fn unique_name(kind: RoomKind, parent: Option<RoomId>, name: &str) -> Option<String> {
    match (kind, parent) {
        (RoomKind::Channel, _) => Some(format!("channel:{}", name.to_ascii_lowercase())),
        (RoomKind::Stream, Some(parent)) => Some(format!("stream:{}:{}", parent.0, key(name))),
        _ => None,
    }
}
