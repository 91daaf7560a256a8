//! Which messages have been shown: where older ones begin, and how far the user has read.

use std::collections::BTreeMap;

use kaiwa_protocols::{Id, Message};

/// Channels kept; a person who talks in more loses the marks of the others, and `/history` begins there with the newest.
const CHANNELS: usize = 10_000;

/// How the id of a message begins that the network has not named yet.
const LOCAL_ID: &str = "local:";

/// The messages that have been shown, by channel.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    channels: BTreeMap<Id, Span>,
}

/// Ids of the ends of what was shown of a channel.
#[derive(Debug)]
struct Span {
    oldest: Id,
    newest: Id,
}

impl Shown {
    /// A message behind all others of its channel: live, or missed.
    pub(crate) fn newer(&mut self, channel_id: &str, message: &Message) {
        let Some(id) = id(message) else {
            return;
        };
        match self.channels.get_mut(channel_id) {
            Some(span) => span.newest = id.into(),
            None => self.begin(channel_id, id, id),
        }
    }

    /// Messages before all others of their channel, oldest first.
    pub(crate) fn older(&mut self, channel_id: &str, messages: &[Message]) {
        let mut ids = messages.iter().filter_map(id);
        let Some(oldest) = ids.next() else {
            return;
        };
        match self.channels.get_mut(channel_id) {
            Some(span) => span.oldest = oldest.into(),
            None => self.begin(channel_id, oldest, ids.next_back().unwrap_or(oldest)),
        }
    }

    /// A message is gone; `first` and `last` are the ends of what else is known of its channel.
    pub(crate) fn gone(
        &mut self,
        channel_id: &str,
        message_id: &str,
        first: Option<&Message>,
        last: Option<&Message>,
    ) {
        let Some(span) = self.channels.get_mut(channel_id) else {
            return;
        };
        let (first, last) = (first.and_then(id), last.and_then(id));
        match (first, last) {
            (Some(first), Some(last)) => {
                if span.oldest == message_id {
                    span.oldest = first.into();
                }
                if span.newest == message_id {
                    span.newest = last.into();
                }
            }
            _ if span.oldest == message_id || span.newest == message_id => {
                self.channels.remove(channel_id);
            }
            _ => {}
        }
    }

    /// All messages of a channel are gone; `None`: of all.
    pub(crate) fn wiped(&mut self, channel_id: Option<&str>) {
        match channel_id {
            Some(channel_id) => {
                self.channels.remove(channel_id);
            }
            None => self.channels.clear(),
        }
    }

    /// The id of the oldest message shown.
    pub(crate) fn oldest(&self, channel_id: &str) -> Option<&str> {
        Some(&self.channels.get(channel_id)?.oldest)
    }

    /// The id of the newest message shown.
    pub(crate) fn newest(&self, channel_id: &str) -> Option<&str> {
        Some(&self.channels.get(channel_id)?.newest)
    }

    fn begin(&mut self, channel_id: &str, oldest: &str, newest: &str) {
        if self.channels.len() >= CHANNELS {
            return;
        }
        let span = Span {
            oldest: oldest.into(),
            newest: newest.into(),
        };
        self.channels.insert(channel_id.into(), span);
    }
}

/// The id that the network knows it by.
fn id(message: &Message) -> Option<&str> {
    message.id.as_deref().filter(|id| !id.starts_with(LOCAL_ID))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn messages(ids: &[&str]) -> Vec<Message> {
        let message = |id: &&str| Message {
            id: Some((*id).into()),
            ..Message::text("x", DateTime::UNIX_EPOCH)
        };
        ids.iter().map(message).collect()
    }

    fn ends(shown: &Shown) -> Option<(&str, &str)> {
        Some((shown.oldest("c")?, shown.newest("c")?))
    }

    #[test]
    fn the_ends_move_apart() {
        let mut shown = Shown::default();
        let all = messages(&["1", "2", "3", "4", "local:5"]);
        shown.older("c", &[]);
        shown.newer("c", &all[4]);
        assert_eq!(ends(&shown), None);
        shown.newer("c", &all[2]);
        assert_eq!(ends(&shown), Some(("3", "3")));
        shown.newer("c", &all[3]);
        shown.newer("c", &all[4]);
        shown.older("c", &all[..2]);
        assert_eq!(ends(&shown), Some(("1", "4")));
        shown.wiped(Some("other"));
        assert_eq!(ends(&shown), Some(("1", "4")));
        shown.wiped(None);
        shown.older("c", &all);
        assert_eq!(ends(&shown), Some(("1", "4")), "a first page has both ends");
    }

    #[test]
    fn what_is_gone_is_no_end() {
        let mut shown = Shown::default();
        let all = messages(&["1", "2", "3"]);
        shown.older("c", &all);
        shown.gone("c", "2", all.first(), all.last());
        assert_eq!(ends(&shown), Some(("1", "3")));
        shown.gone("c", "1", all.get(1), all.last());
        shown.gone("c", "3", all.get(1), all.get(1));
        assert_eq!(ends(&shown), Some(("2", "2")));
        shown.gone("c", "2", None, None);
        assert_eq!(ends(&shown), None);
    }

    #[test]
    fn it_is_bounded() {
        let mut shown = Shown::default();
        let message = &messages(&["1"])[0];
        for number in 0..2 * CHANNELS {
            shown.newer(&number.to_string(), message);
        }
        assert_eq!(shown.channels.len(), CHANNELS);
    }
}
