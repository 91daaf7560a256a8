//! Reactions that were shown before a message that does not have them yet.
//!
//! An own reaction is shown when the server takes it, and a page of messages is read beside the server's changes: both may
//! be ahead of an edit, or of a page, that is shown after them and tells the message without them.

use std::collections::{BTreeMap, VecDeque};

use kaiwa_core::{Id, Message, MessageFragment, MessageStatus};

use super::OshiSession;
use super::changes::Reaction;
use crate::oshi::wire::{StreamId, UserId};

/// Reactions of one connection that are remembered, of all streams: more than happen while a page is on its way.
const MAX_REACTED: usize = 1_000;

/// The last reactions that were shown on this connection, oldest first.
#[derive(Debug, Default)]
pub(super) struct Reacted {
    shown: VecDeque<(StreamId, Reaction)>,
}

impl Reacted {
    /// A reaction is shown.
    pub(super) fn note(&mut self, id: StreamId, reaction: Reaction) {
        if self.shown.len() >= MAX_REACTED {
            self.shown.pop_front();
        }
        self.shown.push_back((id, reaction));
    }

    /// What happens in a stream is not told from now on.
    pub(super) fn forget(&mut self, id: StreamId) {
        self.shown.retain(|(stream, _)| *stream != id);
    }

    /// The last ones of a message that are otherwise in it.
    fn missing(&self, id: StreamId, seq: i64, message: &Message) -> Vec<Reaction> {
        if message.status == MessageStatus::Deleted {
            return Vec::new();
        }
        let of_it = self
            .shown
            .iter()
            .filter(|(stream, reaction)| *stream == id && reaction.seq == seq);
        let last: BTreeMap<(UserId, &str), &Reaction> = of_it
            .map(|(_, reaction)| ((reaction.user, reaction.emoji.as_str()), reaction))
            .collect();
        let otherwise = |reaction: &&&Reaction| is_in(message, reaction) != reaction.on;
        last.values()
            .filter(otherwise)
            .map(|reaction| (*reaction).clone())
            .collect()
    }
}

impl OshiSession {
    /// A message was shown as the server has read it: the reactions that were shown before and are not in it are shown again.
    /// What changes them further, and is in it already, is still to be told.
    pub(super) fn repeat_reactions(&mut self, id: StreamId, seq: i64, message: &Message) {
        for reaction in self.reacted.missing(id, seq, message) {
            self.tell_reaction(None, id, reaction);
        }
    }
}

fn is_in(message: &Message, reaction: &Reaction) -> bool {
    let user = Id::from(reaction.user);
    message.content.iter().any(|fragment| {
        matches!(fragment, MessageFragment::Reaction { emoji, user_ids }
            if *emoji == reaction.emoji && user_ids.contains(&user))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn reaction(seq: i64, on: bool) -> Reaction {
        Reaction {
            seq,
            user: UserId(1),
            emoji: "x".to_owned(),
            on,
        }
    }

    fn message(reacted: bool) -> Message {
        let mut message = Message::text("hi", DateTime::UNIX_EPOCH);
        message.status = MessageStatus::Edited;
        if reacted {
            message.content.push(MessageFragment::Reaction {
                emoji: "x".to_owned(),
                user_ids: vec![UserId(1).into()],
            });
        }
        message
    }

    #[test]
    fn the_last_of_each_counts() {
        let (here, there) = (StreamId(1), StreamId(2));
        let mut reacted = Reacted::default();
        reacted.note(here, reaction(7, true));
        let missing =
            |reacted: &Reacted, id, seq, has| reacted.missing(id, seq, &message(has)).len();
        assert_eq!(missing(&reacted, here, 7, false), 1);
        assert_eq!(missing(&reacted, here, 7, true), 0);
        assert_eq!(missing(&reacted, here, 8, false), 0);
        assert_eq!(missing(&reacted, there, 7, false), 0);
        reacted.note(here, reaction(7, false));
        assert_eq!(missing(&reacted, here, 7, false), 0);
        assert_eq!(missing(&reacted, here, 7, true), 1);
        let mut gone = message(true);
        gone.status = MessageStatus::Deleted;
        assert!(reacted.missing(here, 7, &gone).is_empty());
        reacted.forget(here);
        assert_eq!(missing(&reacted, here, 7, true), 0);
        for _ in 0..2 * MAX_REACTED {
            reacted.note(here, reaction(7, true));
        }
        assert_eq!(reacted.shown.len(), MAX_REACTED);
    }
}
