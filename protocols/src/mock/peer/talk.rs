//! What is done with messages that were said: edits, deletions, read marks, reactions; and who types.

use kaiwa_core::{ChatEvent, Error, Id, Message, MessageFragment, MessageStatus};

use super::wants::{Want, unheard_of};
use super::world::World;
use crate::mock::wire::{LOBBY, time};

impl World {
    pub(super) fn chat(&mut self, want: &Want, event: ChatEvent) -> Result<(), Error> {
        let channel_id = match &event {
            ChatEvent::Update { channel_id, .. }
            | ChatEvent::Remove { channel_id, .. }
            | ChatEvent::RequestHistory { channel_id, .. }
            | ChatEvent::Read { channel_id, .. }
            | ChatEvent::Typing { channel_id, .. }
            | ChatEvent::React { channel_id, .. } => channel_id.clone(),
            _ => return Err(unheard_of()),
        };
        let channel_id = channel_id.unwrap_or_else(|| LOBBY.into());
        self.places.get(&channel_id, &want.name)?;
        match event {
            ChatEvent::Update {
                message_id,
                new_message,
                ..
            } => self.edit(want, &channel_id, &message_id, new_message)?,
            ChatEvent::Remove { ref message_id, .. } => {
                self.past.remove(&channel_id, message_id)?;
                self.tell_place(want, &channel_id, |_| Some(event.clone().into()));
            }
            ChatEvent::RequestHistory { before, limit, .. } => {
                let page = self.past.page(&channel_id, before.as_deref(), limit)?;
                self.tell_back(want, page);
            }
            ChatEvent::Read { message_id, .. } => self.read(want, &channel_id, &message_id)?,
            ChatEvent::Typing { typing, .. } => self.typing(want, &channel_id, typing),
            ChatEvent::React {
                message_id,
                emoji,
                on,
                ..
            } => self.react(want, &channel_id, &message_id, &emoji, on)?,
            _ => {}
        }
        Ok(())
    }

    /// Marks go forward only.
    fn read(&mut self, want: &Want, channel_id: &str, message_id: &str) -> Result<(), Error> {
        let id = self.past.find(channel_id, message_id)?.id;
        let place = self.places.get(channel_id, &want.name)?;
        let mark = place.read.entry(want.name.clone()).or_default();
        *mark = id.max(*mark);
        let message_id = Id::from(*mark);
        self.tell_place(want, channel_id, |name| {
            let event = ChatEvent::Read {
                channel_id: Some(channel_id.into()),
                message_id: message_id.clone(),
                user_id: want.unless(name),
            };
            Some(event.into())
        });
        Ok(())
    }

    /// The words are new; what others have put on it stays.
    fn edit(
        &mut self,
        want: &Want,
        channel_id: &str,
        message_id: &str,
        mut new: Message,
    ) -> Result<(), Error> {
        self.past.can_be_said(channel_id, &mut new)?;
        let (_, at_ms) = self.stamp();
        let message = &mut self.past.find(channel_id, message_id)?.message;
        let old = std::mem::replace(&mut message.content, new.content);
        let reactions = old.into_iter().filter(is_reaction);
        message.content.push(MessageFragment::EditedAt(time(at_ms)));
        message.content.extend(reactions);
        message.status = MessageStatus::Edited;
        let edited = ChatEvent::Update {
            channel_id: Some(channel_id.into()),
            message_id: message_id.into(),
            new_message: message.clone(),
        };
        self.tell_place(want, channel_id, |_| Some(edited.clone().into()));
        Ok(())
    }

    /// Told to everybody but the connection that says it.
    fn typing(&mut self, want: &Want, channel_id: &str, typing: bool) {
        let here = want.link;
        self.tell_place_by_link(want, channel_id, |link, name| {
            let event = ChatEvent::Typing {
                channel_id: Some(channel_id.into()),
                user_id: want.unless(name),
                typing,
            };
            (link != here).then(|| event.into())
        });
    }

    /// Told only where it changes something.
    fn react(
        &mut self,
        want: &Want,
        channel_id: &str,
        message_id: &str,
        emoji: &str,
        on: bool,
    ) -> Result<(), Error> {
        let message = &mut self.past.find(channel_id, message_id)?.message;
        if put(message, emoji, &want.name, on) {
            let event = ChatEvent::React {
                channel_id: Some(channel_id.into()),
                message_id: message_id.into(),
                user_id: Some(want.name.clone()),
                emoji: emoji.to_owned(),
                on,
            };
            self.tell_place(want, channel_id, |_| Some(event.clone().into()));
        }
        Ok(())
    }
}

fn is_reaction(fragment: &MessageFragment) -> bool {
    matches!(fragment, MessageFragment::Reaction { .. })
}

/// Puts an emoji on a message or takes it off; says whether that changed anything.
fn put(message: &mut Message, emoji: &str, name: &str, on: bool) -> bool {
    let there = message.content.iter_mut().find_map(|part| match part {
        MessageFragment::Reaction {
            emoji: of,
            user_ids,
        } if of == emoji => Some(user_ids),
        _ => None,
    });
    match there {
        Some(user_ids) => {
            let had = user_ids.iter().any(|id| id == name);
            if on && !had {
                user_ids.push(name.into());
            }
            if !on {
                user_ids.retain(|id| id != name);
            }
            let emptied = user_ids.is_empty();
            if emptied {
                message.content.retain(|part| {
                    !matches!(part, MessageFragment::Reaction { emoji: of, .. } if of == emoji)
                });
            }
            on != had
        }
        None if on => {
            message.content.push(MessageFragment::Reaction {
                emoji: emoji.to_owned(),
                user_ids: vec![name.into()],
            });
            true
        }
        None => false,
    }
}
