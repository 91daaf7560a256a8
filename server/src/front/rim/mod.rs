//! The rim front end: accounts, contacts, groups and history over REST, live messages over a WebSocket.
//!
//! * [`rest`]: the endpoints; one file for those about people, contacts, groups, messages.
//! * [`socket`]: what a WebSocket client may say.
//! * [`network`]: how rim shows what happens in the world.
//! * [`records`]: what is kept, as rim's records.
//!
//! Unlike the original's, everything is done as the user of the token, whatever ids a request names besides; docs/server.md
//! has all differences.

mod client_id;
mod network;
mod notified;
mod records;
pub(crate) mod rest;
pub(crate) mod socket;

use std::sync::Arc;

use notified::Notified;

use super::signed_out::SignedOut;
use super::{Links, Rules};
use crate::auth::Auth;
use crate::store::{RoomId, UserId};

/// What all rim requests and connections share.
pub(crate) struct Rim {
    auth: Arc<Auth>,
    rules: Rules,
    links: Links,
    signed_out: Arc<SignedOut>,
    notified: Arc<Notified>,
    large: rest::LargeAnswers,
}

impl Rim {
    pub(crate) fn new(auth: Arc<Auth>, rules: Rules, links: Links) -> Self {
        Self {
            auth,
            rules,
            links,
            signed_out: Arc::default(),
            notified: Arc::default(),
            large: rest::LargeAnswers::default(),
        }
    }
}

/// The user that a number on the wire means. Ids stay below 2^53, so a number that is too large for one means nobody.
fn user_id(number: u64) -> UserId {
    UserId(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The room that a number on the wire means, in the same way.
fn room_id(number: u64) -> RoomId {
    RoomId(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An id of the store on the wire.
fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}
