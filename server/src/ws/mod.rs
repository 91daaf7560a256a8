//! WebSocket below the front ends: the handshake, one client's frames, one client's task. Knows no network.

mod connection;
mod frame;
mod link;
mod upgrade;

pub(crate) use connection::{Handler, Settings, converse};
pub(crate) use frame::{put_text, put_text_with};
pub(crate) use upgrade::{Refused, upgrade};
