//! How an event about messages changes a [`ConnectionState`].

use super::super::MessageLog;
use super::super::state::{ConnectionState, REACTIONS_PER_MESSAGE, USERS_PER_LIST};
use super::upsert;
use crate::{ChatEvent, Id, Message, MessageFragment, RequestId};

impl ConnectionState {
    pub(super) fn chat(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::New {
                channel_id,
                message,
            } => {
                let Some(id) = self.channel_or_current(channel_id.as_ref()) else {
                    self.left_out += 1;
                    return;
                };
                if let Some(channel) = self.make_channel(&id) {
                    channel.messages.push(message.clone());
                }
            }
            ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            } => {
                if let Some(log) = self.messages(channel_id.as_ref())
                    && !log.update(message_id, new_message.clone())
                    && RequestId::is_local_message_id(message_id)
                {
                    // The echo came before the channel was known.
                    log.push(new_message.clone());
                }
            }
            ChatEvent::Remove {
                channel_id,
                message_id,
            } => {
                if let Some(log) = self.messages(channel_id.as_ref()) {
                    log.remove(message_id);
                }
            }
            ChatEvent::History {
                channel_id,
                messages,
                complete: _,
            } => {
                if !messages.is_empty()
                    && let Some(channel) = self.make_channel(channel_id)
                {
                    channel.messages.insert_history(messages);
                }
            }
            ChatEvent::Read {
                channel_id,
                message_id,
                user_id,
            } => self.read(channel_id.as_ref(), message_id, user_id.as_ref()),
            ChatEvent::Typing {
                channel_id,
                user_id,
                typing,
            } => self.typing(channel_id.as_ref(), user_id.as_ref(), *typing),
            ChatEvent::React {
                channel_id,
                message_id,
                user_id,
                emoji,
                on,
            } => {
                let Some(user_id) = self.user_or_own(user_id.as_ref()) else {
                    self.left_out += 1;
                    return;
                };
                self.react(channel_id.as_ref(), message_id, emoji, &user_id, *on);
            }
            ChatEvent::Gap { .. }
            | ChatEvent::RequestHistory { .. }
            | ChatEvent::Progress { .. } => {}
        }
    }

    fn read(&mut self, channel_id: Option<&Id>, message_id: &Id, user_id: Option<&Id>) {
        let (Some(id), Some(key)) = (
            self.channel_or_current(channel_id),
            self.user_or_own(user_id),
        ) else {
            self.left_out += 1;
            return;
        };
        if let Some(channel) = self.channels.get_mut(&id)
            && !upsert(&mut channel.read, USERS_PER_LIST, key, message_id)
        {
            self.left_out += 1;
        }
    }

    fn typing(&mut self, channel_id: Option<&Id>, user_id: Option<&Id>, typing: bool) {
        let (Some(id), Some(key)) = (
            self.channel_or_current(channel_id),
            self.user_or_own(user_id),
        ) else {
            self.left_out += 1;
            return;
        };
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        if !typing {
            channel.typing.remove(&key);
        } else if !upsert(&mut channel.typing, USERS_PER_LIST, key, &()) {
            self.left_out += 1;
        }
    }

    fn react(
        &mut self,
        channel_id: Option<&Id>,
        message_id: &str,
        emoji: &str,
        user_id: &Id,
        on: bool,
    ) {
        let Some(log) = self.messages(channel_id) else {
            return;
        };
        let Some(message) = log.get(message_id) else {
            return;
        };
        let changed = if on {
            with_reaction(message, emoji, user_id)
        } else {
            Ok(without_reaction(message, emoji, user_id))
        };
        match changed {
            Ok(Some(message)) => {
                log.update(message_id, message);
            }
            Ok(None) => {}
            Err(Crowded) => self.left_out += 1,
        }
    }

    fn messages(&mut self, channel_id: Option<&Id>) -> Option<&mut MessageLog> {
        let id = self.channel_or_current(channel_id)?;
        let channel = self.channels.get_mut(&id)?;
        Some(&mut channel.messages)
    }
}

/// A message has [`REACTIONS_PER_MESSAGE`].
struct Crowded;

/// The message with one more reaction; `None` where it has that one.
fn with_reaction(message: &Message, emoji: &str, user_id: &Id) -> Result<Option<Message>, Crowded> {
    let (mut count, mut place) = (0, None);
    for (at, fragment) in message.content.iter().enumerate() {
        if let MessageFragment::Reaction {
            emoji: there,
            user_ids,
        } = fragment
        {
            count += user_ids.len();
            if there == emoji {
                place = Some(at);
                if user_ids.contains(user_id) {
                    return Ok(None);
                }
            }
        }
    }
    if count >= REACTIONS_PER_MESSAGE {
        return Err(Crowded);
    }
    let mut message = message.clone();
    match place.and_then(|at| message.content.get_mut(at)) {
        Some(MessageFragment::Reaction { user_ids, .. }) => user_ids.push(user_id.clone()),
        _ => message.content.push(MessageFragment::Reaction {
            emoji: emoji.to_owned(),
            user_ids: vec![user_id.clone()],
        }),
    }
    Ok(Some(message))
}

/// The message with one reaction less; `None` where it has not that one.
fn without_reaction(message: &Message, emoji: &str, user_id: &Id) -> Option<Message> {
    let is_it = |fragment: &MessageFragment| {
        matches!(fragment, MessageFragment::Reaction { emoji: there, user_ids }
            if there == emoji && user_ids.contains(user_id))
    };
    if !message.content.iter().any(is_it) {
        return None;
    }
    let mut message = message.clone();
    message.content.retain_mut(|fragment| match fragment {
        MessageFragment::Reaction {
            emoji: there,
            user_ids,
        } if there == emoji => {
            user_ids.retain(|id| id != user_id);
            !user_ids.is_empty()
        }
        _ => true,
    });
    Some(message)
}
