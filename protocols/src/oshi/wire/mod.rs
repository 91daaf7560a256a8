//! The Oshi wire format, both directions: one JSON object per text frame. Pure: no socket, no clock, no randomness.
//!
//! * [`request`]: what a client sends, [`Request`], and how a client writes it.
//! * [`read`]: how a server reads it, [`ClientFrame`]; what is wrong with it is a [`Refusal`].
//! * [`reply`]: what a server answers, [`ServerFrame`] and [`Answer`], and how it is written.
//! * [`event`]: what a server tells unasked, [`Event`].
//! * [`listen`]: how a client reads both.
//! * [`object`], [`id`], [`word`]: what frames are made of.
//! * [`limit`]: every limit that both ends know.
//!
//! A client's fields are read strictly: a wrong one is an error that names it. Of what a server sends, the fields that say
//! where something belongs are read strictly, the others as far as they make sense. Additional fields are skipped in both
//! directions, a word that is not known is a value.

pub mod event;
pub mod id;
pub mod limit;
pub mod listen;
mod loose;
pub mod object;
pub mod read;
pub mod reply;
pub mod request;
mod secret;
#[cfg(test)]
mod tests;
pub mod word;

pub use event::{CircleChange, Event, StreamChange};
pub use id::{CircleId, FileId, MessageId, NoId, StreamId, Tag, UserId};
pub use listen::WireError;
pub use object::{
    Circle, File, Limits, Member, Message, Profile, PubLimit, Reaction, Stream, Subscription,
};
pub use read::{ClientFrame, Refusal};
pub use reply::{Answer, Failure, Hello, Page, ServerFrame, State};
pub use request::{Auth, Credentials, Place, Pub, Request};
pub use secret::Secret;
pub use word::{ErrorCode, MemberChange, Reason, Role, StreamKind};

/// The version of the protocol, `v` in `auth` and `hello`.
pub const VERSION: i64 = 1;

/// The close code after a first frame that is no valid `auth`, as in the original.
pub const CLOSE_AUTH: u16 = 1011;

/// The reason that goes with [`CLOSE_AUTH`], and the message of `auth_failed`.
pub const AUTH_FAILED: &str = "authentication failed";

/// The close code after more than [`limit::MALFORMED`] malformed frames in a row.
pub const CLOSE_MALFORMED: u16 = 1008;

/// The close code for a connection that takes too little of what is sent to it.
pub const CLOSE_SLOW: u16 = 1013;

/// The close code of a server that stops.
pub const CLOSE_STOP: u16 = 1001;

/// The close code after `logout`.
pub const CLOSE_LOGOUT: u16 = 1000;

/// The path of uploads, below the server's address; a file's url begins with it and `/`.
pub const FILES_PATH: &str = "/oshi/files";
