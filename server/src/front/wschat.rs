//! The wschat front end: the lobby, as the one room that network has.
//!
//! Unlike the original it survives every text, never relays a token, and keeps messages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaiwa_protocols::wschat::wire::Submitted;

use crate::jwt::Verifier;
use crate::store::writer::{Committed, Submission};
use crate::store::{LOBBY, NewMessage};
use crate::world::{Batch, Counting, Seat, World};
use crate::ws::{Handler, put_text};

/// What all wschat connections share.
pub(crate) struct Wschat {
    /// Set if messages need a token.
    pub(crate) verifier: Option<Verifier>,
    /// Whether lines for the log file are wanted.
    pub(crate) log: bool,
}

/// One wschat client.
pub(crate) struct Client {
    pub(crate) front: Arc<Wschat>,
    pub(crate) world: Arc<World>,
}

impl Handler for Client {
    fn text(&mut self, text: &str, seat: &Seat) -> Option<Submission> {
        let counting = self.world.counting();
        let submitted = match Submitted::parse(text) {
            Ok(submitted) => submitted,
            Err(error) => {
                tracing::debug!(%error, "text ignored");
                Counting::add(&counting.malformed);
                return None;
            }
        };
        let now = Utc::now();
        if !self.front.allows(&submitted, now) {
            Counting::add(&counting.unsigned);
            return None;
        }
        Counting::add(&counting.taken);
        Some(Submission {
            message: NewMessage {
                room: LOBBY,
                at: now,
                sender: submitted.usr().map(str::to_owned),
                text: submitted.msg().map(str::to_owned),
                extra: submitted.extra(),
            },
            relayed: submitted.relay(now),
            log_line: self.front.log.then(|| submitted.log_line(now)),
            sender: Arc::clone(seat.receiver()),
        })
    }
}

impl Wschat {
    fn allows(&self, submitted: &Submitted, now: DateTime<Utc>) -> bool {
        match &self.verifier {
            None => true,
            Some(verifier) => submitted
                .jwt()
                .is_some_and(|token| verifier.accepts(token, now)),
        }
    }
}

/// The frames for everybody, in order.
pub(crate) fn render(committed: &[Committed]) -> Batch {
    let mut bytes = Vec::new();
    for message in committed {
        put_text(&message.submission.relayed, &mut bytes);
    }
    Batch {
        bytes: bytes.into(),
        messages: committed.len(),
    }
}
