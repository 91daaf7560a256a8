//! What was said before now, and by which session.

use std::collections::VecDeque;

use kaiwa_core::{ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, MessageFragment};

use crate::mock::wire::{Accepted, Hello, MAX_PACKET_BYTES, ServerPacket};

/// Messages remembered, of all channels.
pub(super) const HISTORY: usize = 1000;

/// Messages told to somebody who comes for the first time: a screen. The rest is there on request.
const BACKLOG: usize = 50;

/// Messages of one answer to a request for history.
const PAGE: usize = 100;

/// Bytes of one answer: half a packet, so that the largest message and what is around it fit.
const PAGE_BYTES: usize = MAX_PACKET_BYTES / 2;

/// The messages that the peer remembers, oldest first.
#[derive(Default)]
pub(super) struct Past {
    said: VecDeque<Said>,
    /// The newest message that was forgotten.
    forgotten: Option<u64>,
}

/// A message that was said, and by which session under which number.
pub(super) struct Said {
    pub(super) id: u64,
    pub(super) channel: Id,
    pub(super) origin: Option<(String, u64)>,
    pub(super) message: Message,
}

impl Past {
    pub(super) fn remember(&mut self, said: Said) {
        if self.said.len() >= HISTORY {
            self.forgotten = self.said.pop_front().map(|said| said.id);
        }
        self.said.push_back(said);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// The message of that id in a channel.
    pub(super) fn find(&mut self, channel: &str, id: &str) -> Result<&mut Said, Error> {
        self.said
            .iter_mut()
            .find(|said| said.channel == channel && said.message.id.as_deref() == Some(id))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such message"))
    }

    /// Takes out what only the network says; the message that it answers must be there.
    pub(super) fn can_be_said(
        &mut self,
        channel: &str,
        message: &mut Message,
    ) -> Result<(), Error> {
        message.content.retain(|fragment| {
            !matches!(
                fragment,
                MessageFragment::EditedAt(_)
                    | MessageFragment::Reaction { .. }
                    | MessageFragment::Upload { .. }
            )
        });
        match message.reply_to() {
            Some(answered) => self.find(channel, answered).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Forgets one message.
    pub(super) fn remove(&mut self, channel: &str, id: &str) -> Result<(), Error> {
        let gone = self.find(channel, id)?.id;
        self.said.retain(|said| said.id != gone);
        Ok(())
    }

    /// A channel has got a new id, or is gone.
    pub(super) fn move_channel(&mut self, channel: &str, new: Option<&str>) {
        match new {
            None => self.said.retain(|said| said.channel != channel),
            Some(new) => {
                for said in self.said.iter_mut().filter(|said| said.channel == channel) {
                    said.channel = new.into();
                }
            }
        }
    }

    /// What is told of a channel at sign-in: to a newcomer the newest messages, to others what they have missed.
    pub(super) fn backlog(&self, channel: &str, hello: &Hello) -> Vec<ConnectionEvent> {
        let own =
            |said: &&Said| matches!(&said.origin, Some((session, _)) if *session == hello.session);
        let wanted = self.said.iter().rev().filter(|said| {
            said.channel == channel && hello.after.is_none_or(|after| said.id > after)
        });
        let limit = hello.after.map_or(BACKLOG, |_| HISTORY);
        let (messages, cut) = newest(wanted.filter(|said| !own(said)), limit);
        if messages.is_empty() {
            return Vec::new();
        }
        let forgotten = self.forgotten > hello.after;
        let mut events = Vec::new();
        if hello.after.is_some() && (cut || forgotten) {
            events.push(
                ChatEvent::Gap {
                    channel_id: channel.into(),
                    after: hello.after.map(Into::into),
                    before: messages.first().and_then(|first| first.id.clone()),
                }
                .into(),
            );
        }
        events.push(
            ChatEvent::History {
                channel_id: channel.into(),
                messages,
                complete: !cut && !forgotten,
            }
            .into(),
        );
        events
    }

    /// What became of a session's own messages, again: the confirmation may not have arrived.
    pub(super) fn outcomes(&self, session: &str) -> Vec<ServerPacket> {
        let own = self.said.iter().filter_map(|said| match &said.origin {
            Some((origin, number)) if origin == session => Some((said, *number)),
            _ => None,
        });
        own.map(|(said, number)| {
            let at_ms = said.message.timestamp.timestamp_millis();
            ServerPacket::Ack {
                number,
                message: Some(Accepted { id: said.id, at_ms }),
            }
        })
        .collect()
    }

    /// The answer to a request for history.
    pub(super) fn page(
        &mut self,
        channel: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<ChatEvent, Error> {
        let until = match before {
            Some(id) => self.find(channel, id)?.id,
            None => u64::MAX,
        };
        let older = self.said.iter().rev();
        let older = older.filter(|said| said.channel == channel && said.id < until);
        let limit = usize::try_from(limit).unwrap_or(PAGE).min(PAGE);
        let (messages, cut) = newest(older, limit);
        Ok(ChatEvent::History {
            channel_id: channel.into(),
            messages,
            complete: !cut,
        })
    }
}

/// The first of these messages, which come newest first, put in order; and whether some were left out.
fn newest<'a>(said: impl Iterator<Item = &'a Said>, limit: usize) -> (Vec<Message>, bool) {
    let mut said = said.peekable();
    let mut messages: Vec<Message> = Vec::new();
    let mut bytes = 0;
    while let Some(next) = said.next_if(|_| messages.len() < limit) {
        bytes += serde_json::to_string(&next.message).map_or(0, |json| json.len());
        if bytes > PAGE_BYTES && !messages.is_empty() {
            messages.reverse();
            return (messages, true);
        }
        messages.push(next.message.clone());
    }
    messages.reverse();
    (messages, said.peek().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn past(texts: impl IntoIterator<Item = String>) -> Past {
        let mut past = Past::default();
        for (id, text) in (1..).zip(texts) {
            let mut message = Message::text(text, DateTime::UNIX_EPOCH);
            message.id = Some(id.into());
            past.remember(Said {
                id,
                channel: if id % 10 == 0 { "other" } else { "room" }.into(),
                origin: None,
                message,
            });
        }
        past
    }

    fn page(past: &mut Past, before: Option<&str>, limit: u32) -> (Vec<Id>, bool) {
        match past.page("room", before, limit).unwrap() {
            ChatEvent::History {
                messages, complete, ..
            } => (
                messages
                    .into_iter()
                    .filter_map(|message| message.id)
                    .collect(),
                complete,
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pages_end_before_a_message_and_say_whether_there_is_more() {
        let mut past = past((1..=12).map(|id| format!("message {id}")));
        assert_eq!(
            page(&mut past, None, 2),
            (vec!["11".into(), "12".into()], false)
        );
        assert_eq!(page(&mut past, Some("11"), 1), (vec!["9".into()], false));
        let first = (1..=3_u32).map(Id::from).collect();
        assert_eq!(page(&mut past, Some("4"), 3), (first, true), "exactly all");
        assert_eq!(page(&mut past, Some("1"), 3), (vec![], true));
        for unknown in ["10", "13", "x"] {
            let error = past.page("room", Some(unknown), 3).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{unknown}");
        }
    }

    #[test]
    fn a_page_fits_into_a_packet() {
        let long = || "\u{1}".repeat(64 * 1024);
        let mut past = past((0..5).map(|_| long()));
        assert_eq!(page(&mut past, None, 5), (vec!["5".into()], false));
        let mut past = self::past((0..HISTORY + 20).map(|_| "x".to_owned()));
        let (ids, complete) = page(&mut past, None, u32::MAX);
        assert_eq!((ids.len(), complete), (PAGE, false));
    }

    #[test]
    fn who_was_away_for_too_long_is_told_of_the_gap() {
        let past = past((0..HISTORY + 20).map(|_| "x".to_owned()));
        let kinds = |after| {
            let hello = Hello {
                name: Id::default(),
                password: None,
                session: String::new(),
                after,
            };
            let events = past.backlog("room", &hello);
            let complete = events.iter().find_map(|event| match event {
                ConnectionEvent::Chat {
                    event: ChatEvent::History { complete, .. },
                } => Some(*complete),
                _ => None,
            });
            (events.len(), complete)
        };
        assert_eq!(kinds(None), (1, Some(false)), "the newest of many");
        assert_eq!(kinds(Some(5)), (2, Some(false)), "6 to 20 are forgotten");
        assert_eq!(kinds(Some(900)), (1, Some(true)));
        assert_eq!(kinds(Some(5000)), (0, None));
    }
}
