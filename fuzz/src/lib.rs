//! Plays any sans-IO session through a script of what users, peers, sockets and clocks may do, in any order that a driver
//! allows, and checks what must be true of every session whatever happens:
//!
//! * it does not panic, and it comes to rest: an input is followed by a bounded number of events and wishes;
//! * a request that it accepted ends in exactly one `Done` or `Failed`, at the latest when the user has left; one that it
//!   refused is never heard of;
//! * a deadline that was kept is gone or moved on, so that no driver spins;
//! * no more is written at once than the network allows;
//! * secrets of the login form never show in an event.
//!
//! A target in `fuzz_targets/` names the session, its login form and what its server answers. Start at [`play`].

mod action;
mod player;
mod wanted;

use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_protocols::session::{HttpRequest, HttpResponse};

pub use action::Action;
pub use player::play;
pub use wanted::Wanted;

/// A network, as a fuzz target describes it.
pub struct Network<S> {
    /// The session.
    pub session: S,
    /// What the user fills into the login form, by field.
    pub login: &'static [(&'static str, &'static str)],
    /// A value of the form that must never show.
    pub secret: &'static str,
    /// What the server sends back for a text frame that the session wrote. Panics if no server would understand it.
    pub answer: fn(&str, DateTime<Utc>) -> String,
    /// What the server answers to an HTTP request. Panics if no server would understand it.
    pub http: fn(&HttpRequest) -> HttpResponse,
    /// So many text frames may be written within so much time; any number if `None`.
    pub pace: Option<(usize, Duration)>,
    /// How the network spells the id of what a script names by its number.
    pub id: fn(Thing, u8) -> String,
}

/// What has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A channel.
    Channel,
    /// A message.
    Message,
    /// Somebody.
    User,
}

/// The id of a network that counts everything.
pub fn number(_: Thing, number: u8) -> String {
    number.to_string()
}
