//! Messages of one room on their way to its connections: rendered once per network, with the answers to their senders among
//! them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::Place;
use crate::store::UserId;
use crate::world::{Batch, Echo, Network, Receiver, Said, Submission};

/// Messages of one room as one network shows them.
pub(super) struct Rendered {
    all: Bytes,
    /// The frames that senders get instead.
    own: Bytes,
    frames: Vec<Frame>,
}

/// One message.
struct Frame {
    /// Its end in [`Rendered::all`].
    end: usize,
    /// Who gets another one, and where that lies in [`Rendered::own`]; an empty one is none.
    echo: Option<(UserId, Range<usize>)>,
}

impl Frame {
    /// The echo, at a place of the sender's.
    fn echo_at(&self, place: &Place) -> Option<&Range<usize>> {
        let (sender, echo) = self.echo.as_ref()?;
        (place.user == Some(*sender)).then_some(echo)
    }
}

impl Rendered {
    pub(super) fn new(network: &dyn Network, said: &[Said]) -> Self {
        let (mut all, mut own) = (Vec::new(), Vec::new());
        let frame = |said: &Said| {
            network.message(said, &mut all);
            let start = own.len();
            let echo = match network.echo(said, &mut own) {
                Echo::Same => None,
                Echo::Nothing | Echo::Other => said.posted.sender,
            };
            Frame {
                end: all.len(),
                echo: echo.map(|sender| (sender, start..own.len())),
            }
        };
        let frames = said.iter().map(frame).collect();
        Self {
            all: all.into(),
            own: own.into(),
            frames,
        }
    }

    pub(super) fn give(&self, place: &Place, answers: &mut Answers, now: Instant) {
        let receiver = &place.receiver;
        let has_echo = |frame: &Frame| frame.echo_at(place).is_some();
        if !self.frames.iter().any(has_echo) && !answers.has_some_for(receiver) {
            let batch = Batch {
                bytes: self.all.clone(),
                messages: self.frames.len(),
            };
            receiver.push(&batch, now);
            return;
        }
        let mut start = 0;
        for (index, frame) in self.frames.iter().enumerate() {
            if let Some(bytes) = answers.take_for(index, receiver) {
                receiver.push(&Batch { bytes, messages: 1 }, now);
            }
            let shown = match frame.echo_at(place) {
                None => self.all.get(start..frame.end),
                Some(echo) => self.own.get(echo.clone()).filter(|echo| !echo.is_empty()),
            };
            if let Some(shown) = shown {
                // A copy, since a slice would keep the whole batch as long as it waits.
                let bytes = Bytes::copy_from_slice(shown);
                receiver.push(&Batch { bytes, messages: 1 }, now);
            }
            start = frame.end;
        }
    }
}

/// Answers for the senders of messages of one room. A sender who hears the room gets them among what is said there, each in its
/// message's place; any other, after that.
pub(super) struct Answers {
    /// By the index of the message.
    waiting: BTreeMap<usize, (Arc<Receiver>, Bytes)>,
}

impl Answers {
    pub(super) fn take(said: &mut [Said]) -> Self {
        let answer = |(index, said): (usize, &mut Said)| {
            let Submission {
                answer,
                message,
                origin,
                ..
            } = said.submission.as_mut();
            let answer = answer.take()?(message, Ok(&said.posted))?;
            Some((index, (Arc::clone(origin), answer)))
        };
        Self {
            waiting: said.iter_mut().enumerate().filter_map(answer).collect(),
        }
    }

    /// Whether some are for this connection.
    fn has_some_for(&self, receiver: &Arc<Receiver>) -> bool {
        let mut waiting = self.waiting.values();
        waiting.any(|(origin, _)| Arc::ptr_eq(origin, receiver))
    }

    /// That to one message, if it is for this connection.
    fn take_for(&mut self, index: usize, receiver: &Arc<Receiver>) -> Option<Bytes> {
        let (origin, _) = self.waiting.get(&index)?;
        let is_here = Arc::ptr_eq(origin, receiver);
        let (_, answer) = is_here.then(|| self.waiting.remove(&index))??;
        Some(answer)
    }

    pub(super) fn give_rest(self, now: Instant) {
        for (origin, bytes) in self.waiting.into_values() {
            origin.push(&Batch { bytes, messages: 1 }, now);
        }
    }
}
