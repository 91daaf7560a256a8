//! What a front end tells the world, and how it shows what the world says.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use kaiwa_core::Error;

use super::{CloseReason, Notice, Receiver};
use crate::store::{File, NewMessage, Posted, Repeat, Role, Transaction, UserId};

/// Which front end; each has its own number (`front/mod.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NetworkId(pub(crate) u8);

/// How one network shows what happens.
pub(crate) trait Network: Send + Sync {
    /// Appends the frame that shows a message to whoever hears its room.
    fn message(&self, said: &Said, out: &mut Vec<u8>);

    /// What of a message comes to its sender's own connections; of [`Echo::Other`] appends the frame.
    fn echo(&self, said: &Said, out: &mut Vec<u8>) -> Echo;

    /// Learns of a notice before anybody is told; each comes once, in order with what is shown, but for those that somebody types.
    /// Like all of these it is called while who is connected is locked: it must ask nothing of [`super::SharedLive`], nor take a
    /// lock under which somebody else does.
    fn learn(&self, _notice: &Notice) {}

    /// How a connection ends whose person is kept out from now on.
    fn farewell(&self) -> CloseReason {
        CloseReason::Banned
    }

    /// The frame that tells a notice to everybody of this role in its room alike (none: they are in no room that it is about, or
    /// only hear it). It is made once, and told however many they are.
    fn shared(&self, _notice: &Notice, _role: Option<Role>) -> Option<Bytes> {
        None
    }

    /// The frame that tells a notice to somebody whom it concerns, where there is no shared one.
    fn notice(&self, notice: &Notice, to: UserId) -> Option<Bytes>;
}

/// What of a message comes to its sender's own connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// The same as to everybody.
    Same,
    /// Nothing.
    Nothing,
    /// Another frame.
    Other,
}

/// Makes the frame that answers a sender, once the message is kept or refused.
pub(crate) type Answer =
    Box<dyn FnOnce(&NewMessage, Result<&Posted, &Error>) -> Option<Bytes> + Send>;

/// Says why a message is refused, on a network that does not tell everybody what there is.
pub(crate) type Explain = Box<dyn FnOnce(&mut dyn Transaction, &NewMessage, Error) -> Error + Send>;

/// A message on its way into the store.
pub(crate) struct Submission {
    /// What is kept.
    pub(crate) message: NewMessage,
    /// What a client id that was used before means.
    pub(crate) repeat: Repeat,
    /// The name that networks show which put it beside each message; of a guest, set when the message is kept.
    pub(crate) sender_name: Option<String>,
    /// The files that go with it, for those who show them.
    pub(crate) files: Vec<File>,
    /// What its own network shows, where the sender's task can make it so that the delivering one need not.
    pub(crate) prepared: Option<(NetworkId, String)>,
    /// The line for the log file.
    pub(crate) log_line: Option<String>,
    /// The sender's own connection: gets the answer; closed if the message cannot be kept.
    pub(crate) origin: Arc<Receiver>,
    /// Makes the answer, on a network that answers.
    pub(crate) answer: Option<Answer>,
    /// Asked when the store refuses it.
    pub(crate) explain: Option<Explain>,
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
