//! The Sock Chat wire format, both directions, for both ends. Pure: no socket, no clock, no randomness.
//!
//! * [`ServerPacket`]: what servers send; [`ClientPacket`]: what clients send.
//! * [`User`], [`Permissions`], [`DisplayName`]: people.
//! * [`Notice`]: what the server says in words, as a code; with English words.
//! * [`Command`]: what clients write behind a slash.
//!
//! Everything borrows from the frame. Text and names are kept as they stand in it, with the replacements that servers make:
//! [`html`](crate::text::html) makes and undoes them. Reading is lenient: of four dialects each tail and variant is understood,
//! additional fields are skipped, unknown packets are a value, and what makes no sense is an error, never a panic. Writing is
//! strict: one dialect, and no field can break out of its place.

mod client;
mod command;
mod fields;
mod flags;
mod notice;
mod server;
mod user;

#[cfg(test)]
mod tests;

use std::fmt;

pub use client::{ClientPacket, Credentials};
pub use command::{Command, defused, revealed};
pub use flags::Flags;
pub use notice::Notice;
pub use server::{
    BacklogMessage, ChannelEntry, ChatMessage, ClearMode, LeaveReason, ListedUser, RefusalReason,
    Removal, ServerPacket, Tail, Welcome, action_text, split_recipient,
};
pub use user::{ChannelRight, DisplayName, Permissions, User};

/// The user id of the server, whose messages are [`Notice`]s.
pub const SERVER_ID: &str = "-1";

/// The message id of a greeting.
pub const WELCOME_ID: &str = "welcome";

/// The message id of a backlog that was read from a database; many messages have it.
pub const RELOADED_ID: &str = "rlbl";

/// A frame that is no packet. Says what is wrong, never what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    packet: Option<u16>,
    fault: Fault,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does not begin with a number.
    NoId,
    /// A field is missing.
    Missing,
    /// A field that decides about the others is none of the known ones.
    UnknownKind,
    /// A field that must be a number is none.
    NoNumber,
}

impl WireError {
    fn new(packet: u16, fault: Fault) -> Self {
        Self {
            packet: Some(packet),
            fault,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.fault {
            Fault::NoId => "it begins with no number",
            Fault::Missing => "a field is missing",
            Fault::UnknownKind => "it is of an unknown kind",
            Fault::NoNumber => "a field is no number",
        };
        match self.packet {
            Some(packet) => write!(f, "packet {packet}: {fault}"),
            None => write!(f, "not a packet: {fault}"),
        }
    }
}

impl std::error::Error for WireError {}
