//! The core of kaiwa: one vocabulary for many chat networks, the traits that a network implements, and the
//! client that holds many accounts.
//!
//! What it does: [`event`]s and records, [`Error`]s with numbered kinds, bounded event queues ([`EventReceiver`]),
//! the [`Connection`] trait that applications use, the sans-IO [`session::Session`] trait that networks implement, the
//! supervising [`Client`] and the folded state ([`StateClient`]).
//!
//! What it does not do: it knows no network, opens no socket, speaks no TLS and no HTTP. Networks and transports are in
//! the crate `kaiwa-protocols`, which re-exports everything here.
//!
//! Start at [`ConnectionEvent`] (what happens), then [`Connection`] (one account), then [`Client`] (many).

#![forbid(unsafe_code)]

pub mod capabilities;
pub mod client;
pub mod connection;
pub mod error;
pub mod event;
pub mod outbox;
pub mod queue;
pub mod session;

mod account;
mod asset;
mod channel;
mod id;
mod member;
mod message;
mod presence;
mod profile;
mod request;
mod statistics;
mod style;

pub use account::{Account, AuthField, FieldValue, Protocol};
pub use asset::{Asset, AssetSource};
pub use capabilities::Capabilities;
pub use channel::{Channel, ChannelType};
pub use client::{Client, StateClient};
pub use connection::{Connection, EventReceiver};
pub use error::{Error, ErrorInfo, ErrorKind};
pub use event::{
    AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, EventKind, StatusEvent, UserEvent,
};
pub use id::Id;
pub use member::{Member, Role};
pub use message::{Message, MessageFragment, MessageStatus, MessageType};
pub use presence::Presence;
pub use profile::Profile;
pub use request::RequestId;
pub use statistics::{Counters, Statistics};
pub use style::{MAX_STYLE_DEPTH, Style};
