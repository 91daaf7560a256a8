//! What a front end tells the world, and how it shows what the world says.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use kaiwa_core::Error;

use super::Receiver;
use crate::store::{MessageId, NewMessage, Posted, Repeat, RoomId, UserId};

/// Which front end; each has its own number (`front/mod.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NetworkId(pub(crate) u8);

/// How one network shows what happens.
pub(crate) trait Network: Send + Sync {
    /// Whether a message goes to its sender's own connections too.
    fn echoes(&self) -> bool;

    /// Appends the frame that shows a message to whoever is in its room.
    fn message(&self, said: &Said, out: &mut Vec<u8>);

    /// The frame that tells a notice to somebody whom it concerns, on a network that has such a thing.
    fn notice(&self, notice: &Notice, to: UserId) -> Option<Bytes>;
}

/// Makes the frame that answers a sender, once the message is kept or refused.
pub(crate) type Answer =
    Box<dyn FnOnce(&NewMessage, Result<&Posted, &Error>) -> Option<Bytes> + Send>;

/// A message on its way into the store.
pub(crate) struct Submission {
    /// What is kept.
    pub(crate) message: NewMessage,
    /// What a client id that was used before means.
    pub(crate) repeat: Repeat,
    /// The name that networks show which put it beside each message.
    pub(crate) sender_name: Option<String>,
    /// What its own network shows, where the sender's task can make it so that the delivering one need not.
    pub(crate) prepared: Option<(NetworkId, String)>,
    /// The line for the log file.
    pub(crate) log_line: Option<String>,
    /// The sender's own connection: gets the answer; closed if the message cannot be kept.
    pub(crate) origin: Arc<Receiver>,
    /// Makes the answer, on a network that answers.
    pub(crate) answer: Option<Answer>,
}

impl Submission {
    /// How many bytes it brings, about as many as its receivers will get.
    pub(crate) fn size(&self) -> usize {
        let NewMessage {
            text,
            client_id,
            extra,
            ..
        } = &self.message;
        let kept: usize = [text, client_id, extra, &self.sender_name]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum();
        let prepared = self.prepared.as_ref().map_or(0, |(_, text)| text.len());
        kept.max(prepared)
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("room", &self.message.room)
            .finish_non_exhaustive()
    }
}

/// A message that is durable.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) posted: Posted,
    pub(crate) submission: Box<Submission>,
}

/// Something else that happened, for those whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// These people are in a room now.
    Entered { room: RoomId, users: Vec<UserId> },
    /// These people are no longer in a room; `by` is who has removed them, unless they left themselves.
    Left {
        room: RoomId,
        users: Vec<UserId>,
        by: Option<UserId>,
    },
    /// A room has another name, topic or picture, or somebody another role.
    RoomChanged { room: RoomId },
    /// What is between these two has changed.
    Contacts { one: UserId, other: UserId },
    /// Somebody has read a room up to a message.
    Read {
        room: RoomId,
        user: UserId,
        message: MessageId,
    },
}
